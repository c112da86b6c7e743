"""A function of which nothing is known but its values and its derivative, where numbers can be read.

A difference quotient is as good as any closed form where it loses no more than a few roundings of the largest slope.
Most pairs of eigenvalues are that far apart, so that f' is sampled between close ones alone.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from eiglint.linalg.calculus import Factors
from eiglint.linalg.quadrature import NOISE, POINTS, WEIGHTS, Scalar, better, measured, pairs, points, pulled
from eiglint.linalg.spectrum import EPS, Spectral

LOSS = 64
"""How many roundings of the largest slope a quotient may lose."""

FEW = 8
"""How many close pairs for each eigenvalue are sampled one by one; if there are more, neighbours are, for all pairs."""

BETWEEN = torch.stack([1 - POINTS, POINTS])
"""What makes the points between two values of them."""


@dataclass(slots=True)  # not frozen: it is made at every call
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
        return V @ (Vh @ torch.lerp(X, X.mH, 0.5) @ V).mul_(self.differences(L)) @ Vh

    def differences(self, L: Tensor, slopes: Tensor | None = None) -> Tensor:
        """Return f[l_i, l_j] of all pairs of ascending values; `slopes` are f' of the values, if that is known."""
        slope = self.df or pulled(self.f)
        found = _of_one(slope, L, self.values, slopes) if L.ndim == 1 else _of_many(slope, L, self.values, slopes)
        return pairs(self.f, slope, L) if found is None else found

    def second(self, factors: Factors, X: Tensor, Y: Tensor) -> Tensor:
        """Return the second derivative in directions (X + X^H) / 2 and (Y + Y^H) / 2."""
        return Spectral(measured(self.f, self.df)).second(factors, X, Y)


def _of_one(slope: Scalar, L: Tensor, values: Tensor, slopes: Tensor | None) -> Tensor | None:
    """Return the differences of the values of a single matrix, or None if there are more close pairs than few.

    Its numbers are weighed one by one sooner than tensors are made of them.
    """
    at, heights = L.tolist(), values.tolist()
    close = _close(at, heights, EPS[L.dtype])
    if close is None:
        return None
    found = (values.unsqueeze(-1) - values).div_(L.unsqueeze(-1) - L)
    if not close:
        found.diagonal().copy_(slope(L) if slopes is None else slopes)
        return found
    n, m = len(at), len(close)
    ends = _column("d", [at[i] for i, _ in close] + [at[k] for _, k in close]).to(L).view(2, m)
    sampled = slope(torch.cat([L, (ends.mT @ BETWEEN.to(L)).flatten()]))
    slopes, samples = torch.split_with_sizes(sampled, (n, m * len(POINTS)))
    sums: list[tuple[float, float]] = (samples.view(m, -1) @ WEIGHTS.to(L)).tolist()
    means = [_mean(mean, error, at[i], at[k], heights[i], heights[k], EPS[L.dtype])
             for (i, k), (mean, error) in zip(close, sums, strict=True)]  # fmt: skip
    places = [*range(0, n * n, n + 1), *(i * n + k for i, k in close), *(k * n + i for i, k in close)]
    return found.put_(_column("q", places).to(L.device), torch.cat([slopes, _column("d", means * 2).to(L)]))


def _mean(mean: float, error: float, a: float, b: float, u: float, v: float, eps: float) -> float:
    """Return the mean of f' from a to b, or the quotient of the values u and v, as `quadrature.better` does."""
    gap = b - a
    if gap <= 0:
        return mean
    quotient, rounding = (v - u) / gap, (4 * abs(mean) + (abs(u) + abs(v)) / gap) * eps
    return quotient if abs(error) > rounding or abs(mean - quotient) > NOISE * rounding else mean


def _close(at: list[float], heights: list[float], eps: float) -> list[tuple[int, int]] | None:
    """Return the indices i < k of close pairs, or None if there are more than few.

    The steepest step is a slope that f has somewhere; no other step is steeper, so that what lies around a pair that is
    far enough apart is so too.
    """
    steps = zip(at, at[1:], heights, heights[1:], strict=False)
    slopes = [(abs(v - u) - 4 * eps * (abs(u) + abs(v))) / (b - a) for a, b, u, v in steps if a < b]
    allowed = LOSS * max(slopes, default=0.0)
    if not math.isfinite(allowed):
        return None
    sizes = [abs(height) for height in heights]
    n, found = len(at), []
    for i in range(n - 1):
        a, u = at[i], sizes[i]
        for k in range(i + 1, n):
            if u + sizes[k] < allowed * (at[k] - a):
                break
            found.append((i, k))
        if len(found) > FEW * n:
            return None
    return found


def _column(kind: Literal["d", "q"], numbers: list[Any]) -> Tensor:
    """Return a tensor of numbers; `torch.tensor` looks at each of them and takes several times as long."""
    return torch.frombuffer(array(kind, numbers), dtype=torch.float64 if kind == "d" else torch.int64)


def _of_many(slope: Scalar, L: Tensor, values: Tensor, slopes: Tensor | None) -> Tensor | None:
    """Return the same for a stack of matrices."""
    close = _close_of_many(L, values)
    if close is None:
        return None
    found = (values.unsqueeze(-1) - values.unsqueeze(-2)).div_(L.unsqueeze(-1) - L.unsqueeze(-2))
    if not close:
        slopes = slope(L) if slopes is None else slopes
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


def _close_of_many(L: Tensor, values: Tensor) -> tuple[Tensor, ...] | None:
    """Return the indices of close pairs, those of the matrix first, or None if there are more than few; `_close`."""
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
