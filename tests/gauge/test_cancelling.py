"""Neighbours in a product that are inverse to one another, and moduli inside powers and logarithms."""

from __future__ import annotations

from tests.gauge.words import adjoint, eig, eigh, matmul, mul, one, phase, plain


def test_an_inverse_beside_its_matrix_cancels_at_either_end() -> None:
    _, V = eig(plain("A", dtype="complex", sizes=(4, 4)))
    back = one("linalg.inv", V)
    for product in (matmul(matmul(back, V), V), matmul(matmul(V, V), back), matmul(V, one("linalg.solve", V, V))):
        assert phase(product) == "carried"
        assert phase(one("abs", product)) == "fine"
    assert phase(one("abs", matmul(matmul(back, one("conj", V)), V))) != "fine"


def test_a_pseudo_inverse_of_more_rows_than_columns_cancels_on_no_side_that_is_not_known() -> None:
    _, V = eigh(plain("H", dtype="complex"))
    tall = matmul(plain("M", dtype="complex", sizes=(6, 4)), V)
    assert phase(one("abs", matmul(matmul(V, tall), one("linalg.pinv", tall)))) != "carried"


def test_moduli_of_roots_are_roots_of_moduli() -> None:
    _, V = eigh(plain("H", dtype="complex"))
    root = one("rsqrt", V)
    assert phase(mul(root, one("conj", root))) == "fine"
    assert phase(one("norm", root)) == "fine"
    assert phase(one("sum", root)).startswith("depends")


def test_the_real_part_of_a_logarithm_is_that_of_a_modulus() -> None:
    _, V = eigh(plain("H", dtype="complex"))
    assert phase(one("Tensor.real", one("log", V))) == "fine"
    assert phase(one("Tensor.imag", one("log", V))) != "fine"
    assert phase(one("Tensor.real", one("log", matmul(V, adjoint(V))))) == "fine"
