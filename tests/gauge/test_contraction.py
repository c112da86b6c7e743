"""Products, and what becomes of a charge along an axis that is summed (theory, section 4)."""

from __future__ import annotations

from eiglint.gauge.values import Range
from tests.gauge.words import (
    ALL,
    add,
    adjoint,
    at,
    charges,
    div,
    eigh,
    hermitian,
    matmul,
    mul,
    one,
    phase,
    plain,
    svd,
    transposed,
)


def test_columns_contracted_with_their_conjugates_leave_nothing() -> None:
    _, V = hermitian()
    assert phase(matmul(V, adjoint(V))) == "fine"


def test_both_factors_of_one_svd_pair() -> None:
    U, S, Vh = svd(plain("A", dtype="complex"))
    assert phase(matmul(U, Vh)) == "fine"
    assert phase(matmul(U, one("diag", S), Vh)) == "fine"
    assert phase(matmul(mul(U, S), Vh)) == "fine"


def test_only_the_contracted_axis_cancels() -> None:
    _, V = hermitian()
    gram = matmul(adjoint(V), V)
    assert charges(gram) == {-2: -1, -1: 1}
    assert charges(matmul(adjoint(V), plain("M", dtype="complex"), V)) == {-2: -1, -1: 1}


def test_what_remains_of_a_product_without_conjugate_is_charged_on_both_axes() -> None:
    _, V = hermitian()
    assert charges(matmul(transposed(V), V)) == {-2: 1, -1: 1}


def test_a_product_along_the_charged_axis_without_conjugate_breaks() -> None:
    _, V = hermitian()
    assert phase(matmul(V, transposed(V))) == "depends: missing conjugate"


def test_the_sign_squares_away_where_the_phase_does_not() -> None:
    _, V = eigh()
    assert phase(matmul(V, transposed(V))) == "fine"


def test_a_foreign_factor_along_the_columns_is_a_weighted_sum() -> None:
    _, V = eigh()
    assert phase(matmul(V, plain("M"))) == "depends: weighted sum"
    assert phase(matmul(V, plain("x", rank=1))) == "depends: weighted sum"


def test_a_foreign_factor_in_front_only_changes_the_components() -> None:
    _, V = eigh()
    assert charges(matmul(plain("M"), V)) == {-1: 1}


def test_a_foreign_factor_along_the_columns_entry_by_entry_is_harmless() -> None:
    _, V = eigh()
    assert charges(mul(V, plain("x", rank=1))) == {-1: 1}
    assert charges(matmul(V, one("diag", plain("x", rank=1)))) == {-1: 1}


def test_vectors_of_two_calls_have_nothing_to_do_with_each_other() -> None:
    V, W = eigh(plain("A"))[1], eigh(plain("B"))[1]
    made = matmul(V, transposed(W))
    for g in made.gauges:
        assert phase(made, g) == "depends: another decomposition"


def test_even_the_same_matrix_decomposed_twice_has_two_gauges() -> None:
    A = plain("A")
    made = matmul(eigh(A)[1], transposed(eigh(A)[1]))
    assert len(made.gauges) == 2


def test_two_slices_pair_if_they_are_the_same() -> None:
    U, _, Vh = svd()
    assert phase(matmul(at(U, ALL, Range(1, 3)), at(Vh, Range(1, 3)))) == "fine"
    assert phase(matmul(at(U, ALL, Range(1, 3)), at(Vh, Range(None, 2)))) == "depends: slices do not pair"


def test_factors_summed_along_the_components_are_on_the_wrong_axis() -> None:
    U, _, Vh = svd()
    assert phase(matmul(U, transposed(Vh))) == "depends: wrong axis"


def test_a_diagonal_matrix_has_one_index() -> None:
    L, V = eigh()
    assert charges(matmul(V, one("diag", one("exp", L)))) == {-1: 1}
    assert phase(matmul(V, one("diag", one("exp", L)), transposed(V))) == "fine"


def test_a_function_with_ones_off_the_diagonal_kills_the_diagonal_form() -> None:
    L, V = hermitian()
    inside, outside = one("diag", one("exp", L)), one("exp", one("diag", L))
    assert phase(matmul(V, inside, adjoint(V))) == "fine"
    assert phase(matmul(V, outside, adjoint(V))) != "fine"


def test_zeros_carry_any_charge_and_constants_none() -> None:
    _, V = hermitian()
    G = matmul(adjoint(V), plain("M", dtype="complex"), V)
    assert charges(add(G, mul(one("eye", 4), 0.1))) == charges(G)
    assert phase(add(G, 0.1)) != "carried"


def test_a_square_of_a_similar_matrix_moves_as_it_does() -> None:
    _, V = hermitian()
    G = matmul(adjoint(V), plain("M", dtype="complex"), V)
    assert charges(matmul(G, G)) == charges(G)


def test_merging_two_axes_adds_their_charges() -> None:
    _, V = hermitian()
    G = matmul(adjoint(V), plain("M", dtype="complex"), V)
    for name in ("diagonal", "trace", "linalg.det", "linalg.eigvals"):
        assert phase(one(name, G)) == "fine", name
    assert charges(one("diagonal", matmul(transposed(V), V))) == {-1: 2}


def test_outer_products_keep_both_charges() -> None:
    _, V = hermitian()
    v = one("select", V, 1, 0)
    assert phase(one("outer", v, one("conj", v))) == "fine"
    assert charges(one("outer", v, v)) == {(0,): 2}


def test_a_quotient_of_a_column_by_its_entry_has_no_charge() -> None:
    _, V = hermitian()
    v = one("select", V, 1, 0)
    assert phase(div(v, at(v, 0))) == "fine"
    assert charges(div(v, one("conj", at(v, 0)))) == {(0,): 2}


def test_a_value_divided_by_itself_is_one() -> None:
    _, V = eigh()
    assert div(V, V).neutral


def test_the_modulus_of_a_sum_over_charged_columns_comes_too_late() -> None:
    _, V = hermitian()
    assert phase(one("abs", one("sum", V, -1))).startswith("depends")
    assert phase(one("sum", one("abs", V), -1)) == "fine"


def test_the_inner_product_of_a_column_with_a_fixed_vector_is_charged_like_the_column() -> None:
    _, V = eigh()
    v = one("select", V, 1, 2)
    assert charges(one("dot", v, plain("t", rank=1))) == {(2,): 1}
    assert phase(one("dot", v, v)) == "fine"


def test_vdot_conjugates_and_dot_does_not() -> None:
    v = one("select", hermitian()[1], 1, 0)
    assert phase(one("vdot", v, v)) == "fine"
    assert charges(one("dot", v, v)) == {(0,): 2}
