"""A function of which nothing is known but its values and its derivative, where numbers can be read.

A difference quotient is as good as any closed form where it loses no more than a few roundings of the largest slope.
Most pairs of eigenvalues are that far apart, so that f' is sampled between close ones alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eiglint.linalg.calculus import Factors
from eiglint.linalg.quadrature import Scalar, better, measured, pairs, points, pulled
from eiglint.linalg.spectrum import EPS, Spectral

LOSS = 64
"""How many roundings of the largest slope a quotient may lose."""

FEW = 8
"""How many close pairs for each eigenvalue are sampled one by one; if there are more, neighbours are, for all pairs."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """V f(L) V^H, where f depends on nothing else that asks for a gradient."""

    f: Scalar
    df: Scalar | None
    values: Tensor

    def value(self, factors: Factors) -> Tensor:
        """Return V f(L) V^H."""
        V, _, Vh = factors
        return (V * (self.values if self.values.ndim == 1 else self.values.unsqueeze(-2))) @ Vh

    def first(self, factors: Factors, X: Tensor) -> Tensor:
        """Return the derivative in direction (X + X^H) / 2."""
        V, L, Vh = factors
        differences = _differences(self.df or pulled(self.f), self.f, L, self.values)
        return V @ (Vh @ torch.lerp(X, X.mH, 0.5) @ V).mul_(differences) @ Vh

    def second(self, factors: Factors, X: Tensor, Y: Tensor) -> Tensor:
        """Return the second derivative in directions (X + X^H) / 2 and (Y + Y^H) / 2."""
        return Spectral(measured(self.f, self.df)).second(factors, X, Y)


def _differences(slope: Scalar, f: Scalar, L: Tensor, values: Tensor) -> Tensor:
    """Return f[l_i, l_j] of all pairs of ascending values."""
    single = L.ndim == 1
    close = _close_of_one(L, values) if single else _close_of_many(L, values)
    if close is None:
        return pairs(f, slope, L)
    run = L.unsqueeze(-1) - (L if single else L.unsqueeze(-2))
    found = values.unsqueeze(-1) - (values if single else values.unsqueeze(-2))
    found.div_(run)
    if not close:
        slopes = slope(L)
    else:
        *stack, i, k = close
        low, high = (*stack, i), (*stack, k)
        a, b = L[low], L[high]
        between = points(a, b)
        sampled = slope(torch.cat([L.flatten(), between.flatten()]))
        slopes, samples = torch.split_with_sizes(sampled, (L.numel(), between.numel()))
        size = values[low].abs() + values[high].abs()
        means = better(samples.view_as(between), found[(*low, k)], size, b - a)[0]
        found[(*low, k)] = means
        found[(*high, i)] = means
    found.diagonal(dim1=-2, dim2=-1).copy_(slopes.view_as(L))
    return found


def _close_of_one(L: Tensor, values: Tensor) -> tuple[Tensor, ...] | None:
    """Return the indices i < k of close pairs of a single matrix, or None if there are more than few.

    Its numbers are seen sooner than tensors are made of them. The steepest step is a slope that f has somewhere; no
    other step is steeper, so that what lies around a pair that is far enough apart is so too.
    """
    at, heights, noise = L.tolist(), values.tolist(), 4 * EPS[L.dtype]
    steps = zip(at, at[1:], heights, heights[1:], strict=False)
    slopes = ((abs(v - u) - noise * (abs(u) + abs(v))) / (b - a) for a, b, u, v in steps if a < b)
    allowed = LOSS * max(slopes, default=0.0)
    if not math.isfinite(allowed):
        return None
    lows: list[int] = []
    highs: list[int] = []
    for i, (a, u) in enumerate(zip(at, heights, strict=True)):
        for k in range(i + 1, len(at)):
            if abs(u) + abs(heights[k]) < allowed * (at[k] - a):
                break
            lows.append(i)
            highs.append(k)
        if len(lows) > FEW * len(at):
            return None
    return tuple(torch.tensor((lows, highs), device=L.device)) if lows else ()


def _close_of_many(L: Tensor, values: Tensor) -> tuple[Tensor, ...] | None:
    """Return the same for a stack of matrices, the indices of the matrix first."""
    sizes, gaps = values.abs(), L.diff()
    rises = values.diff().abs_() - 4 * EPS[L.dtype] * (sizes[..., 1:] + sizes[..., :-1])
    slopes = torch.where(gaps > 0, rises / gaps, 0.0)
    steepest = torch.cat([torch.zeros_like(L[..., :1]), slopes], -1).amax(-1)
    if not steepest.isfinite().all():
        return None
    allowed = (L.unsqueeze(-2) - L.unsqueeze(-1)).mul_(LOSS * steepest[..., None, None])
    apart = sizes.unsqueeze(-1) + sizes.unsqueeze(-2) < allowed
    close = apart.logical_not_().triu_(1).nonzero(as_tuple=True)
    count = len(close[0])
    return None if count > FEW * L.numel() else close if count else ()
