"""Divided differences of a function of which nothing is known but its values and its derivative."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eiglint.linalg.divided import NODES, Rule, nonzero, ordered

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

    def second(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        high, middle, low = ordered(a, b, c)
        far = (first(high, middle) - first(middle, low)) / nonzero(high - low)
        close = torch.zeros_like(far)
        for node, weight in NODES:
            ends = low + node * (middle - low), low + node * (high - low)
            close = close + weight * node * _mean(bend, *ends, NODES)
        return torch.where(_chosen(f, slope, high, low)[1], close, far)

    return Rule(f, first, second)


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
    by_quadrature = _mean(slope, a, b, NODES)
    with torch.no_grad():
        eps = torch.finfo(a.dtype).eps
        error = (by_quadrature - _mean(slope, a, b, FEWER)).abs()
        rounding = eps * (at_a.abs() + at_b.abs()) / nonzero((a - b).abs())
        smooth = (a == b) | (error <= torch.maximum(rounding, 4 * eps * by_quadrature.abs()))
    return torch.where(smooth, by_quadrature, by_subtraction), smooth


def _mean(f: Scalar, a: Tensor, b: Tensor, nodes: tuple[tuple[float, float], ...]) -> Tensor:
    points = torch.stack([a + node * (b - a) for node, _ in nodes])
    weights = torch.tensor([weight for _, weight in nodes], dtype=points.dtype, device=points.device)
    mean: Tensor = torch.tensordot(weights, f(points), 1)
    return mean
