"""A watch sees every decomposition that a backward reaches, wherever and however it was called."""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import ways
from seen import counts, only, site_at, sites_at, text_of
from torch.utils.checkpoint import checkpoint
from ways import WAYS, fine, in_replicas

from eiglint.evidence.verdict import verdict_of
from eiglint.runtime import watch

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr

pytestmark = pytest.mark.filterwarnings("error:eiglint")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex64])
def test_each_way_to_call_is_seen_at_its_own_line(way, dtype, draw, device):
    A = draw(4, 4, kind="hermitian", dtype=dtype)
    with watch() as report:
        way(A).backward()
    site = only(report)
    assert "# the call" in text_of(site)
    assert site.path == ways.__file__
    assert counts(site) == (1, 1, 1, 1)
    assert site.shape == (4, 4)
    assert site.device == str(A.device)


def test_replicas_on_the_cpu_are_seen(draw):
    A = torch.randn(4, 4, dtype=torch.float64).requires_grad_()
    with watch() as report:
        in_replicas(A).backward()
    assert counts(site_at(report, "# the call")) == (1, 1, 1, 1)


def test_svd_inside_norms_is_seen_where_the_norm_is_called(draw, device):
    A = draw(4, 4)
    with watch() as report:
        norm = torch.linalg.matrix_norm(A, "nuc")  # nuclear
        spread = torch.linalg.cond(A)  # condition number
        largest = torch.linalg.norm(A, 2)  # spectral
        (norm + spread + largest).backward()
    for mark in ("# nuclear", "# condition", "# spectral"):
        site = site_at(report, mark)
        assert counts(site) == (1, 1, 0, 0)
        assert site.call == "torch.linalg.svd"


def test_values_alone_are_reached_but_not_exercised(draw, device):
    A = draw(4, 4, kind="hermitian")
    with watch() as report:
        torch.linalg.eigvalsh(A).sum().backward()  # of eigh
        torch.linalg.svdvals(A).sum().backward()  # of svd
        torch.linalg.eigvals(A).abs().sum().backward()  # of eig
    for mark in ("# of eigh", "# of svd", "# of eig\n"):
        assert counts(site_at(report, mark)) == (1, 1, 0, 0)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_traced_code_is_seen_and_its_graph_is_the_same(draw, device):
    A = draw(4, 4)

    def loss(A):
        return fine(eigh(A).eigenvectors)

    plain = torch.jit.trace(loss, A.detach(), check_trace=False)
    with watch() as report:
        traced = torch.jit.trace(loss, A.detach(), check_trace=False)  # tracing
        traced(A).backward()  # the traced call
    assert str(traced.graph) == str(plain.graph)
    assert sum(site.backwards for site in report.evidence().sites) == 1
    assert counts(site_at(report, "# the traced call")) == (1, 1, 1, 1)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_function_traced_before_the_watch_is_seen(draw, device):
    A = draw(4, 4)
    traced = torch.jit.trace(lambda A: torch.linalg.svd(A, full_matrices=False)[0].abs().sum(), A.detach())
    with watch() as report:
        traced(A).backward()  # the call
    assert site_at(report, "# the call").backwards == 1


def test_a_backward_in_another_thread_is_seen(draw, device):
    A = draw(4, 4)
    with watch() as report:
        loss = fine(eigh(A).eigenvectors)  # the call
        thread = threading.Thread(target=loss.backward)
        thread.start()
        thread.join()
    assert counts(site_at(report, "# the call")) == (1, 1, 1, 1)


def test_a_thread_that_was_started_before_the_watch_is_seen(draw, device):
    A, begin, done = draw(4, 4), threading.Event(), threading.Event()

    def work():
        begin.wait()
        fine(eigh(A).eigenvectors).backward()  # the call
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with watch() as report:
        begin.set()
        done.wait()
    thread.join()
    assert counts(site_at(report, "# the call")) == (1, 1, 1, 1)


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_a_checkpoint_is_computed_twice_and_reached_once(reentrant, dtype, draw, device):
    A = draw(4, 4, kind="hermitian", dtype=dtype)
    plain = torch.autograd.grad(fine(eigh(A).eigenvectors), A)[0]

    def inner(A):
        return eigh(A).eigenvectors  # the call

    with watch() as report:
        fine(checkpoint(inner, A, use_reentrant=reentrant)).backward()
    assert counts(site_at(report, "# the call")) == (2, 1, 1, 1)
    assert torch.equal(A.grad, plain)


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_checkpoint_inside_a_checkpoint_is_seen(reentrant, draw, device):
    A = draw(4, 4)

    def inner(A):
        return eigh(A).eigenvectors  # the call

    def outer(A):
        return checkpoint(inner, A, use_reentrant=reentrant).sin()

    with watch() as report:
        fine(checkpoint(outer, A, use_reentrant=reentrant)).backward()
    site = site_at(report, "# the call")
    assert (site.backwards, site.exercised, site.sampled) == (1, 1, 1)


