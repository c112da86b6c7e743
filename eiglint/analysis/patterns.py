"""Taking values apart and putting them into targets: unpacking, iteration, assignment."""

from __future__ import annotations

from typing import cast

from eiglint import gauge
from eiglint.analysis import aliases, attributes, calls, expressions, homes, members, resolve, subscripts
from eiglint.analysis.contents import map_tensors
from eiglint.analysis.events import Unused
from eiglint.analysis.frame import MOST_TURNS, Frame
from eiglint.analysis.keeping import keep
from eiglint.analysis.merge import merge_all
from eiglint.analysis.objects import class_attribute, library_bases
from eiglint.analysis.plain import deep_tensors, plain, shape_items, size_at
from eiglint.analysis.state import Binding, Site
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
from eiglint.gauge import Gauge, Record, Tensor
from eiglint.gauge.coins import random_signs
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Unknown
from eiglint.ir import instructions as ir

LONGEST_STRING = 64
PARAMETERS = frozenset(("param", "attr", "item"))
"""Terms of tensors that belong to somebody outside: what is stored in them outlives the function."""


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
        made = calls.call(Bound(walk, pointer), [], {}, walk.function.at, frame)
        return None if isinstance(made, Pointer) and made.address == pointer.address else items_of(made, frame, pointer)
    return None


def walked(value: Value, frame: Frame, node: object) -> Value:
    """Return what iterating over an instance of a class of the project gives, anything else as it is."""
    obj = frame.state.load(value.address) if isinstance(value, Pointer) else None
    if not isinstance(obj, InstanceObject) or obj.cls is None:
        return value
    walk, step = (class_attribute(obj.cls, name, frame) for name in ("__iter__", "__next__"))
    if isinstance(walk, Closure):
        made = calls.call(Bound(walk, value), [], {}, node, frame)
        if made != value:
            return made
    item = class_attribute(obj.cls, "__getitem__", frame) if walk is None else None
    before = len(frame.world.outcome.decomposed)
    if isinstance(step, Closure):
        one = calls.call(Bound(step, value), [], {}, node, frame)
    elif isinstance(item, Closure):
        one = calls.call(Bound(item, value), [frame.index(node, "item")], {}, node, frame)
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


def unpack(value: Value, count: int, star: int | None, node: object, frame: Frame) -> list[Value]:
    """Return what each of `count` targets receives; `star` is the position of a starred one."""
    if isinstance(value, Choice):
        kept = [v for v in value.values if v is not None]
        columns = zip(*[unpack(v, count, star, node, frame) for v in kept], strict=True)
        return [merge_all(c, frame.merging(node, "unpack"), (i,)) for i, c in enumerate(columns)]
    held = items_of(value, frame, node)
    if held is None and isinstance(value, Shape) and star is None:
        return [size_at(value.of, i - count) for i in range(count)]
    if held is not None:
        made = _fitted(held, count, star, frame)
        if made is not None:
            return made
    return [_at(value, i, star, node, frame) for i in range(count)]


def _fitted(held: list[Value], count: int, star: int | None, frame: Frame) -> list[Value] | None:
    if star is None:
        return held if len(held) == count else None
    spare = len(held) - (count - 1)
    if spare < 0:
        return None
    middle = frame.allocate(ListObject(tuple(held[star : star + spare])))
    return [*held[:star], middle, *held[star + spare :]]


def _at(value: Value, position: int, star: int | None, node: object, frame: Frame) -> Value:
    """Return item `position` of something whose items are not known."""
    if star is not None:
        element = element_of(value, frame, node)
        if position:
            element = members.member(element, position)
        if position == star:
            return frame.allocate(ListObject(None, element))
        return map_tensors(element, lambda t: gauge.age(t, t.gauges)) if position else element
    match value:
        case Tensor():
            if value.neutral:
                return gauge.tensor(term("item", value.term, position), value.live)
            return gauge.subscript(value, (position,), frame.context(node))
        case Sequence():
            return subscripts.get(value, position, node, frame)
        case Unknown():
            return Unknown(term("item", value.term, position))
        case Pointer() if isinstance(frame.state.load(value.address), ListObject):
            return subscripts.get(value, position, node, frame)
    element = element_of(value, frame, node)
    return Unknown(term("item", element.term, position)) if isinstance(element, Unknown) else element


# --- targets ----------------------------------------------------------------------------------------------------


def site(name: str, value: Value, node: object, frame: Frame) -> frozenset[Site]:
    """Note an assignment of a tensor to a local variable, so that it can be told whether anybody reads it."""
    local = frame.function is not None and name not in frame.globals and name not in frame.nonlocals
    if not local or not isinstance(value, Tensor):
        return frozenset()
    here = (frame.world.number(node), name)
    near = _vectors_near(frame) if value.neutral and random_signs(value.term) else None
    frame.world.written[here] = Unused(name, value, frame.spot(node), near)
    return frozenset((here,))


def _vectors_near(frame: Frame) -> Gauge | None:
    """Return the decomposition whose vectors are in the function's variables, the latest one."""
    values = [binding.value for binding in frame.state.scope(frame.scope).values()]
    moving = [g for t in deep_tensors(values, frame) for g, m in t.motions if not m.phase.neutral]
    return moving[-1] if moving else None


