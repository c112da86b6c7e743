"""Instances of classes of the project, and `super()`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eiglint import gauge
from eiglint.analysis.frame import Frame
from eiglint.analysis.objects import class_attribute, is_boundary, unknown_base
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.values import (
    Ancestor,
    Bound,
    Class,
    InstanceObject,
    Pointer,
    Reference,
    Value,
)
from eiglint.gauge import Tensor


def instantiate(
    cls: Class, positional: list[Value], keywords: Mapping[str, Value], node: object, frame: Frame, spill: Value
) -> Value:
    """Return a new instance."""
    given = [*positional, *keywords.values(), *([] if spill is None else [spill])]
    if cls.doubtful or is_boundary(cls):
        return gauge.opaque(deep_tensors(given, frame), frame.context(node), cls.name)
    allocator = class_attribute(cls, "__new__", frame)
    if allocator is not None:
        made = frame.call(allocator, [cls, *positional], keywords, node, spill)
        if isinstance(made, Tensor):
            return made  # a subclass of Tensor: its `__init__` can only add attributes
    pointer = frame.allocate(InstanceObject(cls, {}))
    maker = class_attribute(cls, "__init__", frame)
    if maker is not None:
        frame.call(Bound(maker, pointer), positional, keywords, node, spill)
        if allocator is not None:
            _hold_all(pointer, given, frame)
        return pointer
    if cls.fields:
        _fill_fields(pointer, cls, positional, keywords, node, frame)
        after = class_attribute(cls, "__post_init__", frame)
        if after is not None:
            frame.call(Bound(after, pointer), [], {}, node)
        return pointer
    if given and (unknown_base(cls) or allocator is not None):
        _hold_all(pointer, given, frame)
    return pointer


def _hold_all(pointer: Pointer, given: list[Value], frame: Frame) -> None:
    """Let an instance hold all that it was made of: what makes it, or a part of that, cannot be read."""
    made = frame.state.load(pointer.address)
    assert isinstance(made, InstanceObject)
    frame.state.heap[pointer.address] = replace(made, attributes={**made.attributes, "*": tuple(given)}, open=True)


def _fill_fields(
    pointer: Pointer, cls: Class, positional: list[Value], keywords: Mapping[str, Value], node: object, frame: Frame
) -> None:
    attributes: dict[str, Value] = {}
    for name in cls.fields:
        default = class_attribute(cls, name, frame)
        attributes[name] = frame.unknown(node, name) if default is None else default
    attributes.update(zip(cls.fields, positional, strict=False))
    attributes.update(keywords)
    frame.state.heap[pointer.address] = InstanceObject(cls, attributes)


def ancestor(frame: Frame, node: object) -> Value:
    """Return `super()` as it is seen inside a method."""
    if frame.owner is None or frame.function is None or not frame.function.parameters:
        return frame.unknown(node, "super")
    first = frame.function.parameters[0].name
    binding = frame.state.scope(frame.scope).get(first)
    return frame.unknown(node, "super") if binding is None else Ancestor(frame.owner, binding.value)


def class_fields(annotated: list[str], bases: tuple[Value, ...], decorators: list[str]) -> tuple[str, ...]:
    """The positional fields of a dataclass or NamedTuple, inherited ones first."""
    inherited = [f for b in bases if isinstance(b, Class) for f in b.fields]
    tuple_like = any(isinstance(b, Reference) and b.name.endswith("NamedTuple") for b in bases)
    data = any(d.endswith(("dataclass", "dataclasses.dataclass", "attrs.define", "attr.s")) for d in decorators)
    if not (tuple_like or data):
        return tuple(inherited)
    return (*inherited, *[a for a in annotated if a not in inherited])
