"""Operations that ask less than a value: whether it is 0, how far rows are apart, which of two signs is larger."""

from __future__ import annotations

import pytest

from tests.gauge.words import add, adjoint, at, column, eig, eigh, hermitian, matmul, mul, one, phase, plain, transposed


@pytest.mark.parametrize("name", ["nonzero", "argwhere", "count_nonzero", "Tensor.bool", "any", "all"])
def test_whether_entries_are_zero_is_the_same_under_every_phase(name: str) -> None:
    for V in (eigh()[1], eig()[1], hermitian()[1]):
        assert phase(one(name, V)) == "fine"


@pytest.mark.parametrize("name", ["logical_and", "logical_or", "logical_xor"])
def test_a_logical_function_asks_for_zeros_alone(name: str) -> None:
    _, V = eigh()
    assert phase(one(name, V, plain("M"))) == "fine"
    assert phase(one(name, one("relu", V), plain("M"))) != "fine"


def test_equality_of_values_with_a_phase_in_common_is_the_same_under_every_phase() -> None:
    _, V = eig()
    assert phase(one("eq", V, V)) == "fine"
    assert phase(one("ne", V, mul(2.0, V))) == "fine"
    assert phase(one("eq", V, 0)) == "fine"
    assert phase(one("eq", one("sgn", V), 1.0)) != "fine"
    assert phase(one("eq", V, one("conj", V))) != "fine"


def test_running_products_move_by_a_factor_each() -> None:
    _, V = eigh()
    assert phase(one("abs", one("cumprod", V, -1))) == "fine"
    assert phase(one("sum", one("cumprod", V, -1))) != "fine"


def test_copies_side_by_side_meet_their_conjugates() -> None:
    _, V = eig()
    twice = one("Tensor.repeat", V, 1, 2)
    assert phase(mul(twice, one("conj", twice))) == "fine"
    assert phase(one("sum", twice)) != "fine"


def test_the_larger_of_a_value_and_its_negation_is_its_modulus() -> None:
    _, V = eigh()
    assert phase(one("maximum", V, one("neg", V))) == "fine"
    assert phase(one("minimum", V, one("neg", V))) == "fine"
    assert phase(one("maximum", V, one("neg", transposed(V)))) != "fine"


def test_attention_sums_products_of_entries_over_the_last_axis() -> None:
    _, V = eigh()
    x = plain("X")
    attention = "nn.functional.scaled_dot_product_attention"
    assert phase(one(attention, V, V, x)) == "fine"
    assert phase(one("abs", one(attention, x, x, V))) == "fine"
    assert phase(one(attention, V, x, x)) != "fine"
    assert phase(one(attention, transposed(V), transposed(V), x)) != "fine"


def test_rows_are_as_far_apart_whatever_the_signs_of_the_columns() -> None:
    _, V = eigh()
    two = one("stack", (column(V, 0), column(V, 1)), -1)
    for t in (V, two):
        assert phase(one("cdist", t, t)) == "fine"
        assert phase(one("pdist", t)) == "fine"
    assert phase(one("cdist", transposed(V), plain("X"))) != "fine"


def test_a_layer_norm_without_weights_is_odd_in_what_it_normalizes() -> None:
    _, V = eigh()
    norm = "nn.functional.layer_norm"
    assert phase(one("abs", one(norm, transposed(V), (4,)))) == "fine"
    assert phase(one("abs", one(norm, V, (4,)))) != "fine"
    assert phase(one("abs", one(norm, transposed(V), (4,), plain("w", rank=1)))) != "fine"


def test_a_polynomial_has_the_parity_of_its_degree() -> None:
    _, V = eigh()
    assert phase(one("special.legendre_polynomial_p", V, 2)) == "fine"
    assert phase(one("special.legendre_polynomial_p", V, 3)) != "fine"
    assert phase(one("abs", one("special.legendre_polynomial_p", V, 3))) == "fine"
    assert phase(one("special.laguerre_polynomial_l", V, 2)) != "fine"


def test_a_sign_that_is_copied_comes_from_the_second_value_alone() -> None:
    _, V = eigh()
    assert phase(one("copysign", V, plain("X"))) == "fine"
    assert phase(one("copysign", plain("X"), V)) != "fine"
    assert phase(one("abs", one("copysign", plain("X"), V))) == "fine"
    assert phase(one("abs", one("ldexp", V, plain("X")))) == "fine"
    assert phase(one("abs", one("ldexp", plain("X"), V))) != "fine"


def test_the_angle_of_what_is_never_negative_is_zero() -> None:
    _, V = eig()
    size = one("square", one("abs", one("cumsum", V, -1)))
    assert phase(one("angle", one("sum", add(size, size)))) == "fine"
    assert phase(one("angle", one("sum", V))) != "fine"


def test_a_cross_product_mixes_the_entries_of_its_axis() -> None:
    _, V = eigh()
    assert phase(one("linalg.cross", V, plain("X"), dim=-1)) != "fine"
    assert phase(one("abs", one("linalg.cross", transposed(V), plain("X"), dim=-1))) == "fine"


def test_what_is_added_at_some_positions_makes_functions_of_their_phases() -> None:
    _, V = eigh()
    changed = one("index_add", V, -1, plain("i", rank=1, dtype="int"), plain("X"))
    assert phase(one("abs", changed)) != "fine"
    assert phase(one("abs", one("masked_scatter", V, plain("m", dtype="bool"), plain("X")))) == "fine"


def test_a_gram_matrix_of_rows_is_kept_by_a_flatten_of_one_dimension() -> None:
    _, V = eigh()
    flat = one("flatten", V, 1)
    assert phase(matmul(flat, adjoint(flat))) == "fine"
    assert phase(at(matmul(flat, adjoint(flat)), 0)) == "fine"


def test_a_kronecker_product_keeps_the_charges_of_columns_on_its_columns() -> None:
    _, V = eig()
    both = one("kron", V, one("conj", V))
    assert phase(one("abs", matmul(both, adjoint(both)))) == "fine"
    assert phase(one("sum", matmul(adjoint(both), both))) != "fine"


def test_positions_found_in_a_function_of_a_sign_hang_on_it() -> None:
    _, V = eigh()
    shifted = one("exp", V)
    place = one("argmax", one("abs", shifted), -1, True)
    assert phase(one("gather", shifted, -1, place)) == "depends: nonlinear"
