"""Losses that are alike: one of them says all that a tensor has to say of them.

A helper that is called forty times opens forty gauges at one call of eigh. Once a tensor has lost a symmetry nothing
brings it back, so where forty gauges of one call were lost at the same operation for the same reason, keeping the
first of them keeps every verdict.
"""

from __future__ import annotations

from eiglint.gauge.context import Gauge
from eiglint.gauge.state import Mode, Motion, Order, Phase, Rotation

Motions = list[tuple[Gauge, Motion]]


def one_of_each(motions: Motions) -> Motions:
    """Drop what was lost in the same way as a motion before it; motions come and go in a fixed order."""
    calls = {id(g.spot.node) for g, _ in motions}
    if len(calls) == len(motions):
        return motions
    kept: Motions = []
    seen: set[tuple[object, ...]] = set()
    for gauge, motion in sorted(motions, key=lambda gm: len(gm[0].lineage)):
        loss = _loss(gauge, motion)
        if loss is None or loss not in seen:
            kept.append((gauge, motion))
        if loss is not None:
            seen.add(loss)
    return kept


def _loss(gauge: Gauge, m: Motion) -> tuple[object, ...] | None:
    """Return what a verdict needs to know of a motion of which nothing can be regained; None of any other."""
    states = (m.phase, m.order, m.rotation)
    if m.order.pointer or not all(s.mode >= Mode.UNKNOWN or s.neutral for s in states):
        return None
    call = (id(gauge.spot.node), gauge.call, gauge.group, gauge.ordered)
    return (*call, m.live, m.batch, m.rest, *(_cause(s) for s in states))


def _cause(state: Phase | Order | Rotation) -> tuple[object, ...]:
    cause = state.cause
    if cause is None:
        return (state.mode,)
    return (state.mode, id(cause.spot.node), cause.reason, cause.live, cause.doubt, cause.other)
