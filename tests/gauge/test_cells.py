"""Entries of unlike phase, followed one by one where all sizes are known."""

from __future__ import annotations

import pytest

from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import ALL, adjoint, at, charges, eig, eigh, matmul, mul, one, phase, plain


def vectors() -> Tensor:
    return eigh(plain("H", dtype="complex", sizes=(4, 4)))[1]


def fixed() -> Tensor:
    return plain("M", dtype="complex", sizes=(4, 4))


def beside() -> Tensor:
    return one("stack", (fixed(), vectors()), 0)


def test_gram_matrices_of_unlike_pieces_are_those_of_each_piece() -> None:
    t = beside()
    grams = one("einsum", "bij,bik->bjk", one("conj", t), t)
    assert phase(one("abs", grams)) == "fine"
    twice = one("einsum", "bij,bik->bjk", one("conj", grams), grams)
    assert phase(one("abs", twice)) == "fine"
    assert phase(one("sum", twice)).startswith("depends")


def test_what_is_left_of_a_sum_over_one_piece_may_be_all_there_is() -> None:
    summed = one("sum", beside(), -1)
    assert phase(at(summed, 0)) == "fine"
    assert phase(at(summed, 1)).startswith("depends")


def test_rows_that_were_put_together_by_a_reshape_come_apart_again() -> None:
    wide = one("reshape", vectors(), (2, 8))
    assert phase(matmul(wide, adjoint(wide))) == "fine"
    assert phase(one("sum", wide)).startswith("depends")
    assert charges(at(wide, ALL, Range(None, 4))) == {-1: 1}
    assert phase(at(wide, ALL, Range(2, 6))) == "mixed"


def test_a_diagonal_that_was_overwritten_adds_up_unlike_entries() -> None:
    t = one("clone", vectors())
    filled = one("Tensor.fill_diagonal_", t, 0.5)
    assert phase(one("abs", filled)) == "fine"
    assert phase(matmul(adjoint(filled), filled)).startswith("depends")
    alone = at(filled, Range(1, None), 0)
    assert phase(mul(alone, one("conj", alone))) == "fine"


def test_zeros_beside_carry_any_charge() -> None:
    block = one("block_diag", vectors(), fixed())
    assert phase(at(block, Range(4, None))) == "fine"
    assert charges(at(block, Range(None, 4), Range(None, 4))) == {-1: 1}


@pytest.mark.parametrize("name", ["linalg.det", "linalg.inv"])
def test_a_matrix_of_unlike_entries_has_no_determinant_or_inverse_that_moves_by_factors(name: str) -> None:
    filled = one("Tensor.fill_diagonal_", one("clone", vectors()), 0.5)
    assert phase(one(name, filled)).startswith("depends")


def test_cross_products_multiply_unlike_columns() -> None:
    V = at(vectors(), ALL, Range(None, 3))
    assert phase(one("abs", one("linalg.cross", V, at(fixed(), ALL, Range(None, 3))))).startswith("depends")
    assert phase(one("abs", one("linalg.cross", V, one("roll", V, 1, 0)))) == "fine"


def test_pairs_of_batch_elements_move_by_a_factor_each() -> None:
    V = eigh(plain("H", dtype="complex", sizes=(3, 4, 4)))[1]
    first = at(V, ALL, ALL, 1)
    overlaps = matmul(first, adjoint(first))
    assert phase(one("abs", overlaps)) == "fine"
    assert phase(one("sum", overlaps)).startswith("depends")


def test_one_element_of_a_batch_that_was_summed_wrongly_stays_lost() -> None:
    V = eig(plain("A", dtype="complex", sizes=(3, 4, 4)))[1]
    assert phase(one("abs", at(one("mean", V, -1), 0))).startswith("depends")


def test_positions_that_are_written_down_name_their_entries() -> None:
    rows, columns = at(one("triu_indices", 4, 4, 1), 0), at(one("triu_indices", 4, 4, 1), 1)
    entries = at(vectors(), rows, columns)
    assert phase(one("sum", entries)).startswith("depends")
    assert phase(one("abs", entries)) == "fine"
    assert phase(at(entries, 0)) == "carried"
