"""Methods of lists, sets and dicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eiglint.analysis import members, subscripts
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import element_of, items_of
from eiglint.analysis.merge import merge_all
from eiglint.analysis.objects import either, escape, extended, is_key, replace_object, with_key
from eiglint.analysis.values import DictObject, ListObject, Pointer, Sequence, Value

GROWING = frozenset(("append", "add", "insert", "extend", "appendleft", "update"))


def list_method(
    pointer: Pointer, obj: ListObject, name: str, positional: list[Value], node: object, frame: Frame
) -> Value:
    """Call a method of a list, set or deque; NotImplemented where nobody knows it."""
    if name in GROWING and positional:
        replace_object(pointer.address, _grown(obj, name, positional, node, frame), node, frame)
        if obj.outlives:
            escape(positional[-1], node, frame)
        return None
    if name in ("pop", "popleft"):
        return _popped(pointer, obj, name, positional, node, frame)
    if name == "copy":
        return frame.allocate(replace(obj, outlives=False, origins=()))
    if name == "clear":
        replace_object(pointer.address, replace(obj, items=(), element=None), node, frame)
        return None
    if name in ("reverse", "sort", "remove", "discard"):
        made = _reordered(obj, name, node, frame)
        replace_object(pointer.address, made, node, frame)
        return None
    if name in ("index", "count"):
        return frame.index(node, name)
    if name in ("union", "intersection", "difference"):
        return frame.allocate(extended(obj, None, element_of(positional[0], frame, node), node, frame))
    return NotImplemented


def _grown(obj: ListObject, name: str, positional: list[Value], node: object, frame: Frame) -> ListObject:
    if name in ("extend", "update"):
        more = items_of(positional[0], frame, node)
        return extended(obj, more, element_of(positional[0], frame, node), node, frame)
    value = positional[-1]
    if name == "appendleft" and obj.items is not None:
        return replace(obj, items=(value, *obj.items))
    if name == "insert" and obj.items is not None and len(positional) == 2:
        at = positional[0]
        if isinstance(at, int):
            items = list(obj.items)
            items.insert(at, value)
            return replace(obj, items=tuple(items))
        return extended(obj, None, value, node, frame)
    return extended(obj, [value], value, node, frame)


def _popped(pointer: Pointer, obj: ListObject, name: str, positional: list[Value], node: object, frame: Frame) -> Value:
    at = 0 if name == "popleft" else positional[0] if positional else -1
    if obj.items and isinstance(at, int) and -len(obj.items) <= at < len(obj.items) and obj.kind == "list":
        items = list(obj.items)
        value = items.pop(at)
        replace_object(pointer.address, replace(obj, items=tuple(items)), node, frame)
        return value
    value = element_of(pointer, frame, node)
    if obj.items is None:
        others = members.member(value, ("left", frame.world.number(node)))
        replace_object(pointer.address, replace(obj, element=others), node, frame)
    else:
        replace_object(pointer.address, replace(obj, items=None, element=value), node, frame)
    return value


def _reordered(obj: ListObject, name: str, node: object, frame: Frame) -> ListObject:
    if obj.items is None:
        return obj
    if name == "reverse":
        return replace(obj, items=obj.items[::-1])
    return replace(obj, items=None, element=merge_all(obj.items, frame.merging(node, name), ()))


def dict_method(
    pointer: Pointer,
    obj: DictObject,
    name: str,
    positional: list[Value],
    keywords: Mapping[str, Value],
    node: object,
    frame: Frame,
) -> Value:
    """Call a method of a dict; NotImplemented where nobody knows it."""
    match name:
        case "get" | "pop" | "setdefault" if positional:
            return _fetched(pointer, obj, name, positional, node, frame)
        case "items":
            pairs: list[Value] = [(k, v) for k, v in obj.items.items()]
            if not obj.has_rest:
                return tuple(pairs)
            pairs.append((frame.unknown(node, "key"), obj.rest))
            return Sequence(merge_all(pairs, frame.merging(node, "items"), ()))
        case "values":
            values = list(obj.items.values())
            if not obj.has_rest:
                return tuple(values)
            return Sequence(merge_all([*values, obj.rest], frame.merging(node, "values"), ()))
        case "keys":
            return Sequence(frame.unknown(node, "key")) if obj.has_rest else tuple(obj.items)
        case "update":
            if positional:
                subscripts.update(pointer, positional[0], node, frame)
            for key, value in keywords.items():
                subscripts.put(pointer, key, value, node, frame)
            return None
        case "copy":
            return frame.allocate(replace(obj, outlives=False, origins=()))
        case "clear":
            replace_object(pointer.address, replace(obj, items={}, rest=None, has_rest=False), node, frame)
            return None
    return NotImplemented


def _fetched(
    pointer: Pointer, obj: DictObject, name: str, positional: list[Value], node: object, frame: Frame
) -> Value:
    key = positional[0]
    default = positional[1] if len(positional) > 1 else None
    certain = is_key(key) and key in obj.items and not obj.has_rest
    missing = is_key(key) and key not in obj.items and not obj.has_rest
    value = default if missing else subscripts.get(pointer, key, node, frame)
    if not certain and not missing:
        value = either(value, default, node, "default", frame)
    if name == "setdefault" and not certain:
        replace_object(pointer.address, with_key(obj, key, value, node, frame), node, frame)
    if name == "pop" and certain:
        left = {k: v for k, v in obj.items.items() if k != key}
        replace_object(pointer.address, replace(obj, items=left), node, frame)
    return value
