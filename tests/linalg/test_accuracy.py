"""Gradients beside those of 90 digits: the error is rounding times the condition of the gradient, at any gap."""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp
import pytest
import torch
from torch import Tensor

from bench.exact import bend, condition, error, exactly, gradient, orthogonal, spectral
from eiglint import linalg
from tests.linalg.matrices import basis, outer, weights, with_values

Pair = tuple[Callable[[Tensor], Tensor], Callable[[mp.matrix], mp.matrix]]
CASES: dict[str, Pair] = {
    "sqrtm": (linalg.sqrtm, spectral(lambda L: [mp.sqrt(x) for x in L])),
    "inv_sqrtm": (linalg.inv_sqrtm, spectral(lambda L: [1 / mp.sqrt(x) for x in L])),
    "logm": (linalg.logm, spectral(lambda L: [mp.log(x) for x in L])),
    "expm": (linalg.expm, spectral(lambda L: [mp.exp(x) for x in L])),
    "powm": (lambda A: linalg.powm(A, 0.3), spectral(lambda L: [x ** mp.mpf(0.3) for x in L])),
    "psd_project": (lambda A: linalg.psd_project(-A), lambda A: spectral(lambda L: [max(x, 0) for x in L])(-A)),
    "funm(sin)": (lambda A: linalg.funm(A, torch.sin), spectral(lambda L: [mp.sin(x) for x in L])),
    "funm(tanh)": (
        lambda A: linalg.funm(A, lambda x: torch.tanh(20 * (x - 1.5))),
        spectral(lambda L: [mp.tanh(20 * (x - mp.mpf(1.5))) for x in L]),
    ),
    "projector": (lambda A: linalg.projector(A, 2), spectral(lambda L: [1, 1, 0])),
    "polar": (linalg.polar, orthogonal),
    "rotation": (linalg.rotation, lambda A: orthogonal(A, proper=True)),
    "rotation, det < 0": (linalg.rotation, lambda A: orthogonal(A, proper=True)),
    "eigh_isolated": (lambda A: outer(linalg.eigh_isolated(A, -1)), spectral(lambda L: [0, 0, L[2]])),
}
GAPS = (1.0, 0.1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-11, 1e-14, 0.0)


def matrix(name: str, gap: float) -> Tensor:
    """Return a matrix with two values that differ by the gap, where nothing but their gap is small."""
    if name == "rotation, det < 0":
        return -with_values((0.4, 2.0, 2.0 + gap)) @ basis(torch.float64, seed=2)
    A = with_values((1.0, 1.0 + gap, 3.0))
    return A @ basis(torch.float64, seed=2) if name in ("polar", "rotation") else A


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", [name for name in CASES if name != "psd_project"])
def test_a_gradient_is_as_exact_as_its_condition_allows_at_any_gap(name: str, dtype: torch.dtype) -> None:
    function, reference = CASES[name]
    for gap in GAPS:
        A = matrix(name, gap).to(dtype).requires_grad_()
        W = weights(A.detach())
        (W * function(A)).sum().backward()
        assert A.grad is not None
        numbers = exactly(A.detach()), exactly(W)
        allowed = 50 * torch.finfo(dtype).eps * max(1.0, condition(reference, *numbers))
        assert error(A.grad, gradient(reference, *numbers)) < allowed, f"gap {gap:g}"


# Of this tanh, f'' as torch differentiates it is 1 - y^2 with y near -1, right to 4e-14 of its largest value.
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CASES if name not in ("psd_project", "funm(tanh)")])
def test_so_is_a_second_derivative(name: str) -> None:
    function, reference = CASES[name]
    for gap in GAPS:
        A = matrix(name, gap).requires_grad_()
        W, X = weights(A.detach()), weights(A.detach(), 3)
        (slope,) = torch.autograd.grad((W * function(A)).sum(), A, create_graph=True)
        (found,) = torch.autograd.grad((X * slope).sum(), A)
        numbers = exactly(A.detach()), exactly(W)
        true, moved = (bend(reference, *numbers, exactly(X), by) for by in (None, exactly(weights(A.detach(), 5))))
        size = mp.mnorm(numbers[0], "f") / mp.mnorm(exactly(weights(A.detach(), 5)), "f")
        allowed = 50 * torch.finfo(A.dtype).eps * max(1.0, float(size * mp.mnorm(moved, "f") / mp.mnorm(true, "f")))
        assert error(found, true) < allowed, f"gap {gap:g}"


@pytest.mark.parametrize("gap", [1.0, 1e-3, 1e-9, 0.0])
def test_the_projection_is_exact_with_values_on_both_sides_of_0(gap: float) -> None:
    A = with_values((-1.0, -1.0 - gap, 2.0)).requires_grad_()
    W = weights(A.detach())
    (W * linalg.psd_project(A)).sum().backward()
    reference = spectral(lambda L: [max(x, 0) for x in L])
    assert A.grad is not None
    assert error(A.grad, gradient(reference, exactly(A.detach()), exactly(W))) < 1e-14


@pytest.mark.parametrize("name", ["sqrtm", "inv_sqrtm", "logm", "expm", "powm", "funm(sin)"])
def test_values_have_all_digits(name: str) -> None:
    function, reference = CASES[name]
    A = with_values((0.5, 0.5, 2.0))
    assert error(function(A), reference(exactly(A))) < 1e-14
