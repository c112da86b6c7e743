"""Inverses, linear systems, determinants, matrix functions, decompositions of what moves (theory, section 4)."""

from __future__ import annotations

import pytest

from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import (
    ALL,
    adjoint,
    at,
    charges,
    eig,
    eigh,
    here,
    hermitian,
    matmul,
    mul,
    one,
    only,
    order,
    phase,
    plain,
    rotation,
    several,
    svd,
    transposed,
    verdict,
)


def inverse(t: Tensor) -> Tensor:
    return one("linalg.inv", t)


def similar(V: Tensor) -> Tensor:
    return matmul(adjoint(V), plain("M", dtype="complex"), V)


def test_the_inverse_cancels_what_it_is_the_inverse_of() -> None:
    L, V = eig()
    assert verdict(matmul(V, inverse(V))) == ("fine", "fine", "fine")
    assert verdict(matmul(V, one("diag", one("exp", L)), inverse(V))) == ("fine", "fine", "fine")


def test_a_linear_system_with_the_vectors_is_their_inverse() -> None:
    L, V = eig()
    coefficients = one("linalg.solve", V, plain("x", rank=1, dtype="complex"))
    assert charges(coefficients) == {-1: -1}
    assert verdict(matmul(V, one("diag", L), one("linalg.solve", V, plain("M")))) == ("fine", "fine", "fine")
    assert verdict(one("linalg.solve", V, mul(V, L), left=False)) == ("fine", "fine", "fine")


def test_a_column_of_an_identity_picks_a_column_of_what_it_is_multiplied_by() -> None:
    _, V = eigh()
    eye = one("eye", 4)
    last = at(eye, ALL, 3)
    assert phase(mul(one("linalg.solve", adjoint(V), last), at(V, ALL, 3))) == "fine"
    assert phase(mul(matmul(V, last), at(V, ALL, 3))) == "fine"
    assert phase(mul(matmul(V, at(eye, ALL, 0)), at(V, ALL, 3))) != "fine"
    two = matmul(V, at(eye, ALL, Range(0, 2)))
    assert verdict(matmul(two, transposed(two))).phase == "fine"


def test_the_pseudo_inverse_of_some_columns_cancels_them() -> None:
    _, V = eigh()
    some = at(V, ALL, Range(None, 2))
    assert phase(matmul(some, one("linalg.pinv", some))) == "fine"


def test_the_inverse_of_the_inverse_is_the_value_itself() -> None:
    _, V = eig()
    assert inverse(inverse(V)).term is V.term
    assert charges(inverse(V)) == {-2: -1}


def test_the_inverse_of_a_diagonal_matrix_is_diagonal() -> None:
    L, V = eigh()
    assert "diagonal" in inverse(one("diag", L))
    assert verdict(matmul(V, inverse(one("diag", L)), transposed(V))).phase == "fine"


def test_an_inverse_of_the_vectors_is_remarked_and_one_of_the_input_is_not() -> None:
    quiet, spoken = here(), here()
    one("linalg.inv", plain("A"), at=quiet)
    one("linalg.inv", eig()[1], at=spoken)
    assert quiet.remarks == []
    assert [r.kind for r in spoken.remarks] == ["explicit inverse"]


def test_solving_with_the_vectors_is_not_remarked() -> None:
    context = here()
    one("linalg.solve", eig()[1], plain("x", rank=1), at=context)
    assert context.remarks == []


@pytest.mark.parametrize("name", ["linalg.det", "linalg.eigvals", "linalg.matrix_norm", "trace"])
def test_numbers_of_a_similar_matrix_are_fine(name: str) -> None:
    G = similar(hermitian()[1])
    assert phase(one(name, G)) == "fine"


@pytest.mark.parametrize("name", ["linalg.matrix_exp", "linalg.inv", "matrix_exp"])
def test_matrix_functions_of_a_similar_matrix_move_as_it_does(name: str) -> None:
    G = similar(hermitian()[1])
    assert charges(one(name, G)) == {-2: -1, -1: 1}
    assert charges(one("linalg.matrix_power", G, 2)) == {-2: -1, -1: 1}


def test_a_matrix_function_of_the_vectors_themselves_breaks() -> None:
    assert phase(one("linalg.matrix_exp", hermitian()[1])) == "depends: matrix function"


