"""First way to other legal outputs: multiply what the library returned by constants.

`A V = V diag(L)` holds for `V D` with diagonal unitary D, for the pairs in any order, and for `V W` with W unitary
inside blocks of equal L. `A = U S Vh` holds for `U D`, `D^H Vh`; `A = Q R` for `Q D`, `D^H R`. The factors are
constants, so the gradient that flows back is the gradient of the loss in that gauge.
"""

from __future__ import annotations

import torch
from torch import Tensor

from eiglint.runtime import draw
from eiglint.runtime.blocks import equal_blocks, zero_positions
from eiglint.runtime.content import is_batched
from eiglint.runtime.gauge import (
    Gauge,
    Space,
    block_rotations,
    clusters_of_svd,
    column_factors,
    singular_spaces,
)
from eiglint.runtime.kinds import Family

Parts = tuple[Tensor, ...]


def redrawn(family: Family, parts: Parts, matrix: Tensor, gauge: Gauge) -> Parts:
    """Give other outputs that are as good as `parts`."""
    match gauge.action:
        case "phase":
            return _phase(family, parts, matrix, gauge)
        case "order" if family in ("eig", "eigvals"):
            return _order(parts, gauge)
        case "rotation" if not is_batched(matrix):
            return _rotation(family, parts, gauge)
        case "rounding":
            settled = parts if is_batched(matrix) else _spread(family, parts, gauge)
            return tuple(_rounded(part, gauge.key(place)) for place, part in enumerate(settled))
    return parts


def count_clusters(family: Family, parts: Parts, relative: float | None) -> int:
    """Count the blocks in which the vectors are free to rotate."""
    if family == "eigvals":
        return 0
    if family == "qr":
        return int(_extra_columns(parts)[1] > 1) * parts[1].shape[:-2].numel()
    if family == "svd":
        return clusters_of_svd(_spaces(parts, relative))
    return sum(len(groups) for groups in equal_blocks(parts[0], relative))


def _phase(family: Family, parts: Parts, matrix: Tensor, gauge: Gauge) -> Parts:
    rows, columns = matrix.shape[-2:]
    batch = matrix.shape[:-2]
    core = min(rows, columns)
    match family:
        case "eig" | "eigh":
            values, vectors = parts
            return values, vectors * column_factors(gauge, batch, vectors.shape[-1], vectors).unsqueeze(-2)
        case "svd":
            left, values, right = parts
            drawn = column_factors(gauge, batch, rows + columns - core, left)
            own_right = torch.cat([drawn[..., :core], drawn[..., rows:]], -1)[..., : right.shape[-2]]
            own_left = drawn[..., : left.shape[-1]]
            return left * own_left.unsqueeze(-2), values, own_right.conj().unsqueeze(-1) * right
        case "qr":
            q, r = parts
            drawn = column_factors(gauge, batch, rows, r)[..., : r.shape[-2]]
            return q * drawn.unsqueeze(-2) if q.numel() else q, drawn.conj().unsqueeze(-1) * r
    return parts


def _order(parts: Parts, gauge: Gauge) -> Parts:
    values = parts[0]
    rows = values.shape[:-1].numel()
    drawn = draw.orders(gauge.seed, gauge.key(), rows, values.shape[-1])
    return reordered(parts, drawn.reshape(values.shape).to(values.device))


def reordered(parts: Parts, order: Tensor) -> Parts:
    """Put eigenvalues and the columns of their vectors in another order."""
    values = torch.take_along_dim(parts[0], order, -1)
    if len(parts) == 1:
        return (values,)
    return values, torch.take_along_dim(parts[1], order.unsqueeze(-2), -1)


def _rotation(family: Family, parts: Parts, gauge: Gauge) -> Parts:
    if not count_clusters(family, parts, gauge.relative):
        return parts
    match family:
        case "eig" | "eigh":
            values, vectors = parts
            space = Space(values.shape[-1], equal_blocks(values, gauge.relative))
            turn = block_rotations(gauge, space, values.shape[:-1], vectors, "shared")
            return values, rotated(vectors, turn, normal=family == "eigh")
        case "svd":
            left, values, right = parts
            shared, nulls_left, nulls_right = _spaces(parts, gauge.relative)
            batch = values.shape[:-1]
            left = left @ _padded(block_rotations(gauge, shared, batch, left, "shared"), left.shape[-1])
            right = _padded(block_rotations(gauge, shared, batch, right, "shared"), right.shape[-2]).mH @ right
            left = left @ block_rotations(gauge, nulls_left, batch, left, "left")
            return left, values, block_rotations(gauge, nulls_right, batch, right, "right").mH @ right
        case "qr":
            q, r = parts
            size, extra = _extra_columns(parts)
            space = Space(size, [[list(range(size - extra, size))]] * r.shape[:-2].numel())
            turn = block_rotations(gauge, space, r.shape[:-2], r, "extra")
            return q @ turn if q.numel() else q, turn.mH @ r
    return parts


def rotated(vectors: Tensor, turn: Tensor, *, normal: bool) -> Tensor:
    """Mix columns; where they are not orthogonal (eig), bring the mixed ones back to length 1."""
    mixed = vectors @ turn
    if normal:
        return mixed
    touched = turn.diagonal(dim1=-2, dim2=-1) != 1
    length = torch.linalg.vector_norm(mixed, dim=-2, keepdim=True)
    return torch.where(touched.unsqueeze(-2), mixed / length, mixed)


def _spaces(parts: Parts, relative: float | None) -> tuple[Space, Space, Space]:
    left, values, right = parts
    blocks, zeros = equal_blocks(values, relative), zero_positions(values, relative)
    return singular_spaces(blocks, zeros, values.shape[-1], left.shape[-1], right.shape[-2])


def _padded(turn: Tensor, size: int) -> Tensor:
    """Extend a rotation by the identity to more columns."""
    extra = size - turn.shape[-1]
    if not extra:
        return turn
    whole = torch.eye(size, dtype=turn.dtype, device=turn.device).expand(*turn.shape[:-2], size, size).clone()
    whole[..., : turn.shape[-1], : turn.shape[-1]] = turn
    return whole


def _extra_columns(parts: Parts) -> tuple[int, int]:
    """Tell how many columns a complete QR has, and how many of them A does not determine."""
    rows, columns = parts[1].shape[-2:]
    return rows, max(rows - columns, 0)


def _spread(family: Family, parts: Parts, gauge: Gauge) -> Parts:
    """Move equal values about by as much as they differ: a rotation mixes them by that much."""
    place = 1 if family == "svd" else 0
    if family not in ("eig", "eigh", "svd") or not any(blocks := equal_blocks(parts[place], gauge.relative)):
        return parts
    values = parts[place].detach()
    moves = draw.jitter(gauge.key("spread"), (values.shape[:-1].numel(), values.shape[-1])).to(values.device)
    rows = values.reshape(values.shape[:-1].numel(), values.shape[-1])
    for row, groups in enumerate(blocks):
        inside = torch.zeros_like(moves[row])
        for group in groups:
            inside[group] = (rows[row, group] - rows[row, group].mean()).abs().max().to(inside.dtype)
        moves[row] *= inside
    moved = parts[place] + moves.reshape(values.shape).to(values.dtype)
    return (*parts[:place], moved, *parts[place + 1 :])


def _rounded(part: Tensor, key: tuple[object, ...]) -> Tensor:
    """Move each entry by at most one rounding."""
    if not part.numel():
        return part
    noise = draw.jitter(key, tuple(part.shape)).to(part.device, part.real.dtype)
    return part * (1 + torch.finfo(part.dtype).eps * noise)
