"""Calls: arguments, what is called, and what becomes of the objects that a call changes."""

from __future__ import annotations

from collections.abc import Mapping

from eiglint import gauge
from eiglint.analysis import (
    attributes,
    construct,
    derivatives,
    functions,
    homes,
    library,
    members,
    methods,
    patterns,
    resolve,
)
from eiglint.analysis.decorators import gated
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import element_of, items_of, walked
from eiglint.analysis.merge import merge_states, merge_values
from eiglint.analysis.merging import MISSING
from eiglint.analysis.objects import bind_to, class_attribute, is_module
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.unknown_calls import unknown_callee
from eiglint.analysis.values import (
    Bound,
    Choice,
    Class,
    Closure,
    Deferred,
    Derived,
    DictObject,
    Gate,
    InstanceObject,
    Layer,
    Method,
    Partial,
    Pointer,
    Reference,
    Sequence,
    Value,
)
from eiglint.gauge import Tensor
from eiglint.gauge.values import Unknown
from eiglint.ir import instructions as ir

Keywords = Mapping[str, Value]
NEXT = Reference("builtins.next")
ISINSTANCE = Reference("builtins.isinstance")
ZIP = Reference("builtins.zip")


def evaluate_call(e: ir.Call, frame: Frame) -> Value:
    """Return the value of a call expression."""
    receiver: Value = MISSING
    if isinstance(e.func, ir.Attribute):
        receiver = frame.evaluate(e.func.value)
        callee = attributes_of_call(receiver, e.func.attr, e.func.at, frame)
    elif isinstance(e.func, ir.Name) and e.func.id == "super" and not e.arguments:
        return construct.ancestor(frame, e.at)
    else:
        unread = _unread(e.func, frame)
        callee = frame.evaluate(e.func) if unread is None else unread
    if callee == ISINSTANCE and (answer := _asked_of_neutral(e, frame)) is not MISSING:
        return answer
    if callee == ZIP and (columns := _transposed(e, frame)) is not None:
        return columns
    positional, keywords, spill = _arguments(e, frame)
    if isinstance(callee, Deferred):
        given = [*positional, *keywords.values(), *([] if spill is None else [spill])]
        if functions.brings_nothing(given, frame):
            return gauge.opaque(deep_tensors(given, frame), frame.context(e.at), callee.name)
        callee = resolve.imported(callee, frame)
    name = spelled(e.func)
    value = call(callee, positional, keywords, e.at, frame, spill, name)
    _overwrite(e, callee, value, keywords, frame)
    if isinstance(e.func, ir.Attribute):
        _write_back(e.func.value, receiver, e.at, frame)
    return value


def _transposed(e: ir.Call, frame: Frame) -> Value | None:
    """Return the columns that `zip(*rows)` makes of rows of unknown number, where their items are known."""
    if len(e.arguments) != 1 or e.arguments[0].star != "*":
        return None
    rows = walked(frame.evaluate(e.arguments[0].value), frame, e.at)
    if items_of(rows, frame, e.at) is not None:
        return None
    columns = items_of(element_of(rows, frame, e.at), frame, e.at)
    return None if columns is None else tuple([Sequence(column) for column in columns])


def _write_back(holder: ir.Expression, receiver: Value, node: object, frame: Frame) -> None:
    """Let an object have the attributes that its `__dict__` was given."""
    if not (isinstance(holder, ir.Attribute) and holder.attr == "__dict__" and isinstance(receiver, Pointer)):
        return
    obj = frame.state.load(receiver.address)
    if isinstance(obj, DictObject):
        base = frame.evaluate(holder.value)
        for key, value in obj.items.items():
            attributes.put(base, key if isinstance(key, str) else "*", value, node, frame)
        if obj.has_rest:
            attributes.put(base, "*", obj.rest, node, frame)


