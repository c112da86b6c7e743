"""Charges of the outputs, and of what is computed from one of them (theory, sections 1 to 4)."""

from __future__ import annotations

import pytest

from eiglint import gauge
from eiglint.gauge.terms import term
from tests.gauge.words import (
    adjoint,
    charges,
    eig,
    eigh,
    here,
    hermitian,
    matmul,
    mul,
    one,
    only,
    phase,
    plain,
    several,
    svd,
    tags,
    transposed,
)


def test_eigenvalues_and_singular_values_carry_no_charge() -> None:
    for values in (eig()[0], eigh()[0], hermitian()[0], svd()[1]):
        assert phase(values) == "fine"


def test_the_modulus_has_no_charge() -> None:
    assert phase(one("abs", hermitian()[1])) == "fine"


def test_a_product_with_the_conjugate_has_no_charge() -> None:
    _, V = hermitian()
    assert phase(mul(V, one("conj", V))) == "fine"


def test_the_square_of_a_real_vector_has_no_charge_and_that_of_a_complex_one_has_two() -> None:
    assert phase(mul(*[eigh()[1]] * 2)) == "fine"
    _, V = hermitian()
    assert charges(mul(V, V)) == {-1: 2}
    assert charges(one("pow", V, 2)) == {-1: 2}


def test_the_squares_of_both_parts_add_up_to_a_modulus() -> None:
    _, V = hermitian()
    total = one("operator.add", one("pow", one("real", V), 2), one("pow", one("imag", V), 2))
    assert phase(total) == "fine"


def test_vectors_have_charge_one_along_their_columns() -> None:
    for V in (eig()[1], eigh()[1], hermitian()[1], svd()[0]):
        assert charges(V) == {-1: 1}


def test_the_right_factor_moves_against_the_left_one_along_its_rows() -> None:
    U, _, Vh = svd(plain("A", dtype="complex"))
    assert charges(U) == {-1: 1}
    assert charges(Vh) == {-2: -1}
    assert only(U) == only(Vh)


def test_a_column_of_q_and_a_row_of_r_share_one_sign() -> None:
    Q, R = several("linalg.qr", plain("A"))
    assert charges(Q) == {-1: 1}
    assert charges(R) == {-2: 1}
    assert only(Q) == only(R)
    assert phase(matmul(Q, R)) == "fine"


def test_conjugation_turns_charges_round_and_transposition_moves_them() -> None:
    _, V = hermitian()
    assert charges(one("conj", V)) == {-1: -1}
    assert charges(transposed(V)) == {-2: 1}
    assert charges(adjoint(V)) == {-2: -1}
    assert charges(one("reciprocal", V)) == {-1: -1}


def test_a_real_matrix_has_complex_vectors_under_eig_and_real_ones_under_eigh() -> None:
    assert only(eig(plain("A", dtype="real"))[1]).group == "U1"
    assert only(eigh(plain("A", dtype="real"))[1]).group == "Z2"
    assert only(eigh(plain("A", dtype="complex"))[1]).group == "U1"


def test_signs_stay_signs_after_a_cast_to_complex_and_phases_stay_phases_in_the_real_part() -> None:
    signs = one("Tensor.to", eigh()[1], "complex")
    assert phase(mul(signs, signs)) == "fine"
    part = one("real", hermitian()[1])
    assert phase(mul(part, part)) == "function"


def test_an_unknown_dtype_is_read_as_real_and_is_no_certainty() -> None:
    known, assumed = eigh(plain("A"))[1], eigh(plain("B", dtype=None))[1]
    assert only(assumed).group == "Z2"
    assert assumed.doubt > known.doubt == 0


def test_only_eig_leaves_the_order_open() -> None:
    L, V = eig()
    assert tags(L) == tags(V) == {-1}
    assert not only(V).ordered
    assert only(eigh()[1]).ordered
    assert only(svd()[0]).ordered


@pytest.mark.parametrize("name", ["real", "imag", "angle"])
def test_a_part_of_a_charged_value_is_a_function_of_its_phase(name: str) -> None:
    assert phase(one(name, hermitian()[1])) == "function"


def test_the_parts_of_an_uncharged_value_are_fine() -> None:
    _, V = hermitian()
    assert phase(one("real", mul(V, one("conj", V)))) == "fine"


def test_odd_functions_keep_a_sign_even_ones_drop_it_and_others_are_functions_of_it() -> None:
    _, V = eigh()
    assert charges(one("tanh", V)) == charges(one("pow", V, 3)) == charges(one("sign", V)) == {-1: 1}
    assert phase(one("cos", V)) == phase(one("square", V)) == phase(one("abs", V)) == "fine"
    for name in ("relu", "exp", "sigmoid"):
        assert phase(one(name, V)) == "function"


def test_a_phase_survives_no_odd_function() -> None:
    assert phase(one("tanh", hermitian()[1])) == "function"
    assert phase(one("cos", hermitian()[1])) == "function"


def test_the_phase_factor_alone_makes_a_convention() -> None:
    _, V = hermitian()
    first = one("select", V, 0, 0)
    assert phase(mul(V, one("conj", one("sgn", first)))) == "fine"
    assert charges(mul(V, one("sgn", first))) == {-1: 2}


def test_detaching_keeps_the_charge() -> None:
    assert charges(one("Tensor.detach", eigh()[1])) == {-1: 1}


def test_an_operation_without_a_rule_gives_unknown() -> None:
    made = gauge.opaque([eigh()[1]], here(), "mystery")
    assert phase(made) == "unknown"
    assert made.doubt == 2
    assert gauge.opaque([gauge.tensor(term("x"))], here(), "mystery").neutral
