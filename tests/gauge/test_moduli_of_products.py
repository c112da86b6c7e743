"""Products whose moduli are known of their factors, sums of multiples, and the diagonal of x x^H."""

from __future__ import annotations

import pytest

from eiglint import gauge
from eiglint.gauge import Tensor
from tests.gauge.words import (
    ALL,
    Step,
    add,
    adjoint,
    at,
    div,
    eig,
    eigh,
    here,
    hermitian,
    matmul,
    mul,
    one,
    order,
    phase,
    plain,
    sub,
    transposed,
)


@pytest.mark.parametrize(
    "scaled",
    [
        lambda t: mul(t, plain("w", rank=1)),
        lambda t: mul(plain("M"), t),
        lambda t: div(t, plain("M")),
        lambda t: mul(mul(t, plain("a", rank=1)), 3.0),
    ],
)
def test_the_modulus_of_a_product_is_that_of_its_factors(scaled: Step) -> None:
    _, V = eig()
    made = scaled(one("sqrt", V))
    assert phase(made) != "fine"
    assert phase(one("abs", made)) == "fine"
    assert phase(one("abs", scaled(one("exp", V)))) != "fine"
    assert phase(one("abs", one("sum", made, -1))) != "fine"


def test_the_modulus_of_a_quotient_by_a_root_is_not_read_off_a_sum() -> None:
    _, V = eig()
    assert phase(one("abs", mul(one("sqrt", V), one("exp", V)))) != "fine"
    assert phase(one("abs", mul(one("sqrt", V), V))) == "fine"


def beside(V: Tensor) -> Tensor:
    return one("cat", (V, plain("M", dtype="complex")), 0)


def test_a_value_and_its_multiple_add_up_to_a_multiple() -> None:
    _, V = hermitian()
    x, scale = beside(V), plain("c", rank=0)
    for made in (add(x, mul(x, scale)), sub(x, mul(scale, x)), add(div(mul(x, scale), 3.0), x)):
        assert phase(made) == "mixed"
        assert phase(one("abs", made)) == "fine"
    assert phase(one("addcmul", x, x, scale)) == "mixed"


def test_a_value_and_another_or_a_multiple_that_moves_do_not() -> None:
    _, V = hermitian()
    x = beside(V)
    assert phase(one("abs", add(x, mul(x, one("sum", V))))) != "fine"
    assert phase(one("abs", add(x, div(plain("c", rank=0), x)))) != "fine"
    assert phase(one("abs", add(x, mul(one("flip", x, (1,)), 2.0)))) != "fine"


def test_the_diagonal_of_a_product_with_the_adjoint_are_squared_norms() -> None:
    _, V = hermitian()
    for x in (beside(V), adjoint(beside(V))):
        product = matmul(x, adjoint(x))
        assert phase(one("trace", product)) == "fine"
        assert phase(one("sum", one("exp", one("diagonal", product)))) == "fine"
    other = matmul(adjoint(beside(V)), beside(V))
    assert phase(one("sum", other)) != "fine"
    assert phase(one("trace", one("exp", other))) != "fine"


def test_the_transpose_of_a_complex_value_is_no_adjoint() -> None:
    _, V = hermitian()
    x = beside(V)
    assert phase(one("trace", matmul(x, transposed(x)))) != "fine"
    _, R = eigh(plain("A", dtype="real"))
    real = one("cat", (R, plain("M")), 0)
    assert phase(one("trace", matmul(real, transposed(real)))) == "fine"


def test_columns_scaled_to_unit_length_have_the_moduli_of_what_was_turned() -> None:
    _, V = eig(plain("A", sizes=(4, 4)))
    turned = gauge.store(V, (ALL, 0), one("neg", at(V, ALL, 0)), here())
    assert order(one("sum", one("abs", one("nn.functional.normalize", turned, dim=-2)))) == "fine"
    assert order(one("sum", one("nn.functional.normalize", turned, dim=-2))) != "fine"
