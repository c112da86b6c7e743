"""Divided differences of the functions that the library knows, stable however close the values are.

f[a, b] = (f(a) - f(b)) / (a - b), which is f'(a) for equal values, and f[a, b, c] is the divided difference of f[a, .].
Nothing here subtracts values of f that are nearly equal, so no gap is too small and none is too large. Each form costs
as few operations as it can: what depends on one value alone is computed before the values are paired, and no gradient
is ever taken through it, so that fresh tensors are overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

NODES = (
    (0.01985507175123188, 0.05061426814518813),
    (0.10166676129318664, 0.11119051722668724),
    (0.2372337950418355, 0.15685332293894363),
    (0.4082826787521751, 0.18134189168918100),
    (0.5917173212478249, 0.18134189168918100),
    (0.7627662049581645, 0.15685332293894363),
    (0.8983332387068134, 0.11119051722668724),
    (0.9801449282487681, 0.05061426814518813),
)
"""The Gauss-Legendre rule with 8 nodes on [0, 1]: node, weight (Golub and Welsch 1969)."""


class Rule(NamedTuple):
    """A function of a real number with its first and second divided differences, entry by entry."""

    value: Callable[[Tensor], Tensor]
    first: Callable[[Tensor, Tensor], Tensor]
    second: Callable[[Tensor, Tensor, Tensor], Tensor]
    weigh: Callable[[Tensor, Tensor], Tensor]
    """Of ascending values l and a matrix X return X_ij f[l_i, l_j]; X is overwritten where that is cheaper."""


def paired(
    value: Callable[[Tensor], Tensor],
    first: Callable[[Tensor, Tensor], Tensor],
    second: Callable[[Tensor, Tensor, Tensor], Tensor],
) -> Rule:
    """Return a rule that weighs pair by pair."""
    return Rule(value, first, second, lambda L, X: X * first(L.unsqueeze(-1), L.unsqueeze(-2)))


def sums(x: Tensor) -> Tensor:
    """Return x_i + x_j of all pairs."""
    return x.unsqueeze(-1) + (x if x.ndim == 1 else x.unsqueeze(-2))


def ordered(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Sort three tensors entry by entry, the largest first."""
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    return torch.maximum(high, c), torch.maximum(low, torch.minimum(high, c)), torch.minimum(low, c)


def nonzero(x: Tensor) -> Tensor:
    """Put 1 where x is 0, for a quotient that another one replaces there."""
    return torch.where(x == 0, torch.ones_like(x), x)


# Square roots: nothing to subtract at all (Higham, Functions of Matrices, section 6.1).


