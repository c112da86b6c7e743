"""Where eigenvalues coincide: what still depends on the basis of a block (theory, section 7)."""

from __future__ import annotations

import pytest

from eiglint.gauge.values import Range
from tests.gauge.words import (
    ALL,
    Step,
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
    only,
    phase,
    plain,
    rotation,
    sub,
    transposed,
)


@pytest.mark.parametrize("name", ["sqrt", "exp", "log", "reciprocal", "square"])
def test_a_function_of_the_matrix_knows_no_basis(name: str) -> None:
    L, V = eigh()
    assert rotation(matmul(V, one("diag", one(name, L)), transposed(V))) == "fine"
    assert rotation(matmul(mul(V, one(name, L)), transposed(V))) == "fine"


def test_values_know_no_basis() -> None:
    for L, _ in (eig(), eigh(), hermitian()):
        assert rotation(L) == "fine"
        assert rotation(one("max", L)) == "fine"


def test_a_projector_on_a_block_knows_no_basis() -> None:
    _, V = hermitian()
    block = at(V, ALL, Range(None, 2))
    assert rotation(matmul(block, adjoint(block))) == "fine"


def test_a_matrix_function_with_the_inverse_knows_no_basis() -> None:
    L, V = eig()
    assert rotation(matmul(V, one("diag", one("exp", L)), one("linalg.inv", V))) == "fine"
    assert rotation(matmul(mul(V, L), one("linalg.solve", V, plain("x")))) == "fine"


def test_vectors_and_their_coordinates_carry_the_basis() -> None:
    _, V = eigh()
    assert rotation(V) == "carried"
    assert rotation(matmul(transposed(V), plain("x", rank=1))) == "carried"
    assert rotation(matmul(plain("M"), V)) == "carried"


def test_coordinates_weighted_by_values_go_back_to_a_fixed_vector() -> None:
    L, V = eigh()
    coordinates = matmul(transposed(V), plain("x", rank=1))
    assert rotation(matmul(V, mul(one("exp", L), coordinates))) == "fine"


def test_divided_differences_of_the_values_may_stand_between_the_bases() -> None:
    L, V = eigh()
    gaps = sub(at(one("sqrt", L), ALL, None), at(one("sqrt", L), None, ALL))
    weights = div(gaps, add(sub(at(L, ALL, None), at(L, None, ALL)), one("eye", 4)))
    inner = matmul(transposed(V), plain("M"), V)
    made = matmul(V, mul(inner, weights), transposed(V))
    assert phase(made) == "fine"
    assert rotation(made) == "fine"


@pytest.mark.parametrize(
    "use",
    [
        lambda V: one("abs", V),
        lambda V: column(V, 0),
        lambda V: at(V, ALL, Range(0, 1)),
        lambda V: one("exp", V),
        lambda V: matmul(V, one("diag", plain("w", rank=1)), transposed(V)),
        lambda V: one("exp", one("square", matmul(transposed(V), plain("x", rank=1)))),
        lambda V: mul(mul(V, V), plain("w", rank=1)),
        lambda V: one("linalg.vector_norm", mul(V, V), 2, -1),
        lambda V: mul(V, one("sign", at(V, 0))),
        lambda V: matmul(one("square", V), one("square", transposed(V))),
        lambda V: one("einsum", "ij,ij,ij->i", V, V, V),
    ],
)
def test_removing_the_sign_does_not_remove_the_basis(use: Step) -> None:
    _, V = eigh()
    assert rotation(use(V)).startswith("depends")


def test_the_square_of_each_entry_is_fine_in_sign_and_not_in_basis() -> None:
    _, V = eigh()
    made = mul(V, V)
    assert phase(made) == "fine"
    assert rotation(made) == "carried"
    assert rotation(one("sqrt", made)).startswith("depends")


SQUARES: list[Step] = [
    lambda V: mul(V, V),
    lambda V: one("square", V),
    lambda V: one("square", one("abs", V)),
    lambda V: mul(one("abs", V), one("abs", V)),
    lambda V: one("diagonal", matmul(transposed(V), plain("M"), V)),
    lambda V: one("square", matmul(transposed(V), plain("x", rank=1))),
]


