"""Entries of unlike phase that lie along one axis: their phases cancel as those of columns do, whatever they are."""

from __future__ import annotations

import pytest

from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import (
    ALL,
    adjoint,
    at,
    column,
    eig,
    eigh,
    hermitian,
    matmul,
    mul,
    one,
    phase,
    plain,
    rotation,
    transposed,
)


def sized() -> Tensor:
    """Return the vectors of a complex Hermitian matrix of known size."""
    return eigh(plain("H", dtype="complex", sizes=(4, 4)))[1]


def some_columns(V: Tensor) -> dict[str, Tensor]:
    """Return matrices some of whose columns are those of V, and others know no phase."""
    return {
        "beside": one("cat", (V, one("abs", V)), -1),
        "chosen": one("where", one("operator.gt", plain("w", sizes=(4,)), 0), V, plain("b", sizes=(4,))),
        "padded": one("nn.functional.pad", V, (0, 1)),
        "repeated": one("Tensor.repeat", V, 1, 2),
        "of_rows_in_pairs": one("reshape", V, (2, 8)),
    }


KINDS = tuple(some_columns(sized()))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_linear_along_the_other_axis_keeps_the_phases(kind: str) -> None:
    t = some_columns(sized())[kind]
    assert phase(one("abs", one("sum", t, 0))) == "fine"
    assert phase(one("abs", one("cumsum", t, 0))) == "fine"
    assert phase(one("abs", one("fft.fft", t, dim=0))) == "fine"
    assert phase(one("abs", one("sum", t, 1))) != "fine"
    assert phase(one("abs", one("cumsum", t, 1))) != "fine"


@pytest.mark.parametrize("kind", KINDS)
def test_the_phases_cancel_against_their_conjugates_along_their_axis_alone(kind: str) -> None:
    t = some_columns(sized())[kind]
    assert phase(one("einsum", "ij,kj->ik", t, one("conj", t))) == "fine"
    summed = one("cumsum", t, 0)
    assert phase(matmul(summed, adjoint(t))) == "fine"
    assert phase(one("einsum", "ij,kj->ik", t, t)) != "fine"
    assert phase(matmul(adjoint(t), t)) != "fine"


def test_two_choices_of_columns_do_not_cancel_each_other() -> None:
    V = sized()
    kinds = some_columns(V)
    other = one("where", one("operator.gt", plain("v", sizes=(4,)), 0), V, plain("b", sizes=(4,)))
    assert phase(matmul(kinds["chosen"], adjoint(other))) != "fine"
    assert phase(matmul(kinds["beside"], adjoint(kinds["repeated"]))) != "fine"


def test_a_choice_that_varies_along_both_axes_names_no_columns() -> None:
    V = sized()
    chosen = one("where", one("operator.gt", plain("W", sizes=(4, 4)), 0), V, plain("b", sizes=(4,)))
    assert phase(one("abs", chosen)) == "fine"
    assert phase(one("abs", one("sum", chosen, 0))) != "fine"


def test_a_picked_column_may_have_no_phase_and_moves_where_it_has_one() -> None:
    t = one("where", one("operator.gt", plain("w", sizes=(4,)), 0), sized(), plain("b", sizes=(4,)))
    for some in (column(t, 2), at(t, ALL, Range(1, 3))):
        assert phase(one("abs", some)) == "fine"
        assert phase(one("exp", some)).startswith("depends")
    outer = one("einsum", "i,j->ij", at(t, 0), one("conj", at(t, 0)))
    assert phase(one("sum", at(outer, 1))).startswith("depends")


def test_a_product_of_entries_that_move_by_factors_moves_by_one() -> None:
    _, V = eig()
    beside = one("stack", (V, one("conj", V)))
    assert phase(one("abs", one("prod", beside, -1))) == "fine"
    assert phase(one("abs", one("sum", one("prod", beside, -2), -1))) != "fine"
    assert phase(one("abs", one("prod", one("exp", beside), -1))) != "fine"


@pytest.mark.parametrize("name", ["scatter", "index_put"])
def test_entries_that_are_replaced_leave_the_others_their_phases(name: str) -> None:
    V = sized()
    rows, new = plain("rows", dtype="int", sizes=(2,)), plain("new", sizes=(2, 4))
    arguments: tuple[object, ...] = (0, rows, new) if name == "scatter" else ((rows,), new)
    t = one(name, V, *arguments)
    assert phase(one("abs", t)) == "fine"
    assert phase(one("abs", one("sum", t, 0))) != "fine"
    assert rotation(t) != "fine"
    how = {"reduce": "add"} if name == "scatter" else {"accumulate": True}
    assert phase(one("abs", one(name, V, *arguments, **how))) != "fine"


def test_signs_of_arbitrary_sums_are_factors_of_modulus_one() -> None:
    _, V = hermitian()
    signs = one("sgn", one("sum", V, -2, keepdim=True))
    odd = one("sgn", one("sum", V, -1, keepdim=True))
    assert phase(one("abs", mul(plain("M"), odd))) == "fine"
    assert phase(matmul(transposed(mul(V, odd)), one("conj", mul(V, odd)))) != "fine"
    turned = mul(plain("M"), transposed(odd))
    assert phase(matmul(turned, one("diag", plain("w", rank=1)), adjoint(turned))) == "fine"
    assert phase(matmul(adjoint(turned), turned)) != "fine"
    assert phase(one("sum", turned)) != "fine"
    assert phase(mul(V, one("conj", signs))) == "fine"


@pytest.mark.parametrize("step", ["round", "relu", "sgn"])
def test_the_sign_of_a_sum_that_is_zero_in_one_gauge_alone_is_no_such_factor(step: str) -> None:
    _, V = eigh()
    signs = transposed(one("sgn", one("sum", one(step, V), -1, keepdim=True)))
    turned = mul(plain("M"), signs)
    assert phase(matmul(turned, one("diag", plain("w", rank=1)), adjoint(turned))) != "fine"


def test_a_real_value_times_its_sign_is_its_modulus() -> None:
    _, V = eigh()
    pieces = one("stack", (V, transposed(V)))
    assert phase(mul(pieces, one("sgn", pieces))) == "fine"
    assert phase(mul(pieces, one("sgn", transposed(pieces)))) != "fine"
    _, W = hermitian()
    assert phase(mul(W, one("sgn", W))) != "fine"
