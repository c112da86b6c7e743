"""`where`, steps in a sign and their centres, values of which one is chosen (theory, sections 3 and 6)."""

from __future__ import annotations

import pytest

from eiglint import gauge
from eiglint.gauge import Mode, Tensor
from tests.gauge.words import (
    add,
    adjoint,
    at,
    charges,
    div,
    eig,
    eigh,
    here,
    hermitian,
    matmul,
    motion,
    mul,
    one,
    only,
    order,
    phase,
    plain,
    sub,
    transposed,
)


def negative(t: Tensor) -> Tensor:
    return one("operator.lt", t, 0)


def where(test: Tensor, a: object, b: object) -> Tensor:
    return one("where", test, a, b)


def centre(t: Tensor) -> float | None:
    return motion(t).phase.centre


def test_a_choice_between_equal_charges_keeps_them() -> None:
    _, V = hermitian()
    assert charges(where(plain("c", dtype="bool"), V, one("neg", V))) == {-1: 1}


def test_a_choice_between_a_vector_and_zero_keeps_its_charge() -> None:
    _, V = hermitian()
    assert charges(where(plain("c", dtype="bool"), V, 0.0)) == {-1: 1}


def test_a_choice_by_the_sign_between_a_vector_and_its_opposite_is_fine() -> None:
    _, V = eigh()
    assert phase(where(negative(V), one("neg", V), V)) == "fine"
    assert phase(where(negative(at(V, 0)), one("neg", V), V)) == "fine"


def test_a_choice_by_a_modulus_does_no_harm() -> None:
    _, V = eigh()
    assert charges(where(one("operator.gt", one("abs", V), 0.5), V, 0.0)) == {-1: 1}


def test_two_opposite_values_chosen_by_a_sign_are_that_sign() -> None:
    _, V = eigh()
    assert charges(where(negative(V), -1.0, 1.0)) == {-1: 1}
    assert charges(where(negative(V), 3.0, -3.0)) == {-1: 1}


def test_two_other_values_chosen_by_a_sign_are_a_step() -> None:
    _, V = eigh()
    made = where(negative(V), 0.0, 4.0)
    assert phase(made) == "function"
    assert abs(centre(made) or 0) == 2


def test_a_step_is_odd_about_one_half() -> None:
    _, V = eigh()
    step = negative(V)
    assert centre(step) == 0.5
    assert phase(sub(step, 0.5)) == "carried"
    assert phase(sub(mul(2.0, step), 1.0)) == "carried"
    assert phase(sub(mul(2.0, step), 0.9)) == "function"


def test_a_centre_moves_with_what_is_added_and_scales_with_what_it_is_multiplied_by() -> None:
    _, V = eigh()
    assert centre(add(V, 3.0)) == 3.0
    assert centre(mul(add(V, 3.0), 2.0)) == 6.0
    assert phase(sub(add(V, 3.0), 3.0)) == "carried"


def test_a_comparison_with_something_else_than_zero_is_no_step() -> None:
    _, V = eigh()
    made = one("operator.lt", V, 0.1)
    assert phase(made) == "function"
    assert centre(made) is None


def test_a_phase_has_no_steps() -> None:
    _, V = hermitian()
    assert centre(one("operator.lt", one("real", V), 0)) is None


def test_a_choice_by_the_sign_between_foreign_values_is_a_function_of_it() -> None:
    _, V = eigh()
    assert phase(where(negative(V), plain("a"), plain("b"))) == "function"


def test_a_choice_by_another_sign_is_no_convention() -> None:
    _, V = eigh()
    _, W = eigh(plain("B"))
    made = where(negative(at(V, 0)), W, one("neg", W))
    assert phase(made, only(V)) == "carried"
    assert phase(made, only(W)) == "carried"


def test_where_two_ways_meet_equal_states_stay() -> None:
    _, V = eigh()
    other = mul(V, plain("x", rank=1))
    assert charges(gauge.join(V, other, here())) == {-1: 1}
    assert gauge.join(V, V, here()) is V


def test_where_two_ways_meet_a_zero_takes_any_charge() -> None:
    _, V = eigh()
    assert charges(gauge.join(V, one("zeros", 4, 4), here())) == {-1: 1}


def test_where_two_ways_meet_unlike_factors_are_mixed() -> None:
    _, V = hermitian()
    assert phase(gauge.join(V, mul(V, V), here())) == "mixed"
    assert phase(gauge.join(V, plain("B"), here())) == "mixed"
    assert phase(one("abs", gauge.join(V, plain("B"), here()))) == "fine"


def test_where_a_function_meets_another_phase_it_breaks() -> None:
    _, V = eigh()
    f, g = one("exp", at(V, 0)), one("exp", V)
    made = gauge.join(f, matmul(g, transposed(g)), here())
    assert motion(made).phase.mode is Mode.BROKEN


def test_what_is_broken_stays_broken() -> None:
    _, V = eigh()
    lost = one("sum", V)
    for made in (one("abs", lost), mul(lost, lost), div(lost, 2.0), one("square", lost)):
        assert phase(made).startswith("depends")


@pytest.mark.parametrize("name", ["abs", "real"])
def test_values_in_their_arbitrary_order_may_be_chosen_by_a_mask_of_their_own(name: str) -> None:
    L, _ = eig()
    key = one(name, L)
    assert order(where(one("operator.gt", key, 1.0), key, 0.0)) == "carried"
    assert order(one("sum", where(one("operator.gt", key, 1.0), key, 0.0))) == "fine"


def test_a_foreign_mask_over_unordered_values_depends_on_their_order() -> None:
    L, _ = eig()
    mask = plain("mask", rank=1, dtype="bool")
    assert order(one("sum", where(mask, one("abs", L), 0.0))) != "fine"


def test_either_of_two_values_that_differ_along_an_axis_is_broken_by_a_sum_along_it() -> None:
    _, V = hermitian()
    either = gauge.join(matmul(adjoint(V), matmul(plain("M"), V)), V, here())
    assert phase(one("sum", either)) == "depends: sum"
    assert phase(one("abs", either)) == "fine"
    assert phase(one("sum", either, 0)) == "unknown"
    turned = gauge.join(transposed(V), V, here())
    assert phase(one("sum", turned, 0)) == "unknown"


def test_a_value_that_moves_in_one_of_two_branches_is_broken_by_a_sum_over_what_moves() -> None:
    _, V = hermitian()
    either = gauge.join(V, plain("eye"), here())
    assert phase(one("sum", either, -1)) == "depends: sum"
    assert phase(one("sum", either, -2)) == "mixed"
    assert phase(matmul(plain("A"), either)) == "mixed"
    assert phase(one("sum", matmul(plain("A"), either), -1)) == "depends: sum"
    assert phase(matmul(either, plain("A"))).startswith("depends")
    assert phase(matmul(either, adjoint(either))) == "fine"
