"""What the gradient of a decomposition tells: residuals, gaps, digits. Pure functions of tensors, made of tensors.

Every result is a 0-d tensor on the device of the arguments; nothing is read back, so nothing waits. A leading batch
is allowed everywhere, and its worst matrix counts. `g` with a suffix is the gradient that arrives at an output.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

_NEGLIGIBLE = 1e3
"""Columns whose gradient is below this many eps of the largest carry rounding alone."""


class Incoming(NamedTuple):
    """A decomposition's values and vectors beside the gradients that arrive at them.

    Vectors stand in columns that share the arbitrary phase: eig and eigh have left ones, svd U and V, qr Q and R^H.
    `rises` tells that the values are sorted; `alone`, that torch also divides by the values themselves.
    """

    values: Tensor
    left: Tensor
    right: Tensor | None
    g_values: Tensor | None
    g_left: Tensor | None
    g_right: Tensor | None
    rises: bool
    alone: bool


class Pairs(NamedTuple):
    """Pairs of columns: |l_i - l_j|, |g_i| + |g_j|, and |X_ij| with X = V^H gV, how the loss answers to mixing them."""

    distance: Tensor
    weight: Tensor
    answer: Tensor


def eps_of(tensor: Tensor) -> float:
    """Give the rounding unit of a tensor's dtype."""
    return torch.finfo(tensor.dtype).eps


def column_norms(seen: Incoming) -> Tensor:
    """Give |g_j| per column, the left and the right vector's together, and 0 for columns of mere rounding."""
    norms = _summed([torch.linalg.vector_norm(g, dim=-2) for _, g in _sides(seen)])
    largest = norms.amax(-1, keepdim=True)
    return torch.where(norms > _NEGLIGIBLE * eps_of(norms) * largest, norms, 0.0)


def phase_residual(seen: Incoming, norms: Tensor) -> Tensor:
    """Give max_j |imag(v_j^H g_j)| / |g_j|.

    The numerator is the derivative of the loss by the phase of column j; svd sums over u_j and v_j, which turn
    together (Wan & Zhang 2019, section 3).
    """
    derivative = _summed([(vectors.conj() * g).imag.sum(-2) for vectors, g in _sides(seen)])
    return torch.where(norms > 0, derivative.abs() / norms, 0.0).amax()


def blindness(seen: Incoming, norms: Tensor) -> Tensor:
    """Tell whether a column's vector and gradient are both real: its phase is then stationary, whatever the loss."""
    turned, whole = [], []
    for vectors, g in _sides(seen):
        size, g_size = vectors.abs(), g.abs()
        turned.append((vectors.imag.abs() * g_size + size * g.imag.abs()).sum(-2))
        whole.append((size * g_size).sum(-2))
    return ((norms > 0) & (_summed(turned) <= _NEGLIGIBLE * eps_of(norms) * _summed(whole))).any()


def pairs_of(seen: Incoming, norms: Tensor) -> Pairs:
    """Pair neighbours among sorted values, everything with everything among others.

    Neighbours suffice where values are sorted: no other pair divides by less, and a mix inside a larger block of
    equal values shows between some neighbours. Orthonormal columns can only be mixed unitarily, so that the skew part
    of X counts; eig's may be mixed at will.
    """
    values = seen.values
    if seen.rises:
        distance = (values[..., 1:] - values[..., :-1]).abs()
        weight = norms[..., 1:] + norms[..., :-1]
        sides = [
            (vectors[..., :-1].conj() * g[..., 1:]).sum(-2) - (vectors[..., 1:] * g[..., :-1].conj()).sum(-2)
            for vectors, g in _sides(seen)
        ]
        return Pairs(distance, weight, _summed(sides).abs())
    away = torch.eye(values.shape[-1], dtype=torch.bool, device=values.device)
    distance = (values.unsqueeze(-1) - values.unsqueeze(-2)).abs().masked_fill(away, torch.inf)
    weight = norms.unsqueeze(-1) + norms.unsqueeze(-2)
    answer = _summed([vectors.mH @ g for vectors, g in _sides(seen)]).abs()
    return Pairs(distance.flatten(-2), weight.flatten(-2), answer.flatten(-2))