def _asked_of_neutral(e: ir.Call, frame: Frame) -> Value:
    """Return what `isinstance(x, Name)` gives where it can be told without reading the file that defines the class."""
    if len(e.arguments) != 2 or any(a.star or a.name for a in e.arguments):
        return MISSING
    about, kind = (a.value for a in e.arguments)
    if not isinstance(about, ir.Name) or not isinstance(kind, ir.Name) or resolve.unread(kind.id, frame) is None:
        return MISSING
    value = frame.evaluate(about)
    if any(not t.neutral for t in deep_tensors([value], frame)):
        return MISSING
    return False if value is None else frame.unknown(e.at, "isinstance")


def _unread(func: ir.Expression, frame: Frame) -> Deferred | None:
    """Return a function of another file that need not be read where its arguments are neutral.

    A name with a capital is a class, whose instances may be given vectors later.
    """
    if isinstance(func, ir.Name) and func.id[:1].islower() and functions.facts_do_not_matter(frame):
        return resolve.unread(func.id, frame)
    return None


def attributes_of_call(receiver: Value, attr: str, node: object, frame: Frame) -> Value:
    """Return what `receiver.attr(...)` calls; methods of tensors keep their name even where nobody knows them."""
    if isinstance(receiver, Tensor):
        model = homes.method(receiver, attr, frame)
        if model is None or not model.attribute:
            held = attributes.stored_on(receiver, attr, frame)
            return Method(receiver, attr) if held is MISSING else held
    if isinstance(receiver, Choice):
        found = [attributes_of_call(v, attr, node, frame) for v in receiver.values if v is not None]
        return found[0] if len(found) == 1 else Choice(tuple(found))
    return attributes.get(receiver, attr, node, frame)


def _arguments(e: ir.Call, frame: Frame) -> tuple[list[Value], dict[str, Value], Value]:
    """Evaluate arguments; the third part stands for starred ones of unknown number."""
    positional: list[Value] = []
    keywords: dict[str, Value] = {}
    spilled: list[Value] = []
    known_from = 0
    for argument in e.arguments:
        value = frame.evaluate(argument.value)
        if argument.star == "*":
            items = items_of(value, frame, e.at)
            if items is None or spilled:
                spilled.append(element_of(value, frame, e.at))
                known_from = len(spilled)
            else:
                positional.extend(items)
        elif argument.star == "**":
            _spread_keywords(value, keywords, spilled, frame)
        elif argument.name is not None:
            keywords[argument.name] = value
        elif spilled:
            spilled.append(value)
        else:
            positional.append(value)
    if not spilled:
        return positional, keywords, None
    moving = [t for t in deep_tensors(spilled, frame) if not t.neutral]
    if moving:
        return positional, keywords, gauge.opaque(moving, frame.context(e.at), "starred arguments")
    return positional, keywords, Unknown(frame.term("starred", e.at), tuple(spilled[known_from:]))


def _spread_keywords(value: Value, keywords: dict[str, Value], spilled: list[Value], frame: Frame) -> None:
    obj = frame.state.load(value.address) if isinstance(value, Pointer) else None
    if isinstance(obj, DictObject):
        keywords.update({k: v for k, v in obj.items.items() if isinstance(k, str)})
        if obj.has_rest:
            spilled.append(obj.rest)
    elif any(not t.neutral for t in deep_tensors([value], frame)):
        spilled.append(value)


def spelled(func: ir.Expression) -> str:
    """Return a callee as it is written."""
    match func:
        case ir.Name(id=name):
            return name
        case ir.Attribute(value=value, attr=attr):
            return f"{spelled(value)}.{attr}"
        case ir.Call(func=inner):
            return f"{spelled(inner)}()"
        case ir.Subscript(value=value):
            return f"{spelled(value)}[]"
    return "<expression>"


