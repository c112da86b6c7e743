"""Losses whose verdict is known from mathematics, by both ways of re-drawing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from eiglint.runtime import gaugecheck

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr


class Loss(NamedTuple):
    """A loss, what it is of, and whether phase (or order) leaves it alone."""

    name: str
    of: str
    loss: Callable[..., Any]
    fine: bool


def weights(like: Tensor, *shape: int) -> Tensor:
    """Fixed weights, not affine in any index."""
    count = torch.Size(shape or like.shape).numel()
    numbers = torch.arange(1, count + 1, dtype=torch.float64, device=like.device)
    return torch.sin(numbers**2).reshape(shape or like.shape).to(like.real.dtype)


def vector(like: Tensor) -> Tensor:
    return weights(like, like.shape[-1]).to(like.dtype)


def rebuilt(A: Tensor, adjoint: Callable[[Tensor], Tensor]) -> Tensor:
    L, V = eigh(A)
    return (V @ torch.diag(torch.exp(L)).to(V.dtype) @ adjoint(V) * weights(V)).real.sum()


def off_diagonal(A: Tensor) -> Tensor:
    V = eigh(A).eigenvectors
    return V[:, 0].conj() @ weights(V).to(V.dtype) @ V[:, 1]


def by_largest_entry(V: Tensor) -> Tensor:
    rows = V.abs().argmax(dim=0, keepdim=True)
    return V * V.gather(0, rows).sgn().conj()


def berry(A: Tensor) -> Tensor:
    shift = weights(A).to(A.dtype)
    a, b, c = (eigh(A + k * (shift + shift.mH)).eigenvectors[:, 0] for k in (0.0, 0.3, 0.7))
    return (torch.vdot(a, b) * torch.vdot(b, c) * torch.vdot(c, a)).angle()


def whitened(A: Tensor) -> Tensor:
    L, V = eigh(A @ A.mT)
    return (V / L.sqrt()).mT @ vector(A)


def flow(A: Tensor, left: Callable[[Tensor], Tensor]) -> Tensor:
    L, V = eig(A)
    return V @ (torch.exp(L) * (left(V) @ vector(V))) * vector(V)


def kabsch(U: Tensor, V: Tensor) -> Tensor:
    d = torch.det(V @ U.mT)
    return V @ torch.diag(torch.stack([torch.ones_like(d)] * (len(V) - 1) + [d])) @ U.mT


def network(V: Tensor) -> Tensor:
    return torch.tanh(V * weights(V) + 0.3).sum(0)


PHASE = [
    Loss("1 sum of the real part", "complex hermitian", lambda A: eigh(A).eigenvectors.real.sum(), False),
    Loss("1 real overlap", "complex hermitian", lambda A: torch.vdot(vector(A), eigh(A)[1][:, 0]).real, False),
    Loss("1 distance to a target", "complex hermitian", lambda A: (eigh(A)[1].real - weights(A)).pow(2).mean(), False),
    Loss("1 angle of an entry", "complex hermitian", lambda A: eigh(A)[1][1, 0].angle(), False),
    Loss("1 real part of the determinant", "complex hermitian", lambda A: torch.det(eigh(A)[1]).real, False),
    Loss("2 square without conjugate", "complex hermitian", lambda A: (eigh(A)[1] ** 2 * weights(A)).real.sum(), False),
    Loss("3 transpose for adjoint", "complex hermitian", lambda A: rebuilt(A, lambda V: V.mT), False),
    Loss("4 element between two vectors", "complex hermitian", lambda A: off_diagonal(A).real, False),
    Loss("5 squared modulus", "complex hermitian", lambda A: (eigh(A)[1].abs() ** 2 * weights(A)).sum(), True),
    Loss("5 squared overlap", "complex hermitian", lambda A: torch.vdot(vector(A), eigh(A)[1][:, 0]).abs() ** 2, True),
    Loss("5 squared element", "complex hermitian", lambda A: off_diagonal(A).abs() ** 2, True),
    Loss(
        "5 modulus of the determinant", "complex hermitian", lambda A: eigh(A)[1].det().abs() * eigh(A)[0].sum(), True
    ),
    Loss("6 matrix function", "complex hermitian", lambda A: rebuilt(A, lambda V: V.mH), True),
    Loss("6 weighted values", "complex hermitian", lambda A: (eigh(A)[0] * weights(A, A.shape[-1])).sum(), True),
    Loss(
        "7 angle inside one column",
        "complex hermitian",
        lambda A: (lambda V: V[0, 0] * V[1, 0].conj())(eigh(A)[1]).angle(),
        True,
    ),
    Loss("8 closed loop of overlaps", "complex hermitian", berry, True),
    Loss(
        "9 phase fixed by the largest entry",
        "complex hermitian",
        lambda A: (by_largest_entry(eigh(A)[1]).real * weights(A)).sum(),
        True,
    ),
    Loss("10 sum", "real hermitian", lambda A: eigh(A)[1].sum(), False),
    Loss("10 relu", "real hermitian", lambda A: eigh(A)[1].relu().sum(), False),
    Loss("10 cube", "real hermitian", lambda A: (eigh(A)[1] ** 3 * weights(A)).sum(), False),
    Loss("10 linear layer", "real hermitian", lambda A: eigh(A)[1][:, :2] @ weights(A, 2, 3), False),
    Loss(
        "10 signed cosine", "real hermitian", lambda A: torch.cosine_similarity(eigh(A)[1][:, 0], vector(A), 0), False
    ),
    Loss("11 whitened coordinates", "real square", whitened, False),
    Loss("12 squares", "real hermitian", lambda A: (eigh(A)[1] ** 2 * weights(A)).sum(), True),
    Loss("12 moduli", "real hermitian", lambda A: eigh(A)[1].abs() * weights(A), True),
    Loss(
        "12 squared cosine",
        "real hermitian",
        lambda A: 1 - torch.cosine_similarity(eigh(A)[1][:, 0], vector(A), 0) ** 2,
        True,
    ),
    Loss("12 length of whitened coordinates", "real square", lambda A: whitened(A).square().sum(), True),
    Loss(
        "12 both signs through a network",
        "real hermitian",
        lambda A: (lambda V: network(V) + network(-V))(eigh(A)[1]),
        True,
    ),
    Loss("13 exponential", "real hermitian", lambda A: rebuilt(A, lambda V: V.mT), True),
    Loss("13 projector", "real hermitian", lambda A: (lambda V: V @ V.mT)(eigh(A)[1][:, :2]), True),
    Loss(
        "13 clamped", "real hermitian", lambda A: (lambda L, V: V @ torch.diag(L.clamp(min=0)) @ V.mT)(*eigh(A)), True
    ),
    Loss(
        "14 sign fixed by the largest entry",
        "real hermitian",
        lambda A: (by_largest_entry(eigh(A)[1]) * weights(A)).sum(),
        True,
    ),
    Loss("15 linear flow", "real square", lambda A: flow(A, torch.linalg.inv), True),
    Loss(
        "15 modulus of coordinates",
        "real square",
        lambda A: (lambda V: torch.linalg.solve(V, vector(V)).abs())(eig(A)[1]),
        True,
    ),
    Loss("16 adjoint for inverse", "real square", lambda A: flow(A, lambda V: V.mH), True),
    Loss(
        "17 flow without the inverse",
        "real square",
        lambda A: flow(A, lambda V: torch.eye(len(V), dtype=V.dtype, device=V.device)).real,
        False,
    ),
    Loss("18 real part, real spectrum", "real hermitian", lambda A: eig(A)[1].real.sum(), False),
    Loss(
        "18 real coordinates, real spectrum",
        "real hermitian",
        lambda A: torch.linalg.solve(eig(A)[1], vector(A) + 0j).real.sum(),
        False,
    ),
    Loss("19 weighted moduli", "real square", lambda A: (eig(A)[1].abs() * weights(A)).sum(), True),
    Loss(
        "20 singular vectors",
        "complex square",
        lambda A: (lambda r: (r.U * weights(A)).real.sum() + r.Vh.real.sum())(svd(A)),
        False,
    ),
    Loss(
        "20 V taken for Vh",
        "complex square",
        lambda A: (lambda U, S, Vh: (U @ torch.diag(S).to(U.dtype) @ Vh.mH * weights(A)).real.sum())(*svd(A)),
        False,
    ),
    Loss("21 polar factor", "complex square", lambda A: (lambda r: (r.U @ r.Vh * weights(A)).real.sum())(svd(A)), True),
    Loss("21 low rank", "complex square", lambda A: (lambda U, S, Vh: (U[:, :2] * S[:2]) @ Vh[:2])(*svd(A)), True),
    Loss("21 moduli", "complex square", lambda A: (lambda r: r.U.abs() * weights(A) + r.Vh.abs())(svd(A)), True),
    Loss("22 nearest rotation", "real square", lambda A: (lambda U, _, Vh: kabsch(U, Vh.mT))(*svd(A)), True),
    Loss("22 projector", "real square", lambda A: (lambda U: U[:, :2] @ U[:, :2].mT)(svd(A).U), True),
    Loss("22 scaled null vector", "real wide", lambda A: (lambda h: h / h[-1])(svd(A).Vh[-1]), True),
    Loss("22 raw null vector", "real wide", lambda A: svd(A).Vh[-1].sum(), False),
    Loss(
        "23 V taken for Vh in the nearest rotation",
        "real square",
        lambda A: (lambda U, _, V: kabsch(U, V.mT))(*torch.svd(A)),
        False,
    ),
    Loss("23 left vectors", "real square", lambda A: (svd(A).U * weights(A)).sum(), False),
    Loss(
        "23 principal scores",
        "real tall",
        lambda A: (lambda U, S, _: U * S - weights(A))(*svd(A, full_matrices=False)),
        False,
    ),
    Loss("24 Q", "real square", lambda A: (qr(A).Q * weights(A)).sum(), False),
    Loss("24 complex Q", "complex square", lambda A: (qr(A).Q * weights(A)).real.sum(), False),
    Loss("25 projector of Q", "real tall", lambda A: (lambda Q: Q @ Q.mT)(qr(A).Q), True),
    Loss(
        "25 sign fixed by the diagonal",
        "real square",
        lambda A: (lambda Q, R: Q * R.diagonal().sign() * weights(A))(*qr(A)),
        True,
    ),
    Loss("25 log determinant", "real square", lambda A: qr(A).R.diagonal().abs().log().sum(), True),
]

ORDER = [
    Loss("15 linear flow", "real square", lambda A: flow(A, torch.linalg.inv), True),
    Loss("16 adjoint for inverse", "real square", lambda A: flow(A, lambda V: V.mH), True),
    Loss("19 largest modulus", "real square", lambda A: eig(A)[0].abs().max(), True),
    Loss("19 sorted real parts", "real square", lambda A: torch.linalg.eigvals(A).real.sort().values, True),
    Loss(
        "15 modulus of coordinates",
        "real square",
        lambda A: (lambda V: torch.linalg.solve(V, vector(V)).abs())(eig(A)[1]),
        False,
    ),
    Loss(
        "18 coordinates one by one, real spectrum",
        "real hermitian",
        lambda A: torch.linalg.solve(eig(A)[1], vector(A) + 0j).abs(),
        False,
    ),
    Loss("19 weighted moduli", "real square", lambda A: (eig(A)[1].abs() * weights(A)).sum(), False),
    Loss("19 first eigenvalue", "real square", lambda A: eig(A)[0][0].real, False),
    Loss("19 first of eigvals", "real square", lambda A: torch.linalg.eigvals(A)[0].real, False),
    Loss("two eigenvalues", "two", lambda A: eig(A)[0][0].abs(), False),
]

BASIS = [
    Loss("isolated vector", "blocks", lambda A: (lambda v: torch.outer(v, v))(eigh(A)[1][:, -1]), True),
    Loss("whole block", "blocks", lambda A: (lambda V: V @ V.mT)(eigh(A)[1][:, :2]), True),
    Loss("square root", "blocks", lambda A: (lambda L, V: V @ torch.diag(L.sqrt()) @ V.mT)(*eigh(A)), True),
    Loss("polar factor at equal singular values", "blocks", lambda A: (lambda U, _, Vh: U @ Vh)(*svd(A)), True),
    Loss("eig's matrix function", "blocks", lambda A: flow(A, torch.linalg.inv), True),
    Loss("squares", "blocks", lambda A: (eigh(A)[1] ** 2 * weights(A)).sum(), False),
    Loss("projector that cuts a block", "blocks", lambda A: (lambda v: torch.outer(v, v))(eigh(A)[1][:, 0]), False),
    Loss("moduli of left vectors", "blocks", lambda A: svd(A).U.abs() * weights(A), False),
    Loss("eig's moduli, sorted", "blocks", lambda A: eig(A)[1].abs().flatten().sort().values, False),
    Loss("polar factor of a singular matrix", "singular", lambda A: (lambda U, _, Vh: U @ Vh)(*svd(A)), False),
    Loss(
        "singular matrix put together again",
        "singular",
        lambda A: (lambda U, S, Vh: U @ torch.diag(S) @ Vh)(*svd(A)),
        True,
    ),
    Loss("one of two null vectors", "real very wide", lambda A: svd(A).Vh[-1].square(), False),
    Loss("projector on the null space", "real very wide", lambda A: (lambda N: N.mT @ N)(svd(A).Vh[-2:]), True),
    Loss("complement of a complete qr", "real very tall", lambda A: qr(A, mode="complete").Q[:, -1].square(), False),
]


def subject(of: str, draw: Callable[..., Tensor], device: str) -> Tensor:
    match of.split():
        case ["real", "hermitian"]:
            return draw(4, 4, kind="hermitian")
        case ["complex", "hermitian"]:
            return draw(4, 4, kind="hermitian", dtype=torch.complex128)
        case [field, "square"]:
            return draw(4, 4, dtype=torch.complex128 if field == "complex" else torch.float64)
        case ["real", *shape]:
            rows, columns = {"wide": (4, 5), "tall": (6, 3), "very wide": (3, 5), "very tall": (5, 3)}[" ".join(shape)]
            return draw(rows, columns)
        case ["two"]:
            return torch.tensor([[1.0, 2.0], [0.5, 3.0]], dtype=torch.float64, device=device, requires_grad=True)
        case ["singular"]:
            return torch.diag(torch.tensor([3.0, 2.0, 0.0, 0.0], dtype=torch.float64, device=device))
    return torch.diag(torch.tensor([1.0, 1.0, 2.0, 3.0], dtype=torch.float64, device=device)).requires_grad_()


@pytest.mark.parametrize("way", ["multiply", "similarity"])
@pytest.mark.parametrize("case", PHASE, ids=lambda case: case.name)
def test_a_phase_or_sign_moves_exactly_the_losses_that_depend_on_it(case, way, draw, device):
    result = gaugecheck(case.loss, subject(case.of, draw, device), symmetries="phase", way=way, raise_exception=False)
    assert result.phase.invariant is case.fine, result.phase


@pytest.mark.parametrize("way", ["multiply", "similarity"])
@pytest.mark.parametrize("case", ORDER, ids=lambda case: case.name)
def test_another_order_moves_exactly_the_losses_that_depend_on_it(case, way, draw, device):
    result = gaugecheck(case.loss, subject(case.of, draw, device), symmetries="order", way=way, raise_exception=False)
    assert result.order.invariant is case.fine, result.order


@pytest.mark.parametrize("way", ["multiply", "similarity"])
@pytest.mark.parametrize("case", BASIS, ids=lambda case: case.name)
def test_another_basis_of_a_block_moves_exactly_the_losses_that_depend_on_it(case, way, draw, device):
    result = gaugecheck(
        case.loss,
        subject(case.of, draw, device),
        symmetries="rotation",
        way=way,
        check_grad=False,
        raise_exception=False,
    )
    assert result.rotation.clusters > 0
    assert result.rotation.invariant is case.fine, result.rotation


def test_squares_survive_every_sign_where_a_rotation_moves_them(device, draw):
    result = gaugecheck(
        lambda A: (eigh(A)[1] ** 2 * weights(A)).sum(), subject("blocks", draw, device), raise_exception=False
    )
    assert result.phase.invariant is True
    assert result.phase.value_deviation == 0.0
    assert result.rotation.invariant is False


def test_odd_orders_are_drawn_as_well_as_even_ones(draw, device):
    def vandermonde(A):
        L = eig(A)[0]
        return ((L[0] - L[1]) * (L[1] - L[2]) * (L[2] - L[0])).imag

    result = gaugecheck(vandermonde, draw(3, 3, seed=1), symmetries="order", raise_exception=False)
    assert result.order.invariant is False
