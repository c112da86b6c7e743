"""Batch elements that were taken apart, treated alike and put together again are a batch once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from eiglint.gauge.context import Gauge
from eiglint.gauge.shape import inserted
from eiglint.gauge.state import Motion
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import Term, replaced, subterms, term


def regathered(pieces: Sequence[Tensor], axis: int) -> Mapping[Gauge, Motion] | None:
    """Return how the pieces move along a new batch axis, where piece k is one function of element k for all k.

    A single element is left as it is: laid over a whole batch, it would pair with elements of other choices.
    """
    if len(pieces) < 2 or len({t.rank for t in pieces}) > 1:
        return None
    whole = [{_base(g, k): m for g, m in t.motions} for k, t in enumerate(pieces)]
    if not whole[0] or None in whole[0] or any(x.keys() != whole[0].keys() for x in whole):
        return None
    bodies = {_of_any_element(t.term, k) for k, t in enumerate(pieces)}
    if len(bodies) > 1 or any(_facts(x[g]) != _facts(m) for x in whole for g, m in whole[0].items()):
        return None
    laid = {_base(g, 0): m for g, m in inserted(pieces[0], axis).motions}
    return {g: replace(m, batch=m.batch | {axis}) for g, m in laid.items() if g is not None}


def _base(g: Gauge, number: int) -> Gauge | None:
    """Return the gauge of the whole batch, given that of one element; None for any other gauge."""
    own = bool(g.lineage) and g.lineage[-1] == ("element", number)
    return replace(g, lineage=g.lineage[:-1]) if own else None


def _of_any_element(t: Term, number: int) -> Term:
    picks = [p for p in subterms(t, "pick") if p.args[2] == number]
    return replaced(t, {p: term("element", *p.args[:2]) for p in picks})


def _facts(m: Motion) -> tuple[object, ...]:
    """Return what is compared of two motions: where and why something was lost is no part of it."""
    order = replace(m.order, cause=None, family=None)
    families = m.order.family is None
    return replace(m.phase, cause=None, roots=None), order, families, replace(m.rotation, cause=None), m.batch, m.rest
