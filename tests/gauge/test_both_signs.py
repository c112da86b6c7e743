"""f(v) beside f(-v), and the conventions that fix a sign (theory, section 6)."""

from __future__ import annotations

import pytest

from eiglint.gauge import Tensor
from tests.gauge.words import (
    ALL,
    Step,
    add,
    at,
    column,
    div,
    eigh,
    hermitian,
    matmul,
    mul,
    one,
    phase,
    plain,
    several,
    sub,
    svd,
    transposed,
)


def minus(t: Tensor) -> Tensor:
    return one("neg", t)


def relu(t: Tensor) -> Tensor:
    return one("relu", t)


def weighed(t: Tensor) -> Tensor:
    return relu(one("nn.functional.linear", t, plain("W")))


def test_any_function_of_each_entry_is_even_when_both_signs_are_added() -> None:
    _, V = eigh()
    assert phase(add(relu(V), relu(minus(V)))) == "fine"
    assert phase(add(relu(minus(V)), relu(V))) == "fine"
    assert phase(add(one("exp", mul(2.0, V)), one("exp", minus(mul(2.0, V))))) == "fine"


def test_the_product_and_the_smaller_of_both_signs_are_even_too() -> None:
    _, V = eigh()
    assert phase(mul(relu(V), relu(minus(V)))) == "fine"
    for name in ("minimum", "maximum"):
        assert phase(one(name, relu(V), relu(minus(V)))) == "fine"


def test_the_smaller_of_the_losses_to_a_target_and_its_opposite_is_fine() -> None:
    v, t = column(eigh()[1], 0), plain("t", rank=1)
    near, far = one("sum", one("square", sub(v, t))), one("sum", one("square", add(v, t)))
    assert phase(one("minimum", near, far)) == "fine"


def test_a_layer_over_one_column_reads_one_sign_which_both_signs_cancel() -> None:
    v = column(eigh()[1], 0)
    assert phase(add(weighed(v), weighed(minus(v)))) == "fine"


def test_a_layer_over_the_components_of_each_column_is_fine_with_both_signs() -> None:
    rows = transposed(eigh()[1])
    assert phase(add(weighed(rows), weighed(minus(rows)))) == "fine"


def test_the_difference_of_both_signs_is_not_even() -> None:
    _, V = eigh()
    assert phase(sub(relu(V), relu(minus(V)))) != "fine"


def test_a_layer_over_the_columns_mixes_their_signs() -> None:
    _, V = eigh()
    assert phase(add(weighed(V), weighed(minus(V)))) == "depends: layer"


def test_turning_one_of_two_columns_leaves_the_other_sign() -> None:
    _, V = eigh()
    v, w = column(V, 0), column(V, 1)
    assert phase(add(relu(add(v, w)), relu(add(minus(v), w)))).startswith("depends")


def test_both_signs_do_not_exhaust_a_phase() -> None:
    _, V = hermitian()
    assert phase(add(one("exp", V), one("exp", minus(V)))) == "function"


def by_the_largest_entry(V: Tensor) -> Tensor:
    largest = one("argmax", one("abs", V), 0)
    return one("sign", at(V, largest, one("arange", 4)))


def by_the_largest_entry_gathered(V: Tensor) -> Tensor:
    largest = one("argmax", one("abs", V), 0, keepdim=True)
    return one("sign", one("gather", V, 0, largest))


def by_the_first_entry(V: Tensor) -> Tensor:
    return one("sign", at(V, 0))


def by_a_choice(V: Tensor) -> Tensor:
    return one("where", one("operator.lt", at(V, 0), 0), -1.0, 1.0)


def by_a_step(V: Tensor) -> Tensor:
    step = one("Tensor.float", one("operator.lt", at(V, 0), 0))
    return sub(1.0, mul(2.0, step))


def by_the_sum(V: Tensor) -> Tensor:
    return one("sign", one("sum", V, 0))


@pytest.mark.parametrize(
    "convention",
    [
        by_the_largest_entry,
        by_the_largest_entry_gathered,
        by_the_first_entry,
        by_a_choice,
        by_a_step,
        by_the_sum,
    ],
)
def test_a_convention_removes_the_sign(convention: Step) -> None:
    _, V = eigh()
    assert phase(mul(V, convention(V))) == "fine"


