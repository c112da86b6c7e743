"""Pieces of tensors: split, flip, roll, masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from eiglint.gauge.arrangement import row
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.positions import cut, pick
from eiglint.gauge.select import combine_order, select
from eiglint.gauge.shape import axes_of, axis_of, doubted, scrambled
from eiglint.gauge.state import APART, Motion, Pick, Slot, charges
from eiglint.gauge.taking import take
from eiglint.gauge.tensor import Tensor, named, opaque, settle
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range


def split(t: Tensor, sizes: object, dim: object, how: str, context: Context) -> object:
    """Return the pieces of a tensor along a dimension as a tuple, where their number is known."""
    axis, guess = axis_of(t, dim)
    if axis is None:
        return opaque([t], context, how)
    t = doubted(t, guess)
    length = t.size(axis)
    if how == "unbind":
        if not isinstance(length, int) or length > 64:
            return opaque([t], context, how)
        return tuple(pick(t, axis, k, context) for k in range(length))
    bounds = _bounds(sizes, how, length)
    if bounds is None:
        return opaque([t], context, how)
    return tuple(cut(t, axis, Range(a, b, None), context) for a, b in bounds)


def _bounds(sizes: object, how: str, length: object) -> list[tuple[object, object]] | None:
    if isinstance(sizes, tuple) and all(isinstance(s, int) for s in sizes):
        if how == "tensor_split":
            edges = [0, *sizes, None]
            return list(pairwise(edges))
        made, start = [], 0
        for size in sizes:
            made.append((start, start + size))
            start += size
        return [*made[:-1], (made[-1][0], None)] if made else None
    if isinstance(sizes, int) and isinstance(length, int) and sizes > 0:
        step = sizes if how == "split" else -(-length // sizes)
        return [(a, min(a + step, length)) for a in range(0, length, step)]
    if isinstance(sizes, int) and how in ("chunk", "tensor_split") and sizes <= 8:
        marks = [term("chunk edge", k, sizes) for k in range(1, sizes)]
        edges = [0, *(Number(m, integer=True) for m in marks), None]
        return list(pairwise(edges))
    return None


def flip(t: Tensor, dims: Sequence[object] | None, context: Context) -> Tensor:
    """Reverse axes; one over which pairs run is cut backwards."""
    if dims is None:
        return scrambled(t, context, "flip")
    axes, guess = axes_of(t, dims)
    t = doubted(t, guess)
    for axis in axes:
        if axis is None:
            return scrambled(t, context, "flip")
        t = cut(t, axis, Range(None, None, -1), context)
    return t


def roll(t: Tensor, shifts: Sequence[object] | None, dims: Sequence[object] | None, context: Context) -> Tensor:
    """Shift entries cyclically: fine along axes over which nothing arbitrary runs."""
    if dims is None and t.rank == 1:
        dims = (-1,)
    if shifts is None or dims is None or len(shifts) != len(dims):
        return scrambled(t, context, "roll")
    made = undiagonal(t)
    axes, guess = axes_of(made, dims)
    for axis, shift in zip(axes, shifts, strict=True):
        if axis is None:
            return scrambled(t, context, "roll", named(shifts), named(dims))
        made = doubted(_other_elements(rolled(made, axis, shift), axis, shift), guess)
    label = term("roll", t.term, named(shifts), named(dims))
    return replace(made, term=label, flags=made.flags - {"diagonal", "identity", "hermitian"}, whole=None)


def centred(t: Tensor, dims: Sequence[object] | None, name: str, context: Context) -> Tensor:
    """Shift every dimension asked for, or all of them, by half its length (fftshift and its inverse)."""
    if dims is None and t.rank is not None:
        dims = tuple(range(-t.rank, 0))
    return roll(t, None if dims is None else tuple(term(name, d) for d in dims), dims, context)


def _other_elements(t: Tensor, axis: int, shift: object) -> Tensor:
    """Give a batch that was shifted choices of its own: at every place stands another element."""
    motions = {}
    for g, m in t.motions:
        own = replace(g, lineage=(*g.lineage, ("rolled", named(shift)))) if m.is_batch(axis) else g
        motions[own] = m
    return replace(t, motions=settle(motions))


def rolled(t: Tensor, axis: int, shift: object) -> Tensor:
    """Shift the columns that run along an axis: all of them are there, and fit only what was shifted alike."""

    def recut(key: Slot | Pick) -> Slot | Pick:
        if not isinstance(key, Slot) or key.axis != axis or key.cut == APART:
            return key
        return Slot(axis, row("rolled", *map(named, key.cut), named(shift)))

    def motion(g: Gauge, m: Motion) -> Motion:
        phase = replace(m.phase, charges=charges(((recut(k), q) for k, q in m.phase.charges), g.group))
        rotation = replace(m.rotation, charges=charges(((recut(k), q) for k, q in m.rotation.charges), g.group))
        tags = (recut(s) for s in m.order.tags)
        order = replace(m.order, tags=frozenset(s for s in tags if isinstance(s, Slot)))
        return replace(m, phase=phase, order=order, rotation=rotation)

    return replace(t, motions=settle({g: motion(g, m) for g, m in t.motions}))


def masked(t: Tensor, mask: Tensor, value: Tensor | None, how: str, context: Context) -> Tensor:
    """Fill or select by a mask."""
    if how == "select":
        if t.rank == 1 and mask.rank == 1:
            return take(t, -1, mask, context)
        return scrambled(combine_order(mask, t, context), context, "masked_select")
    if value is None:
        return opaque([t, mask], context, "masked_fill")
    return select(mask, value, t, context)