def no_pairs(seen: Incoming) -> Pairs:
    """Give the pairs of what has none: a single column, or qr, whose backward divides by values alone."""
    none = seen.values.abs()[..., :0]
    return Pairs(none, none, none)


def smallest_gap(seen: Incoming, pairs: Pairs) -> Tensor:
    """Give the smallest |l_i - l_j| / max |l|, and of |l| / max |l| where values stand alone; 0 for a zero matrix."""
    scale = seen.values.abs().amax(-1, keepdim=True)
    distance = torch.cat((pairs.distance, seen.values.abs()), -1) if seen.alone else pairs.distance
    return torch.where(scale > 0, distance / scale, 0.0).amin()


def block_residual(seen: Incoming, pairs: Pairs) -> Tensor:
    """Give the largest |X_ij| / |g| over pairs closer than sqrt(eps) max |l|; minus infinity where none is."""
    scale = seen.values.abs().amax(-1, keepdim=True)
    total = _summed([torch.linalg.vector_norm(g, dim=(-2, -1)) for _, g in _sides(seen)]).unsqueeze(-1)
    close = pairs.distance <= math.sqrt(eps_of(pairs.distance)) * scale
    return torch.where(close, pairs.answer / total, -torch.inf).amax()


def noise(seen: Incoming, norms: Tensor, pairs: Pairs) -> Tensor:
    """Give max_ij (|g_i| + |g_j|) / |l_i - l_j| per matrix: eps times this bounds what rounding adds to gA.

    Pairs without a gradient do not count: torch forms 0 / gap there, which is exact while the gap is not 0.
    """
    worst = torch.where(pairs.weight > 0, pairs.weight / pairs.distance, 0.0)
    if seen.alone:
        worst = torch.cat((worst, torch.where(norms > 0, norms / seen.values.abs(), 0.0)), -1)
    largest: Tensor = worst.amax(-1) if worst.shape[-1] else worst.sum(-1)
    return largest


def digits_lost(rounding: Tensor, outgoing: Tensor) -> Tensor:
    """Give log10 of the amplified rounding over |gA|, between 0 and all digits of the dtype."""
    norm = torch.linalg.vector_norm(outgoing, dim=(-2, -1))
    lost = torch.where(norm == 0, 0.0, torch.log10(rounding / norm))
    return lost.clamp(0.0, -math.log10(eps_of(outgoing))).amax()


def amplification(seen: Incoming, outgoing: Tensor) -> Tensor:
    """Give |gA| / (|g of the values| + |g of the vectors|)."""
    incoming = [torch.linalg.vector_norm(g) for g in (seen.g_values, seen.g_left, seen.g_right) if g is not None]
    whole: Tensor = torch.linalg.vector_norm(outgoing)
    return whole / _summed(incoming)


def condition(vectors: Tensor) -> Tensor:
    """Give |V| |V^-1| / n in Frobenius norms: 1 where V is unitary, infinite where it is singular."""
    inverse, _ = torch.linalg.inv_ex(vectors, check_errors=False)
    product = torch.linalg.vector_norm(vectors, dim=(-2, -1)) * torch.linalg.vector_norm(inverse, dim=(-2, -1))
    return torch.where(product.isfinite(), product / vectors.shape[-1], torch.inf).amax()


def asymmetry(matrix: Tensor) -> Tensor:
    """Give |A - A^H| / |A|; 0 for a zero matrix."""
    size = torch.linalg.vector_norm(matrix, dim=(-2, -1))
    return torch.where(size > 0, torch.linalg.vector_norm(matrix - matrix.mH, dim=(-2, -1)) / size, 0.0).amax()


def all_finite(tensors: list[Tensor]) -> Tensor:
    """Tell on the device whether every entry is finite."""
    flags = [torch.isfinite(tensor).all() for tensor in tensors]
    return flags[0] if len(flags) == 1 else torch.stack(flags).all()


def _sides(seen: Incoming) -> list[tuple[Tensor, Tensor]]:
    sides = ((seen.left, seen.g_left), (seen.right, seen.g_right))
    return [(vectors, g) for vectors, g in sides if vectors is not None and g is not None]


def _summed(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.add(*parts) if len(parts) == 2 else torch.stack(parts).sum()
