"""Real and imaginary part side by side, whose squares together are the squared modulus."""

from __future__ import annotations

import pytest

from tests.gauge.words import add, div, hermitian, mul, one, phase, plain, rotation, sub


def test_the_squares_of_both_parts_added_up_over_any_axes_know_no_phase() -> None:
    _, V = hermitian()
    pair = one("view_as_real", V)
    for square in (one("square", pair), mul(pair, pair), one("square", one("abs", pair))):
        assert phase(one("sum", square)) == "fine"
        assert phase(one("sum", square, -1)) == "fine"
        assert phase(one("sum", square, (0, -1))) == "fine"
        assert phase(one("mean", square)) == "fine"
        assert rotation(one("sum", square, (1, -1))) == "fine"
    size = one("abs", pair)
    assert phase(one("sum", mul(size, size))) == "fine"


def test_the_squares_of_both_parts_know_the_phase_until_the_two_are_added() -> None:
    _, V = hermitian()
    pair = one("view_as_real", V)
    assert phase(one("sum", one("square", pair), 0)) != "fine"
    assert phase(one("sum", one("abs", pair))) != "fine"
    assert phase(one("prod", one("square", pair))) != "fine"
    assert phase(one("sum", mul(one("square", pair), plain("w", rank=1)))) != "fine"


@pytest.mark.parametrize(("ord", "expected"), [(2, True), (None, True), (1, False), (3, False), (float("inf"), False)])
def test_the_euclidean_norm_of_both_parts_is_a_modulus_and_no_other_norm_is(ord: object, expected: bool) -> None:
    _, V = hermitian()
    for dim in (None, -1):
        made = one("norm", one("view_as_real", V), ord, dim)
        assert (phase(made) == "fine") is expected


def test_a_norm_that_keeps_the_axis_of_the_parts_has_it() -> None:
    _, V = hermitian()
    made = one("norm", one("view_as_real", V), 2, -1, True)
    assert phase(made) == "fine"
    assert made.size(-1) == 1


def test_nothing_is_left_of_what_is_taken_from_itself_nor_of_its_norm() -> None:
    _, V = hermitian()
    nothing = one("norm", sub(V, V))
    assert phase(nothing) == "fine"
    assert phase(one("abs", sub(V, nothing))) == "fine"


def test_finite_numbers_pass_the_replacement_of_others_as_they_are() -> None:
    _, V = hermitian()
    assert one("nan_to_num", V) is V
    assert phase(one("abs", one("nan_to_num", one("sum", V, -1)))).startswith("depends")


def test_parts_that_are_multiplied_by_a_real_number_are_parts_of_the_multiple() -> None:
    _, V = hermitian()
    pair = one("view_as_real", V)
    for scaled in (mul(pair, 3.0), div(pair, 3), mul(-2.0, mul(pair, 0.5))):
        assert phase(one("sum", one("square", scaled))) == "fine"
        assert phase(one("sum", scaled)) != "fine"
    real, imag = one("real", V), one("imag", V)
    assert phase(add(one("square", mul(real, 2.0)), one("square", mul(imag, 2.0)))) != "function"
    assert phase(add(one("square", mul(real, 2.0)), one("square", mul(imag, 3.0)))) != "fine"
    assert phase(add(one("square", mul(real, 2.0)), one("square", imag))) != "fine"
    assert phase(one("sum", one("square", mul(pair, 1j)))) != "fine"
    assert phase(one("sum", one("square", mul(pair, plain("w", rank=1))))) != "fine"
