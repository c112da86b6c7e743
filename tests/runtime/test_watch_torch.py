"""A watch leaves torch's own checks and hooks as they are, and says what it uses and what it cannot see."""

from __future__ import annotations

import warnings

import pytest
import torch
from seen import counts, only, site_at, text_of
from torch.utils.flop_counter import FlopCounterMode
from ways import WAYS, fine

from eiglint.runtime import engine, kernels, watch

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr

pytestmark = pytest.mark.filterwarnings("error:eiglint")


# Nothing that turns torch's own check off, nothing that reads what hooks packed.


@pytest.mark.parametrize("thin", [True, False])
def test_torch_still_refuses_a_dependence_on_the_phase(thin, draw, device):
    A = draw(3, 3, kind="hermitian", dtype=torch.complex128)
    for function in (lambda: eigh(A)[1], lambda: eig(A)[1], lambda: svd(A)[0]):
        with watch(thin=thin), pytest.raises(RuntimeError, match="up to multiplication by e"):
            function().real.sum().backward()


@pytest.mark.parametrize("thin", [True, False])
@pytest.mark.parametrize("decompose", [eigh, eig, svd, qr], ids=["eigh", "eig", "svd", "qr"])
def test_hooks_on_saved_tensors_run_exactly_as_often_as_without(decompose, thin, draw, device):
    A = draw(4, 4, dtype=torch.complex128)

    def run():
        ran = {"packed": 0, "unpacked": 0}

        def pack(tensor):
            ran["packed"] += 1
            return tensor.clone()

        def unpack(tensor):
            ran["unpacked"] += 1
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            loss = sum(part.abs().square().sum() for part in decompose(A))
        loss.backward()
        return ran

    plain = run()
    with watch(thin=thin) as report:
        watched = run()
    assert watched == plain
    assert plain["unpacked"] > 0
    site = only(report)
    assert counts(site) == (1, 1, 1, 1)
    assert site.min_gap is not None


def test_tensors_saved_on_the_cpu_are_measured_from_what_the_forward_gave(draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex128)
    with watch() as report, torch.autograd.graph.save_on_cpu():
        V = eigh(A).eigenvectors  # the call
        fine(V).backward()
    assert site_at(report, "# the call").phase_residual < 1e-12


def test_a_counter_of_operations_sees_the_same_operations(draw, device):
    A = draw(4, 4)

    def count():
        with FlopCounterMode(display=False) as counter:
            V = eigh(A).eigenvectors
            fine(V @ V.mT @ V).backward()
        return counter.get_total_flops()

    plain = count()
    with watch():
        assert count() == plain


def test_operations_of_the_measurements_are_in_no_profile_of_dispatch_modes(draw, device):
    from torch.utils._python_dispatch import TorchDispatchMode

    class Names(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.names = []

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.names.append(str(func))
            return func(*args, **(kwargs or {}))

    def names():
        A = torch.ones(3, 3, dtype=torch.float64, device=device).cumsum(0).requires_grad_()
        with Names() as mode:
            fine(eigh(A).eigenvectors).backward()
        return mode.names

    plain = names()
    with watch() as report:
        assert names() == plain
    assert only(report).sampled == 1


# Public fallbacks for private names.


@pytest.fixture(params=["no engine", "no kernel", "neither"])
def without_private_names(request, monkeypatch):
    if request.param != "no kernel":
        monkeypatch.setattr(engine, "is_reachable", lambda: False)
    if request.param != "no engine":
        monkeypatch.setattr(kernels, "is_reachable", lambda: False)
    return request.param


def test_private_names_are_known_and_the_report_says_so(draw):
    assert engine.is_reachable()
    assert kernels.is_reachable()
    with watch() as report:
        pass
    assert report.evidence().hook == "engine"


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way.__name__ != "by_a_composite_operator"], ids=lambda way: way.__name__
)
def test_public_hooks_see_the_same(way, without_private_names, draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex128)
    with watch() as report:
        way(A).backward()
    site = only(report)
    assert "# the call" in text_of(site)
    assert counts(site) == (1, 1, 1, 1)
    assert site.phase_residual is not None
    assert report.evidence().hook == "function mode"


def test_public_hooks_see_each_way_to_start_a_backward(without_private_names, draw, device):
    A = draw(4, 4)
    with watch() as report:
        fine(eigh(A).eigenvectors).backward()  # method
        torch.autograd.backward([fine(eigh(A).eigenvectors)])  # function
        torch.autograd.backward(tensors=fine(eigh(A).eigenvectors))  # keyword
        torch.autograd.grad(fine(eigh(A).eigenvectors), A)  # slope
        torch.autograd.grad(outputs=fine(eigh(A).eigenvectors), inputs=A)  # slope by keyword
    marks = ("# method", "# function", "# keyword", "# slope\n", "# slope by keyword")
    assert [counts(site_at(report, mark)) for mark in marks] == [(1, 1, 1, 1)] * 5


def test_public_hooks_leave_torchs_refusal_on_and_explain_it(without_private_names, draw, device):
    A = draw(3, 3, kind="hermitian", dtype=torch.complex128)
    with watch() as report, pytest.raises(RuntimeError, match="up to multiplication") as caught:
        eigh(A).eigenvectors.real.sum().backward()  # the call
    assert site_at(report, "# the call").refused == 1
    assert any("arbitrary phase" in note for note in caught.value.__notes__)


# Compiled code.


@pytest.mark.slow
@pytest.mark.parametrize("compiled", ["eager", "skip"])
@pytest.mark.parametrize("before", [True, False])
def test_compiled_code_runs_uncompiled_or_is_named_as_unobserved(compiled, before, device):
    A = torch.diag(torch.arange(1.0, 5.0, device=device)).requires_grad_()

    def loss(A):
        return fine(eigh(A).eigenvectors)  # the call

    torch.compiler.reset()
    function = torch.compile(loss, backend="aot_eager") if before else None
    with warnings.catch_warnings(), watch(compiled=compiled) as report:
        warnings.filterwarnings("error", message="eiglint")
        function = function or torch.compile(loss, backend="aot_eager")
        function(A + 0.1 * torch.ones_like(A)).backward()
    evidence = report.evidence()
    if compiled == "eager":
        assert counts(site_at(report, "# the call")) == (1, 1, 1, 1)
        assert evidence.unobserved == ()
    else:
        assert any("compiled regions" in words for words in evidence.unobserved)
        assert not any(site.backwards for site in evidence.sites)
    torch.compiler.reset()


@pytest.mark.slow
def test_compiling_works_as_before_once_the_watch_is_over(device):
    original = torch.compile
    A = torch.diag(torch.arange(1.0, 5.0, device=device)).requires_grad_()
    with watch():
        torch.compile(lambda A: A * 2, backend="aot_eager")(A)
    assert torch.compile is original
    seen = []

    def backend(graph, _):
        seen.append(graph)
        return graph.forward

    torch.compiler.reset()
    torch.compile(lambda A: A * 3, backend=backend)(A)
    assert seen
    torch.compiler.reset()
