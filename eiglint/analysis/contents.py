"""What a value or an object holds: its tensors, its elements, and both with some of it replaced."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from eiglint.analysis.values import Choice, DictObject, HeapObject, ListObject, Sequence, Shape, Value, is_tuple
from eiglint.gauge import Record, Tensor
from eiglint.gauge.values import Range


def tensors_inside(values: Collection[Value]) -> list[Tensor]:
    """The tensors of values, those on the heap excepted."""
    found: list[Tensor] = []
    stack = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, Record | Choice):
            stack.extend(value.values)
        elif isinstance(value, Range):
            stack.extend((value.lower, value.upper, value.step))
        elif isinstance(value, Sequence):
            stack.append(value.element)
        elif isinstance(value, Shape):
            continue
        elif isinstance(value, tuple) and is_tuple(value):
            stack.extend(value)
    return found


def map_tensors(value: Value, change: Callable[[Tensor], Value]) -> Value:
    """Replace the tensors of a value, those on the heap excepted."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple) and is_tuple(value):
        return tuple([map_tensors(v, change) for v in value])
    if isinstance(value, Record):
        return Record(value.fields, tuple([map_tensors(v, change) for v in value.values]))
    if isinstance(value, Sequence):
        return Sequence(map_tensors(value.element, change))
    if isinstance(value, Choice):
        return Choice(tuple([map_tensors(v, change) for v in value.values]))
    return value


def map_object(obj: HeapObject, change: Callable[[Value], Value]) -> HeapObject:
    """Replace the contents of a heap object; the same object if nothing changes."""
    if isinstance(obj, ListObject):
        if obj.items is None:
            made = change(obj.element)
            return obj if made is obj.element else replace(obj, element=made)
        items = tuple([change(v) for v in obj.items])
        return obj if all(x is y for x, y in zip(items, obj.items, strict=True)) else replace(obj, items=items)
    if isinstance(obj, DictObject):
        held = {k: change(v) for k, v in obj.items.items()}
        rest = change(obj.rest) if obj.has_rest else obj.rest
        unchanged = rest is obj.rest and all(held[k] is obj.items[k] for k in held)
        return obj if unchanged else replace(obj, items=held, rest=rest)
    kept = {k: change(v) for k, v in obj.attributes.items()}
    return obj if all(kept[k] is obj.attributes[k] for k in kept) else replace(obj, attributes=kept)


def elements_of(obj: ListObject) -> tuple[Value, ...]:
    """Every value that a list may hold."""
    return obj.items if obj.items is not None else (obj.element,)