def _sqrt_second(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    x, y, z = a.sqrt(), b.sqrt(), c.sqrt()
    return -1 / ((x + y) * (y + z) * (z + x))


def _sqrt_weigh(L: Tensor, X: Tensor) -> Tensor:
    return X.div_(sums(L.sqrt()))


def _inv_sqrt_first(a: Tensor, b: Tensor) -> Tensor:
    x, y = a.sqrt(), b.sqrt()
    return (x * y).mul_(x + y).reciprocal_().neg_()


def _inv_sqrt_weigh(L: Tensor, X: Tensor) -> Tensor:
    roots = L.sqrt().neg_()
    return X.div_(roots.unsqueeze(-1) * roots.unsqueeze(-2)).div_(sums(roots))


def _inv_sqrt_second(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    x, y, z = a.sqrt(), b.sqrt(), c.sqrt()
    return (x + y + z) / (x * y * z * (x + y) * (y + z) * (z + x))


def _inverse_weigh(L: Tensor, X: Tensor) -> Tensor:
    return X.div_(L.unsqueeze(-1)).div_(-L.unsqueeze(-2))


SQRT = Rule(torch.sqrt, lambda a, b: (a.sqrt() + b.sqrt()).reciprocal_(), _sqrt_second, _sqrt_weigh)
INV_SQRT = Rule(torch.rsqrt, _inv_sqrt_first, _inv_sqrt_second, _inv_sqrt_weigh)
INVERSE = Rule(torch.reciprocal, lambda a, b: -1 / (a * b), lambda a, b, c: 1 / (a * b * c), _inverse_weigh)


# Exponential, logarithm, powers: expm1 and log1p take the difference of the values before it rounds. Each form is seen
# from the larger or from the smaller of the two values. For all pairs of ascending ones it is computed as seen from the
# row, which is right in one triangle. In the other the step is clamped to none, which leaves f' of the row: as f' is
# monotonic, one of maximum and minimum picks the right triangle for both.


def exp_first(a: Tensor, b: Tensor) -> Tensor:
    """Return the divided difference of exp: that of the larger value times the mean of exp over what is below it."""
    step = (a - b).abs_().neg_().clamp(max=-_tiny(a))
    return torch.expm1(step).div_(step).mul_(torch.maximum(a.exp(), b.exp()))


def _exp_weigh(L: Tensor, X: Tensor) -> Tensor:
    step = (L.unsqueeze(-2) - L.unsqueeze(-1)).clamp_(max=-_tiny(L))
    slopes = torch.expm1(step).div_(step).mul_(L.exp().unsqueeze(-1))
    return X.mul_(torch.maximum(slopes, slopes.mT))


def log_first(a: Tensor, b: Tensor) -> Tensor:
    """Return the divided difference of log."""
    low = torch.minimum(a, b)
    step = (a - b).abs_().div_(low).clamp(min=_tiny(a))
    return torch.log1p(step).div_(step).div_(low)


def _log_weigh(L: Tensor, X: Tensor) -> Tensor:
    low = L.unsqueeze(-1)
    step = (L.unsqueeze(-2) - low).div_(low).clamp_(min=_tiny(L))
    slopes = torch.log1p(step).div_(step).div_(low)
    return X.mul_(torch.maximum(slopes, slopes.mT))


def power_first(a: Tensor, b: Tensor, p: float) -> Tensor:
    """Return the divided difference of x^p for positive p, seen from the larger value; 0 is allowed if p > 1."""
    least = torch.finfo(a.dtype).tiny
    a, b = a.clamp(min=least), b.clamp(min=least)
    step = (a - b).abs_().neg_().div_(torch.maximum(a, b)).clamp(max=-_tiny(a))
    slope = (torch.minimum if p < 1 else torch.maximum)(a ** (p - 1), b ** (p - 1))
    return torch.log1p(step).mul_(p).expm1_().div_(step).mul_(slope)


def inverse_power_first(a: Tensor, b: Tensor, p: float) -> Tensor:
    """Return the divided difference of x^p for negative p, seen from the smaller value."""
    low = torch.minimum(a, b)
    step = (a - b).abs_().div_(low).clamp(min=_tiny(a))
    return torch.log1p(step).mul_(p).expm1_().div_(step).mul_(torch.maximum(a ** (p - 1), b ** (p - 1)))


def _power_weigh(L: Tensor, X: Tensor, p: float) -> Tensor:
    if p > 1:
        L = L.clamp(min=torch.finfo(L.dtype).tiny)
    row, tiny = L.unsqueeze(-1), _tiny(L)
    step = (L.unsqueeze(-2) - row).div_(row)
    if 0 < p < 1:  # the power of a ratio cannot overflow: right as seen from either value
        step = step.add_(tiny)
    else:
        step = step.clamp_(max=-tiny) if p > 0 else step.clamp_(min=tiny)
    slopes = torch.log1p(step).mul_(p).expm1_().div_(step).mul_((L ** (p - 1)).unsqueeze(-1))
    if 0 < p < 1:
        return X.mul_(slopes)
    return X.mul_((torch.maximum if p > 0 else torch.minimum)(slopes, slopes.mT))


def _tiny(x: Tensor) -> float:
    """Return a relative gap below all that two numbers can have, which stands for 0 in a quotient."""
    eps: float = torch.finfo(x.dtype).eps
    return eps * eps


def second_from(first: Callable[[Tensor, Tensor], Tensor], of_derivative: Callable[[Tensor, Tensor], Tensor],
                near: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor, Tensor], Tensor]:  # fmt: skip
    """Return f[a, b, c] from f[a, b] and f'[a, b].

    Far apart it is the divided difference of f[., b]; near by, the integral of t f'[a + t (b - a), a + t (c - a)] over
    [0, 1] (Hermite and Genocchi).
    """

    def second(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        high, middle, low = ordered(a, b, c)
        far = (first(high, middle) - first(middle, low)) / nonzero(high - low)
        close = torch.zeros_like(far)
        for node, weight in NODES:
            close = close + weight * node * of_derivative(low + node * (middle - low), low + node * (high - low))
        return torch.where(near(high, low), close, far)

    return second


def _comparable(high: Tensor, low: Tensor) -> Tensor:
    return high - low < 0.5 * low


EXP = Rule(torch.exp, exp_first, second_from(exp_first, exp_first, lambda high, low: high - low < 1), _exp_weigh)
LOG = Rule(torch.log, log_first, second_from(log_first, INVERSE.first, _comparable), _log_weigh)


def power(p: float) -> Rule:
    """Return the rule of x^p for positive x."""

    def first(a: Tensor, b: Tensor) -> Tensor:
        return (power_first if p > 0 else inverse_power_first)(a, b, p)

    def of_derivative(a: Tensor, b: Tensor) -> Tensor:
        return p * (power_first if p > 1 else inverse_power_first)(a, b, p - 1)

    second = second_from(first, of_derivative, _comparable)
    return Rule(lambda x: x**p, first, second, lambda L, X: _power_weigh(L, X, p))


# Functions with a kink or a jump: it lies between two values or it does not.


def clamped(least: float) -> Rule:
    """Return the rule of max(x, least); its derivative at the kink itself is taken as 0."""

    def first(a: Tensor, b: Tensor) -> Tensor:
        a, b = (a - least, b - least) if least else (a, b)
        return (a.relu() + b.relu()).div_(sizes(a) + sizes(b))

    def weigh(L: Tensor, X: Tensor) -> Tensor:
        L = L - least if least else L
        return X.mul_(sums(L.relu()).div_(sums(sizes(L))))

    def second(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        high, middle, low = ordered(a, b, c)
        one = (high - least) / nonzero((high - middle) * (high - low))
        two = (least - low) / nonzero((high - low) * (middle - low))
        none = torch.zeros_like(one)
        bent = torch.where(middle > least, two, torch.where(high > least, one, none))
        return torch.where(low > least, none, bent)

    return Rule((lambda x: x.clamp(min=least)) if least else torch.relu, first, second, weigh)


def sizes(x: Tensor) -> Tensor:
    """Return |x|, and for 0 a number that it may be divided by."""
    return x.abs().clamp_(min=torch.finfo(x.dtype).tiny)


def floored(rule: Rule, least: float) -> Rule:
    """Return the rule of f(max(x, least)), by the chain rule of divided differences."""
    clamp = clamped(least)

    def first(a: Tensor, b: Tensor) -> Tensor:
        return rule.first(clamp.value(a), clamp.value(b)) * clamp.first(a, b)

    def second(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        x, y, z = clamp.value(a), clamp.value(b), clamp.value(c)
        bent = rule.second(x, y, z) * clamp.first(a, b) * clamp.first(a, c)
        return bent + rule.first(y, z) * clamp.second(a, b, c)

    def weigh(L: Tensor, X: Tensor) -> Tensor:
        return rule.weigh(clamp.value(L), clamp.weigh(L, X))

    return Rule(lambda x: rule.value(clamp.value(x)), first, second, weigh)


def _step_first(a: Tensor, b: Tensor) -> Tensor:
    high, low = torch.maximum(a, b), torch.minimum(a, b)
    return torch.where((low < 0) & (high > 0), -1 / nonzero(high - low), torch.zeros_like(high))


def _step_second(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    high, middle, low = ordered(a, b, c)
    one = 1 / nonzero((middle - low) * (high - low))
    two = -1 / nonzero((high - low) * (high - middle))
    across = torch.where(middle < 0, two, one)
    return torch.where((low < 0) & (high > 0), across, torch.zeros_like(across))


BELOW = paired(lambda x: torch.where(x.isnan(), x, (x < 0).to(x.dtype)), _step_first, _step_second)
"""1 below 0 and 0 above it; NaN for NaN."""


def _hit_first(a: Tensor, b: Tensor) -> Tensor:
    return torch.where((a == 0) ^ (b == 0), -1 / nonzero(a + b), torch.zeros_like(a + b))


def _hit_second(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    hits = (a == 0).long() + (b == 0).long() + (c == 0).long()
    one = 1 / (nonzero(a) * nonzero(b) * nonzero(c))
    two = -1 / nonzero((a + b + c) ** 2)
    return torch.where(hits == 1, one, torch.where(hits == 2, two, torch.zeros_like(one)))


HIT = paired(lambda x: torch.where(x.isnan(), x, (x == 0).to(x.dtype)), _hit_first, _hit_second)
"""1 at 0 and 0 elsewhere; NaN for NaN."""
