"""Addition, comparison, reductions, and what a sign becomes in them (theory, sections 4 and 6)."""

from __future__ import annotations

import pytest

from eiglint.gauge.values import Range
from tests.gauge.words import (
    ALL,
    add,
    at,
    charges,
    column,
    eigh,
    hermitian,
    matmul,
    mul,
    one,
    phase,
    plain,
    rotation,
    sub,
    transposed,
    verdict,
)


def test_equal_charges_add_up_to_the_same() -> None:
    _, V = hermitian()
    assert charges(add(V, mul(V, plain("x", rank=1)))) == {-1: 1}
    assert charges(sub(V, mul(2.0, V))) == {-1: 1}


def test_a_value_minus_itself_depends_on_nothing() -> None:
    _, V = hermitian()
    assert sub(V, V).neutral


def test_uncharged_values_may_be_added_to_anything() -> None:
    L, V = eigh()
    assert verdict(add(mul(V, V), plain("B"))).phase == "fine"
    assert phase(add(L, 1.0)) == "fine"


def test_adding_zero_changes_nothing() -> None:
    _, V = hermitian()
    assert charges(add(V, 0.0)) == {-1: 1}
    assert charges(add(V, one("zeros", 4, 4))) == {-1: 1}


def test_a_constant_makes_a_function_of_the_one_phase() -> None:
    _, V = hermitian()
    assert phase(add(V, 1.0)) == "function"
    assert phase(add(1.0, V)) == "function"


def test_another_charge_in_the_sum_breaks_it() -> None:
    _, V = eigh()
    assert phase(add(column(V, 0), column(V, 1))) == "depends: sum of unlike charges"
    assert phase(add(V, transposed(V))) == "depends: sum of unlike charges"


def test_a_sum_over_components_keeps_the_charge_and_one_over_columns_breaks() -> None:
    _, V = eigh()
    for name in ("sum", "mean"):
        assert charges(one(name, V, 0)) == {-1: 1}
        assert phase(one(name, V, -1)).startswith("depends")
        assert phase(one(name, V)).startswith("depends")


def test_a_dimension_counts_from_either_end() -> None:
    _, V = eigh()
    assert phase(one("sum", V, 1)) == phase(one("sum", V, -1))
    assert charges(one("sum", V, 0)) == charges(one("sum", V, -2))


def test_the_kept_dimension_leaves_the_other_axes_where_they_are() -> None:
    _, V = eigh()
    assert charges(one("sum", transposed(V), 1)) == {-1: 1}
    assert charges(one("sum", transposed(V), 1, keepdim=True)) == {-2: 1}


def test_norms_have_no_charge() -> None:
    _, V = hermitian()
    assert phase(one("linalg.vector_norm", V, dim=0)) == "fine"
    assert phase(one("linalg.vector_norm", V)) == "fine"
    assert phase(one("linalg.norm", V)) == "fine"


def test_normalising_along_the_components_keeps_the_charge() -> None:
    _, V = hermitian()
    assert charges(one("nn.functional.normalize", V, dim=0)) == {-1: 1}


@pytest.mark.parametrize("name", ["softmax", "logsumexp", "amax"])
def test_selecting_functions_of_one_column_are_functions_of_its_sign(name: str) -> None:
    _, V = eigh()
    assert phase(one(name, V, 0)) == "function"
    assert phase(one(name, V, -1)).startswith("depends")


def test_running_sums_go_along_the_components_and_not_along_the_columns() -> None:
    _, V = eigh()
    assert charges(one("cumsum", V, 0)) == {-1: 1}
    assert phase(one("cumsum", V, -1)).startswith("depends")


def test_a_product_over_a_known_number_of_components_multiplies_the_charge() -> None:
    _, V = eigh(plain("A", dtype="complex", sizes=(4, 4)))
    assert charges(one("prod", V, 0)) == {-1: 4}
    _, W = eigh(plain("A", sizes=(4, 4)))
    assert phase(one("prod", W, 0)) == "fine"


def test_a_function_of_a_phase_becomes_fine_where_its_charge_cancels() -> None:
    _, V = hermitian()
    G = matmul(one("Tensor.mH", V), plain("M", dtype="complex"), V)
    assert phase(one("exp", G)) == "function"
    assert phase(one("diagonal", one("exp", G))) == "fine"
    assert phase(one("diagonal", one("softmax", G, -1))) != "fine"


def test_products_of_functions_stay_functions_only_of_the_same_phase() -> None:
    _, V = eigh()
    f, g = one("exp", V), one("relu", V)
    assert phase(mul(f, g)) == "function"
    assert phase(mul(one("exp", column(V, 0)), one("exp", column(V, 1)))).startswith("depends")


def test_comparing_with_zero_is_a_function_of_the_sign() -> None:
    _, V = eigh()
    assert phase(one("operator.lt", V, 0)) == "function"
    assert phase(one("operator.gt", one("abs", V), 0)) == "fine"


def test_a_loss_against_fixed_values_compares_signs() -> None:
    _, V = eigh()
    first = at(V, ALL, Range(None, 2))
    assert phase(one("nn.functional.mse_loss", first, plain("T"))).startswith("depends")
    assert phase(one("nn.functional.mse_loss", one("abs", first), plain("T"))) == "fine"
    assert phase(one("nn.functional.mse_loss", V, V)) == "fine"


def test_a_mean_squared_difference_to_one_vector_depends_on_its_sign() -> None:
    v = column(eigh()[1], 0)
    assert phase(one("sum", one("square", sub(v, plain("t", rank=1))))) != "fine"
    assert phase(one("square", one("dot", v, plain("t", rank=1)))) == "fine"


def test_the_sum_of_eigenvalues_is_smooth_in_any_basis() -> None:
    L, _ = eigh()
    assert rotation(one("sum", L)) == "fine"