def test_a_second_derivative_reaches_the_decomposition_again(draw, device):
    A = draw(4, 4, kind="hermitian")

    def slope(A):
        return torch.autograd.grad(fine(eigh(A).eigenvectors), A, create_graph=True)[0]  # the call

    plain = torch.autograd.grad(slope(A).square().sum(), A)[0]
    with watch() as report:
        watched = torch.autograd.grad(slope(A).square().sum(), A)[0]
    site = site_at(report, "# the call")
    assert (site.calls, site.backwards, site.exercised) == (1, 2, 2)
    assert torch.equal(plain, watched)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_torch_func_is_seen_through(dtype, draw, device):
    A = draw(3, 4, 4, kind="hermitian", dtype=dtype, grad=False)

    def loss(A):
        return fine(eigh(A).eigenvectors)  # the call

    transforms = [(torch.func.grad(loss), A[0]), (torch.func.vmap(torch.func.grad(loss)), A)]
    if not dtype.is_complex:
        transforms.append((torch.func.jacrev(lambda A: loss(A).unsqueeze(0)), A[0]))
    for transform, matrix in transforms:
        plain = transform(matrix)
        with watch() as report:
            watched = transform(matrix)
        site = site_at(report, "# the call")
        assert counts(site) == (1, 1, 1, 1)
        assert torch.equal(plain, watched)
        assert site.min_gap is not None
        assert 0 < site.min_gap < 1
        assert site.amplification is not None
        if dtype.is_complex:
            assert site.phase_residual is not None
            assert site.phase_residual < 1e-12


def test_a_dependence_inside_vmap_is_found_in_the_worst_matrix(draw, device):
    A = draw(3, 4, 4, kind="hermitian", dtype=torch.complex128, grad=False)
    signs = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64, device=device)

    def loss(A, share):
        V = eigh(A).eigenvectors  # the call
        return fine(V) + share * V.real.sum()

    with watch() as report:
        torch.func.vmap(torch.func.grad(loss))(A, signs)
    assert site_at(report, "# the call").phase_residual > 1e-2


def test_a_batch_of_gradients_is_counted_and_not_measured(draw, device):
    A = draw(4, 4)
    with warnings.catch_warnings(), watch() as report:
        warnings.simplefilter("error")
        V = eigh(A).eigenvectors  # the call
        directions = torch.eye(16, dtype=A.dtype, device=device).reshape(16, 4, 4)
        torch.autograd.grad(V.square(), A, directions, is_grads_batched=True)
    site = site_at(report, "# the call")
    assert counts(site) == (1, 1, 1, 0)
    assert verdict_of(site) == "unsettled"


def test_functional_jacobian_and_gradcheck_run_under_a_watch(draw, device):
    A = draw(3, 3)
    with watch() as report:
        torch.autograd.functional.jacobian(lambda A: eigh(A + A.mT)[1].square(), A)  # rows
        assert torch.autograd.gradcheck(lambda A: eigh(A + A.mT)[1].abs(), A)  # checked
    assert counts(site_at(report, "# rows")) == (1, 9, 9, 8)  # the first eight are measured
    assert site_at(report, "# checked").backwards >= 9


def test_lobpcg_is_one_decomposition(device):
    spectrum = torch.diag(torch.arange(1.0, 13.0, dtype=torch.float64, device=device)).requires_grad_()
    start = torch.sin(torch.arange(24.0, dtype=torch.float64, device=device) ** 2).reshape(12, 2)
    with watch() as report:
        _, vectors = torch.lobpcg(spectrum, k=2, X=start, niter=200, tol=1e-12)  # the call
        (vectors.square() * torch.arange(12.0, device=device).unsqueeze(1)).sum().backward()
    site = only(report)
    assert site.call == "torch.lobpcg"
    assert "# the call" in text_of(site)
    assert counts(site) == (1, 1, 1, 1)


def test_the_iteration_inside_low_rank_solvers_is_one_decomposition(draw, device):
    A = draw(12, 6)
    with watch() as report:
        U, S, V = torch.svd_lowrank(A, q=3)  # the call
        ((U * S) @ V.mT).square().sum().backward()
    reached = [site for site in report.evidence().sites if site.backwards]
    assert [(site.call, "# the call" in text_of(site)) for site in reached] == [("torch.svd_lowrank", True)]
    assert reached[0].exercised == 1
    assert reached[0].family == "svd"


