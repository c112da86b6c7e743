"""Decompositions of which a run comes to one: where branches meet, one gauge stands for those of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eiglint.gauge import Gauge, Spot


def stand_ins(renamed: Iterable[tuple[Gauge, Gauge]]) -> Mapping[Spot, frozenset[Spot]]:
    """Return for each call the exclusive ones whose gauges go under its name, or under whose name its own goes."""
    together: dict[Spot, set[Spot]] = {}
    for one, other in renamed:
        joined = together.get(one.spot, {one.spot}) | together.get(other.spot, {other.spot})
        together.update(dict.fromkeys(joined, joined))
    return {spot: frozenset(joined - {spot}) for spot, joined in together.items() if len(joined) > 1}