def test_the_determinant_collects_all_columns() -> None:
    _, V = hermitian()
    handed = one("linalg.det", V)
    assert charges(handed) == {("all",): 1}
    assert phase(one("abs", handed)) == "fine"
    sign, size = several("linalg.slogdet", V)
    assert phase(sign) == "carried"
    assert phase(size) == "fine"


def test_the_determinant_of_a_product_with_the_adjoint_is_fine() -> None:
    _, V = hermitian()
    assert phase(one("linalg.det", matmul(V, adjoint(V)))) == "fine"
    assert phase(mul(one("linalg.det", V), one("conj", one("linalg.det", V)))) == "fine"


def test_the_determinant_of_a_diagonal_is_a_product() -> None:
    L, _ = eig()
    assert verdict(one("linalg.det", one("diag", L))) == ("fine", "fine", "fine")


def test_decomposing_a_similar_matrix_gives_its_vectors_the_charge_of_its_rows() -> None:
    _, V = hermitian()
    inner = eigh(similar(V))
    assert phase(inner[0], only(V)) == "fine"
    assert charges(inner[1], only(V)) == {-2: -1}
    assert phase(matmul(V, inner[1]), only(V)) == "fine"


def test_the_singular_values_of_vectors_are_fine() -> None:
    _, V = hermitian()
    U, S, _ = svd(V)
    assert phase(S, only(V)) == "fine"
    assert phase(U, only(V)) == "fine"


def test_the_eigenvalues_of_vectors_depend_on_their_signs() -> None:
    _, V = eigh()
    values, _ = several("linalg.eigh", V)
    assert phase(values, only(V)).startswith("depends")


def test_a_chain_of_projectors_leaves_nothing() -> None:
    _, V = hermitian()
    chain = matmul(V, adjoint(V), plain("M"), V, adjoint(V))
    assert verdict(chain) == ("fine", "fine", "fine")


def test_the_least_squares_solution_moves_against_the_columns() -> None:
    _, V = hermitian()
    solution = several("linalg.lstsq", V, plain("b", dtype="complex"))[0]
    assert charges(solution) == {-2: -1}
    assert phase(matmul(V, solution)) == "fine"


def test_unordered_columns_pair_with_the_rows_of_their_inverse() -> None:
    _, V = eig()
    assert order(matmul(V, inverse(V))) == "fine"
    assert order(matmul(inverse(V), plain("M"), V)) == "carried"


def test_the_right_factor_takes_over_what_its_columns_carry() -> None:
    _, V = hermitian()
    assert charges(svd(V)[2], only(V)) == {-1: 1}
    assert charges(several("svd", V)[2], only(V)) == {-2: -1}
    assert phase(svd(matmul(adjoint(V), plain("M")))[2], only(V)) == "fine"


def test_the_square_root_of_a_hermitian_matrix_is_hermitian_and_its_cholesky_factor_is_not() -> None:
    _, V = eigh()
    inner = matmul(transposed(V), plain("M"), V)
    squared = matmul(inner, transposed(inner))
    assert "hermitian" in squared
    assert "hermitian" in one("matrix_exp", squared)
    assert "hermitian" not in one("linalg.cholesky", squared)


def test_the_determinant_of_a_square_product_is_that_of_its_factors() -> None:
    U, _, V = several("svd", plain("A"))
    assert phase(one("matmul", U, V)).startswith("depends")
    assert phase(one("det", one("matmul", U, V))) == "fine"
    _, _, other = several("svd", plain("B"))
    made = one("det", one("matmul", U, other))
    assert any(phase(made, g).startswith("depends") for g, _ in made.motions)


def test_phases_of_the_columns_stay_in_the_triangular_factor() -> None:
    _, V = hermitian()
    own = only(V)
    Q, R = several("linalg.qr", matmul(plain("B", dtype="complex"), V))
    assert own not in Q.gauges or phase(Q, own) == "fine"
    assert charges(R, own) == {-1: 1}
    whole = matmul(Q, R, adjoint(V))
    assert {phase(whole, g) for g in whole.gauges} <= {"fine"}
    assert phase(one("exp", matmul(Q, R)), own) != "fine"
    assert rotation(Q, own) != "fine"
