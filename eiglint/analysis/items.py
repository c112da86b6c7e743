"""The items of something iterable: all of them, or what stands for any."""

from __future__ import annotations

from eiglint import gauge
from eiglint.analysis import aliases, members
from eiglint.analysis.frame import MOST_TURNS, Frame
from eiglint.analysis.merge import merge_all
from eiglint.analysis.objects import class_attribute, library_bases
from eiglint.analysis.plain import deep_tensors, shape_items
from eiglint.analysis.values import (
    Bound,
    Choice,
    Closure,
    DictObject,
    InstanceObject,
    Layer,
    Lazy,
    ListObject,
    Pointer,
    Sequence,
    Shape,
    Value,
    is_tuple,
)
from eiglint.gauge import Record, Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Unknown

LONGEST_STRING = 64


def items_of(value: Value, frame: Frame, node: object) -> list[Value] | None:
    """Return the items of something iterable; None where their number is not known."""
    if isinstance(value, tuple) and is_tuple(value):
        return list(value)
    match value:
        case Record():
            return list(value.values)
        case Shape():
            known = shape_items(value.of)
            return None if known is None else list(known)
        case str():
            return list(value) if len(value) <= LONGEST_STRING else None
        case Layer() if value.parts is not None:
            return items_of(value.parts, frame, node)
        case Tensor() if value.rank is not None and isinstance(length := value.size(-value.rank), int):
            return _rows(value, length, frame, node) if 0 < length <= MOST_TURNS else None
        case Pointer():
            return _items_of_object(value, frame)
    return None


def _rows(value: Tensor, length: int, frame: Frame, node: object) -> list[Value]:
    """Return what iterating over a tensor gives."""
    rows: list[Value] = []
    for k in range(length):
        row = gauge.subscript(value, (k,), frame.context(node))
        aliases.note(row, value, (k,), frame)
        rows.append(row)
    return rows


def _items_of_object(pointer: Pointer, frame: Frame) -> list[Value] | None:
    obj = frame.state.load(pointer.address)
    if isinstance(obj, ListObject):
        return None if obj.items is None else list(obj.items)
    if isinstance(obj, DictObject):
        return None if obj.has_rest else list(obj.items)
    assert isinstance(obj, InstanceObject)
    if obj.cls is not None and obj.cls.fields and library_bases(obj.cls):
        return [obj.attributes.get(f) for f in obj.cls.fields]
    walk = class_attribute(obj.cls, "__iter__", frame) if obj.cls is not None else None
    if isinstance(walk, Closure) and not walk.function.is_generator:
        made = frame.call(Bound(walk, pointer), [], {}, walk.function.at)
        return None if isinstance(made, Pointer) and made.address == pointer.address else items_of(made, frame, pointer)
    return None


def walked(value: Value, frame: Frame, node: object) -> Value:
    """Return what iterating over an instance of a class of the project gives, anything else as it is."""
    obj = frame.state.load(value.address) if isinstance(value, Pointer) else None
    if not isinstance(obj, InstanceObject) or obj.cls is None:
        return value
    walk, step = (class_attribute(obj.cls, name, frame) for name in ("__iter__", "__next__"))
    if isinstance(walk, Closure):
        made = frame.call(Bound(walk, value), [], {}, node)
        if made != value:
            return made
    item = class_attribute(obj.cls, "__getitem__", frame) if walk is None else None
    before = len(frame.world.outcome.decomposed)
    if isinstance(step, Closure):
        one = frame.call(Bound(step, value), [], {}, node)
    elif isinstance(item, Closure):
        one = frame.call(Bound(item, value), [frame.index(node, "item")], {}, node)
    else:
        return value
    return Sequence(members.repeated(one, {o.gauge for o in frame.world.outcome.decomposed[before:]}))


def element_of(value: Value, frame: Frame, node: object, index: Number | None = None) -> Value:
    """Return what stands for any item of something iterable: item `index` where it has positions."""
    held = items_of(value, frame, node)
    if held:
        return merge_all(held, frame.merging(node, "element"), ())
    match value:
        case Sequence():
            return value.element
        case Shape():
            return Number(term("size", value.of.term), integer=True)
        case Lazy():
            return _element_of_lazy(value, frame, node, index or frame.index(node, "element"))
        case Tensor():
            place = (index or frame.index(node, "element"),)
            made = gauge.subscript(value, place, frame.context(node))
            aliases.note(made, value, place, frame)
            return made
        case Unknown():
            return Unknown(term("element", value.term))
        case Choice():
            kept = [v for v in value.values if v is not None]
            return merge_all([element_of(v, frame, node, index) for v in kept], frame.merging(node, "element"), ())
        case Pointer():
            walk = walked(value, frame, node)
            return _element_of_object(value, frame, node) if walk == value else element_of(walk, frame, node, index)
    moving = [t for t in deep_tensors([value], frame) if not t.neutral]
    return gauge.opaque(moving, frame.context(node), "iteration") if moving else frame.unknown(node, "element")


def _element_of_lazy(value: Lazy, frame: Frame, node: object, index: Number) -> Value:
    """Return one item of several things that are walked in step."""
    if value.kind == "range":
        return index
    parts = [element_of(part, frame, node, index) for part in value.parts]
    if value.kind == "reversed":
        return parts[0]
    return (index, parts[0]) if value.kind == "enumerate" else tuple(parts)


def _element_of_object(pointer: Pointer, frame: Frame, node: object) -> Value:
    obj = frame.state.load(pointer.address)
    if isinstance(obj, ListObject) and obj.items is None:
        return obj.element
    moving = [t for t in deep_tensors([pointer], frame) if not t.neutral]
    if isinstance(obj, InstanceObject) and moving:
        return gauge.opaque(moving, frame.context(node), "iteration")
    return frame.unknown(node, "element")
