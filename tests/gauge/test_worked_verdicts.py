"""Every row of the table of worked verdicts (theory, section 8)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import (
    ALL,
    add,
    adjoint,
    at,
    column,
    div,
    eig,
    eigh,
    hermitian,
    matmul,
    mul,
    one,
    phase,
    plain,
    several,
    svd,
    transposed,
    verdict,
)


def conjugated_square_of_an_entry() -> Tensor:
    _, V = eig()
    return at(mul(V, one("conj", V)), 0, 0)


def square_of_an_entry() -> Tensor:
    _, V = eig()
    return at(one("real", mul(V, V)), 0, 0)


def squared_real_parts_of_a_column() -> Tensor:
    _, V = eig()
    return one("sum", one("pow", column(one("real", V), 0), 2))


def matrix_function_with_the_inverse() -> Tensor:
    L, V = eig()
    return matmul(V, one("diag", one("exp", L)), one("linalg.inv", V))


def matrix_function_with_the_adjoint() -> Tensor:
    L, V = eig()
    return matmul(V, one("diag", one("exp", L)), adjoint(V))


def real_matrix_function() -> Tensor:
    L, V = eigh()
    return matmul(V, one("diag", one("sqrt", L)), transposed(V))


def complex_matrix_function_with_the_transpose() -> Tensor:
    L, V = hermitian()
    return matmul(V, one("diag", one("sqrt", L)), transposed(V))


def amplitudes() -> Tensor:
    _, V = eig()
    return one("abs", matmul(one("linalg.inv", V), plain("x", rank=1, dtype="complex")))


def total_amplitude() -> Tensor:
    return one("sum", amplitudes())


def columns_into_a_layer() -> Tensor:
    _, V = eigh()
    return one("nn.functional.linear", at(V, ALL, Range(None, 3)), plain("W"))


def both_signs_of_each_column() -> Tensor:
    _, V = eigh()
    return add(one("relu", V), one("relu", one("neg", V)))


def both_signs_of_all_columns() -> Tensor:
    _, V = eigh()

    def mixing(t: Tensor) -> Tensor:
        return one("relu", one("nn.functional.linear", t, plain("W")))

    return add(mixing(V), mixing(one("neg", V)))


def kabsch() -> Tensor:
    U, _, Vh = svd()
    last = one("linalg.det", matmul(transposed(Vh), transposed(U)))
    return matmul(transposed(Vh), one("diag", one("tensor", (1.0, 1.0, last))), transposed(U))


def unlike_slices() -> Tensor:
    U, _, Vh = svd()
    return matmul(at(U, ALL, Range(None, 2)), at(Vh, Range(1, 3)))


def projector() -> Tensor:
    _, V = eigh()
    first = at(V, ALL, Range(None, 2))
    return matmul(first, transposed(first))


def _similar() -> Tensor:
    _, V = hermitian()
    return matmul(adjoint(V), plain("M", dtype="complex"), V)


def diagonal_of_a_similar_matrix() -> Tensor:
    return one("sum", one("exp", one("diagonal", _similar())))


def all_of_a_similar_matrix() -> Tensor:
    return one("sum", one("exp", _similar()))


def homogeneous_solution() -> Tensor:
    h = at(svd()[2], -1)
    return div(h, at(h, -1))


def log_determinant() -> Tensor:
    _, R = several("linalg.qr", plain("A"))
    return one("sum", one("log", one("abs", one("diagonal", R))))


def log_determinant_without_modulus() -> Tensor:
    _, R = several("linalg.qr", plain("A"))
    return one("sum", one("log", one("diagonal", R)))


def sorted_beside_unsorted() -> Tensor:
    L, V = eig()
    in_order, _ = several("sort", one("abs", L))
    return mul(one("abs", V), in_order)


WORKED: list[tuple[Callable[[], Tensor], str, str, str]] = [
    (conjugated_square_of_an_entry, "fine", "depends", "depends"),
    (matrix_function_with_the_inverse, "fine", "fine", "fine"),
    (matrix_function_with_the_adjoint, "fine", "fine", "depends"),  # and wrong: which basis it is shows
    (real_matrix_function, "fine", "fine", "fine"),
    (amplitudes, "fine", "carried", "depends"),
    (total_amplitude, "fine", "fine", "depends"),
    (both_signs_of_each_column, "fine", "-", "depends"),
    (kabsch, "fine", "-", "depends"),  # the smallest two may coincide
    (projector, "fine", "fine", "fine"),  # the gap behind the slice is taken to be open
    (diagonal_of_a_similar_matrix, "fine", "-", "depends"),
    (homogeneous_solution, "fine", "-", "depends"),  # the null space may have two dimensions
    (log_determinant, "fine", "fine", "fine"),
    (square_of_an_entry, "function", "depends", "depends"),
    (squared_real_parts_of_a_column, "function", "depends", "depends"),
    (complex_matrix_function_with_the_transpose, "depends", "-", "depends"),
    (columns_into_a_layer, "depends", "-", "depends"),
    (both_signs_of_all_columns, "depends", "-", "depends"),
    (unlike_slices, "depends", "-", "depends"),
    (all_of_a_similar_matrix, "depends", "-", "depends"),
    (log_determinant_without_modulus, "depends", "-", "fine"),
    (sorted_beside_unsorted, "fine", "depends", "depends"),
]


@pytest.mark.parametrize(("build", "phase", "order", "rotation"), WORKED, ids=lambda x: getattr(x, "__name__", ""))
def test_each_row_has_its_verdict(build: Callable[[], Tensor], phase: str, order: str, rotation: str) -> None:
    assert [w.partition(":")[0] for w in verdict(build())] == [phase, order, rotation]


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (complex_matrix_function_with_the_transpose, "missing conjugate"),
        (columns_into_a_layer, "layer"),
        (both_signs_of_all_columns, "layer"),
        (unlike_slices, "slices do not pair"),
        (all_of_a_similar_matrix, "nonlinear"),
    ],
)
def test_the_reason_of_a_lost_phase_is_named(build: Callable[[], Tensor], reason: str) -> None:
    assert phase(build()) == f"depends: {reason}"


def test_sorting_one_of_a_pair_is_called_mispaired() -> None:
    assert verdict(sorted_beside_unsorted()).order == "depends: mispaired"
