"""Divided differences of a function of which nothing is known but its values and its derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eiglint.linalg.calculus import Factors
from eiglint.linalg.divided import NODES, Rule, nonzero, second_from
from eiglint.linalg.spectrum import Spectral, hermitian

Scalar = Callable[[Tensor], Tensor]

FEWER = (
    (0.03376524289842399, 0.08566224618958517),
    (0.16939530676686774, 0.18038078652406930),
    (0.38069040695840154, 0.23395696728634552),
    (0.61930959304159846, 0.23395696728634552),
    (0.83060469323313226, 0.18038078652406930),
    (0.96623475710157601, 0.08566224618958517),
)
"""The Gauss-Legendre rule with 6 nodes on [0, 1]: what it leaves of the rule with 8 bounds the error of both."""


def measured(f: Scalar, df: Scalar | None) -> Rule:
    """Return the rule of a function that acts entry by entry on real numbers.

    f[a, b] is the mean of f' between a and b, by quadrature, or (f(a) - f(b)) / (a - b): for each pair, whichever has
    the smaller estimated error. Quadrature is exact to rounding up to gaps at which subtracting loses no more than a
    digit, so that no gap falls between the two.
    """
    slope = df or derivative(f)
    bend = derivative(slope)

    def first(a: Tensor, b: Tensor) -> Tensor:
        return _chosen(f, slope, a, b)[0]

    def of_derivative(a: Tensor, b: Tensor) -> Tensor:
        return _mean(bend, a, b)

    def near(high: Tensor, low: Tensor) -> Tensor:
        return _chosen(f, slope, high, low)[1]

    return Rule(f, first, second_from(first, of_derivative, near))


def sampled(f: Scalar, df: Scalar | None) -> Sampled:
    """Return the function of a matrix by `measured`."""
    return Sampled(measured(f, df), f, df or _pulled(f))


@dataclass(frozen=True, slots=True)
class Sampled(Spectral):
    """A function of a matrix whose first derivative samples f' where it must, and no more."""

    f: Scalar
    slope: Scalar

    def first(self, factors: Factors, X: Tensor) -> Tensor:
        """Return the derivative in direction (X + X^H) / 2."""
        V, L, Vh = factors
        return V @ (self._slopes(L) * (Vh @ hermitian(X) @ V)) @ Vh

    def _slopes(self, L: Tensor) -> Tensor:
        """Return f[a, b] of all pairs.

        A quotient loses no digits that count where its numerator is large enough; f' is sampled for the rest, of which
        each pair is taken once.
        """
        values = self.f(L)
        gaps = L.unsqueeze(-1) - L.unsqueeze(-2)
        slopes = (values.unsqueeze(-1) - values.unsqueeze(-2)).div_(nonzero(gaps))
        spread = (L[..., -1:] - L[..., :1]).unsqueeze(-1)
        rise = (values.amax(-1, keepdim=True) - values.amin(-1, keepdim=True)).unsqueeze(-1)
        near = gaps.mul_(rise) <= LOSS * values.abs().amax(-1, keepdim=True).unsqueeze(-1) * spread
        *stack, row, column = near.triu().nonzero(as_tuple=True)
        a, b = L[(*stack, row)], L[(*stack, column)]
        found = _chosen(self.f, self.slope, a, b)[0]
        slopes[(*stack, row, column)] = found
        slopes[(*stack, column, row)] = found
        return slopes


LOSS = 0.25
"""A quotient of values is taken where their size, over the gap, is at most 4 times the slope from end to end."""


def _pulled(f: Scalar) -> Scalar:
    """Return the derivative without what torch.func takes to find it."""

    def slope(x: Tensor) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            value = f(x)
            if not value.requires_grad:
                return torch.zeros_like(x)
            return torch.autograd.grad(value, x, torch.ones_like(value), materialize_grads=True)[0]

    return slope


def derivative(f: Scalar) -> Scalar:
    """Return the derivative of a function that acts entry by entry."""

    def slope(x: Tensor) -> Tensor:
        value, pull = torch.func.vjp(f, x)[:2]
        found: Tensor = pull(torch.ones_like(value))[0]
        return found

    return slope


def _chosen(f: Scalar, slope: Scalar, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return f[a, b], and where it comes from quadrature."""
    at_a, at_b = f(a), f(b)
    by_subtraction = (at_a - at_b) / nonzero(a - b)
    by_quadrature, by_fewer = _means(slope, a, b)
    with torch.no_grad():
        eps = torch.finfo(a.dtype).eps
        error = (by_quadrature - by_fewer).abs()
        rounding = eps * (at_a.abs() + at_b.abs()) / nonzero((a - b).abs())
        smooth = (a == b) | (error <= torch.maximum(rounding, 4 * eps * by_quadrature.abs()))
    return torch.where(smooth, by_quadrature, by_subtraction), smooth


def _means(f: Scalar, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means by either rule, from one call of f."""
    nodes = torch.tensor([node for node, _ in (*NODES, *FEWER)], dtype=a.dtype, device=a.device)
    points = torch.tensordot(nodes.unsqueeze(-1), (b - a).unsqueeze(0), 1) + a
    found = f(points)
    weights = torch.tensor([weight for _, weight in (*NODES, *FEWER)], dtype=found.dtype, device=found.device)
    count = len(NODES)
    return torch.tensordot(weights[:count], found[:count], 1), torch.tensordot(weights[count:], found[count:], 1)


def _mean(f: Scalar, a: Tensor, b: Tensor) -> Tensor:
    points = torch.stack([a + node * (b - a) for node, _ in NODES])
    weights = torch.tensor([weight for _, weight in NODES], dtype=points.dtype, device=points.device)
    mean: Tensor = torch.tensordot(weights, f(points), 1)
    return mean
