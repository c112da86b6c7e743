"""Operations that keep an axis and mix its entries: sums so far, differences, softmax."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.arrangement import is_placed, spoiled
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.shape import axis_of, doubted
from eiglint.gauge.state import Cause, Live, Mode, Motion, Order, Phase, Rotation, Slot, lost, spread
from eiglint.gauge.tensor import Tensor, Whole, opaque, settle
from eiglint.gauge.terms import term

LINEAR = frozenset({"cumsum", "diff", "fft"})
POSITIONAL = LINEAR | {"glu", "cumprod", "cummax", "cummin", "logcumsumexp"}


def scan(t: Tensor, dim: object, how: str, context: Context, details: tuple[object, ...] = ()) -> Tensor:
    """Apply an operation that keeps an axis and mixes its entries: cumsum, softmax."""
    t = undiagonal(t)
    axis, guess = axis_of(t, -1 if dim is None or t.rank == 0 else dim)
    if axis is None:
        return opaque([t], context, how)
    t = doubted(t, guess)
    cumulative = how in POSITIONAL

    def motion(g: Gauge, m: Motion) -> Motion:
        cause = Cause(context.spot, how, g, m.live, t.doubt, m.trail)
        order = m.order
        if order.mode is Mode.EXACT and not order.neutral:
            along = cumulative and any(s.axis == axis for s in order.tags)
            if along or order.pointer or (order.tags and m.is_batch(axis)):
                order = Order(Mode.BROKEN, cause=cause)
        elif is_placed(order):
            along = any(s.axis == axis for s in order.tags)
            order = spoiled(order, cause) if along or (order.summed and how not in LINEAR) else order
        elif order.mode is Mode.MIXED:
            order = Order(Mode.UNKNOWN, cause=cause)
        rotation = m.rotation
        charged = {k.axis for k, _ in rotation.charges if isinstance(k, Slot)}
        if rotation.mode is Mode.EXACT and rotation.charges and (axis in charged or how not in LINEAR):
            rotation = Rotation(Mode.BROKEN, cause=cause)
        return replace(m, phase=_scanned(m, axis, how, cause), order=order, rotation=rotation)

    motions = {g: motion(g, m) for g, m in t.motions}
    return replace(
        t,
        term=term(how, t.term, axis, *details),
        motions=settle(motions),
        steady=t.steady - {axis} if cumulative else t.steady,
        sizes=tuple(s for s in t.sizes if s[0] != axis) if how in ("diff", "glu", "fft") else t.sizes,
        flags=frozenset({"nonneg"} if how == "softmax" else ()),
        value=None,
        whole=Whole("running", t, axis=axis) if how == "cumsum" else None,
        live=t.live if context.recording else Live.NO,
    )


def _scanned(m: Motion, axis: int, how: str, cause: Cause) -> Phase:
    phase = m.phase
    if phase.neutral or phase.mode >= Mode.UNKNOWN:
        return phase
    if how == "cumprod" and phase.homogeneous:
        # Every entry is a product of entries, each of which moves by a factor.
        across = spread(phase)
        return Phase(Mode.MIXED, cause=cause, across=None if across is None else across | m.batch | {axis})
    if m.touches(axis) or phase.mode is Mode.MIXED:
        return lost(phase, cause)
    if how in LINEAR and phase.mode is Mode.EXACT:
        return phase
    return Phase(Mode.FUN, phase.charges, phase.cause or cause)
