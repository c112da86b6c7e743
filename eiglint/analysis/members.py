"""Members of sequences whose length is not known: one value stands for all, and two members are not the same one."""

from __future__ import annotations

from dataclasses import replace

from eiglint.analysis.merge import map_tensors
from eiglint.analysis.values import Value
from eiglint.gauge import Motion, Tensor
from eiglint.gauge.context import Gauge
from eiglint.gauge.state import worse
from eiglint.gauge.tensor import settle
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number

MOST_MARKS = 4
"""Deeper nesting of members in members is not told apart."""


def member(element: Value, key: object) -> Value:
    """Return the member that a key leads to: the decompositions behind it are those of another pass of the code."""
    if isinstance(key, Number):
        key = key.term
    return map_tensors(element, lambda t: _marked(t, key))


def _marked(t: Tensor, key: object) -> Tensor:
    if t.neutral:
        return replace(t, term=term("member", t.term, repr(key)), whole=None)
    motions: dict[Gauge, Motion] = {}
    for g, m in t.motions:
        marks = sum(1 for x in g.lineage if isinstance(x, tuple) and x[:1] == ("member",))
        own = replace(g, lineage=(*g.lineage, ("member", key))) if marks < MOST_MARKS else g
        motions[own] = worse(motions[own], m) if own in motions else m
    return replace(t, motions=settle(motions), term=term("member", t.term, repr(key)), whole=None)
