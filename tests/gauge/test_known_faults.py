"""What the algebra gets wrong so far: each case says what is true, and fails until the rule is mended."""

from __future__ import annotations

import pytest

from eiglint import gauge
from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import (
    adjoint,
    at,
    charges,
    eig,
    eigh,
    here,
    hermitian,
    matmul,
    mul,
    one,
    only,
    order,
    phase,
    plain,
    rotation,
    several,
    svd,
    transposed,
)

unsound = pytest.mark.xfail(reason="says fine where it depends")
needless = pytest.mark.xfail(reason="says less than is known")


def moduli() -> Tensor:
    return one("abs", eig(plain("C", dtype="complex", sizes=(4, 4)))[0])


def many_moduli() -> Tensor:
    return one("abs", eig(plain("B", dtype="complex", sizes=(5, 4, 4)))[0])


def total(t: Tensor) -> Tensor:
    return one("sum", one("square", t))


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
@unsound
def test_zeros_laid_over_unordered_pairs_depend_on_the_order(laid) -> None:  # type: ignore[no-untyped-def]
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
@unsound
def test_a_part_of_rearranged_pairs_depends_on_the_order(part) -> None:  # type: ignore[no-untyped-def]
    assert order(total(part(one("reshape", moduli(), (2, 2))))) != "fine"


@pytest.mark.parametrize(
    "across",
    [
        lambda x: one("sum", x, 0),
        lambda x: one("amax", x, 0),
        lambda x: one("prod", x, 0),
        lambda x: one("cumsum", x, 0),
        lambda x: one("softmax", x, 0),
        lambda x: several("sort", x, 0)[0],
        lambda x: one("einsum", "bj->j", x),
        lambda x: matmul(x, transposed(x)),
        lambda x: matmul(plain("M", sizes=(3, 5)), x),
    ],
    ids=["sum", "amax", "prod", "cumsum", "softmax", "sort", "einsum", "gram", "matmul"],
)
@unsound
def test_pairs_of_unlike_batch_elements_have_unlike_orders(across) -> None:  # type: ignore[no-untyped-def]
    assert order(total(across(many_moduli()))) != "fine"


@unsound
def test_sums_of_positions_are_no_positions() -> None:
    x = moduli()
    assert order(at(x, one("cumsum", one("argsort", x), 0))) != "fine"


@unsound
def test_the_right_factor_takes_over_what_its_columns_carry() -> None:
    _, V = hermitian()
    assert charges(svd(V)[2], only(V)) == {-1: 1}
    assert charges(several("svd", V)[2], only(V)) == {-2: -1}
    assert phase(svd(matmul(adjoint(V), plain("M")))[2], only(V)) == "fine"


@unsound
def test_the_diagonal_in_an_arbitrary_basis_depends_on_the_basis() -> None:
    _, V = eigh()
    inner = matmul(transposed(V), plain("M"), V)
    assert rotation(one("trace", inner)) == "fine"
    assert rotation(one("diagonal", inner)).startswith("depends")


@needless
def test_a_mixture_times_its_own_conjugate_is_a_modulus() -> None:
    V, W = hermitian()[1], eigh(plain("B", dtype="complex"))[1]
    both = one("cat", (V, W), -1)
    for g in both.gauges:
        assert phase(mul(both, one("conj", both)), g) == "fine"
        assert phase(matmul(both, adjoint(both)), g) == "fine"


@needless
def test_a_column_of_weights_is_the_same_for_every_pair() -> None:
    assert order(total(mul(many_moduli(), one("randn", 5, 1)))) == "fine"


@needless
def test_extremes_without_a_dimension_are_those_of_all_entries() -> None:
    assert order(one("amin", moduli())) == order(one("amax", moduli())) == "fine"
