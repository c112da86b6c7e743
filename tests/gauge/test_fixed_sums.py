"""Sums and moduli that are the same whatever a value is: shares of one, angles to itself, squares of parts."""

from __future__ import annotations

import pytest

from tests.gauge.words import eig, eigh, hermitian, mul, one, phase, plain, several, transposed


@pytest.mark.parametrize("how", ["sum", "mean"])
def test_shares_add_up_to_one_along_their_own_axis(how: str) -> None:
    _, V = eigh()
    shares = one("softmax", V, 0)
    assert phase(one(how, shares, 0)) == "fine"
    assert phase(one(how, shares)) == "fine"
    assert phase(one(how, one("abs", shares))) == "fine"
    assert phase(one(how, shares, 1)) != "fine"
    assert phase(one("prod", shares, 0)) != "fine"
    assert phase(one(how, one("log_softmax", V, 0), 0)) != "fine"
    assert phase(one(how, mul(shares, plain("W")), 0)) != "fine"


def test_the_angle_of_a_real_vector_to_itself_is_zero() -> None:
    _, V = eigh()
    mixed = one("operator.matmul", V, plain("M"))
    assert phase(one("nn.functional.cosine_similarity", mixed, mixed, -1)) == "fine"
    assert phase(one("nn.functional.cosine_similarity", mixed, transposed(mixed), -1)) != "fine"


def test_the_square_of_parts_is_its_own_modulus() -> None:
    _, V = eig()
    pairs = one("view_as_real", V)
    assert phase(one("sum", one("abs", mul(pairs, pairs)))) == "fine"
    assert phase(one("sum", one("abs", mul(pairs, pairs)), 0)) != "fine"
    assert phase(one("sum", one("abs", one("pow", pairs, 3)))) != "fine"


def test_the_modulus_of_two_real_values_is_even_in_each() -> None:
    _, V = eigh()
    crossed = one("complex", V, plain("W"))
    assert phase(one("abs", crossed)) == "fine"
    assert phase(one("angle", crossed)) != "fine"
    assert phase(one("abs", one("operator.add", crossed, plain("M")))) != "fine"
    _, E = eig()
    assert phase(one("abs", one("complex", one("real", E), plain("W")))) != "fine"


def test_squares_of_sorted_entries_are_those_of_the_entries() -> None:
    _, V = eigh()
    ordered = several("sort", V, 0)[0]
    assert phase(one("sum", mul(ordered, ordered), 0)) == "fine"
    assert phase(mul(ordered, ordered)) != "fine"


def test_what_lies_between_odd_functions_of_one_value_is_odd() -> None:
    _, V = eigh()
    between = one("lerp", one("sin", V), V, 0.3)
    assert phase(one("abs", between)) == "fine"
    assert phase(one("abs", one("lerp", one("cos", V), V, 0.3))) != "fine"
    _, W = hermitian()
    assert phase(one("abs", one("lerp", one("sin", W), W, 0.3))) != "fine"


def test_a_vector_whose_entries_may_all_be_cut_off_has_no_angle_to_itself() -> None:
    _, V = eigh()
    kept = one("relu", V)
    assert phase(one("nn.functional.cosine_similarity", kept, kept, -1)) != "fine"
