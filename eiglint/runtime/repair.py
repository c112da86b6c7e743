"""Take the rounding out of a gradient that torch would refuse for it, and let the backward go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from eiglint.evidence.records import SiteEvidence
from eiglint.evidence.verdict import size_of
from eiglint.runtime.nodes import NodeKind, Saved

_TOLERANCE = 1e-2
"""What torch compares imag(diag(V^H gV)) with, whatever the gradient's size; for svd it sees twice the residue."""
_OTHER_ROUNDING = 10.0
"""In eps of |g|: torch's own sum rounds differently, and may be too large for it where ours is not."""
_SMALL = 1e-4
"""To what the largest possible residue of rounding is scaled."""


class Mended(NamedTuple):
    """Gradients that torch accepts: times `scale`, without a relative `residue`."""

    grads: tuple[Tensor | None, ...]
    scale: float
    residue: float


def project(kind: NodeKind, saved: Saved, grads: Sequence[Tensor | None], found: SiteEvidence) -> Mended | None:
    """Project the phase residue out where torch would refuse it and rounding explains it; None where nothing is done.

    The component of gV along i V diag(phi) is what a change of phase answers to: it vanishes for an invariant loss, so
    that projecting it out changes nothing but rounding. Torch would compute the residue anew, with rounding of
    the same size; as the backward is linear, all gradients are therefore also multiplied by a power of two, which
    rounds nothing, and the result is divided by it afterwards.
    """
    residue = found.phase_residual
    if kind.family == "qr" or residue is None or found.nonfinite != "none":
        return None
    if size_of(residue, found.dtype) != "rounding":
        return None
    _, at_left, at_right = kind.gradients
    left = grads[at_left] if at_left is not None else None
    right = grads[at_right].mH if at_right is not None and grads[at_right] is not None else None  # type: ignore[union-attr]
    columns = saved.values.shape[-1]
    sides = [(saved.left, left), (None if saved.right is None else saved.right.mH, right)]
    present = [(v[..., :columns], g) for v, g in sides if v is not None and g is not None]
    angle = torch.stack([(v.conj() * g[..., :columns]).imag.sum(-2) for v, g in present]).sum(0)
    if not angle.numel():
        return None
    eps = torch.finfo(saved.values.dtype).eps
    largest = max(float(g.detach().abs().amax()) * math.sqrt(g.numel()) for _, g in present)
    if not math.isfinite(largest):
        return None
    if max(float(angle.detach().abs().amax()), _OTHER_ROUNDING * eps * largest) <= _TOLERANCE / 2:
        return None
    new = [_without(v, g, angle / len(present)) for v, g in present]
    scale = _scale(largest, eps)
    mended = list(grads)
    if left is not None and at_left is not None:
        mended[at_left] = new[0]
    if right is not None and at_right is not None:
        mended[at_right] = new[-1].mH
    return Mended(tuple(None if g is None else g * scale for g in mended), scale, residue)


def _without(vectors: Tensor, g: Tensor, angle: Tensor) -> Tensor:
    size = vectors.shape[-1]
    share = (angle / vectors.abs().square().sum(-2)).unsqueeze(-2)
    changed = g[..., :size] - 1j * share * vectors
    return changed if g.shape[-1] == size else torch.cat((changed, g[..., size:]), -1)


def _scale(largest: float, eps: float) -> float:
    """Give the power of two at which a residue of 1000 eps |g| is small beside torch's tolerance."""
    bound = 1e3 * eps * largest
    return 1.0 if bound <= _SMALL else 2.0 ** math.floor(math.log2(_SMALL / bound))
