"""Entries replaced, or added to, at positions that are not followed: scatter, index_fill."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.arguments import Arguments, NoRuleError, Options, need
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.combine import add, combine
from eiglint.gauge.context import Context
from eiglint.gauge.join import join
from eiglint.gauge.shape import axis_of, doubted
from eiglint.gauge.state import Cause, Mode, Order, Rotation
from eiglint.gauge.taking import followed, touched
from eiglint.gauge.tensor import Tensor, as_tensor, opaque, settle, slots_of
from eiglint.gauge.terms import term

REPLACING = frozenset({"select", "slice", "diagonal", "fill_diagonal"})
WRITING = frozenset({"scatter", "put"})
"""These replace entries unless they are asked to combine them with what was there."""


def read_overwrite(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a tensor some of whose entries come from elsewhere, or were added to."""
    t, src = need(a, "input"), as_tensor(a.get("src", a.get("value")))
    index = as_tensor(a.get("index", a.get("mask")))
    if src is None or (index is not None and index.motions):
        raise NoRuleError(name)
    if src.motions and o.get("how") != "add":
        return _written(o, a, t, src, c, name)
    if src.motions:
        return _scattered(t, src, index, a.get("dim"), c)
    t = undiagonal(t)
    foreign = Tensor(term("laid over", src.term, name), rank=t.rank, dtype=src.dtype, doubt=src.doubt, live=src.live)
    plainly = o.get("how") in WRITING and not a.get("reduce") and not a.get("accumulate")
    if "how" not in o or o["how"] in REPLACING or plainly:
        made = _replaced(t, foreign, c)
    else:
        made = combine([t, foreign], c, name)
    return replace(made, rank=t.rank, sizes=t.sizes, steady=frozenset(), flags=frozenset(), value=None, whole=None)


def _written(o: Options, a: Arguments, t: Tensor, src: Tensor, context: Context, name: str) -> Tensor:
    """Write what knows of a gauge: under those whose phases it does not have, it is written as a fixed value is."""
    made = opaque(a.values(), context, name)
    fixed = {g for g, m in src.motions if m.phase.neutral} | (t.gauges - src.gauges)
    if not any(not t.motion(g).phase.neutral or m.phase.neutral for g, m in src.motions):
        return made
    still = read_overwrite(o, {**a, "src": 0.5, "value": None}, replace(context, remarks=[]), name)
    if not isinstance(still, Tensor):
        return made
    motions = {g: replace(m, phase=still.motion(g).phase) if g in fixed else m for g, m in made.motions}
    return replace(made, motions=settle(motions), rank=t.rank, sizes=t.sizes)


def _scattered(t: Tensor, src: Tensor, index: Tensor | None, dim: object, context: Context) -> Tensor:
    """Add entries of src at foreign places along one axis: sums of entries of one phase where this runs along another.

    An entry that nothing was added to is 0 in the sum, and has any charge.
    """
    axis, guess = axis_of(src, dim)
    if axis is None or index is None or any(touched(m, axis) for _, m in src.motions):
        raise NoRuleError("dim")
    src = undiagonal(doubted(src, guess))
    laid = followed(src, index, {a: a for _, m in src.motions for a in slots_of(m)}, context)
    motions = {}
    for g, m in laid.motions:
        cause = Cause(context.spot, "positions picked", g, m.live, src.doubt, m.trail)
        motions[g] = replace(m, rotation=m.rotation if m.rotation.neutral else Rotation(Mode.BROKEN, cause=cause))
    sizes = tuple(s for s in t.sizes if s[0] == axis) + tuple(s for s in src.sizes if s[0] != axis)
    label = term("scattered", src.term, axis, index.term)
    spread = replace(laid, term=label, motions=settle(motions), sizes=sizes, steady=frozenset(), flags=frozenset())
    return add(t, replace(spread, value=None, whole=None), context)


def _replaced(t: Tensor, foreign: Tensor, context: Context) -> Tensor:
    """Put neutral entries beside those of t: both kinds are there, so that summing them proves a dependence."""
    made = join(t, foreign, context)
    motions = {}
    for g, m in made.motions:
        order = m.order
        if order.mode in (Mode.EXACT, Mode.MIXED) and not order.neutral:
            order = Order(Mode.BROKEN, cause=Cause(context.spot, "position weighted", g, m.live, made.doubt, m.trail))
        # Which entries are foreign hangs on positions along every axis.
        phase = replace(m.phase, vague=False, across=None) if m.phase.mode is Mode.MIXED else m.phase
        rotation = m.rotation
        if rotation.mode is Mode.MIXED:
            rotation = Rotation(Mode.BROKEN, cause=rotation.cause)
        motions[g] = replace(m, phase=phase, order=order, rotation=rotation)
    return replace(made, motions=settle(motions), term=term("overwritten", t.term, foreign.term))