def assign(target: ir.Expression, value: Value, frame: Frame) -> None:
    """Carry out `target = value`."""
    match target:
        case ir.Name(id=name, at=at):
            resolve.assign(name, Binding(value, site(name, value, at, frame)), frame)
            if name in frame.globals and frame.function is not None:
                frame.reach("stored", deep_tensors([value], frame), at)
                keep("stored", [value], at, frame)
        case ir.Sequence(items=items, at=at):
            star = next((i for i, t in enumerate(items) if isinstance(t, ir.Starred)), None)
            for one, part in zip(items, unpack(value, len(items), star, at, frame), strict=True):
                assign(one, part, frame)
        case ir.Starred(value=inner):
            assign(inner, value, frame)
        case ir.Attribute(value=base, attr=attr, at=at):
            _assign_attribute(base, attr, value, at, frame)
        case ir.Subscript(value=base, index=index, at=at):
            held = expressions.evaluate(base, frame)
            assign_item(base, held, expressions.evaluate(index, frame), value, at, frame)


def _assign_attribute(base: ir.Expression, attr: str, value: Value, at: object, frame: Frame) -> None:
    held = expressions.evaluate(base, frame)
    if isinstance(held, Tensor) and attr == "data":
        rebind(base, value, frame)
    elif isinstance(held, Tensor) and homes.method(held, attr, frame) is not None:
        if attr == "requires_grad":
            given: dict[str, object] = {"input": held, "requires_grad": value}
            rebind(base, gauge.apply("requires", {}, given, frame.context(at), attr), frame)
        elif attr != "grad":  # real, imag: a view that is written to
            rebind(base, gauge.opaque([held, *deep_tensors([value], frame)], frame.context(at), attr), frame)
    else:
        attributes.put(held, attr, value, at, frame)


def assign_item(base: ir.Expression | None, held: Value, index: Value, value: Value, at: object, frame: Frame) -> None:
    """Carry out `base[index] = value`; a tensor that is written to is a new value of whatever holds it."""
    if isinstance(held, Choice):
        tensors = [v for v in held.values if isinstance(v, Tensor)]
        held = tensors[0] if len(tensors) == 1 else held
    if not isinstance(held, Tensor):
        subscripts.put(held, index, value, at, frame)
        return
    if isinstance(index, str):
        attributes.put(held, f"[{index}]", value, at, frame)
        return
    parts = cast("tuple[Value, ...]", index) if is_tuple(index) else (index,)
    items = tuple([plain(i, frame, at) for i in parts])
    new = plain(value, frame, at)
    made = gauge.store(held, items, new, frame.context(at))
    if held.term.op in PARAMETERS:
        frame.reach("stored", deep_tensors([value], frame), at)
        keep("stored", [value], at, frame)
    if base is not None:
        rebind(base, made, frame, told=True)


def rebind(target: ir.Expression, value: Value, frame: Frame, told: bool = False) -> None:
    """Let the place that an in-place operation wrote to hold the new value, through views where need be.

    What is written into a tensor of somebody else is stored; `told` says that this was reported already.
    """
    match target:
        case ir.Name(id=name, at=at):
            old = _binding(name, frame)
            sites = old.sites if old is not None else frozenset()
            if not told and old is not None and isinstance(old.value, Tensor) and old.value.term.op in PARAMETERS:
                frame.reach("stored", deep_tensors([value], frame), at)
            resolve.assign(name, Binding(value, sites), frame)
            aliases.overwritten(None if old is None else old.value, value, target, frame)
        case ir.Attribute(value=base, attr=attr, at=at):
            held = expressions.evaluate(base, frame)
            if isinstance(held, Tensor) and homes.method(held, attr, frame) is not None:
                rebind(base, _through_view(held, value, attr, at, frame), frame, told)
            else:
                before = attributes.get(held, attr, at, frame)
                attributes.put(held, attr, value, at, frame)
                aliases.overwritten(before, value, at, frame)
        case ir.Subscript(value=base, index=index, at=at):
            held, place = expressions.evaluate(base, frame), expressions.evaluate(index, frame)
            item = None if isinstance(held, Tensor) else subscripts.get(held, place, at, frame)
            if not is_tuple(held):
                assign_item(base, held, place, value, at, frame)
            aliases.overwritten(item, value, at, frame)
        case ir.Call(func=ir.Attribute(value=base), at=at):
            held = expressions.evaluate(base, frame)
            if isinstance(held, Tensor):
                rebind(base, _through_view(held, value, "view", at, frame), frame, told)


def _through_view(held: Tensor, value: Value, attr: str, at: object, frame: Frame) -> Value:
    if attr == "data":
        return value
    return gauge.opaque([held, *deep_tensors([value], frame)], frame.context(at), f"a write through `{attr}`")


def _binding(name: str, frame: Frame) -> Binding | None:
    for key in frame.scopes:
        binding = frame.state.scope(key).get(name)
        if binding is not None:
            return binding
    return None


def delete(target: ir.Expression, frame: Frame) -> None:
    """Carry out `del target`."""
    match target:
        case ir.Name(id=name):
            frame.state.unbind(frame.scope, name)
        case ir.Sequence(items=items):
            for item in items:
                delete(item, frame)
        case ir.Subscript(value=base, index=index, at=at):
            held = expressions.evaluate(base, frame)
            expressions.evaluate(index, frame)
            if isinstance(held, Pointer):
                obj = frame.state.load(held.address)
                if isinstance(obj, ListObject) and obj.items is not None:
                    made = merge_all(obj.items, frame.merging(at, "deleted"), ())
                    frame.state.heap[held.address] = ListObject(None, made, obj.kind, obj.outlives, obj.origins)
        case _:
            return
