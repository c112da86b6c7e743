"""A watch changes nothing in the program that it watches, and leaves nothing behind."""

from __future__ import annotations

import gc
import sys
import threading
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from seen import only, site_at, text_of, verdict
from torch import nn
from torch.overrides import _get_current_function_mode_stack

from eiglint.runtime import IllDefinedError, following, residuals, watch, watching

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr
ENGINE = torch.autograd.graph._engine_run_backward
THREAD_START, LOBPCG, COMPILE = threading.Thread.start, torch._lobpcg._lobpcg, torch.compile
OPERATIONS = ("aten::_linalg_eigh", "aten::linalg_eig", "aten::_linalg_svd", "aten::linalg_qr")

pytestmark = pytest.mark.filterwarnings("error:eiglint")


def squares(V):
    weights = torch.linspace(1.0, 2.0, V.shape[-1], device=V.device, dtype=V.real.dtype)
    return (weights.unsqueeze(-1) * V.abs() ** 2 * weights**2).sum()


def assert_nothing_is_left():
    assert torch.autograd.graph._engine_run_backward is ENGINE
    assert torch.autograd._engine_run_backward is ENGINE
    assert threading.Thread.start is THREAD_START
    assert torch._lobpcg._lobpcg is LOBPCG
    assert torch.compile is COMPILE
    assert not any(torch._C._dispatch_has_kernel_for_dispatch_key(name, "BackendSelect") for name in OPERATIONS)
    assert _get_current_function_mode_stack() == []
    assert watching.active() == ()


class Network(nn.Module):
    """A layer, dropout, and one decomposition of what comes out."""

    def __init__(self, decompose):
        super().__init__()
        self.first, self.second = nn.Linear(5, 16), nn.Linear(4, 4)
        self.dropout, self.decompose = nn.Dropout(0.3), decompose

    def forward(self, x):
        A = self.second(self.dropout(torch.tanh(self.first(x))).reshape(-1, 4, 4))
        parts = self.decompose(A + A.mT if self.decompose is eigh else A)
        return sum(squares(part) if part.shape[-2] == 4 else part.abs().square().sum() for part in parts)


def trained(decompose, device, steps=12):
    torch.manual_seed(5)
    network = Network(decompose).to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = network(torch.randn(3, 5, device=device))
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    gradients = [parameter.grad for parameter in network.parameters()]
    return [*losses, *gradients, *(parameter.detach() for parameter in network.parameters()), torch.get_rng_state()]


@pytest.mark.parametrize("options", [{}, {"thin": False}, {"on_finding": "warn"}, {"on_roundoff": "repair"}], ids=str)
@pytest.mark.parametrize("decompose", [eig, eigh, svd], ids=["eig", "eigh", "svd"])
def test_training_is_the_same_to_the_last_bit(decompose, options, device):
    plain = trained(decompose, device)
    with watch(**options) as report:
        watched = trained(decompose, device)
    assert all(torch.equal(before, after) for before, after in zip(plain, watched, strict=True))
    site = only(report)
    assert (site.calls, site.backwards, site.exercised) == (12, 12, 12)
    assert site.sampled == (12 if options else 8)
    assert_nothing_is_left()


class Mark:
    """Something whose end can be seen."""


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("decompose", [eig, eigh, svd, qr], ids=["eig", "eigh", "svd", "qr"])
def test_nothing_is_held_nor_left_behind(decompose, raises, draw, device):
    held = []

    def work():
        A = draw(4, 4, kind="hermitian")
        parts = decompose(A)
        loss = sum(squares(part.unsqueeze(-1)) for part in parts)
        loss.backward()
        node, mark = parts[0].grad_fn, Mark()
        node.metadata["mark"] = mark
        held.extend(weakref.ref(thing) for thing in (A, *parts, loss, mark))
        if raises:
            raise KeyError("the body's own")

    threads = threading.active_count()
    try:
        with watch() as report:
            work()
    except KeyError as error:
        assert raises
        error.__traceback__ = None
    gc.collect()
    assert [reference() for reference in held] == [None] * len(held)
    assert len(held) == len(only(report).call and decompose(torch.eye(2))) + 3
    assert_nothing_is_left()
    assert threading.active_count() == threads
    assert sys.gettrace() is None


