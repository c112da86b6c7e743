"""Divided differences of a function of which nothing is known but its values and its derivative."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eiglint.linalg.divided import NODES, Rule, nonzero, second_from

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

POINTS = torch.tensor([0.0, *(t for t, _ in (*NODES, *FEWER))], dtype=torch.float64, device="cpu")
"""A point itself, and the nodes of both rules."""

WEIGHTS = torch.tensor(
    [(0.0, 0.0), *((w, 0.0) for _, w in NODES), *((0.0, w) for _, w in FEWER)], dtype=torch.float64, device="cpu"
)
"""The weights of either rule in a column."""


def measured(f: Scalar, df: Scalar | None, *, plain: bool = False) -> Rule:
    """Return the rule of a function that acts entry by entry on real numbers.

    f[a, b] is the mean of f' between a and b, by quadrature, or (f(a) - f(b)) / (a - b): for each pair, whichever has
    the smaller estimated error. Quadrature is exact to rounding up to gaps at which subtracting loses no more than a
    digit, so that no gap falls between the two. `plain` tells that torch.func is not at work, nor a gradient of f
    asked for: f' costs less then.
    """
    slope = df or derivative(f)
    bend = derivative(slope)
    sampled = df or (_pulled(f) if plain else slope)

    def first(a: Tensor, b: Tensor) -> Tensor:
        return _chosen(f, slope, a, b)[0]

    def of_derivative(a: Tensor, b: Tensor) -> Tensor:
        return _mean(bend, a, b)

    def near(high: Tensor, low: Tensor) -> Tensor:
        return _chosen(f, slope, high, low)[1]

    return Rule(f, first, second_from(first, of_derivative, near), lambda L: _pairs(f, sampled, L))


def _pairs(f: Scalar, slope: Scalar, L: Tensor) -> Tensor:
    """Return f[l_i, l_j] of all pairs of ascending values, from f' between neighbours alone.

    f[a, c] (c - a) = f[a, b] (b - a) + f[b, c] (c - b). Each sum starts at its own l_i: a difference of two sums from
    the first value would lose what a difference of two values of f loses.
    """
    least = torch.finfo(L.dtype).tiny / torch.finfo(L.dtype).eps  # stands for a gap of 0: a mean over it is f'
    gaps = _steps(L).clamp(min=least)
    slopes, rises = _neighbours(f, slope, L, gaps)
    steps = torch.stack([rises, gaps]).unsqueeze(-2)
    rise, run = steps.expand(*steps.shape[:-2], L.shape[-1], -1).triu(1).cumsum(-1).unbind()
    above = rise / run.clamp(min=least)
    return (above + above.mT).diagonal_scatter(slopes, 0, -2, -1)


def _neighbours(f: Scalar, slope: Scalar, L: Tensor, gaps: Tensor) -> tuple[Tensor, Tensor]:
    """Return f' of all values, and the rise of f to each value from the one before it, a gap away."""
    found = slope(torch.addcmul(L.unsqueeze(-1), gaps.unsqueeze(-1), POINTS.to(L), value=-1))
    by_quadrature, by_fewer = ((found @ WEIGHTS.to(found)) * gaps.unsqueeze(-1)).unbind(-1)
    values = f(L)
    with torch.no_grad():
        rounding = torch.add(values.abs(), by_quadrature.abs(), alpha=4).mul_(2 * torch.finfo(L.dtype).eps)
        rough = (by_quadrature - by_fewer).abs_() > rounding
    return found[..., 0], torch.where(rough, _steps(values), by_quadrature)


def _steps(x: Tensor) -> Tensor:
    """Return the differences of neighbours, and 0 before the first of them."""
    return x.diff(prepend=x[..., :1])


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
    found = f(torch.addcmul(a.unsqueeze(-1), (b - a).unsqueeze(-1), POINTS.to(a)))
    by_eight, by_fewer = (found @ WEIGHTS.to(found)).unbind(-1)
    return by_eight, by_fewer


def _mean(f: Scalar, a: Tensor, b: Tensor) -> Tensor:
    points = torch.stack([a + node * (b - a) for node, _ in NODES])
    weights = torch.tensor([weight for _, weight in NODES], dtype=points.dtype, device=points.device)
    mean: Tensor = torch.tensordot(weights, f(points), 1)
    return mean
