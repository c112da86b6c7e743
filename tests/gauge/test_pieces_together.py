"""`cat` and `stack`, and what is known of pieces of unlike charge (theory, section 3)."""

from __future__ import annotations

import pytest

from eiglint.gauge import Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range
from tests.gauge.words import (
    ALL,
    Step,
    add,
    adjoint,
    at,
    charges,
    column,
    eigh,
    matmul,
    motion,
    mul,
    one,
    phase,
    plain,
    transposed,
)


def sized(dtype: str = "complex") -> Tensor:
    return eigh(plain("H", dtype=dtype, sizes=(4, 4)))[1]


def cat(*pieces: Tensor, dim: int = -1) -> Tensor:
    return one("cat", pieces, dim)


def first(V: Tensor) -> Tensor:
    return at(V, ALL, Range(None, 2))


def last(V: Tensor) -> Tensor:
    return at(V, ALL, Range(2))


def test_consecutive_slices_are_the_whole_again() -> None:
    V = sized()
    whole = cat(first(V), last(V))
    assert charges(whole) == {-1: 1}
    assert phase(matmul(whole, adjoint(V))) == "fine"


def test_pieces_of_equal_charge_along_the_components_keep_it() -> None:
    V = sized()
    assert charges(cat(V, mul(2.0, V), dim=0)) == {-1: 1}
    assert charges(cat(V, one("zeros", 4, 4), dim=0)) == {-1: 1}


def test_stacked_copies_keep_the_charge_of_each() -> None:
    V = sized()
    assert charges(one("stack", (V, V), 0)) == {-1: 1}
    assert charges(one("stack", (V, V), -1)) == {-2: 1}


def test_the_modulus_of_unlike_pieces_is_fine() -> None:
    V = sized()
    pieces = (cat(V, V), cat(V, mul(V, V)), cat(last(V), first(V)), cat(V, plain("B"), dim=0))
    assert [phase(made) for made in pieces] == ["carried", "carried", "carried", "mixed"]
    for made in pieces:
        assert phase(one("abs", made)) == "fine"
        assert phase(one("sum", one("abs", made))) == "fine"


@pytest.mark.parametrize(
    "together",
    [
        lambda V: cat(last(V), first(V)),
        lambda V: cat(at(V, ALL, Range(None, 3)), last(V)),
        lambda V: cat(V, V),
        lambda V: one("stack", (column(V, 1), column(V, 0)), -1),
    ],
)
def test_columns_in_another_order_are_not_the_whole(together: Step) -> None:
    V = sized()
    made = together(V)
    assert phase(made) == "carried"
    assert phase(matmul(transposed(V), made)) != "fine"
    assert phase(one("sum", made, -1)).startswith("depends")


def test_a_mixture_says_along_which_axes_its_entries_differ() -> None:
    V = sized("real")
    made = cat(V, mul(V, V))
    assert charges(made) == {-1: 1}
    assert phase(one("sum", made, 0)) == "carried"
    assert phase(one("sum", made, -1)).startswith("depends")


def test_a_mixture_that_forgot_its_axes_may_not_be_summed() -> None:
    V = sized("real")
    flat = one("flatten", V)
    assert motion(flat).phase.across is None
    assert phase(one("sum", flat)).startswith("depends")


def test_an_even_function_of_a_mixture_of_signs_is_fine_and_another_one_is_not() -> None:
    V = sized("real")
    made = cat(V, mul(V, V))
    assert phase(one("square", made)) == "fine"
    assert phase(one("exp", made)) != "fine"
    assert phase(one("tanh", made)) == "carried"


def test_what_may_be_alike_after_all_proves_nothing_when_it_is_summed() -> None:
    V = sized("real")
    picked = column(cat(V, mul(V, V)), Number(term("k"), integer=True))
    assert motion(picked).phase.vague
    assert phase(one("sum", picked)) == "mixed"
    assert phase(one("exp", picked)) == "unknown"


def test_a_function_of_a_sign_depends_whatever_is_added_to_it() -> None:
    V = sized("real")
    unsure = column(cat(V, mul(V, V)), Number(term("k"), integer=True))
    assert motion(unsure).phase.vague
    assert phase(add(one("relu", V), unsure)).startswith("depends")
    assert phase(add(V, unsure)) == "unknown"


def test_a_mixture_in_a_product_stays_one_and_in_a_sum_of_products_breaks() -> None:
    V = sized("real")
    made = cat(V, mul(V, V))
    assert phase(mul(made, plain("x", rank=1))) == "carried"
    assert phase(matmul(made, plain("M"))).startswith("depends")


def test_a_function_of_a_sign_beside_plain_vectors_breaks() -> None:
    V = sized("real")
    assert phase(cat(V, one("relu", V))).startswith("depends")


def test_adding_to_a_mixture_makes_a_function_of_it() -> None:
    V = sized("real")
    added = add(cat(V, mul(V, V)), 1.0)
    assert phase(added) == "function"
    assert phase(one("sum", added, -1)).startswith("depends")
    assert phase(add(cat(V, mul(V, V), dim=0), 1.0)).startswith("depends")


def test_both_signs_side_by_side_along_the_rows_carry_the_sign() -> None:
    V = sized("real")
    assert charges(cat(V, one("neg", V), dim=0)) == {-1: 1}
    assert phase(matmul(transposed(V), plain("M"), cat(V, one("neg", V)))) == "carried"


def test_a_mixture_times_its_own_conjugate_is_a_modulus() -> None:
    V, W = sized(), eigh(plain("B", dtype="complex"))[1]
    both = one("cat", (V, W), -1)
    for g in both.gauges:
        assert phase(mul(both, one("conj", both)), g) == "fine"
        assert phase(matmul(both, adjoint(both)), g) == "fine"


def test_neighbouring_columns_stacked_are_the_slice_that_they_were_picked_from() -> None:
    V = sized()
    pair = one("stack", (column(V, 1), column(V, 2)), -1)
    assert phase(matmul(pair, adjoint(at(V, ALL, Range(1, 3))))) == "fine"
    assert phase(matmul(pair, adjoint(at(V, ALL, Range(2))))) != "fine"


def test_every_spelling_of_putting_together_knows_its_axis() -> None:
    _, V = eigh(plain("S", sizes=(4, 4)))
    x = plain("X", sizes=(4, 4))
    rows = one("vstack", (V, V))
    assert phase(matmul(rows, transposed(rows))) == "fine"
    columns = one("hstack", (transposed(V), transposed(V)))
    assert phase(one("abs", matmul(columns, transposed(columns)))) == "fine"
    pair = one("column_stack", (column(V, 0), column(V, 1)))
    assert phase(matmul(pair, transposed(pair))) == "fine"
    for_each_row = at(one("dstack", (x, V)), 0)
    assert phase(matmul(transposed(for_each_row), for_each_row)) != "fine"
    assert phase(one("abs", one("dstack", (x, V)))) == "fine"
    blocks = one("block_diag", V, V)
    assert phase(one("sum", matmul(blocks, transposed(x)))) != "fine"