def test_nothing_is_held_while_the_watch_goes_on(draw, device):
    with watch():
        A = draw(4, 4)
        V = eigh(A).eigenvectors
        squares(V).backward()
        held = [weakref.ref(thing) for thing in (A, V)]
        del A, V
        eigh(draw(2, 2))
        gc.collect()
        assert [reference() for reference in held] == [None, None]


def test_an_error_of_the_body_ends_the_watch_and_passes_through(draw, device):
    A = draw(4, 4)

    def fail():
        squares(eigh(A).eigenvectors).backward()
        raise ZeroDivisionError("the body's own")

    with pytest.raises(ZeroDivisionError, match="the body's own"), watch() as report:
        fail()
    assert only(report).backwards == 1
    assert_nothing_is_left()


def test_an_error_in_the_backward_passes_through(draw, device):
    A = draw(4, 4)

    def refuse(gradient):
        raise KeyError("the user's own")

    A.register_hook(refuse)
    with watch() as report, pytest.raises(KeyError, match="the user's own"):
        squares(eigh(A).eigenvectors).backward()
    assert only(report).backwards == 1
    with watch() as report:
        squares(eigh(draw(4, 4)).eigenvectors).backward()
    assert only(report).backwards == 1
    assert_nothing_is_left()


def test_a_watch_inside_a_watch_sees_its_part_and_disturbs_nothing(draw, device):
    A = draw(4, 4)
    with watch() as outer:
        squares(eigh(A).eigenvectors).backward()  # before
        with watch() as inner:
            squares(eigh(A).eigenvectors).backward()  # inside
        squares(eigh(A).eigenvectors).backward()  # after
    site = only(inner)
    assert "# inside" in text_of(site)
    assert (site.calls, site.backwards, site.sampled) == (1, 1, 1)
    for mark in ("# before", "# inside", "# after"):
        site = site_at(outer, mark)
        assert (site.calls, site.backwards, site.sampled) == (1, 1, 1), mark
    assert outer.evidence().hook == inner.evidence().hook == "engine"
    assert_nothing_is_left()


def test_a_watch_that_ends_does_not_stop_the_outer_one_from_following_the_lines(draw, device):
    A = draw(4, 4)
    with watch() as outer:
        V = eigh(A).eigenvectors
        with watch():
            pass
        loss = squares(V)  # between the two
        loss.backward()
    lines = outer.evidence().lines[__file__]
    start = test_a_watch_that_ends_does_not_stop_the_outer_one_from_following_the_lines.__code__.co_firstlineno
    assert start + 6 in lines


def test_watches_may_end_in_another_order_than_they_began(draw, device):
    A = draw(4, 4)
    first, second = watch(), watch()
    one = first.__enter__()
    two = second.__enter__()
    first.__exit__(None, None, None)
    squares(eigh(A).eigenvectors).backward()
    second.__exit__(None, None, None)
    assert one.evidence().sites == ()
    assert only(two).backwards == 1
    assert_nothing_is_left()


def test_one_object_can_be_entered_again_and_inside_itself(draw, device):
    A, watching_all = draw(4, 4), watch()
    with watching_all as first:
        squares(eigh(A).eigenvectors).backward()
        with watching_all as second:
            squares(svd(A).U).backward()
    with watching_all as third:
        pass
    assert [site.family for site in first.evidence().sites] == ["eigh", "svd"]
    assert only(second).family == "svd"
    assert third.evidence().sites == ()
    assert_nothing_is_left()


