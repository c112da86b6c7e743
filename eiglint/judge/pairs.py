"""Loops over pairs: f(L[i]) v_i v_i^H added up over i is a function of the matrix, as V f(L) V^H is."""

from __future__ import annotations

from collections.abc import Iterable

from eiglint.gauge import Remark
from eiglint.gauge.terms import Term, contains, role_of
from eiglint.judge.flow import INDEXED, Alive, flowing, is_output_of, unturned

ADDED = frozenset(("earlier", "sum", "mean", "add"))
"""What adds up the shares of pairs."""


def weights_of_pairs(meetings: Iterable[Remark], remark: Remark, alive: Alive) -> list[Term]:
    """Return the functions of the values by which a loop weights its pairs; none if it is no such sum.

    Its index is a number of which nothing is known, or takes several values at one operation, and nothing else is
    picked with it.
    """
    facts = dict(remark.details)
    keys, result = _indices(remark, meetings), facts["result"]
    sums = [t for t in alive if t.op in ADDED and contains(t, result)] if keys else []  # type: ignore[arg-type]
    inside = flowing(sums, {})
    picked = [t for t in inside if t.op in INDEXED and any(a in keys for a in t.args[2:])]
    if remark.gauge is None or not all(is_output_of(unturned(t.args[0]), remark.gauge) for t in picked):
        return []
    values = [t for t in picked if all(role_of(x) == "values" for x in t.outputs)]
    return [t for t in inside if any(contains(t, v) for v in values) and {role_of(x) for x in t.outputs} == {"values"}]


def _indices(remark: Remark, meetings: Iterable[Remark]) -> set[object]:
    """Return the indices of the pairs at an operation: that of a loop, or several fixed ones."""
    keys: frozenset[object] = dict(remark.details)["picks"]  # type: ignore[assignment]
    if len(keys) != 1:
        return set()
    (key,) = keys
    if isinstance(key, Term):
        return {key} if key.op == "number" else set()
    here: list[frozenset[object]] = [dict(r.details)["picks"] for r in meetings if r.spot == remark.spot]  # type: ignore[misc]
    together: set[object] = {k for one in here for k in one if isinstance(k, int)}
    return together if len(together) > 1 else set()
