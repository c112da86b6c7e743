"""Rigid motions, sign conventions and flows: what they are for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from eiglint import linalg
from tests.linalg.matrices import basis, numbers, with_values

DOUBLE = torch.float64


def points() -> Tensor:
    return numbers((6, 3), DOUBLE, 5)


def turned() -> Tensor:
    Q = basis(DOUBLE, seed=6)
    return Q * torch.linalg.det(Q)


def test_kabsch_finds_the_motion() -> None:
    P, R, t = points(), turned(), torch.tensor([1.0, -2.0, 0.5], dtype=DOUBLE)
    found = linalg.kabsch(P, P @ R.mT + t, torch.linspace(0, 1, 6, dtype=DOUBLE))
    assert torch.allclose(found.rotation, R)
    assert torch.allclose(found.translation, t)
    assert found.rmsd < 1e-12


def test_kabsch_never_mirrors() -> None:
    found = linalg.kabsch(points(), points() * torch.tensor([1.0, 1.0, -1.0], dtype=DOUBLE))
    assert torch.linalg.det(found.rotation).item() == pytest.approx(1)


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_kabsch_has_both_derivatives_by_all_arguments(mirror: float) -> None:
    P = points().requires_grad_()
    Q = (numbers((6, 3), DOUBLE, 7) * torch.tensor([1.0, 1.0, mirror], dtype=DOUBLE)).requires_grad_()
    weights = torch.linspace(0, 1, 6, dtype=DOUBLE).requires_grad_()
    arguments = (P, Q, weights)
    assert gradcheck(lambda *a: tuple(linalg.kabsch(*a)), arguments, check_forward_ad=True, fast_mode=True)
    assert gradgradcheck(lambda *a: tuple(linalg.kabsch(*a)), arguments, fast_mode=True)


def test_a_perfect_fit_of_symmetric_points_has_a_finite_gradient() -> None:
    cube = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=DOUBLE)] * 3).requires_grad_()
    rotation, translation, rmsd = linalg.kabsch(cube, cube.detach())
    (rotation.sum() + translation.sum() + rmsd).backward()
    assert cube.grad.isfinite().all()


def test_kabsch_takes_stacks() -> None:
    P = torch.stack([points(), 2 * points()])
    Q = torch.stack([points() @ turned().mT, points()])
    together = linalg.kabsch(P, Q)
    for index in range(2):
        for one, both in zip(linalg.kabsch(P[index], Q[index]), together, strict=True):
            assert torch.allclose(one, both[index])


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
def test_a_canonical_column_does_not_depend_on_the_phase_it_came_with(dtype: torch.dtype) -> None:
    V = basis(dtype, n=4)
    phases = torch.tensor([1, -1, -1, 1], dtype=dtype) * (1j if dtype.is_complex else 1)
    assert torch.allclose(linalg.canonicalize(V * phases), linalg.canonicalize(V))
    reference = basis(dtype, n=4, seed=8)
    assert torch.allclose(linalg.canonicalize(V * phases, like=reference), linalg.canonicalize(V, like=reference))
    fixed = linalg.canonicalize(V)
    pivots = fixed.gather(-2, fixed.abs().argmax(-2, keepdim=True))
    assert (pivots.real > 0).all()
    assert torch.allclose(pivots, pivots.abs().to(dtype))
    inner = (linalg.canonicalize(V, like=reference).conj() * reference).sum(-2)
    assert torch.allclose(inner, inner.abs().to(dtype))


def test_nothing_is_ever_multiplied_by_0() -> None:
    V = torch.eye(3, dtype=DOUBLE)
    assert torch.equal(linalg.canonicalize(-V), V)
    across = V.roll(1, 1)
    assert torch.equal(linalg.canonicalize(across, like=V), across)
    assert torch.equal(linalg.canonicalize(torch.zeros(3, 2)), torch.zeros(3, 2))


def test_of_entries_equal_to_rounding_the_first_decides() -> None:
    tie = torch.tensor([[0.5**0.5], [-(0.5**0.5) * (1 + 1e-15)]], dtype=DOUBLE)
    assert torch.equal(linalg.canonicalize(tie), tie)
    assert torch.equal(linalg.canonicalize(-tie), tie)


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)], ids=str)
@pytest.mark.parametrize("full", [False, True])
def test_singular_vectors_are_fixed_together(shape: tuple[int, int], full: bool) -> None:
    A = numbers(shape, torch.complex128)
    U, S, Vh = torch.linalg.svd(A, full_matrices=full)
    left, right = linalg.canonicalize_pair(U, Vh)
    k = len(S)
    assert torch.allclose((left[:, :k] * S) @ right[:k], A)
    assert torch.allclose(left[:, :k], linalg.canonicalize(U[:, :k]))


def test_a_loss_of_canonical_vectors_is_differentiated_through_the_phase() -> None:
    A = with_values((1.0, 2.0, 4.0), torch.complex128).requires_grad_()
    assert gradcheck(lambda A: linalg.canonicalize(linalg.eigh_isolated(A, 1)[1].unsqueeze(-1)), A)


@pytest.mark.parametrize("repeats", [1, 40], ids=["few times", "many times"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
def test_a_flow_is_the_matrix_exponential(dtype: torch.dtype, repeats: int, device: str) -> None:
    A = 3 * numbers((2, 5, 5), dtype).to(device)
    t = torch.tensor([0.0, 1e-3, 0.3, 1.0, 2.5, -0.4], dtype=torch.float64, device=device).repeat(repeats)
    x0 = numbers((5,), dtype, 3).to(device)
    exact = torch.linalg.matrix_exp(A.unsqueeze(-3) * t[:, None, None]) @ x0.unsqueeze(-1)
    found = linalg.linear_flow(A, t, x0)
    assert torch.allclose(found, exact.squeeze(-1), rtol=1e-10)


@pytest.mark.parametrize("small", [0, 3000], ids=["by digits of the times", "by exponentials"])
def test_a_flow_of_a_defective_matrix_has_both_derivatives(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eiglint.linalg.flow.SMALL", small)
    A = torch.tensor([[1.0, 1.0], [0.0, 1.0]], dtype=DOUBLE, requires_grad=True)
    t = torch.tensor([0.0, 0.4, 3.0, -1.0], dtype=DOUBLE, requires_grad=True)
    x0 = torch.tensor([1.0, -2.0], dtype=DOUBLE, requires_grad=True)
    assert gradcheck(linalg.linear_flow, (A, t, x0), check_forward_ad=True)
    assert gradgradcheck(linalg.linear_flow, (A, t, x0), check_fwd_over_rev=True)


def test_a_flow_holds_far_less_than_a_matrix_for_each_time() -> None:
    n, times = 32, 4000
    held = 0

    def count(saved: Tensor) -> Tensor:
        nonlocal held
        held += saved.numel()
        return saved

    A = (numbers((n, n), DOUBLE) / n).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(count, lambda saved: saved):
        linalg.linear_flow(A, torch.linspace(0, 4, times, dtype=DOUBLE), numbers((n,), DOUBLE))
    assert held < times * n * n / 2
