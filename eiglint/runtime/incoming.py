"""From a node's saved outputs and the gradients that reach it to everything that is measured there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from eiglint.runtime import residuals
from eiglint.runtime.nodes import NodeKind, Saved
from eiglint.runtime.residuals import Incoming

Measured = dict[str, Tensor]


def is_readable(tensor: Tensor) -> bool:
    """Tell whether a tensor has entries that can be computed with: meta, traced and sparse ones have not.

    The transform behind `is_grads_batched` has no rule for most of what is measured.
    """
    if tensor.layout is not torch.strided or tensor.is_meta or is_traced(tensor):
        return False
    return not torch._C._functorch.is_legacy_batchedtensor(tensor)


def is_traced(tensor: Tensor) -> bool:
    """Tell whether a tensor only stands for one while a compiler reads the program."""
    return type(tensor).__name__ in ("FakeTensor", "FunctionalTensor") or torch._is_functional_tensor(tensor)


def reaches_vectors(kind: NodeKind, grads: Sequence[Tensor | None]) -> bool:
    """Tell whether a gradient arrives at the vectors; norms and eigvalsh use the same nodes for their values alone."""
    wanted = (0, 1) if kind.family == "qr" else kind.gradients[1:]
    return any(at is not None and grads[at] is not None for at in wanted)


def arrange(kind: NodeKind, saved: Saved, grads: Sequence[Tensor | None]) -> tuple[Incoming, Tensor | None]:
    """Lay outputs and gradients side by side in columns; also give the share of the gradient at null vectors."""
    at_values, at_left, at_right = (None if at is None else grads[at] for at in kind.gradients)
    if kind.family == "qr":
        size = min(saved.values.shape[-2:])
        return _triangular(saved.values, saved.left, at_values, at_left, size), None
    if saved.right is None:
        return Incoming(saved.values, saved.left, None, at_values, at_left, None, kind.family == "eigh", False), None
    size = saved.values.shape[-1]
    right, g_right = saved.right.mH, None if at_right is None else at_right.mH
    dropped = [g[..., size:] for g in (at_left, g_right) if g is not None and g.shape[-1] > size]
    alone = saved.left.shape[-2] != right.shape[-2]
    seen = Incoming(
        saved.values,
        saved.left[..., :size],
        right[..., :size],
        at_values,
        None if at_left is None else at_left[..., :size],
        None if g_right is None else g_right[..., :size],
        True,
        alone,
    )
    return seen, _share(dropped, [g for g in (at_left, g_right) if g is not None])


def before(kind: NodeKind, saved: Saved, grads: Sequence[Tensor | None]) -> tuple[Incoming, Measured, Tensor]:
    """Measure what is known before the backward formula runs; also give what bounds its rounding."""
    seen, dropped = arrange(kind, saved, grads)
    measured: Measured = {} if dropped is None else {"null_gradient": dropped}
    norms = residuals.column_norms(seen)
    if seen.left.is_complex():
        measured["phase_residual"] = residuals.phase_residual(seen, norms)
        measured["blind"] = residuals.blindness(seen, norms)
    if kind.family == "qr" or seen.values.shape[-1] < 2:
        pairs = residuals.no_pairs(seen)
    else:
        pairs = residuals.pairs_of(seen, norms)
        measured["block_residual"] = residuals.block_residual(seen, pairs)
    if pairs.distance.shape[-1] or seen.alone:
        measured["negated_gap"] = -residuals.smallest_gap(seen, pairs)
    if kind.family == "eig":
        measured["condition"] = residuals.condition(seen.left)
    return seen, measured, residuals.noise(seen, norms, pairs)


def after(seen: Incoming, rounding: Tensor, outgoing: Tensor) -> Measured:
    """Measure what the gradient of the matrix tells."""
    return {
        "digits_lost": residuals.digits_lost(rounding, outgoing),
        "amplification": residuals.amplification(seen, outgoing),
    }


def _triangular(r: Tensor, q: Tensor, g_r: Tensor | None, g_q: Tensor | None, size: int) -> Incoming:
    """Lay out qr: Q's columns and R^H's turn together, and torch divides by the diagonal of R."""
    return Incoming(
        r.diagonal(dim1=-2, dim2=-1),
        q[..., :size],
        r.mH[..., :size],
        None,
        None if g_q is None else g_q[..., :size],
        None if g_r is None else g_r.mH[..., :size],
        True,
        True,
    )


def _share(parts: list[Tensor], whole: list[Tensor]) -> Tensor | None:
    """Give the norm of the parts beside that of the whole."""
    if not parts:
        return None
    some = torch.stack([torch.linalg.vector_norm(part) for part in parts]).sum()
    total = torch.stack([torch.linalg.vector_norm(part) for part in whole]).sum()
    return torch.where(total > 0, some / total, 0.0)
