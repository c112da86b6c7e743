"""How a function of one tensor changes its motions, and what of them no function of entries keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.singular import GUARDED
from eiglint.gauge.state import Cause, Live, Mode, Motion, Order, Rotation, Slot
from eiglint.gauge.tensor import Tensor, settle
from eiglint.gauge.terms import term

Change = Callable[[Gauge, Motion], Motion]


def changed(t: Tensor, change: Change, context: Context, name: str, *details: object, **facts: Any) -> Tensor:
    """Return t with every motion changed; facts that do not survive an arbitrary function are dropped."""
    motions = {g: change(g, m) for g, m in t.motions}
    if not context.recording:
        motions = {g: replace(m, live=Live.NO) for g, m in motions.items()}
    kept: dict[str, Any] = {
        "term": term(name, t.term, *details),
        "motions": settle(motions),
        "flags": t.flags & {"random", GUARDED},
        "value": None,
        "whole": None,
        "live": t.live if context.recording else Live.NO,
    }
    return replace(t, **{**kept, **facts})


def cause_at(context: Context, reason: str, gauge: Gauge, m: Motion, doubt: int) -> Cause:
    """Return the cause of a loss under one gauge at the place of the operation."""
    return Cause(context.spot, reason, gauge, m.live, doubt, m.trail)


def undiagonal(t: Tensor) -> Tensor:
    """Return a diagonal matrix as an ordinary one: both axes run over the one index it had."""
    if "diagonal" not in t:
        return t

    def spread(_: Gauge, m: Motion) -> Motion:
        tags = m.order.tags | {Slot(-2, s.cut) for s in m.order.tags if s.axis == -1}
        return replace(m, order=replace(m.order, tags=frozenset(tags)))

    motions = {g: spread(g, m) for g, m in t.motions}
    return replace(t, motions=settle(motions), flags=t.flags - {"diagonal", "identity"}, steady=t.steady - {-1, -2})


def drop_rotation(m: Motion, cause: Cause) -> Rotation:
    """Return the rotation after a function that treats entries alone: a basis does not survive it."""
    if m.rotation.neutral or m.rotation.mode >= Mode.UNKNOWN:
        return m.rotation
    return Rotation(Mode.BROKEN, cause=m.rotation.cause or cause)


def only_order(order: Order, cause: Cause, linear: bool = False) -> Order:
    """Return the order after a function of each entry: positions become broken, and sums of unlike arrangements too."""
    if order.pointer and order.mode is Mode.EXACT:
        return Order(Mode.BROKEN, cause=cause)
    if order.summed and not linear:
        mode = Mode.UNKNOWN if order.vague or not order.tags else Mode.BROKEN
        return Order(mode, cause=order.cause or cause)
    return order
