"""Picks, slices, slices of one column, splits, flips (theory, sections 2 and 5)."""

from __future__ import annotations

import pytest

from eiglint.gauge import Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range
from tests.gauge.words import (
    ALL,
    Step,
    adjoint,
    at,
    charges,
    column,
    eigh,
    hermitian,
    matmul,
    mul,
    one,
    phase,
    plain,
    several,
)

K = Number(term("k"), integer=True)


def sized() -> Tensor:
    """Return the vectors of a complex Hermitian 4 x 4 matrix."""
    return eigh(plain("H", dtype="complex", sizes=(4, 4)))[1]


def against(x: Tensor, y: Tensor) -> str:
    """Return what is left of the phase in x * conj(y)."""
    return phase(mul(x, one("conj", y)))


def columns(V: Tensor, span: Range) -> Tensor:
    return at(V, ALL, span)


def test_a_row_keeps_the_charge_of_every_column() -> None:
    assert charges(at(sized(), 0)) == {-1: 1}
    assert charges(at(sized(), Range(1, 3))) == {-1: 1}


def test_a_slice_of_everything_is_everything() -> None:
    V = sized()
    assert columns(V, Range()) is V
    assert columns(V, Range(0, None, 1)) is V


@pytest.mark.parametrize(
    ("one_way", "another"),
    [
        (lambda V: column(V, -1), lambda V: column(V, 3)),
        (lambda V: column(columns(V, Range(1)), 0), lambda V: column(V, 1)),
        (lambda V: column(columns(V, Range(None, None, 2)), 1), lambda V: column(V, 2)),
        (lambda V: column(columns(V, Range(1)), 1), lambda V: column(columns(V, Range(2)), 0)),
        (lambda V: columns(columns(V, Range(1)), Range(1)), lambda V: columns(V, Range(2))),
        (lambda V: column(V, K), lambda V: column(V, K)),
        (lambda V: columns(V, Range(1, 2)), lambda V: at(column(V, 1), ALL, None)),
        (lambda V: columns(V, Range(None, K)), lambda V: columns(V, Range(None, K))),
        (lambda V: several("unbind", V, -1)[2], lambda V: column(V, 2)),
        (lambda V: several("split", V, 2, -1)[1], lambda V: columns(V, Range(2))),
        (lambda V: several("chunk", V, 2, -1)[0], lambda V: columns(V, Range(None, 2))),
        (lambda V: one("narrow", V, -1, 1, 2), lambda V: columns(V, Range(1, 3))),
        (lambda V: one("select", V, -1, 1), lambda V: column(V, 1)),
        (lambda V: one("flip", V, (-1,)), lambda V: one("flip", V, (-1,))),
    ],
)
def test_two_ways_to_the_same_columns_pair(one_way: Step, another: Step) -> None:
    V = sized()
    assert against(one_way(V), another(V)) == "fine"


def test_a_column_has_a_picked_charge_under_its_number() -> None:
    V = sized()
    assert charges(column(V, 1)) == {(1,): 1}
    assert charges(column(V, -1)) == {(3,): 1}
    assert charges(column(hermitian()[1], -1)) == {(-1,): 1}


def test_a_slice_of_one_column_has_one_phase() -> None:
    V = sized()
    single = columns(V, Range(1, 2))
    assert charges(single) == {(1,): 1}
    assert phase(one("sum", single, -1)) == "carried"
    assert charges(one("squeeze", single, -1)) == {(1,): 1}


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (lambda V: column(V, 0), lambda V: column(V, 1)),
        (lambda V: column(V, K), lambda V: column(V, 0)),
        (lambda V: columns(V, Range(None, 2)), lambda V: columns(V, Range(2))),
        (lambda V: columns(V, Range(None, None, 2)), lambda V: columns(V, Range(None, 2))),
        (lambda V: one("flip", V, (-1,)), lambda V: V),
        (lambda V: one("roll", V, 1, -1), lambda V: V),
    ],
)
def test_unlike_columns_do_not_pair(x: Step, y: Step) -> None:
    V = sized()
    assert against(x(V), y(V)) != "fine"


def test_a_projector_on_some_columns_is_fine_and_unlike_slices_break() -> None:
    V = hermitian()[1]
    for span in (Range(None, 2), Range(2), Range(1, 3), Range(None, K), Range(K)):
        some = columns(V, span)
        assert phase(matmul(some, adjoint(some))) == "fine"
    assert phase(matmul(columns(V, Range(None, 2)), adjoint(columns(V, Range(1, 3))))) == "depends: slices do not pair"


def test_picking_both_indices_of_a_similar_matrix_adds_their_charges() -> None:
    V = sized()
    G = matmul(adjoint(V), plain("M", dtype="complex"), V)
    assert phase(at(G, 1, 1)) == "fine"
    assert charges(at(G, 0, 1)) == {(0,): -1, (1,): 1}
    assert phase(one("abs", at(G, 0, 1))) == "fine"


def test_an_index_that_depends_on_the_sign_breaks() -> None:
    _, V = eigh()
    place = one("argmax", V, 0)
    assert phase(at(plain("t", rank=1), place)) != "fine"
    assert phase(at(plain("t", rank=1), one("argmax", one("abs", V), 0))) == "fine"


def test_rolling_the_components_does_no_harm() -> None:
    assert charges(one("roll", sized(), 1, 0)) == {-1: 1}


def test_a_new_axis_moves_the_charges_to_the_left() -> None:
    V = sized()
    assert charges(at(V, ALL, ALL, None)) == {-2: 1}
    assert charges(at(V, None)) == {-1: 1}
    assert charges(one("unsqueeze", V, 1)) == {-1: 1}
    assert charges(one("unsqueeze", V, -1)) == {-2: 1}


def test_permuted_axes_take_their_charges_along() -> None:
    V = sized()
    assert charges(one("permute", V, (1, 0))) == {-2: 1}
    assert charges(one("movedim", V, 0, 1)) == {-2: 1}
    assert charges(one("transpose", V, 0, 1)) == {-2: 1}


def test_too_many_indices_are_not_understood() -> None:
    assert phase(at(sized(), 0, 0, 0)) == "unknown"
