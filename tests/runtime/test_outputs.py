"""Re-drawn outputs keep their promise, their form and their place in the graph."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eiglint.runtime import gaugecheck, regauge

WAYS = ["multiply", "similarity"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("symmetry", ["phase", "order", "rotation"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_what_is_put_together_again_is_the_matrix(way, symmetry, dtype, draw, device):
    A = draw(2, 4, 4, dtype=dtype, grad=False)
    H = A + A.mH
    tall = draw(2, 6, 3, dtype=dtype, grad=False)
    tall[..., 2] = tall[..., 0]
    for seed in range(4):
        with regauge(symmetry, seed=seed, way=way):
            L, V = torch.linalg.eig(A)
            assert torch.allclose(V @ torch.diag_embed(L) @ torch.linalg.inv(V), A.to(V.dtype))
            for uplo in "LU":
                L, V = torch.linalg.eigh(H, UPLO=uplo)
                assert torch.allclose((V * L.unsqueeze(-2)) @ V.mH, H)
            for full in (True, False):
                U, S, Vh = torch.linalg.svd(tall, full_matrices=full)
                assert torch.allclose((U[..., :3] * S.unsqueeze(-2)) @ Vh[..., :3, :], tall)
                assert torch.allclose(U.mH @ U, torch.eye(U.shape[-1], dtype=dtype, device=device))
            U, S, V = torch.svd(tall)
            assert torch.allclose((U * S.unsqueeze(-2)) @ V.mH, tall)
            U, S, V = tall.svd()
            assert torch.allclose((U * S.unsqueeze(-2)) @ V.mH, tall)
            for mode in ("reduced", "complete"):
                Q, R = torch.linalg.qr(tall, mode=mode)
                assert torch.allclose(Q @ R, tall)
                assert torch.allclose(Q.mH @ Q, torch.eye(Q.shape[-1], dtype=dtype, device=device))


@pytest.mark.parametrize("way", WAYS)
def test_only_the_triangle_that_eigh_reads_counts(way, draw, device):
    A = draw(4, 4, grad=False)
    for uplo, half in (("L", A.tril()), ("U", A.triu())):
        whole = half + half.mT - torch.diag(A.diagonal())
        with regauge("phase", seed=1, way=way):
            L, V = torch.linalg.eigh(A, uplo)
        assert torch.allclose(V @ torch.diag(L) @ V.mT, whole)


@pytest.mark.parametrize("way", WAYS)
def test_gradients_agree_with_those_of_an_asymmetric_input(way, draw, device):
    A = draw(4, 4)
    result = gaugecheck(
        lambda A: torch.linalg.eigh(A)[1].square() * A.sum(), A, symmetries="phase", way=way, raise_exception=False
    )
    assert result.ok
    assert result.phase.gradient_deviation < 1e-12


def test_named_tuples_stay_named_tuples(draw, device):
    A = draw(4, 4, kind="hermitian")
    with regauge("phase", seed=1):
        assert torch.linalg.eig(A).eigenvectors is not None
        assert torch.linalg.eigh(A).eigenvalues.shape == (4,)
        assert torch.linalg.svd(A).Vh.shape == (4, 4)
        assert torch.svd(A).V.shape == (4, 4)
        assert torch.linalg.qr(A).R.shape == (4, 4)
        assert type(A.svd()) is type(torch.svd(A))


@pytest.mark.parametrize("way", WAYS)
def test_the_triangular_factor_alone_is_redrawn_too(way, draw, device):
    A = draw(5, 3)
    assert gaugecheck(lambda A: torch.linalg.qr(A, mode="r").R.square(), A, way=way, check_grad=False)
    result = gaugecheck(lambda A: torch.linalg.qr(A, mode="r").R, A, way=way, check_grad=False, raise_exception=False)
    assert result.phase.invariant is False


def test_vectors_that_were_not_computed_stay_zero(draw, device):
    A = draw(4, 4, grad=False)
    with regauge("phase", seed=1) as run:
        U, S, V = torch.svd(A, compute_uv=False)
        assert torch.equal(S, torch.linalg.svdvals(A))
        assert not U.any()
        assert not V.any()
    assert run.calls == {}


def test_tensors_given_by_the_caller_are_filled(draw, device):
    A = draw(4, 4, kind="hermitian", grad=False)
    plain = torch.linalg.eigh(A)[1]
    L, V = A.new_empty(4), A.new_empty(4, 4)
    with regauge("phase", seed=0):
        result = torch.linalg.eigh(A, out=(L, V))
        again = torch.linalg.eigh(A)[1]
    assert result.eigenvectors.data_ptr() == V.data_ptr()
    assert torch.equal(V, again)
    assert not torch.equal(V, plain)


def test_every_sign_flips_within_four_seeds(draw, device):
    A = draw(6, 6, kind="hermitian", grad=False)
    plain = torch.linalg.eigh(A)[1]
    flips = []
    for seed in range(4):
        with regauge("phase", seed=seed):
            flips.append((torch.linalg.eigh(A)[1] / plain).mean(0).round())
    signs = torch.stack(flips)
    assert (signs == -1).any(0).all()
    assert (signs.prod(1) == -1).any()
    for j in range(6):
        for k in range(j):
            assert (signs[:, j] * signs[:, k] == -1).any()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (0, 3, 3), (2, 0, 3), (3, 0)])
def test_empty_and_tiny_matrices_do_no_harm(way, shape, device):
    A = torch.ones(shape, dtype=torch.float64, device=device)
    for symmetry in ("phase", "order", "rotation"):
        with regauge(symmetry, seed=1, way=way):
            torch.linalg.svd(A)
            torch.linalg.qr(A, mode="complete")
            if shape[-1] == shape[-2]:
                torch.linalg.eigh(A)
                torch.linalg.eig(A)


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
@pytest.mark.parametrize("way", WAYS)
def test_single_precision_is_judged_by_its_own_rounding(way, dtype, draw, device):
    A = draw(32, 32, kind="hermitian", dtype=dtype)
    assert gaugecheck(lambda A: (lambda L, V: (V * torch.tanh(L)) @ V.mH)(*torch.linalg.eigh(A)), A, way=way)
    result = gaugecheck(lambda A: torch.linalg.eigh(A)[1].real, A, way=way, raise_exception=False)
    assert result.phase.invariant is False


def dominant(A: Tensor, call: str) -> Tensor:
    match call:
        case "torch.lobpcg":
            return torch.lobpcg(A @ A.mT, k=2, niter=200)[1]
        case "torch.svd_lowrank":
            return torch.svd_lowrank(A, q=6, niter=4)[0][:, :2]
    return torch.pca_lowrank(A, q=6, niter=4)[2][:, :2]


@pytest.mark.parametrize("call", ["torch.lobpcg", "torch.svd_lowrank", "torch.pca_lowrank"])
def test_iterative_decompositions_are_redrawn_and_called_by_their_name(call, draw, device):
    A = draw(12, 12, grad=False)
    fine = gaugecheck(lambda A: (lambda V: V @ V.mT)(dominant(A, call)), A, raise_exception=False)
    wrong = gaugecheck(lambda A: dominant(A, call), A, raise_exception=False)
    assert fine.phase.invariant is True, fine.phase
    assert wrong.phase.invariant is False, wrong.phase
    assert {site.call for site in wrong.sites} == {call}


def test_lobpcg_is_redrawn_with_a_gradient_and_on_sparse_matrices(draw, device):
    A = torch.diag(torch.arange(1.0, 13.0, dtype=torch.float64, device=device)) + 0.1 * draw(12, 12, kind="hermitian")
    A = A.detach().requires_grad_()
    fine = gaugecheck(lambda A: torch.lobpcg(A, k=2)[1].abs(), A, raise_exception=False)
    wrong = gaugecheck(lambda A: torch.lobpcg(A, k=2)[1], A, raise_exception=False)
    assert fine.phase.invariant is True, fine.phase
    assert wrong.phase.invariant is False
    assert wrong.phase.gradient_deviation > 0.1
    sparse = A.detach().to_sparse()
    with regauge("phase", seed=0):
        turned = torch.lobpcg(sparse, k=2, X=torch.eye(12, 2, dtype=A.dtype, device=device))[1]
    plain = torch.lobpcg(sparse, k=2, X=torch.eye(12, 2, dtype=A.dtype, device=device))[1]
    assert torch.equal(turned.abs(), plain.abs())


def test_composites_that_use_values_alone_are_left_alone(draw, device):
    A = draw(4, 4)
    with regauge("phase", seed=1) as run:
        for form in (torch.linalg.svdvals, torch.linalg.pinv, torch.linalg.matrix_exp, torch.linalg.cond):
            form(A)
        torch.linalg.matrix_norm(A, "nuc")
        torch.linalg.eigvalsh(A)
    assert run.calls == {}


@pytest.mark.parametrize("symmetry", ["phase", "order", "rotation"])
def test_redrawn_outputs_lie_in_memory_as_the_library_lays_them(symmetry, draw, device):
    A = torch.diag(torch.tensor([1.0, 1.0, 2.0, 3.0], dtype=torch.float64, device=device))
    plain = torch.linalg.eig(A)
    with regauge(symmetry, seed=1):
        redrawn = torch.linalg.eig(A)
    assert not torch.equal(plain.eigenvectors, redrawn.eigenvectors)
    assert plain.eigenvectors.stride() == redrawn.eigenvectors.stride()
    assert redrawn.eigenvectors.mT.view(-1).shape == (16,)
