"""Second, independent way to other legal outputs: decompose a rotated matrix and rotate back.

`Q A Q^H` has the eigenvalues of A and the eigenvectors `Q V`; `Q1 A Q2^H` has the singular vectors `Q1 U`, `Q2 V`;
`Q A` has the factor `Q Q_A`. The library then picks signs, phases, order and the basis of each block by itself. What
is not under test is aligned with what the library returned for A: the order unless order is drawn, blocks unless
rotation is drawn, single columns unless phase is drawn. For qr of complex matrices only signs change, because the
library keeps the diagonal of R real; likewise real columns of eig stay real, and the two of a conjugate pair stay
neighbours. The order changes only as far as the solver changes it: where it does not, the answer is "stuck".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from eiglint.runtime import draw
from eiglint.runtime.blocks import equal_blocks, zero_positions
from eiglint.runtime.gauge import Gauge, Space, singular_spaces, stacked
from eiglint.runtime.kinds import Request, read
from eiglint.runtime.multiply import Parts, reordered, rotated

_ROUNDINGS = 8  # a backward stable solver answers for a matrix that is a few eps * |A| away


def redecomposed(request: Request, matrix: Tensor, gauge: Gauge) -> tuple[Parts, bool]:
    """Decompose a rotated matrix, rotate back, undo what is not under test; tell whether the order got stuck."""
    with torch.no_grad():
        base = tuple(part.detach() for part in read(request.kind, request.run(matrix.detach()))[0])
    family = request.kind.family
    parts = _turned_back(request, matrix, gauge)
    match family:
        case "qr":
            return parts, False
        case "svd":
            return _aligned_svd(parts, base, gauge), False
        case "eigh":
            return _aligned(parts, base, gauge, normal=True), False
    order = _matching(parts[0], base[0])
    parts = reordered(parts, order)
    if family == "eig":
        parts = _aligned(parts, base, gauge, normal=False)
    if gauge.action != "order":
        return parts, False
    return reordered(parts, torch.argsort(order, -1)), not _moves(order)


def _turned_back(request: Request, matrix: Tensor, gauge: Gauge) -> Parts:
    family = request.kind.family
    rows, columns = matrix.shape[-2:]
    left = _ordering_turn(gauge, matrix) if gauge.action == "order" and rows else _turn(gauge, "left", rows, matrix)
    right = _turn(gauge, "right", columns, matrix) if family == "svd" else left
    if gauge.action == "rounding":
        turned = _hermitian(request, matrix) + _noise(request, matrix, gauge)
        left, right = (torch.eye(size, dtype=matrix.dtype, device=matrix.device) for size in (rows, columns))
    elif family == "qr":
        turned = left @ matrix
    else:
        turned = left @ _hermitian(request, matrix) @ right.mH
    parts, _ = read(request.kind, request.run(turned))
    match family:
        case "eigvals":
            return parts
        case "eig" | "eigh":
            return parts[0], left.mH.to(parts[1].dtype) @ parts[1]
        case "svd":
            return left.mH @ parts[0], parts[1], parts[2] @ right
        case "qr":
            return (left.mH @ parts[0] if parts[0].numel() else parts[0]), parts[1]


def _turn(gauge: Gauge, name: str, size: int, matrix: Tensor) -> Tensor:
    """Draw Q. Seeds 2m and 2m+1 share it with opposite sign, which flips every vector between them."""
    pair, flip = divmod(gauge.seed, 2)
    if size == 0:
        return torch.eye(0, dtype=matrix.dtype, device=matrix.device)
    turns = draw.haar(("turn", pair, gauge.ordinal, name), size, matrix.dtype, tuple(matrix.shape[:-2]))
    return (-turns if flip else turns).to(matrix.device, matrix.dtype)


def _ordering_turn(gauge: Gauge, matrix: Tensor) -> Tensor:
    """Build the Q that makes `Q A Q^H` triangular with its eigenvalues in another order (Schur).

    The solver then finds them in that order. For a real A the two of a conjugate pair share a block, and Q is real.
    """
    size = matrix.shape[-1]
    with torch.no_grad():
        values, vectors = torch.linalg.eig(matrix.detach())
    turns = []
    for row, (value, vector) in enumerate(zip(_rows(values, 1), _rows(vectors, 2), strict=True)):
        if matrix.is_complex():
            units = [vector[:, place : place + 1] for place in range(size)]
        else:
            units = [
                torch.stack([column.real, column.imag], -1) if entry.imag else column.real.unsqueeze(-1)
                for entry, column in zip(value, vector.mT, strict=True)
                if entry.imag >= 0
            ]
        order = draw.orders(gauge.seed, gauge.key(row), 1, len(units))[0].tolist()
        turns.append(torch.linalg.qr(torch.cat([units[place] for place in order], -1)).Q.mH)
    return stacked(turns, matrix.shape[:-2], size).to(matrix.device, matrix.dtype)


def _rows(tensor: Tensor, own: int) -> Tensor:
    """Lay the matrices (own = 2) or vectors (own = 1) of a batch in one row."""
    return tensor.reshape(tensor.shape[:-own].numel(), *tensor.shape[-own:])


def _hermitian(request: Request, matrix: Tensor) -> Tensor:
    """Mirror the triangle that eigh reads, and let the gradient through as eigh does: as if A were Hermitian."""
    if request.kind.family != "eigh":
        return matrix
    value = matrix.detach()
    half = value.triu(1) if request.upper else value.tril(-1)
    whole = half + half.mH + torch.diag_embed(value.diagonal(dim1=-2, dim2=-1).real).to(matrix.dtype)
    return matrix + (whole - value)


def _noise(request: Request, matrix: Tensor, gauge: Gauge) -> Tensor:
    size = tuple(matrix.shape)
    noise = draw.jitter(gauge.key("input"), size).to(matrix.device, matrix.real.dtype).to(matrix.dtype)
    if request.kind.family == "eigh":
        noise = (noise + noise.mH) / 2
    scale: Tensor = torch.linalg.matrix_norm(matrix.detach(), keepdim=True) / math.sqrt(max(matrix.shape[-1], 1))
    return noise * scale * (_ROUNDINGS * torch.finfo(matrix.dtype).eps)


def _matching(values: Tensor, base: Tensor) -> Tensor:
    """Pair each eigenvalue of A with the nearest one found, each taken once."""
    rows = []
    for found, wanted in zip(_flat(values), _flat(base), strict=True):
        free = list(range(len(found)))
        row = []
        for value in wanted:
            nearest = min(free, key=lambda place: abs(found[place] - value))
            free.remove(nearest)
            row.append(nearest)
        rows.append(row)
    return torch.tensor(rows, dtype=torch.int64, device="cpu").reshape(values.shape).to(values.device)


def _flat(values: Tensor) -> list[list[complex]]:
    found: list[list[complex]] = values.detach().reshape(values.shape[:-1].numel(), values.shape[-1]).cpu().tolist()
    return found


def _moves(order: Tensor) -> bool:
    places = order.shape[-1]
    return places < 2 or not torch.equal(order, torch.arange(places, device=order.device).expand_as(order))


def _aligned(parts: Parts, base: Parts, gauge: Gauge, *, normal: bool) -> Parts:
    values, vectors = parts
    space = Space(values.shape[-1], equal_blocks(base[0], gauge.relative))
    turn = _alignment([(vectors.detach(), base[1])], space, gauge, normal=normal)
    return values, rotated(vectors, turn, normal=normal)


def _aligned_svd(parts: Parts, base: Parts, gauge: Gauge) -> Parts:
    left, values, right = parts
    size, own = values.shape[-1], [left.detach(), right.detach().mH]
    theirs = [base[0], base[2].mH]
    blocks, zeros = equal_blocks(base[1], gauge.relative), zero_positions(base[1], gauge.relative)
    shared, nulls_left, nulls_right = singular_spaces(blocks, zeros, size, own[0].shape[-1], own[1].shape[-1])
    pairs = [(mine[..., :size], other[..., :size]) for mine, other in zip(own, theirs, strict=True)]
    joint = _alignment(pairs, shared, gauge, normal=True)
    turns = []
    for mine, other, space in zip(own, theirs, (nulls_left, nulls_right), strict=True):
        alone = _alignment([(mine, other)], space, gauge, normal=True)
        turns.append(_merged(joint, alone, space, size))
    return left @ turns[0], values, turns[1].mH @ right


def _merged(joint: Tensor, alone: Tensor, space: Space, core: int) -> Tensor:
    """Take null vectors and extra columns from the alignment of one side, all others from that of both."""
    whole = alone.clone()
    whole[..., :core, :core] = joint
    shape = (whole.shape[:-2].numel(), space.size, space.size)
    flat, own = whole.reshape(shape), alone.reshape(shape)
    for row, groups in enumerate(space.groups):
        for group in groups:
            flat[row, group, :] = own[row, group, :]
            flat[row, :, group] = own[row, :, group]
    return flat.reshape(whole.shape)


def _alignment(pairs: Sequence[tuple[Tensor, Tensor]], space: Space, gauge: Gauge, *, normal: bool) -> Tensor:
    """Find the constants that bring columns back to the base gauge, for the columns that are not under test."""
    batch, like = pairs[0][0].shape[:-2], pairs[0][0]
    overlap = sum((mine.mH @ theirs for mine, theirs in pairs), start=torch.zeros((), dtype=like.dtype).to(like.device))
    overlap = overlap.reshape(batch.numel(), space.size, space.size)
    mine = like.reshape(batch.numel(), *like.shape[-2:])
    theirs = pairs[0][1].reshape(mine.shape)
    matrices = []
    for row, groups in enumerate(space.groups):
        matrix = torch.eye(space.size, dtype=like.dtype, device=like.device)
        if gauge.action != "phase":
            matrix = torch.diag_embed(_unit(overlap[row].diagonal()))
        for group in groups:
            places = torch.tensor(group, device=like.device)
            grid = (places[:, None], places[None, :])
            if gauge.action == "rotation":
                matrix[grid] = torch.eye(len(group), dtype=like.dtype, device=like.device)
            elif normal:
                u, _, vh = torch.linalg.svd(overlap[row][grid])
                matrix[grid] = u @ vh
            else:
                matrix[grid] = torch.linalg.pinv(mine[row][:, places]) @ theirs[row][:, places]
        matrices.append(matrix)
    return stacked(matrices, batch, space.size).to(like.device, like.dtype)


def _unit(values: Tensor) -> Tensor:
    return torch.where(values == 0, torch.ones_like(values), values.sgn())
