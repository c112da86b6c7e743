"""Parts, sums and overlays of unordered pairs that look invariant and are not (theory, section 5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eiglint import gauge
from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import Step, at, eig, here, matmul, mul, one, order, plain, several, transposed


def moduli() -> Tensor:
    return one("abs", eig(plain("C", dtype="complex", sizes=(4, 4)))[0])


def many_moduli() -> Tensor:
    return one("abs", eig(plain("B", dtype="complex", sizes=(5, 4, 4)))[0])


def total(t: Tensor) -> Tensor:
    return one("sum", one("square", t))


@pytest.mark.parametrize(
    "whole",
    [
        lambda x: one("where", one("operator.gt", x, 1.0), x, 0.0),
        lambda x: one("masked_fill", x, one("operator.gt", x, 1.0), 0.0),
        lambda x: gauge.store(x, (one("operator.gt", x, 1.0),), 0.0, here()),
        lambda x: one("exp", one("reshape", x, (2, 2))),
        lambda x: at(x, one("argsort", x)),
    ],
    ids=["where", "masked_fill", "store by a mask", "reshape", "sort"],
)
def test_what_follows_the_pairs_does_not_depend_on_their_order(whole: Step) -> None:
    assert order(total(whole(moduli()))) == "fine"


@pytest.mark.parametrize(
    "each",
    [lambda x: one("sum", x, -1), lambda x: one("amax", x, -1), lambda x: one("cumsum", several("sort", x)[0], -1)],
    ids=["sum", "amax", "cumsum of sorted"],
)
def test_each_batch_element_may_be_reduced_by_itself(each: Step) -> None:
    assert order(total(each(many_moduli()))) == "fine"


@pytest.mark.parametrize(
    "laid",
    [
        lambda x, mask: one("where", mask, x, 0.0),
        lambda x, mask: one("masked_fill", x, mask, 0.0),
        lambda x, mask: gauge.store(x, (0,), 0.0, here()),
        lambda x, mask: gauge.store(x, (Range(None, 2),), 0.0, here()),
        lambda x, mask: gauge.store(x, (mask,), 0.0, here()),
    ],
    ids=["where", "masked_fill", "store one", "store some", "store by a mask"],
)
def test_zeros_laid_over_unordered_pairs_depend_on_the_order(laid: Callable[[Tensor, Tensor], Tensor]) -> None:
    assert order(total(laid(moduli(), plain("mask", rank=1, dtype="bool")))) != "fine"


@pytest.mark.parametrize(
    "part",
    [
        lambda r: at(r, 0),
        lambda r: at(r, Range(1)),
        lambda r: one("diagonal", r),
        lambda r: one("triu", r),
        lambda r: one("gather", r, 0, plain("i", dtype="int")),
        lambda r: one("cumsum", r, 0),
        lambda r: one("softmax", r, 0),
        lambda r: one("sum", r, 0),
    ],
    ids=["row", "rows", "diagonal", "triangle", "gather", "cumsum", "softmax", "sum"],
)
def test_a_part_of_rearranged_pairs_depends_on_the_order(part: Step) -> None:
    assert order(total(part(one("reshape", moduli(), (2, 2))))) != "fine"


@pytest.mark.parametrize(
    "across",
    [
        lambda x: one("sum", x, 0),
        lambda x: one("amax", x, 0),
        lambda x: one("prod", x, 0),
        lambda x: one("cumsum", x, 0),
        lambda x: one("softmax", x, 0),
        lambda x: several("topk", x, 2, 0)[0],
        lambda x: one("einsum", "bj->j", x),
        lambda x: matmul(x, transposed(x)),
        lambda x: matmul(plain("M", sizes=(3, 5)), x),
    ],
    ids=["sum", "amax", "prod", "cumsum", "softmax", "topk", "einsum", "gram", "matmul"],
)
def test_pairs_of_unlike_batch_elements_have_unlike_orders(across: Step) -> None:
    assert order(total(across(many_moduli()))) != "fine"


def test_sums_of_positions_are_no_positions() -> None:
    x = moduli()
    assert order(at(x, one("cumsum", one("argsort", x), 0))) != "fine"


def test_a_column_of_weights_is_the_same_for_every_pair() -> None:
    assert order(total(mul(many_moduli(), one("randn", 5, 1)))) == "fine"


def test_extremes_without_a_dimension_are_those_of_all_entries() -> None:
    assert order(one("amin", moduli())) == order(one("amax", moduli())) == "fine"
