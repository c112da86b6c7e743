"""One draw of the freedom that a decomposition leaves, and how it acts on vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from eiglint.runtime import draw

Symmetry = Literal["phase", "order", "rotation"]
Action = Literal["phase", "order", "rotation", "rounding", "nothing"]


class Gauge(NamedTuple):
    """What fixes the draw for one matrix: the seed, the how-manieth matrix it is, the columns met before it."""

    action: Action
    seed: int
    ordinal: int
    start: int
    relative: float | None = None

    def key(self, *more: object) -> tuple[object, ...]:
        """Name a random draw of this gauge."""
        return (self.action, self.seed, self.ordinal, *more)


class Space(NamedTuple):
    """The columns of one kind in each matrix of a batch, grouped: inside a group they may be mixed."""

    size: int
    groups: Sequence[Sequence[Sequence[int]]]


def column_factors(gauge: Gauge, batch: Sequence[int], count: int, like: Tensor) -> Tensor:
    """Draw a sign (real vectors) or a phase (complex vectors) for each column of each matrix."""
    rows = math.prod(batch)
    if like.is_complex():
        drawn = draw.phases(gauge.key(), (rows, count))
    else:
        drawn = draw.signs(gauge.seed, gauge.start, rows, count)
    return drawn.reshape(*batch, count).to(like.device, like.dtype)


def block_rotations(gauge: Gauge, space: Space, batch: Sequence[int], like: Tensor, name: str) -> Tensor:
    """Draw an identity with an orthogonal or unitary matrix in the place of each group, by Haar measure."""
    wide = torch.complex128 if like.is_complex() else torch.float64
    matrices = []
    for row, groups in enumerate(space.groups):
        matrix = torch.eye(space.size, dtype=wide, device="cpu")
        for group in groups:
            if len(group) == 1 and not like.is_complex():
                matrix[group[0], group[0]] = -1  # a coin would leave the sign as it is half of the time
                continue
            places = torch.tensor(list(group), device="cpu")
            key = gauge.key(name, row, tuple(group))
            matrix[places[:, None], places[None, :]] = draw.haar(key, len(group), wide)
        matrices.append(matrix)
    return stacked(matrices, batch, space.size).to(like.device, like.dtype)


def stacked(matrices: Sequence[Tensor], batch: Sequence[int], size: int) -> Tensor:
    """Put the square matrices of a batch together."""
    if not matrices:
        return torch.zeros(*batch, size, size, device="cpu")
    return torch.stack(list(matrices)).reshape(*batch, size, size)


def singular_spaces(
    blocks: Sequence[Sequence[Sequence[int]]], zeros: Sequence[Sequence[int]], core: int, left: int, right: int
) -> tuple[Space, Space, Space]:
    """Sort the columns of an svd: blocks that U and V share, and the null spaces that they do not share.

    A single null vector turns against its partner on one side only; alone it has a phase and no block.
    """
    shared, nulls_left, nulls_right = [], [], []
    for groups, zero in zip(blocks, zeros, strict=True):
        shared.append([group for group in groups if not set(group) & set(zero)])
        null = [*zero, *range(core, left)]
        nulls_left.append([null] if len(null) > 1 else [])
        null = [*zero, *range(core, right)]
        nulls_right.append([null] if zero or len(null) > 1 else [])
    return Space(core, shared), Space(left, nulls_left), Space(right, nulls_right)


def clusters_of_svd(spaces: tuple[Space, Space, Space]) -> int:
    """Count blocks; a null space counts once, whichever side has it."""
    shared, left, right = spaces
    nulls = sum(1 for a, b in zip(left.groups, right.groups, strict=True) if a or b)
    return sum(len(groups) for groups in shared.groups) + nulls
