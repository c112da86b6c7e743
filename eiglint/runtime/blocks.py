"""Blocks of equal eigenvalues or singular values, inside which the vectors are free to rotate."""

from __future__ import annotations

import torch
from torch import Tensor

# Values computed by a backward stable solver are off by a few n * eps * |A|; closer than this they count as equal.
_ROUNDINGS = 100


def tolerance(values: Tensor) -> float:
    """Give the relative distance under which two values of this dtype and number are the same to rounding."""
    return _ROUNDINGS * max(values.shape[-1], 1) * torch.finfo(values.dtype).eps


def equal_blocks(values: Tensor, relative: float | None) -> list[list[list[int]]]:
    """List, for each matrix of a batch, the groups of two or more positions whose values are (nearly) equal."""
    relative = tolerance(values) if relative is None else relative
    wide = torch.complex128 if values.is_complex() else torch.float64
    rows = values.detach().to("cpu", wide).reshape(values.shape[:-1].numel(), values.shape[-1])
    found: list[list[list[int]]] = []
    for row in rows:
        if row.numel() < 2 or not bool(torch.isfinite(torch.view_as_real(row) if row.is_complex() else row).all()):
            found.append([])
            continue
        near = (row[:, None] - row[None, :]).abs() <= relative * row.abs().max()
        found.append([group for group in _connected(near) if len(group) > 1])
    return found


def zero_positions(values: Tensor, relative: float | None) -> list[list[int]]:
    """List, for each matrix of a batch, the positions of singular values that are zero to rounding."""
    relative = tolerance(values) if relative is None else relative
    rows = values.detach().to("cpu", torch.float64).reshape(values.shape[:-1].numel(), values.shape[-1])
    return [
        [int(place) for place in torch.nonzero(row <= relative * row.max()).flatten()] if row.numel() else []
        for row in rows
    ]


def _connected(near: Tensor) -> list[list[int]]:
    """Group positions that are linked by a chain of near pairs."""
    left = set(range(len(near)))
    groups = []
    while left:
        group, frontier = set(), {min(left)}
        while frontier:
            group |= frontier
            frontier = {int(j) for i in frontier for j in torch.nonzero(near[i]).flatten()} - group
        left -= group
        groups.append(sorted(group))
    return groups
