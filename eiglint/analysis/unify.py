"""Two branches that decompose: only one of them ran, so their choices can go under one name.

`try: L, V = eigh(A)` with `except: L, V = eigh(A.double())` leaves V with the phases of whichever call ran. Calling
both choices by the first one's gauge says just that, as long as neither state knows the other's gauge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eiglint.analysis.merge_walk import differing, gauges_in_state
from eiglint.analysis.state import State
from eiglint.analysis.values import Value
from eiglint.gauge import Gauge, Record, Tensor
from eiglint.gauge.tensor import settle


def renames(left: State, right: State, values: tuple[Value, Value] | None = None) -> dict[Gauge, Gauge]:
    """Return which gauges of the right state may go under the name of one of the left state."""
    proposed: dict[Gauge, Gauge | None] = {}
    for a, b in [*differing(left, right), *([values] if values is not None else [])]:
        for x, y in tensor_pairs(a, b):
            mine, theirs = x.gauges - y.gauges, y.gauges - x.gauges
            if len(mine) == 1 and len(theirs) == 1:
                (g,), (h,) = mine, theirs
                alike = (g.group, g.ordered) == (h.group, h.ordered)
                proposed[h] = g if alike and proposed.get(h, g) == g else None
    found = {h: g for h, g in proposed.items() if g is not None}
    if not found:
        return {}
    extra: tuple[list[Value], list[Value]] = ([values[0]], [values[1]]) if values is not None else ([], [])
    known_left, known_right = gauges_in_state(left, extra[0]), gauges_in_state(right, extra[1])
    taken: set[Gauge] = set()
    kept: dict[Gauge, Gauge] = {}
    for h, g in found.items():
        if h not in known_left and g not in known_right and g not in taken:
            kept[h] = g
            taken.add(g)
    return kept


def tensor_pairs(a: Value, b: Value) -> Iterator[tuple[Tensor, Tensor]]:
    """The tensors that stand in the same position of two values."""
    stack = [(a, b)]
    while stack:
        x, y = stack.pop()
        if isinstance(x, Tensor) and isinstance(y, Tensor):
            yield x, y
        elif isinstance(x, Record) and isinstance(y, Record):
            stack.extend(zip(x.values, y.values, strict=False))
        elif type(x) is tuple and type(y) is tuple:
            stack.extend(zip(x, y, strict=False))


def renamed(t: Tensor, names: dict[Gauge, Gauge]) -> Tensor:
    """Return a tensor with gauges renamed."""
    if not any(g in names for g, _ in t.motions):
        return t
    return replace(t, motions=settle({names.get(g, g): m for g, m in t.motions}))
