"""Hold runs against each other: still, moved, or moved no further than rounding moves them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

Outcome = Literal["still", "moved", "unsettled"]

# Measured on torch 2.13, CPU: invariant losses spread up to 5e-14 (float64) and 8e-8 (float32), their gradients up to
# 5e-14 and 4e-7; dependent ones 1e-3 to 1. What a program amplifies beyond that, the runs under rounding measure.
_ROUNDINGS = 200
_SMALLEST = 1e-12
_GRADIENT = 5.0
_COARSEST = 0.05
_LIKE_ROUNDING = 30.0
_BEYOND_ROUNDING = 200.0
_UNSTABLE = 1e-3


class Deviation(NamedTuple):
    """How far something moved, relative to its largest entry, and how far rounding alone moves it."""

    outcome: Outcome
    relative: float
    rounding: float


def floor_of(dtypes: Sequence[torch.dtype], *, gradient: bool) -> float:
    """Give the relative deviation that is rounding in any case, by the coarsest dtype in play."""
    eps = max((torch.finfo(dtype).eps for dtype in dtypes if dtype.is_floating_point or dtype.is_complex), default=0.0)
    return min(max(_ROUNDINGS * eps, _SMALLEST) * (_GRADIENT if gradient else 1.0), _COARSEST)


def distance(first: Tensor, second: Tensor) -> float:
    """Measure the largest difference; equal NaNs and infinities do not count, others are infinitely far."""
    if first.shape != second.shape:
        return float("inf")
    first, second = _wide(first), _wide(second)
    odd = ~(torch.isfinite(first) & torch.isfinite(second))
    same = (first == second) | (torch.isnan(first) & torch.isnan(second))
    if bool((odd & ~same).any()):
        return float("inf")
    gap = torch.where(odd, torch.zeros_like(first), first - second).abs()
    return float(gap.max()) if gap.numel() else 0.0


def magnitude(tensor: Tensor) -> float:
    """Give the largest finite absolute value."""
    wide = _wide(tensor)
    size = wide.abs()[torch.isfinite(wide)]
    return float(size.max()) if size.numel() else 0.0


def is_blank(tensor: Tensor) -> bool:
    """Tell whether a tensor has entries and none of them is finite."""
    return bool(tensor.numel()) and not bool(torch.isfinite(_wide(tensor)).any())


def settle(base: Tensor, draws: Sequence[Tensor], rounded: Sequence[Tensor], floor: float, natural: float) -> Deviation:
    """Judge one tensor. `natural` is the size of the numbers it was made from: far below, it is a rounded zero."""
    own = max(magnitude(tensor) for tensor in (base, *draws))
    moved = max((distance(base, other) for other in draws), default=0.0)
    noise = max((distance(base, other) for other in rounded), default=0.0)
    if own == 0.0 and moved == 0.0 and noise == 0.0:
        return Deviation("still", 0.0, 0.0)
    if own <= floor * natural and noise >= _UNSTABLE * own and moved < float("inf"):
        return Deviation("still", 0.0, 0.0)
    scale = own or 1.0
    return Deviation(_outcome(moved, noise, own, floor), moved / scale, noise / scale)


def _outcome(moved: float, noise: float, own: float, floor: float) -> Outcome:
    stable = noise <= _UNSTABLE * own
    if moved <= floor * own or moved <= _LIKE_ROUNDING * noise:
        return "still" if stable else "unsettled"
    if moved == float("inf"):  # numbers that turn into NaN: rounding that moves them much may do the same
        return "moved" if stable else "unsettled"
    return "moved" if moved > _BEYOND_ROUNDING * noise else "unsettled"


def together(deviations: Sequence[Deviation]) -> Deviation:
    """Sum up several tensors: one that moved decides, then one that is unsettled."""
    if not deviations:
        return Deviation("still", 0.0, 0.0)
    worst = max((deviation.outcome for deviation in deviations), key=("still", "unsettled", "moved").index)
    chosen = [deviation for deviation in deviations if deviation.outcome == worst]
    return Deviation(
        worst, max(deviation.relative for deviation in chosen), max(deviation.rounding for deviation in chosen)
    )


def _wide(tensor: Tensor) -> Tensor:
    plain = tensor.detach().resolve_conj().resolve_neg()
    return plain.to(torch.complex128 if plain.is_complex() else torch.float64)