@pytest.mark.parametrize("squares", SQUARES)
def test_the_sum_of_squares_over_a_basis_is_a_trace_and_knows_no_basis(squares: Step) -> None:
    L, V = eigh()
    made = squares(V)
    assert rotation(made) == "carried"
    assert rotation(one("sum", made, -1)) == "fine"
    assert rotation(one("sum", mul(made, one("exp", L)), -1)) == "fine"
    assert rotation(one("sum", mul(made, plain("w", rank=1)), -1)).startswith("depends")


def test_the_squares_of_complex_vectors_need_the_conjugate() -> None:
    _, V = hermitian()
    assert rotation(one("sum", mul(V, one("conj", V)), -1)) == "fine"
    assert rotation(one("sum", mul(V, V), -1)).startswith("depends")


def test_columns_that_leave_gaps_are_no_block() -> None:
    _, V = eigh()
    part = at(V, ALL, Range(None, None, 2))
    assert rotation(matmul(part, transposed(part))).startswith("depends")
    assert rotation(one("sum", mul(part, part), -1)).startswith("depends")


def test_a_determinant_takes_a_phase_from_the_basis_and_its_modulus_does_not() -> None:
    _, V = eigh()
    made = one("det", V)
    assert rotation(made) == "carried"
    assert rotation(mul(made, made)) == "fine"
    assert rotation(one("abs", made)) == "fine"
    assert rotation(one("tanh", made)).startswith("depends")


def test_the_vectors_of_a_general_matrix_mix_in_more_ways_than_unitary_ones() -> None:
    _, V = eig()
    assert rotation(one("linalg.cond", V)).startswith("depends")
    singular = one("linalg.svdvals", matmul(plain("M"), V))
    assert rotation(singular, only(V)).startswith("depends")


def test_values_of_another_matrix_between_the_bases_show_them() -> None:
    _, V = eigh()
    other, _ = eigh(plain("B"))
    made = matmul(V, one("diag", other), transposed(V))
    assert phase(made, V.motions[0][0]) == "fine"
    assert rotation(made, V.motions[0][0]).startswith("depends")


def test_the_transpose_of_complex_vectors_is_the_wrong_partner() -> None:
    _, V = hermitian()
    assert rotation(matmul(V, transposed(V))).startswith("depends")


def test_the_adjoint_of_general_vectors_is_the_wrong_partner() -> None:
    _, V = eig()
    assert rotation(matmul(V, adjoint(V))).startswith("depends")


def test_what_is_lost_stays_lost() -> None:
    _, V = eigh()
    lost = one("sum", mul(mul(V, V), plain("M")))
    assert rotation(lost).startswith("depends")
    assert rotation(one("abs", lost)).startswith("depends")


def test_rearranged_entries_of_a_basis_still_move() -> None:
    _, V = eigh()
    assert rotation(one("flatten", V)) == "mixed"


def test_rearranged_entries_of_two_bases_may_have_met_their_partners() -> None:
    _, V = eigh()
    flat = one("flatten", V)
    assert rotation(one("dot", flat, flat)) == "unknown"


def test_a_euclidean_norm_over_the_columns_forgets_their_basis_and_another_norm_does_not() -> None:
    _, V = eigh()
    assert rotation(one("linalg.vector_norm", V, 2, -1)) == "fine"
    assert rotation(one("linalg.vector_norm", V, 1, -1)).startswith("depends")
    assert rotation(one("linalg.vector_norm", at(V, Range(1, None)), 2)) == "fine"
    assert rotation(one("linalg.vector_norm", at(V, Range(1, None), Range(None, None, 2)), 2)).startswith("depends")


def test_an_index_that_depends_on_a_basis_hands_it_on() -> None:
    _, V = eigh()
    assert rotation(at(plain("M"), one("argsort", one("abs", V)))).startswith("depends")


def test_the_diagonal_in_an_arbitrary_basis_depends_on_the_basis() -> None:
    _, V = eigh()
    inner = matmul(transposed(V), plain("M"), V)
    assert rotation(one("trace", inner)) == "fine"
    assert rotation(one("diagonal", inner)) == "carried"
    assert rotation(one("exp", one("diagonal", inner))).startswith("depends")
