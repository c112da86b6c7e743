"""Which way a test goes, where that is known."""

from __future__ import annotations

from eiglint.analysis.frame import Frame
from eiglint.analysis.values import (
    CONSTANT,
    Bound,
    Choice,
    Class,
    Closure,
    DictObject,
    Layer,
    ListObject,
    Method,
    Partial,
    Pointer,
    Space,
    Value,
    is_tuple,
)


def truth(value: Value, frame: Frame) -> bool | None:
    """Return whether a value is true; None where nobody knows."""
    if isinstance(value, CONSTANT):
        return bool(value)
    if is_tuple(value):
        return bool(value)
    if isinstance(value, Closure | Class | Bound | Method | Partial | Space | Layer):
        return True
    if isinstance(value, Choice):
        known = {truth(v, frame) for v in value.values}
        return known.pop() if len(known) == 1 else None
    if isinstance(value, Pointer):
        obj = frame.state.load(value.address)
        if isinstance(obj, ListObject):
            return None if obj.items is None else bool(obj.items)
        if isinstance(obj, DictObject):
            return True if obj.items else (None if obj.has_rest else False)
        return None if obj.cls is None else True
    return None
