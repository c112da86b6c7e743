"""Assignments into tensors: `T[items] = value` (theory, section 3)."""

from __future__ import annotations

from eiglint import gauge
from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import (
    ALL,
    at,
    charges,
    column,
    eigh,
    here,
    matmul,
    mul,
    one,
    phase,
    plain,
    svd,
    transposed,
)


def stored(t: Tensor, items: tuple[object, ...], value: object) -> Tensor:
    return gauge.store(t, items, value, here())


def test_a_column_put_back_where_it_was_keeps_the_charge() -> None:
    V = eigh()[1]
    assert charges(stored(V, (ALL, 1), mul(2.0, column(V, 1)))) == {-1: 1}
    assert charges(stored(V, (ALL, Range(1)), one("neg", at(V, ALL, Range(1))))) == {-1: 1}


def test_a_row_may_be_scaled_in_place() -> None:
    V = eigh()[1]
    assert charges(stored(V, (0,), mul(2.0, at(V, 0)))) == {-1: 1}


def test_a_zero_may_be_stored_anywhere() -> None:
    V = eigh()[1]
    assert charges(stored(V, (ALL, 0), 0.0)) == {-1: 1}


def test_columns_stored_into_zeros_carry_what_they_carried() -> None:
    V = eigh()[1]
    made = stored(one("zeros", 4, 4), (ALL, 1), column(V, 1))
    assert phase(matmul(made, transposed(V))) == "fine"


def test_another_column_in_its_place_makes_a_mixture() -> None:
    V = eigh()[1]
    made = stored(V, (ALL, 0), column(V, 1))
    assert phase(made) == "mixed"
    assert phase(one("abs", made)) == "fine"


def test_a_constant_among_the_entries_makes_a_mixture() -> None:
    V = eigh()[1]
    made = stored(V, (ALL, 0), 1.0)
    assert phase(made) == "mixed"
    assert phase(one("sum", made, -1)) != "fine"


def test_a_stored_function_of_the_sign_is_not_forgotten() -> None:
    V = eigh()[1]
    made = stored(plain("B"), (ALL, 0), one("relu", column(V, 0)))
    assert phase(one("sum", made)) != "fine"


def test_a_handedness_stored_on_the_diagonal_makes_a_rotation_proper() -> None:
    U, _, Vh = svd(plain("A", sizes=(3, 3)))
    fix = stored(one("eye", 3), (2, 2), one("linalg.det", matmul(U, Vh)))
    assert "diagonal" in fix
    assert phase(matmul(U, fix, Vh)) == "fine"


def test_the_determinant_of_one_factor_is_no_handedness() -> None:
    U, _, Vh = svd(plain("A", sizes=(3, 3)))
    fix = stored(one("eye", 3), (2, 2), one("linalg.det", U))
    assert phase(matmul(U, fix, Vh)) != "fine"


def test_a_flipped_last_row_pairs_with_the_left_factor() -> None:
    U, _, Vh = svd(plain("A", sizes=(3, 3)))
    assert phase(matmul(U, stored(Vh, (-1,), mul(at(Vh, -1), -1.0)))) == "fine"
    handed = one("linalg.det", matmul(U, Vh))
    assert phase(matmul(U, stored(Vh, (-1,), mul(at(Vh, -1), handed)))) == "fine"


def test_something_that_is_no_tensor_makes_the_whole_unknown() -> None:
    assert phase(stored(eigh()[1], (0,), "text")) == "unknown"