def test_a_function_with_a_backward_of_its_own_is_left_to_its_author(draw, device):
    class Root(torch.autograd.Function):
        @staticmethod
        def forward(context, A):
            L, V = eigh(A)  # inside
            context.save_for_backward(L, V)
            return V @ torch.diag(L.abs().sqrt()) @ V.mT

        @staticmethod
        def backward(context, gradient):
            L, V = context.saved_tensors
            root = L.abs().sqrt()
            return V @ ((V.mT @ gradient @ V) / (root[:, None] + root[None, :])) @ V.mT

    A = draw(4, 4, kind="hermitian")
    plain = torch.autograd.grad(Root.apply(A).sum(), A)[0]
    with watch() as report:
        Root.apply(A).sum().backward()
    assert counts(site_at(report, "# inside")) == (1, 0, 0, 0)
    assert torch.equal(A.grad, plain)


def test_a_graph_made_before_the_watch_is_named_by_the_line_of_its_backward(draw, device):
    A = draw(4, 4)
    loss = fine(eigh(A).eigenvectors)
    with watch() as report:
        loss.backward()  # the backward
    site = site_at(report, "# the backward")
    assert (site.calls, site.backwards, site.exercised, site.sampled) == (0, 1, 1, 1)
    assert "forward was not seen" in site.call
    assert site.shape == (4, 4)


def test_a_graph_made_inside_and_differentiated_after_the_watch_is_never_reached(draw, device):
    A = draw(4, 4)
    with watch() as report:
        loss = fine(eigh(A).eigenvectors)  # the call
    loss.backward()
    assert counts(site_at(report, "# the call")) == (1, 0, 0, 0)


def test_a_backward_that_stops_at_the_vectors_does_not_reach_the_decomposition(draw, device):
    A = draw(4, 4)
    with watch() as report:
        V = eigh(A).eigenvectors  # the call
        torch.autograd.grad(fine(V), V)
    assert counts(site_at(report, "# the call")) == (1, 0, 0, 0)


def test_decompositions_without_gradient_are_counted_as_calls(draw, device):
    A = draw(4, 4)
    with watch() as report:
        with torch.no_grad():
            eigh(A)  # without gradient
        eigh(A.detach())  # detached
        with torch.inference_mode():
            eigh(A.detach())  # inference
    for mark in ("# without gradient", "# detached", "# inference"):
        assert counts(site_at(report, mark)) == (1, 0, 0, 0)


def test_lines_that_decompose_are_told_apart(draw, device):
    A = draw(4, 4)
    with watch() as report:
        first = eigh(A).eigenvectors  # first
        second = eigh(A + A.mT).eigenvectors  # second
        for _ in range(3):
            first = eigh(first).eigenvectors  # in a loop
        (fine(first) + fine(second)).backward()
    assert [counts(site_at(report, mark))[:2] for mark in ("# first", "# second", "# in a loop")] == [
        (1, 1),
        (1, 1),
        (3, 3),
    ]


def test_empty_and_tiny_matrices_do_no_harm(draw, device):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for shape in ((1, 1), (0, 0), (2, 0, 0), (0, 3, 3), (3, 0), (0, 3), (1, 5), (5, 1)):
            for function in (eigh, eig, svd, qr):
                if function in (eigh, eig) and shape[-1] != shape[-2]:
                    continue
                A = torch.ones(shape, dtype=torch.float64, device=device, requires_grad=True)
                with watch() as report:
                    outputs = function(A) if function is not svd else svd(A, full_matrices=False)
                    sum(part.abs().sum() for part in outputs).backward()  # after the call
                assert not report.evidence().unobserved, (function, shape)
                assert only(report).backwards == 1
                assert "outputs = " in text_of(only(report))


def test_sites_of_other_threads_do_not_end_up_in_the_wrong_line(draw, device):
    A = draw(6, 4, 4)
    with watch() as report:

        def even(matrix):
            fine(eigh(matrix).eigenvectors).backward()  # even

        def odd(matrix):
            fine(svd(matrix).U).backward()  # odd

        with ThreadPoolExecutor(4) as pool:
            list(
                pool.map(lambda place: (odd if place % 2 else even)(A.detach()[place % 6].requires_grad_()), range(60))
            )
    assert [counts(site_at(report, mark))[:3] for mark in ("# even", "# odd")] == [(30, 30, 30), (30, 30, 30)]
    assert sites_at(report, "# even")[0].family == "eigh"
    assert sites_at(report, "# odd")[0].family == "svd"
