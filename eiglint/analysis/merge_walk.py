"""Where two states differ, and which gauges a state knows."""

from __future__ import annotations

from collections.abc import Iterator

from eiglint.analysis.state import State
from eiglint.analysis.values import Choice, DictObject, HeapObject, InstanceObject, ListObject, Sequence, Value
from eiglint.gauge import Gauge, Record, Tensor


def differing(left: State, right: State) -> Iterator[tuple[Value, Value]]:
    """The pairs of values that variables and objects have in two states."""
    for key, theirs in right.scopes.items():
        mine = left.scope(key)
        if mine is not theirs:
            for name, there in theirs.items():
                here = mine.get(name)
                if here is not None and here is not there:
                    yield here.value, there.value
    for address, obj in right.heap.items():
        before = left.heap.get(address)
        if before is not None and before is not obj:
            yield from zip(parts(before), parts(obj), strict=False)


def parts(obj: HeapObject) -> list[Value]:
    """Everything that an object holds, in a fixed order."""
    if isinstance(obj, ListObject):
        return list(obj.items) if obj.items is not None else [obj.element]
    if isinstance(obj, DictObject):
        return [*obj.items.values(), obj.rest]
    assert isinstance(obj, InstanceObject)
    return list(obj.attributes.values())


def is_calm(before: State, after: State) -> bool:
    """Whether nothing that changed between two states depends on any decomposition."""
    changed: list[Value] = []
    for key, names in after.scopes.items():
        known = before.scope(key)
        if known is not names:
            changed.extend([b.value for n, b in names.items() if known.get(n) is not b])
    for address, obj in after.heap.items():
        if before.heap.get(address) is not obj:
            changed.extend(parts(obj))
    return not _gauges_in(changed)


def gauges_in_state(state: State, extra: list[Value]) -> set[Gauge]:
    """Every gauge that some variable, some object or an extra value depends on."""
    values: list[Value] = list(extra)
    for names in state.scopes.values():
        values.extend([b.value for b in names.values()])
    for obj in state.heap.values():
        values.extend(parts(obj))
    return _gauges_in(values)


def _gauges_in(values: list[Value]) -> set[Gauge]:
    found: set[Gauge] = set()
    stack = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, Tensor):
            found |= value.gauges
        elif isinstance(value, Record | Choice):
            stack.extend(value.values)
        elif isinstance(value, Sequence):
            stack.append(value.element)
        elif type(value) is tuple:
            stack.extend(value)
    return found