def _overwrite(e: ir.Call, callee: Value, value: Value, keywords: Keywords, frame: Frame) -> None:
    """Let what a call writes into hold the new value: the receiver of an in-place method, `out=`, a first argument."""
    for argument in e.arguments:
        if argument.name == "out" and isinstance(value, Tensor) and isinstance(keywords.get("out"), Tensor):
            patterns.rebind(argument.value, value, frame)
    if isinstance(callee, Method) and isinstance(callee.receiver, Tensor) and isinstance(e.func, ir.Attribute):
        model = homes.method(callee.receiver, callee.name, frame)
        inplace = model.inplace if model is not None else callee.name.endswith("_") and not callee.name.endswith("__")
        if inplace:
            patterns.rebind(e.func.value, value, frame)
    elif callee == NEXT and e.arguments and isinstance(e.arguments[0].value, ir.Name):
        held = frame.evaluate(e.arguments[0].value)
        if isinstance(held, Sequence):
            left = Sequence(members.member(held.element, ("left", frame.world.number(e.at))))
            patterns.rebind(e.arguments[0].value, left, frame)
    elif isinstance(callee, Reference) and e.arguments and not e.arguments[0].star:
        model = frame.world.models.get(callee.name)
        if model is not None and model.inplace:
            patterns.rebind(e.arguments[0].value, value, frame)


def call(
    callee: Value,
    positional: list[Value],
    keywords: Keywords,
    node: object,
    frame: Frame,
    spill: Value = None,
    name: str = "",
) -> Value:
    """Call a value."""
    frame.world.step()
    match callee:
        case Choice():
            return _call_choice(callee, positional, keywords, node, frame, spill, name)
        case Closure():
            return functions.inline(callee, positional, keywords, node, frame, spill)
        case Bound():
            return call(callee.function, [callee.receiver, *positional], keywords, node, frame, spill, name)
        case Method():
            return methods.call_method(callee.receiver, callee.name, positional, keywords, node, frame, spill, name)
        case Class():
            return construct.instantiate(callee, positional, keywords, node, frame, spill)
        case Layer():
            return library.call_layer(callee, positional, keywords, node, frame)
        case Reference():
            return library.call_reference(callee, positional, keywords, node, frame, spill)
        case Partial():
            given = {**dict(callee.keywords), **keywords}
            return call(callee.function, [*callee.positional, *positional], given, node, frame, spill, name)
        case Gate():
            return gated(positional[0], callee) if positional else callee
        case Derived():
            return derivatives.derived(callee.function, callee.how, positional, keywords, node, frame, spill, name)
        case Pointer():
            return _call_object(callee, positional, keywords, node, frame, spill, name)
    held = [callee] if isinstance(callee, Tensor) else []
    values = [*held, *positional, *keywords.values(), *([] if spill is None else [spill])]
    return unknown_callee(name or "<expression>", values, node, frame)


def _call_choice(
    callee: Choice,
    positional: list[Value],
    keywords: Keywords,
    node: object,
    frame: Frame,
    spill: Value,
    name: str,
) -> Value:
    """Call each of several functions from the same state and merge."""
    before, since = frame.state.copy(), len(frame.world.outcome.decomposed)
    made: Value = MISSING
    for i, one in enumerate([v for v in callee.values if v is not None]):
        state, frame.state = frame.state, before.copy()
        turn, frame.turn = frame.turn, (*frame.turn, -200 - i)
        value = call(one, positional, keywords, node, frame, spill, name)
        frame.turn = turn
        if made is MISSING:
            made = value
            continue
        m = frame.merging(node, "callee", since=since)
        frame.state = merge_states(state, frame.state, m, (made, value))
        made = merge_values(made, value, m, ("value",))
    return None if made is MISSING else made


def _call_object(
    pointer: Pointer,
    positional: list[Value],
    keywords: Keywords,
    node: object,
    frame: Frame,
    spill: Value,
    name: str,
) -> Value:
    obj = frame.state.load(pointer.address)
    if isinstance(obj, InstanceObject) and obj.cls is not None:
        for attr in ("__call__", "forward"):
            method = class_attribute(obj.cls, attr, frame)
            if method is not None and (attr == "__call__" or is_module(obj.cls)):
                bound = bind_to(method, pointer, obj.cls)
                return call(bound, positional, keywords, node, frame, spill, name)
    values = [pointer, *positional, *keywords.values(), *([] if spill is None else [spill])]
    return unknown_callee(name or "<object>", values, node, frame)
