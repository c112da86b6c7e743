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
    [(0.0, 0.0), *((w, w) for _, w in NODES), *((0.0, -w) for _, w in FEWER)], dtype=torch.float64, device="cpu"
)
"""The weights of the rule with 8 nodes, and of the difference of the two."""

NOISE = 256
"""By how many times its rounding a quotient may differ from the mean of f'; beyond that f jumps between the values."""


def measured(f: Scalar, df: Scalar | None) -> Rule:
    """Return the rule of a function that acts entry by entry on real numbers.

    f[a, b] is the mean of f' between a and b, by quadrature, or (f(a) - f(b)) / (a - b): for each pair, whichever has
    the smaller estimated error. Quadrature is exact to rounding up to gaps at which subtracting loses no more than a
    digit, so that no gap falls between the two.
    """
    slope = df or derivative(f)
    bend = derivative(slope)

    def first(a: Tensor, b: Tensor) -> Tensor:
        return chosen(f, slope, a, b)[0]

    def of_derivative(a: Tensor, b: Tensor) -> Tensor:
        return _mean(bend, a, b)

    def near(high: Tensor, low: Tensor) -> Tensor:
        return chosen(f, slope, high, low)[1].logical_not()

    return Rule(f, first, second_from(first, of_derivative, near), lambda L, X: X * pairs(f, slope, L))


def pairs(f: Scalar, slope: Scalar, L: Tensor) -> Tensor:
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
    values = f(L)
    sizes, rises = values.abs(), _steps(values)
    sizes = sizes + sizes.roll(1, -1)
    return found[..., 0], better(found, rises / gaps, sizes, _steps(L))[0] * gaps


def _steps(x: Tensor) -> Tensor:
    """Return the differences of neighbours, and 0 before the first of them."""
    return x.diff(prepend=x[..., :1])


def pulled(f: Scalar) -> Scalar:
    """Return the derivative without what torch.func takes to find it."""

    def slope(x: Tensor) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            value = f(x)
            if not value.requires_grad:
                return torch.zeros_like(x)
            (found,) = torch.autograd.grad(value, x, torch.ones_like(value), allow_unused=True)
            return torch.zeros_like(x) if found is None else found

    return slope


def derivative(f: Scalar) -> Scalar:
    """Return the derivative of a function that acts entry by entry."""

    def slope(x: Tensor) -> Tensor:
        value, pull = torch.func.vjp(f, x)[:2]
        found: Tensor = pull(torch.ones_like(value))[0]
        return found

    return slope


def chosen(f: Scalar, slope: Scalar, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return f[a, b], and where it is a quotient."""
    at_a, at_b, gap = f(a), f(b), a - b
    return better(slope(points(a, b)), (at_a - at_b) / nonzero(gap), at_a.abs() + at_b.abs(), gap.abs())


def points(a: Tensor, b: Tensor) -> Tensor:
    """Return where f' is sampled between a and b, along a new last axis."""
    return torch.addcmul(a.unsqueeze(-1), (b - a).unsqueeze(-1), POINTS.to(a))


def better(samples: Tensor, quotient: Tensor, size: Tensor, gap: Tensor) -> tuple[Tensor, Tensor]:
    """Return f[a, b], from samples of f' or as a quotient of values of f, whose size is given; and where it is that.

    It is where the rules differ, or where the mean of f' is nothing like the quotient, as f jumps there.
    """
    mean, error = (samples @ WEIGHTS.to(samples)).unbind(-1)
    with torch.no_grad():
        rounding = torch.addcdiv(mean.abs() * 4, size, gap).mul_(torch.finfo(mean.dtype).eps)
        rough = torch.maximum(error.abs(), (mean - quotient).abs_().div_(NOISE)) > rounding  # not so if the gap is 0
    return torch.where(rough, quotient, mean), rough


def _mean(f: Scalar, a: Tensor, b: Tensor) -> Tensor:
    points = torch.stack([a + node * (b - a) for node, _ in NODES])
    weights = torch.tensor([weight for _, weight in NODES], dtype=points.dtype, device=points.device)
    mean: Tensor = torch.tensordot(weights, f(points), 1)
    return mean
