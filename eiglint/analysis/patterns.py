"""Taking values apart and putting them into targets: unpacking, iteration, assignment."""

from __future__ import annotations

from typing import cast

from eiglint import gauge
from eiglint.analysis import aliases, attributes, homes, members, resolve, spoiled, subscripts
from eiglint.analysis.contents import map_tensors
from eiglint.analysis.events import Unused
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import element_of, items_of
from eiglint.analysis.keeping import keep
from eiglint.analysis.merge import merge_all
from eiglint.analysis.plain import deep_tensors, plain, size_at
from eiglint.analysis.state import Binding, Site
from eiglint.analysis.values import (
    Choice,
    ListObject,
    Pointer,
    Sequence,
    Shape,
    Value,
    is_tuple,
)
from eiglint.gauge import Gauge, Tensor
from eiglint.gauge.coins import random_signs
from eiglint.gauge.terms import term
from eiglint.gauge.values import Unknown
from eiglint.ir import instructions as ir

PARAMETERS = frozenset(("param", "attr", "item"))
"""Terms of tensors that belong to somebody outside: what is stored in them outlives the function."""


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
            held = frame.evaluate(base)
            assign_item(base, held, frame.evaluate(index), value, at, frame)


def _assign_attribute(base: ir.Expression, attr: str, value: Value, at: object, frame: Frame) -> None:
    held = frame.evaluate(base)
    if isinstance(held, Tensor) and attr == "data":
        rebind(base, value, frame, counted=False)
    elif isinstance(held, Tensor) and homes.method(held, attr, frame) is not None:
        if attr == "requires_grad":
            given: dict[str, object] = {"input": held, "requires_grad": value}
            rebind(base, gauge.apply("requires", {}, given, frame.context(at), attr), frame, counted=False)
        elif attr != "grad":  # real, imag: a view that is written to
            rebind(base, gauge.opaque([held, *deep_tensors([value], frame)], frame.context(at), attr), frame)
    else:
        attributes.put(held, attr, value, at, frame)


def assign_item(
    base: ir.Expression | None,
    held: Value,
    index: Value,
    value: Value,
    at: object,
    frame: Frame,
    counted: bool = True,
) -> None:
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
        rebind(base, made, frame, True, counted)


def rebind(target: ir.Expression, value: Value, frame: Frame, told: bool = False, counted: bool = True) -> None:
    """Let the place that an in-place operation wrote to hold the new value, through views where need be.

    What is written into a tensor of somebody else is stored; `told` says that this was reported already, `counted` that
    the write is one to this very memory.
    """
    match target:
        case ir.Name(id=name, at=at):
            old = _binding(name, frame)
            sites = old.sites if old is not None else frozenset()
            if not told and old is not None and isinstance(old.value, Tensor) and old.value.term.op in PARAMETERS:
                frame.reach("stored", deep_tensors([value], frame), at)
            resolve.assign(name, Binding(value, sites), frame)
            aliases.overwritten(None if old is None else old.value, value, target, frame, counted)
        case ir.Attribute(value=base, attr=attr, at=at):
            held = frame.evaluate(base)
            if isinstance(held, Tensor) and homes.method(held, attr, frame) is not None:
                through = counted and attr in spoiled.COUNTED
                rebind(base, _through_view(held, value, attr, at, frame), frame, told, through)
            else:
                before = attributes.get(held, attr, at, frame)
                attributes.put(held, attr, value, at, frame)
                aliases.overwritten(before, value, at, frame, counted)
        case ir.Subscript(value=base, index=index, at=at):
            held, place = frame.evaluate(base), frame.evaluate(index)
            if isinstance(held, Tensor) and aliases.is_copying(place):
                return  # what was written to is a copy that nobody holds
            item = None if isinstance(held, Tensor) else subscripts.get(held, place, at, frame)
            if not is_tuple(held):
                here = counted and (not isinstance(held, Tensor) or aliases.is_basic(place))
                assign_item(base, held, place, value, at, frame, here)
            aliases.overwritten(item, value, at, frame, counted)
        case ir.Call(func=ir.Attribute(value=base), at=at):
            held = frame.evaluate(base)
            if isinstance(held, Tensor):
                rebind(base, _through_view(held, value, "view", at, frame), frame, told, counted=False)


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
            held = frame.evaluate(base)
            frame.evaluate(index)
            if isinstance(held, Pointer):
                obj = frame.state.load(held.address)
                if isinstance(obj, ListObject) and obj.items is not None:
                    made = merge_all(obj.items, frame.merging(at, "deleted"), ())
                    frame.state.heap[held.address] = ListObject(None, made, obj.kind, obj.outlives, obj.origins)
        case _:
            return
