"""What was put together can be taken apart again, where the program names the places by numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eiglint.gauge import Live, Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range
from tests.gauge.words import (
    ALL,
    adjoint,
    at,
    charges,
    column,
    eig,
    eigh,
    here,
    matmul,
    motion,
    one,
    order,
    phase,
    plain,
    rotation,
)


def vectors() -> Tensor:
    return eigh(plain("H", dtype="complex", sizes=(4, 4)))[1]


def fixed() -> Tensor:
    return plain("M", dtype="complex", sizes=(4, 4))


def test_a_position_of_a_stack_is_its_piece() -> None:
    V = vectors()
    together = one("stack", (fixed(), V), 0)
    assert phase(at(together, 0)) == "fine"
    assert charges(at(together, 1)) == charges(V) == charges(at(together, -1))
    assert rotation(matmul(at(together, 1), adjoint(V))) == "fine"


def test_a_position_that_is_not_known_may_be_any_piece() -> None:
    together = one("stack", (fixed(), vectors()), 0)
    assert phase(at(together, Number(term("k"), integer=True))) == "mixed"


def test_a_position_along_another_axis_runs_through_all_pieces() -> None:
    together = one("stack", (fixed(), vectors()), 0)
    assert phase(at(together, ALL, 0)) == "mixed"
    assert phase(at(together, ALL, ALL, 0)) == "mixed"


def test_a_position_beyond_the_pieces_is_none_of_them() -> None:
    together = one("stack", (fixed(), vectors()), 0)
    assert phase(at(together, 2)) == "mixed"


def test_columns_of_matrices_side_by_side_are_columns_of_one_of_them() -> None:
    V = vectors()
    beside = one("cat", (fixed(), V), -1)
    assert phase(column(beside, 3)) == "fine"
    assert phase(one("abs", one("sum", column(beside, 6)))) == "fine"
    assert charges(column(beside, 6)) == charges(column(V, 2))


def test_a_slice_within_a_piece_is_a_slice_of_it() -> None:
    V = vectors()
    beside = one("cat", (fixed(), V), -1)
    assert phase(one("sum", at(beside, ALL, Range(None, 4)))) == "fine"
    pair = at(beside, ALL, Range(4, 6))
    assert rotation(matmul(pair, adjoint(at(V, ALL, Range(None, 2))))) == "fine"
    assert phase(matmul(pair, adjoint(at(V, ALL, Range(1, 3))))).startswith("depends")


def test_a_slice_across_pieces_is_as_mixed_as_they_are() -> None:
    beside = one("cat", (fixed(), vectors()), -1)
    across = at(beside, ALL, Range(3, 6))
    assert phase(across) == "mixed"
    assert phase(one("sum", across, -1)).startswith("depends")
    assert phase(one("abs", across)) == "fine"


def test_pieces_of_unknown_length_are_not_told_apart() -> None:
    _, V = eigh(plain("H", dtype="complex"))
    beside = one("cat", (plain("M", dtype="complex"), V), -1)
    assert phase(column(beside, 1)) == "mixed"


def test_a_slice_of_padded_vectors_beside_the_zeros_is_one_of_the_vectors() -> None:
    V = vectors()
    behind, before = (one("nn.functional.pad", V, widths) for widths in ((0, 1), (1, 0)))
    first = at(behind, ALL, Range(None, 2))
    assert phase(matmul(first, adjoint(at(V, ALL, Range(None, 2))))) == "fine"
    assert phase(column(before, 0)) == "fine"
    assert charges(column(before, 1)) == charges(column(V, 0))
    assert phase(one("sum", at(before, ALL, Range(None, 3)), -1)).startswith("depends")


def test_a_piece_of_a_stack_made_without_a_gradient_has_none() -> None:
    V = vectors()
    beside = one("stack", (fixed(), V), 0, at=replace(here(), recording=False))
    assert at(beside, 1).live is Live.NO
    assert motion(at(beside, 1)).live is Live.NO
    assert charges(at(beside, 1)) == charges(V)


@pytest.mark.parametrize("made", ["conj", "Tensor.mT", "exp"])
def test_what_was_computed_from_all_pieces_is_no_longer_put_together(made: str) -> None:
    together = one(made, one("stack", (eigh(plain("H", dtype="complex"))[1], plain("M", dtype="complex")), 0))
    assert phase(at(together, 1)) != "fine"
    assert phase(at(one(made, one("stack", (vectors(), fixed()), 0)), 1)) == "fine"  # every size is known


def test_columns_put_back_in_their_places_are_the_vectors_whatever_becomes_of_the_order() -> None:
    _, V = eig(plain("A", sizes=(4, 4)))
    again = one("stack", tuple(column(V, k) for k in range(4)), -1)
    assert charges(again) == charges(V)
    assert order(again) == "carried"
    some = one("stack", tuple(column(V, k) for k in (0, 1)), -1)
    assert charges(some) == {-1: 1}
    assert order(some).startswith("depends")
    turned = one("stack", tuple(column(V, k) for k in (1, 0, 2, 3)), -1)
    assert phase(turned) == "carried"
