"""Sorting: the one way to settle an arbitrary order, and its traps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eiglint.gauge.arguments import names
from eiglint.gauge.arrangement import has_copies, is_placed, reduced
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.reduction import reduce, tied
from eiglint.gauge.shape import axis_of, doubted
from eiglint.gauge.state import Cause, Live, Mode, Motion, Order, Phase, Rotation, lost
from eiglint.gauge.tensor import Record, Tensor, Whole, named, opaque, settle
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number


def sort(t: Tensor, dim: object, how: str, k: object, options: Mapping[str, object], context: Context) -> object:
    """Return sorted values and the indices that sort them (sort, topk), or the indices alone (argsort)."""
    if how in ("argmax", "argmin"):
        return reduce(t, dim, False, how, context)
    t = undiagonal(t)
    axis, guess = axis_of(t, -1 if dim is None else dim)
    if axis is None:
        return opaque([t], context, how)
    t = doubted(t, guess or t.rank is None)

    def motion(g: Gauge, m: Motion, indices: bool) -> Motion:
        cause = Cause(context.spot, how, g, m.live, t.doubt, m.trail)
        order = _ordered(m.order, axis, indices, cause)
        if (order.tags or m.order.sign) and m.is_batch(axis):
            order = Order(Mode.BROKEN, cause=cause)
        rotation = m.rotation
        if rotation.mode is Mode.EXACT and rotation.charges:
            rotation = Rotation(Mode.BROKEN, cause=cause)
        live = Live.NO if indices and not order.pointer else m.live
        return replace(m, phase=_sorted_phase(m, axis, cause), order=order, rotation=rotation, live=live)

    values = replace(
        t,
        term=term("sorted", t.term, axis, named(k)),
        motions=settle({g: motion(g, m, False) for g, m in t.motions}),
        sizes=_sizes(t, axis, k if how == "topk" else t.size(axis)),
        flags=t.flags & {"nonneg", "nonzero"},
        value=None,
        whole=None,
        steady=t.steady - {axis},
    )
    places = replace(
        values,
        term=term("argsort", t.term, axis, named(k)),
        motions=settle({g: motion(g, m, True) for g, m in t.motions}),
        dtype="int",
        live=Live.NO,
        flags=frozenset({"tied"} if tied(t) else ()),
    )
    if how == "argsort":
        return places
    if how != "topk":
        values = replace(values, whole=Whole("sorted", t, axis=axis))
    return Record(names(options, "fields") or ("values", "indices"), (values, places))


def _sizes(t: Tensor, axis: int, length: object) -> tuple[tuple[int, object], ...]:
    """Return the known lengths, with a new one along the axis that was sorted."""
    found = {a: s for a, s in t.sizes if a != axis}
    if isinstance(length, int):
        found[axis] = length
    elif isinstance(length, Number):
        found[axis] = length.term
    return tuple(sorted(found.items(), key=lambda s: s[0]))


def _ordered(order: Order, axis: int, indices: bool, cause: Cause) -> Order:
    if order.neutral or order.mode >= Mode.UNKNOWN or order.mode is Mode.FUN:
        return order
    if is_placed(order) and not indices:
        return reduced(order, (axis,), False, True, cause)  # sorted, the entries along the axis are settled
    if order.pointer or order.mode is Mode.MIXED:
        return Order(Mode.UNKNOWN, cause=cause)
    rest = frozenset(s for s in order.tags if s.axis != axis)
    hit = [s.cut for s in order.tags if s.axis == axis]
    if hit and indices and has_copies(hit[0]):
        return Order(Mode.UNKNOWN, cause=cause)  # pairs that are there twice tie
    return Order(tags=rest, pointer=True, into=hit[0]) if hit and indices else Order(tags=rest)


def _sorted_phase(m: Motion, axis: int, cause: Cause) -> Phase:
    phase = m.phase
    if phase.neutral or phase.mode >= Mode.UNKNOWN:
        return phase
    if m.touches(axis) or phase.mode is Mode.MIXED:
        return lost(phase, cause)
    return Phase(Mode.FUN, phase.charges, phase.cause or cause)
