"""Entries replaced, or added to, at positions that are not followed: scatter, index_fill."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.arguments import Arguments, NoRuleError, Options, need
from eiglint.gauge.combine import combine
from eiglint.gauge.context import Context
from eiglint.gauge.elementwise import undiagonal
from eiglint.gauge.join import join
from eiglint.gauge.state import Cause, Mode, Order
from eiglint.gauge.tensor import Tensor, as_tensor, settle
from eiglint.gauge.terms import term

REPLACING = frozenset({"select", "slice", "diagonal", "fill_diagonal"})


def read_overwrite(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a tensor some of whose entries come from elsewhere, or were added to."""
    t, src = need(a, "input"), as_tensor(a.get("src", a.get("value")))
    index = as_tensor(a.get("index", a.get("mask")))
    if src is None or src.motions or (index is not None and index.motions):
        raise NoRuleError(name)
    t = undiagonal(t)
    foreign = Tensor(term("laid over", src.term, name), rank=t.rank, dtype=src.dtype, doubt=src.doubt, live=src.live)
    if "how" not in o or o["how"] in REPLACING:
        made = _replaced(t, foreign, c)
    else:
        made = combine([t, foreign], c, name)
    return replace(made, rank=t.rank, sizes=t.sizes, steady=frozenset(), flags=frozenset(), value=None, whole=None)


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
        motions[g] = replace(m, phase=phase, order=order)
    return replace(made, motions=settle(motions), term=term("overwritten", t.term, foreign.term))