def test_a_decorated_function_is_watched_at_each_call(draw, device):
    @watch(thin=False)
    def step(A, times):
        """Take a step."""
        squares(eigh(A).eigenvectors).backward()
        return times if times == 0 else step(A, times - 1)

    assert step.__doc__ == "Take a step."
    assert step(draw(4, 4), 2) == 0
    assert sorted(only(report).backwards for report in step.reports) == [1, 2, 3]
    assert_nothing_is_left()


def test_a_decorated_function_may_run_in_several_threads(draw, device):
    A, entered, over = draw(4, 4), threading.Event(), threading.Event()

    @watch()
    def step(first):
        if first:
            entered.wait()
            return
        entered.set()
        over.wait()
        for _ in range(5):
            torch.autograd.grad(squares(eigh(A).eigenvectors), A)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(step, True)
        while not step.reports:
            pass
        other = pool.submit(step, False)
        one.result()
        over.set()
        other.result()
    assert step.reports[0].evidence().sites == ()
    assert only(step.reports[1]).backwards == 5
    assert_nothing_is_left()


def test_threads_that_train_at_once_are_counted_exactly(draw, device):
    expected = trained(eigh, "cpu", steps=1)[0]

    def train(place):
        A = draw(4, 4, seed=place)
        for _ in range(50):
            torch.autograd.grad(squares(eigh(A).eigenvectors), A)  # in parallel
        return torch.autograd.grad(squares(eigh(A).eigenvectors), A)[0]

    plain = [train(place) for place in range(4)]
    with watch() as report, ThreadPoolExecutor(4) as pool:
        watched = list(pool.map(train, range(4)))
    assert all(torch.equal(before, after) for before, after in zip(plain, watched, strict=True))
    site = site_at(report, "# in parallel")
    assert (site.calls, site.backwards, site.exercised) == (200, 200, 200)
    assert 8 <= site.sampled < 200
    assert torch.isfinite(expected)
    assert_nothing_is_left()


# A fault of our own.


@pytest.mark.parametrize("options", [{}, {"on_roundoff": "repair"}, {"on_finding": "raise"}], ids=str)
@pytest.mark.parametrize(
    "broken", ["column_norms", "phase_residual", "noise", "asymmetry", "digits_lost", "all_finite", "amplification"]
)
@pytest.mark.filterwarnings("default:eiglint")
def test_a_measurement_that_fails_is_named_once_and_the_program_goes_on(broken, options, draw, device, monkeypatch):
    def fail(*_):
        raise LookupError("nothing there")

    A = draw(4, 4, dtype=torch.complex128)
    plain = torch.autograd.grad(squares(eig(A).eigenvectors), A)[0]
    monkeypatch.setattr(residuals, broken, fail)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with watch(thin=False, **options) as report:
            for _ in range(3):
                slope = torch.autograd.grad(squares(eig(A).eigenvectors), A)[0]
            broken_V = eig(A.detach().requires_grad_()).eigenvectors
            (squares(broken_V) * float("nan")).isnan()
    assert torch.equal(plain, slope)
    if broken != "all_finite":  # asked only where something is not finite
        assert len(caught) == 1, [str(warning.message) for warning in caught]
        assert "LookupError: nothing there" in str(caught[0].message)
        assert any("a hook of eiglint failed" in words for words in report.evidence().unobserved)
    assert report.evidence().sites[0].calls >= 3
    assert_nothing_is_left()


@pytest.mark.filterwarnings("default:eiglint")
def test_a_walk_that_fails_leaves_the_backward_alone(draw, device, monkeypatch):
    A = draw(4, 4)
    plain = torch.autograd.grad(squares(eigh(A).eigenvectors), A)[0]
    monkeypatch.setattr("eiglint.runtime.backward.decompositions_above", lambda *_: 1 / 0)
    with pytest.warns(RuntimeWarning, match="ZeroDivisionError"), watch():
        assert torch.equal(torch.autograd.grad(squares(eigh(A).eigenvectors), A)[0], plain)
    assert_nothing_is_left()