def test_the_sign_of_another_axis_is_no_convention() -> None:
    _, V = eigh()
    other = one("sign", column(V, 0))
    assert phase(mul(V, other)) == "carried"


def test_dividing_by_a_component_is_a_convention_for_phases_as_well() -> None:
    for _, V in (eigh(), hermitian()):
        v = column(V, 0)
        assert phase(div(v, at(v, 0))) == "fine"


def test_the_diagonal_of_r_fixes_the_signs_of_q() -> None:
    Q, R = several("linalg.qr", plain("A"))
    signs = one("sign", one("diagonal", R))
    assert phase(mul(Q, signs)) == "fine"
    assert phase(mul(at(signs, ALL, None), R)) == "fine"


def _settled(t: Tensor) -> Tensor:
    return one("sign", add(one("sign", t), 0.5))


def _chosen(t: Tensor) -> Tensor:
    return one("where", one("operator.lt", t, 0), -1.0, 1.0)


@pytest.mark.parametrize("never_zero", [_settled, _chosen])
def test_entries_that_are_zero_below_the_diagonal_of_r_have_no_sign_to_fix_another_with(never_zero: Step) -> None:
    Q, R = several("linalg.qr", plain("A"))
    assert phase(mul(Q, never_zero(one("diagonal", R)))) == "fine"
    assert phase(mul(Q, never_zero(one("diagonal", transposed(R))))) == "fine"
    assert phase(mul(Q, never_zero(one("diagonal", one("roll", R, 1, -1))))) != "fine"
    assert phase(mul(Q, never_zero(one("diagonal", one("flip", R, -1))))) != "fine"


def test_the_determinant_carries_the_product_of_all_signs() -> None:
    _, V = eigh(plain("A", sizes=(3, 3)))
    handed = one("linalg.det", V)
    assert phase(handed) == "carried"
    assert phase(mul(V, handed)) == "carried"
    assert phase(mul(handed, handed)) == "fine"
    assert "nonzero" in handed.flags


def test_the_sign_of_an_entry_can_be_zero_and_a_choice_cannot() -> None:
    _, V = eigh()
    assert "nonzero" not in by_the_first_entry(V).flags
    assert "nonzero" in by_a_choice(V).flags
    assert "nonzero" in one("sign", at(V, one("argmax", one("abs", V), 0), one("arange", 4))).flags


def test_a_determinant_of_the_product_of_both_factors_contains_each_sign_twice() -> None:
    U, _, Vh = svd(plain("A", sizes=(3, 3)))
    assert phase(one("linalg.det", matmul(U, Vh))) == "fine"
    assert phase(one("linalg.det", U)) == "carried"


def silu(t: Tensor) -> Tensor:
    return one("nn.functional.silu", t)


def test_both_signs_of_a_value_that_is_not_odd_itself_depend_on_the_sign() -> None:
    _, V = eigh()
    inner = silu(V)
    assert phase(add(relu(inner), relu(minus(inner)))) != "fine"
    assert phase(mul(relu(inner), relu(minus(inner)))) != "fine"
    assert phase(one("minimum", relu(inner), relu(minus(inner)))) != "fine"


def test_both_signs_through_an_inner_function_are_even() -> None:
    _, V = eigh()
    assert phase(add(relu(silu(V)), relu(silu(minus(V))))) == "fine"
    odd = one("tanh", V)
    assert phase(add(silu(odd), silu(minus(odd)))) == "fine"


def test_a_flip_of_a_matrix_element_between_two_vectors_is_no_flip_of_its_diagonal() -> None:
    _, V = eigh()
    G = matmul(transposed(V), matmul(plain("M"), V))

    def weighed_by_diagonal(t: Tensor) -> Tensor:
        return relu(mul(t, add(one("diagonal", t), 1.0)))

    assert phase(add(relu(G), relu(minus(G)))) == "fine"
    assert phase(add(weighed_by_diagonal(G), weighed_by_diagonal(minus(G)))) != "fine"
