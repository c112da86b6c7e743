"""`value[index]`, read and written, for everything a value can be."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from eiglint import gauge
from eiglint.analysis import aliases, attributes, members
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import element_of, items_of
from eiglint.analysis.merge import merge_all
from eiglint.analysis.merging import MISSING
from eiglint.analysis.objects import (
    bind_to,
    class_attribute,
    either,
    escape,
    is_internal,
    is_key,
    replace_object,
    with_key,
)
from eiglint.analysis.plain import deep_tensors, plain, shape_items, size_at, spread
from eiglint.analysis.values import (
    Choice,
    Class,
    DictObject,
    InstanceObject,
    Layer,
    ListObject,
    Pointer,
    Reference,
    Sequence,
    Shape,
    Space,
    Update,
    Value,
    is_tuple,
)
from eiglint.gauge import Record, Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range, Unknown


def get(base: Value, index: Value, node: object, frame: Frame) -> Value:
    """Return `base[index]`."""
    if isinstance(base, Choice) or isinstance(index, Choice):
        return spread([base, index], frame, node, lambda vs: get(vs[0], vs[1], node, frame))
    match base:
        case Tensor():
            return _of_tensor(base, index, node, frame)
        case Record():
            return _of_items(base.values, index, node, frame)
        case Update():
            return replace(base, index=index)
        case Shape():
            return _of_shape(base.of, index, node, frame)
        case Sequence():
            return _of_sequence(base, index)
        case Pointer():
            return _of_object(base, index, node, frame)
        case Reference() | Class() | Space():
            return base
        case Layer():
            return get(base.parts, index, node, frame) if base.parts is not None else frame.unknown(node)
        case str() | bytes():
            return base[index] if isinstance(index, int) and -len(base) <= index < len(base) else frame.unknown(node)
    if is_tuple(base):
        return _of_items(cast("tuple[Value, ...]", base), index, node, frame)
    return _of_unknown(base, index, node, frame)


def _of_unknown(base: Value, index: Value, node: object, frame: Frame) -> Value:
    moving = [t for t in deep_tensors([base, index], frame) if not t.neutral]
    if moving:
        return gauge.opaque(moving, frame.context(node), "index")
    if isinstance(base, Unknown) and is_key(index):
        return Unknown(term("item", base.term, index))
    return frame.unknown(node)


def _of_tensor(t: Tensor, index: Value, node: object, frame: Frame) -> Value:
    if isinstance(index, str):
        return _named_item(t, index, node, frame)
    parts = cast("tuple[Value, ...]", index) if is_tuple(index) else (index,)
    items = tuple([plain(i, frame, node) for i in parts])
    made = gauge.subscript(t, items, frame.context(node))
    aliases.note(made, t, items, frame)
    return made


def _named_item(t: Tensor, key: str, node: object, frame: Frame) -> Value:
    """Return an item of something that was taken for a tensor and is a mapping: a batch, a data object."""
    stored = attributes.stored_on(t, f"[{key}]", frame)
    if stored is not MISSING:
        return stored
    if t.neutral:
        return gauge.tensor(term("item", t.term, key), t.live)
    return gauge.opaque([t], frame.context(node), "index")


def _of_items(items: tuple[Value, ...], index: Value, node: object, frame: Frame) -> Value:
    if isinstance(index, bool | int) and -len(items) <= index < len(items):
        return items[index]
    if isinstance(index, Range):
        bounds = (index.lower, index.upper, index.step)
        if all(b is None or isinstance(b, int) for b in bounds) and index.step != 0:
            return items[slice(*cast("tuple[int, int, int]", bounds))]
        return Sequence(merge_all(items, frame.merging(node, "slice"), ())) if items else ()
    if not items:
        return frame.unknown(node)
    made = merge_all(items, frame.merging(node, "item"), ())
    if isinstance(index, Tensor) and not index.neutral:
        return gauge.opaque(deep_tensors([made, index], frame), frame.context(node), "index")
    return made


def _of_shape(t: Tensor, index: Value, node: object, frame: Frame) -> Value:
    if isinstance(index, int):
        return size_at(t, index)
    known = shape_items(t)
    if known is not None:
        return _of_items(known, index, node, frame)
    if isinstance(index, Range) and isinstance(index.lower, int) and index.lower < 0:
        upper = 0 if index.upper is None else index.upper
        if isinstance(upper, int) and upper <= 0 and index.step in (None, 1):
            return tuple([size_at(t, axis) for axis in range(index.lower, upper)])
    if isinstance(index, Range):
        return Sequence(frame.index(node))
    return Number(term("size", t.term, *([index.term] if isinstance(index, Number) else [])), integer=True)


def _of_sequence(base: Sequence, index: Value) -> Value:
    """Return one of many: two different positions hold the results of two different runs of the same code."""
    if isinstance(index, Range):
        return base if index.lower in (None, 0) else Sequence(members.member(base.element, ("from", repr(index))))
    return members.member(base.element, index) if isinstance(index, int | Number) else base.element


def _of_object(pointer: Pointer, index: Value, node: object, frame: Frame) -> Value:
    obj = frame.state.load(pointer.address)
    match obj:
        case ListObject(items=None):
            made = _of_sequence(Sequence(obj.element), index)
            return frame.allocate(ListObject(None, made.element)) if isinstance(made, Sequence) else made
        case ListObject():
            assert obj.items is not None
            made = _of_items(obj.items, index, node, frame)
            if isinstance(index, Range):
                return frame.allocate(_as_list(made))
            return made
        case DictObject():
            return _of_dict(obj, index, node, frame)
    method = class_attribute(obj.cls, "__getitem__", frame) if obj.cls is not None else None
    if method is not None:
        return frame.call(bind_to(method, pointer, cast("Class", obj.cls)), [index], {}, node)
    items = items_of(pointer, frame, node)
    if items is not None:
        return _of_items(tuple(items), index, node, frame)
    if isinstance(index, str) and f"[{index}]" in obj.attributes:
        return obj.attributes[f"[{index}]"]
    return _of_unknown(pointer, index, node, frame)


def _as_list(value: Value) -> ListObject:
    if isinstance(value, Sequence):
        return ListObject(None, value.element)
    return ListObject(cast("tuple[Value, ...]", value))


def _of_dict(obj: DictObject, index: Value, node: object, frame: Frame) -> Value:
    if is_key(index) and index in obj.items:
        found = obj.items[index]
        return either(found, obj.rest, node, "rest", frame) if obj.has_rest else found
    everything = [*obj.items.values()] if not is_key(index) else []
    if obj.has_rest:
        everything.append(obj.rest)
    return merge_all(everything, frame.merging(node, "entry"), ()) if everything else frame.unknown(node)


# --- written ----------------------------------------------------------------------------------------------------


def put(base: Value, index: Value, value: Value, node: object, frame: Frame) -> None:
    """Carry out `base[index] = value` on what can be changed in place; tensors are rebound by the caller."""
    if isinstance(base, Choice):
        for one in base.values:
            put(one, index, value, node, frame)
        return
    if not isinstance(base, Pointer):
        if base is not None and not isinstance(base, Sequence):
            escape(value, node, frame)
        return
    obj = frame.state.load(base.address)
    if isinstance(obj, DictObject):
        replace_object(base.address, with_key(obj, index, value, node, frame), node, frame)
    elif isinstance(obj, ListObject):
        replace_object(base.address, _with_item(obj, index, value, node, frame), node, frame)
    else:
        _put_on_instance(base, obj, index, value, node, frame)
        return
    if obj.outlives:
        name = index if isinstance(index, str) else ""
        escape(value, node, frame, internal=bool(name) and is_internal(frame.owner, name, frame))


def _put_on_instance(
    pointer: Pointer, obj: InstanceObject, index: Value, value: Value, node: object, frame: Frame
) -> None:
    method = class_attribute(obj.cls, "__setitem__", frame) if obj.cls is not None else None
    if method is not None:
        frame.call(bind_to(method, pointer, cast("Class", obj.cls)), [index, value], {}, node)
        return
    attributes.put(pointer, f"[{index}]" if isinstance(index, str) else "*", value, node, frame)


def _with_item(obj: ListObject, index: Value, value: Value, node: object, frame: Frame) -> ListObject:
    if obj.items is not None and isinstance(index, int) and -len(obj.items) <= index < len(obj.items):
        items = list(obj.items)
        items[index] = value
        return replace(obj, items=tuple(items))
    if isinstance(index, Range):
        value = element_of(value, frame, node)
    old = list(obj.items) if obj.items is not None else [obj.element]
    if obj.items is not None and not isinstance(index, Range):
        return replace(obj, items=tuple([either(v, value, node, f"item {i}", frame) for i, v in enumerate(old)]))
    return replace(obj, items=None, element=merge_all([*old, value], frame.merging(node, "list"), ()))


def update(pointer: Pointer, other: Value, node: object, frame: Frame) -> None:
    """Carry out `dict.update(other)`."""
    obj = frame.state.load(pointer.address)
    assert isinstance(obj, DictObject)
    source = frame.state.load(other.address) if isinstance(other, Pointer) else None
    if isinstance(source, DictObject):
        rests = [o.rest for o in (obj, source) if o.has_rest]
        rest = merge_all(rests, frame.merging(node, "update"), ())
        made = replace(obj, items={**obj.items, **source.items}, rest=rest, has_rest=bool(rests))
    else:
        tensors = deep_tensors([other], frame)
        moving = [t for t in tensors if not t.neutral]
        new = gauge.opaque(moving, frame.context(node), "update") if moving else frame.unknown(node)
        made = with_key(obj, new if not is_key(new) else None, new, node, frame)
    replace_object(pointer.address, made, node, frame)
    if obj.outlives:
        escape(Choice(tuple(made.items.values())), node, frame)
