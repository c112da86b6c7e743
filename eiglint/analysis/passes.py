"""Between two passes of a loop: whether the last one taught anything new, and what is of an earlier iteration."""

from __future__ import annotations

from collections.abc import Callable, Collection

from eiglint import gauge
from eiglint.analysis.contents import map_object, map_tensors, tensors_inside
from eiglint.analysis.state import Binding, State
from eiglint.analysis.values import Value, same
from eiglint.gauge import Gauge, Tensor


def aged(state: State, before: State, gauges: Collection[Gauge]) -> None:
    """Mark the gauges that were opened in the last pass of a loop as those of an earlier iteration."""
    if not gauges:
        return

    everywhere(state, before, gauges, lambda t: gauge.age(t, gauges))


def everywhere(
    state: State, before: State | None, gauges: Collection[Gauge], change: Callable[[Tensor], Tensor]
) -> None:
    """Change every tensor of a state that depends on one of the gauges, what was the same before excepted."""

    def changed(value: Value) -> Value:
        found = tensors_inside([value])
        return map_tensors(value, change) if any(g in gauges for t in found for g in t.gauges) else value

    for key, names in list(state.scopes.items()):
        if before is not None and before.scopes.get(key) is names:
            continue
        for name, binding in list(names.items()):
            made = changed(binding.value)
            if made is not binding.value:
                state.bind(key, name, Binding(made, binding.sites))
    for address, obj in list(state.heap.items()):
        if before is None or before.heap.get(address) is not obj:
            state.heap[address] = map_object(obj, changed)


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
