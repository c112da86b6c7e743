"""Hooks and tracers of the user go on as before, and the lines that ran are known where nobody else traces."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from seen import only

from eiglint.runtime import following, watch

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr
pytestmark = pytest.mark.filterwarnings("error:eiglint")


def squares(V):
    weights = torch.linspace(1.0, 2.0, V.shape[-1], device=V.device, dtype=V.real.dtype)
    return (weights.unsqueeze(-1) * V.abs() ** 2 * weights**2).sum()


def test_hooks_of_the_user_fire_in_the_same_order_and_see_the_same(draw, device):
    def run():
        events = []
        A = draw(4, 4, kind="hermitian", dtype=torch.complex128)
        L, V = eigh(A)
        V.register_hook(lambda g: events.append(("vectors", g.clone())))
        L.register_hook(lambda g: events.append(("values", g.clone())))
        node = V.grad_fn
        node.register_prehook(lambda grads: events.append(("before", grads[1].clone())))
        node.register_hook(lambda outgoing, _: events.append(("after", outgoing[0].clone())))
        A.register_hook(lambda g: events.append(("matrix", g.clone())))
        A.register_post_accumulate_grad_hook(lambda leaf: events.append(("leaf", leaf.grad.clone())))
        (squares(V) + (L**2).sum()).backward()
        return events

    plain = run()
    for options in ({}, {"on_finding": "warn"}, {"on_roundoff": "repair"}):
        with watch(**options):
            watched = run()
        assert [name for name, _ in watched] == [name for name, _ in plain]
        assert all(torch.equal(before, after) for (_, before), (_, after) in zip(plain, watched, strict=True))


def test_a_hook_of_the_user_that_changes_the_gradient_keeps_its_effect(draw, device):
    A = draw(4, 4)

    def slope():
        V = eigh(A).eigenvectors
        V.grad_fn.register_prehook(lambda grads: (grads[0], 2 * grads[1]))
        V.grad_fn.register_hook(lambda outgoing, _: (3 * outgoing[0],))
        return torch.autograd.grad(squares(V), A)[0]

    plain = slope()
    with watch(thin=False, on_roundoff="repair"):
        assert torch.equal(slope(), plain)


def test_a_tracer_of_somebody_else_stays_and_the_evidence_says_that_lines_are_unknown(draw, device):
    seen = []

    def tracer(frame, event, argument):
        if event == "line" and frame.f_code.co_filename == __file__:
            seen.append(frame.f_lineno)
        return tracer

    A, before = draw(4, 4), sys.gettrace()
    sys.settrace(tracer)
    try:
        with watch() as report:
            squares(eigh(A).eigenvectors).backward()
            assert sys.gettrace() is tracer
        count = len(seen)
        squares(A)
        assert sys.gettrace() is tracer
        assert len(seen) > count
    finally:
        sys.settrace(before)
    assert report.evidence().followed is False
    assert report.evidence().lines == {}
    assert only(report).backwards == 1


def test_lines_between_a_decomposition_and_its_backward_are_known(draw, device):
    A = draw(4, 4)
    with watch() as report:
        V = eigh(A).eigenvectors
        loss = squares(V)
        if loss < -1:
            loss = loss * 2
        loss.backward()
        after = 1
    assert after == 1
    start = test_lines_between_a_decomposition_and_its_backward_are_known.__code__.co_firstlineno
    found = {line - start for line in report.evidence().lines[__file__]}
    assert {3, 4, 5, 7} <= found
    assert not {6, 8} & found
    assert report.evidence().followed
    inside = squares.__code__.co_firstlineno + 1 - start
    assert inside in found


def test_no_thread_is_traced_after_the_watch(draw, device):
    A = draw(4, 4)
    with ThreadPoolExecutor(1) as pool:
        with watch():
            pool.submit(lambda: eigh(A)).result()
        eigh(A)
        assert sys.gettrace() is None

        def work():
            return None

        pool.submit(work).result()
        assert pool.submit(sys.gettrace).result() is None


def test_following_ends_with_the_backward(draw, device):
    A = draw(4, 4)
    with watch():
        V = eigh(A).eigenvectors
        assert sys.gettrace() is not None
        squares(V).backward()
        assert sys.gettrace() is None
        eigh(A)
    assert sys.gettrace() is None
    assert sys._getframe().f_trace is None
    following.end()
