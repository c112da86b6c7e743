"""Losses whose verdict is known from mathematics, by both ways of re-drawing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from loss_table import LOSSES, flow, matrix_of, vector, weights
from torch import Tensor

from eiglint.runtime import gaugecheck

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr


class Loss(NamedTuple):
    """A loss, what it is of, and whether phase (or order) leaves it alone."""

    name: str
    of: str
    loss: Callable[..., Any]
    fine: bool


PHASE = [Loss(f"{case.row} {case.name}", case.of, case.loss, case.expected.phase == "invariant") for case in LOSSES]

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
        case ["real", "very", "wide" | "tall"]:
            return draw(*((3, 5) if of.endswith("wide") else (5, 3)))
        case ["real" | "complex", _]:
            return matrix_of(of, device)
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
