"""Between two passes of a loop: whether the last one taught anything new, and what is of an earlier iteration."""

from __future__ import annotations

from collections.abc import Collection

from eiglint import gauge
from eiglint.analysis.contents import map_object, map_tensors, tensors_inside
from eiglint.analysis.state import Binding, State
from eiglint.analysis.values import Value, same
from eiglint.gauge import Gauge


def aged(state: State, before: State, gauges: Collection[Gauge]) -> None:
    """Mark the gauges that were opened in the last pass of a loop as those of an earlier iteration."""
    if not gauges:
        return

    def older(value: Value) -> Value:
        found = tensors_inside([value])
        if not any(g in gauges for t in found for g in t.gauges):
            return value
        return map_tensors(value, lambda t: gauge.age(t, gauges))

    for key, names in list(state.scopes.items()):
        if before.scopes.get(key) is names:
            continue
        for name, binding in list(names.items()):
            made = older(binding.value)
            if made is not binding.value:
                state.bind(key, name, Binding(made, binding.sites))
    for address, obj in list(state.heap.items()):
        if before.heap.get(address) is not obj:
            state.heap[address] = map_object(obj, older)


def settled(before: State, after: State) -> bool:
    """Whether a pass of a loop has taught nothing new about what was known at its head."""
    for key, names in after.scopes.items():
        known = before.scope(key)
        if known is names:
            continue
        for name, binding in names.items():
            if name not in known or not same(known[name].value, binding.value):
                return False
    for address, obj in after.heap.items():
        if before.holds(address) and before.load(address) is not obj and before.load(address) != obj:
            return False
    return True
