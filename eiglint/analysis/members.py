"""Sequences of unknown length: one value stands for all members, and two of them come from two runs of one code."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from eiglint.analysis.contents import map_tensors
from eiglint.analysis.values import Value
from eiglint.gauge import Gauge, Motion, Tensor
from eiglint.gauge.tensor import settle, worse
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number

MANY = "many"
MOST_MARKS = 4
"""Deeper nesting of members in members is not told apart."""


def repeated(element: Value, opened: Collection[Gauge]) -> Value:
    """Mark the decompositions that are made anew for every member, those in `opened`."""
    if not opened:
        return element
    return map_tensors(element, lambda t: _with_gauges(t, lambda g: _marked(g, MANY) if g in opened else g))


def member(element: Value, key: object) -> Value:
    """Return the member that a key leads to: what was decomposed for it was not decomposed for the others."""
    key = key.term if isinstance(key, Number) else key
    return map_tensors(element, lambda t: _with_gauges(t, lambda g: _of_member(g, key), key))


def _of_member(g: Gauge, key: object) -> Gauge:
    if not is_one_of_many(g) or sum(1 for x in g.lineage if type(x) is tuple and x[:1] == ("member",)) >= MOST_MARKS:
        return g
    return _marked(g, ("member", key))


def is_one_of_many(g: Gauge) -> bool:
    """Whether a gauge stands for those of several runs of one call: of a comprehension, or of a loop."""
    return MANY in g.lineage or "earlier" in g.lineage


def _marked(g: Gauge, mark: object) -> Gauge:
    return replace(g, lineage=(*g.lineage, mark))


def _with_gauges(t: Tensor, change: Callable[[Gauge], Gauge], key: object = None) -> Tensor:
    motions: dict[Gauge, Motion] = {}
    for g, m in t.motions:
        own = change(g)
        motions[own] = worse(motions[own], m) if own in motions else m
    if all(own is g for own, (g, _) in zip(motions, t.motions, strict=False)):
        return t
    return replace(t, motions=settle(motions), term=term("member", t.term, repr(key)), whole=None)