@pytest.mark.filterwarnings("default:eiglint")
def test_torchs_refusal_stays_its_own_if_the_explanation_fails(draw, device, monkeypatch):
    monkeypatch.setattr("eiglint.runtime.backward.in_words", lambda *_, **__: 1 / 0)
    A = draw(3, 3, kind="hermitian", dtype=torch.complex128)
    with (
        pytest.warns(RuntimeWarning, match="ZeroDivisionError"),
        pytest.raises(RuntimeError, match="up to multiplication by e"),
        watch(),
    ):
        eigh(A).eigenvectors.real.sum().backward()
    assert_nothing_is_left()


# Other observers.


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


# Cost in memory.


def test_memory_does_not_grow_with_the_number_of_steps(device):
    A = torch.diag(torch.arange(1.0, 4.0, device=device)).requires_grad_()

    def steps(number):
        for _ in range(number):
            torch.autograd.grad(squares(eigh(A).eigenvectors), A)
            torch.autograd.grad(svd(A).S.sum(), A)

    with watch():
        steps(300)
        gc.collect()
        before = sys.getallocatedblocks()
        steps(1700)
        gc.collect()
        assert sys.getallocatedblocks() - before < 850  # a block for every second step would be too much


def test_memory_does_not_grow_where_hooks_pack_what_is_saved(draw, device):
    A = draw(3, 3)
    held = []
    with watch(), torch.autograd.graph.save_on_cpu():
        for _ in range(20):
            V = eigh(A).eigenvectors
            squares(V).backward()
            held.append(weakref.ref(V))
        del V
        eigh(A)
        gc.collect()
        assert [reference() for reference in held] == [None] * 20


# What is asked for.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"on_finding": "ignore"}, "on_finding must be one of 'record', 'warn', 'raise', not 'ignore'"),
        ({"on_roundoff": "mend"}, "on_roundoff must be one of 'torch', 'repair', not 'mend'"),
        ({"compiled": True}, "compiled must be one of 'eager', 'skip', not True"),
    ],
)
def test_an_option_that_does_not_exist_is_named_with_those_that_do(options, words):
    with pytest.raises(ValueError, match=words):
        watch(**options)


def test_files_is_a_list_of_patterns():
    with pytest.raises(TypeError, match=r"files must be a list of patterns, not the text '\*\.py'"):
        watch(files="*.py")


def test_only_wanted_files_are_reported(draw, device):
    A = draw(4, 4)
    for files, number in ((["test_watch_*.py"], 1), (["other/"], 0), (["tests/**", "!test_watch_manners.py"], 0)):
        with watch(files=files) as report:
            squares(eigh(A).eigenvectors).backward()
        assert len(report.evidence().sites) == number, files


# Waiting for a device.


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("decompose", [eigh, svd, qr], ids=["eigh", "svd", "qr"])
@pytest.mark.parametrize("thin", [True, False])
def test_watching_adds_no_wait_for_the_device(decompose, thin):
    A = torch.randn(4, 4, device="cuda", dtype=torch.float64).requires_grad_()

    def step():
        sum(squares(part.unsqueeze(-1)) for part in decompose(A)).backward()

    def waits():
        step()
        torch.cuda.synchronize()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                for _ in range(20):
                    step()
            finally:
                torch.cuda.set_sync_debug_mode("default")
        return sum("synchroniz" in str(warning.message) for warning in caught)

    plain = waits()
    with watch(thin=thin) as report:
        watched = waits()
    assert watched <= plain
    assert only(report).backwards == 21


def test_a_refusal_of_ours_leaves_nothing_behind(draw, device):
    A = draw(3, 3, kind="hermitian", dtype=torch.complex128)
    with pytest.raises(IllDefinedError), watch(on_finding="raise") as report:
        eigh(A).eigenvectors.real.sum().backward()
    assert verdict(report) == "phase-dependent"
    assert_nothing_is_left()
