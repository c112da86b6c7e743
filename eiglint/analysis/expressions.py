"""What an expression evaluates to."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import cast

from eiglint import gauge
from eiglint.analysis import (
    attributes,
    branches,
    calls,
    comprehensions,
    functions,
    operators,
    patterns,
    resolve,
    subscripts,
    taking_apart,
)
from eiglint.analysis.contents import tensors_inside
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import element_of, items_of
from eiglint.analysis.keeping import hand_out
from eiglint.analysis.merge import merge_states, merge_values
from eiglint.analysis.objects import is_key
from eiglint.analysis.plain import deep_tensors, plain
from eiglint.analysis.refine import refine
from eiglint.analysis.state import Binding, Guard
from eiglint.analysis.truth import truth
from eiglint.analysis.values import CONSTANT, DictObject, ListObject, Sequence, Value
from eiglint.gauge import Tensor
from eiglint.gauge.values import Number, Range, Unknown
from eiglint.ir import instructions as ir


def evaluate(e: ir.Expression, frame: Frame) -> Value:
    """Return the value of an expression; its effects are in the frame's state."""
    frame.world.step(e)
    handler = HANDLERS.get(type(e))
    if handler is None:
        return frame.unknown(e)
    return handler(e, frame)


def _constant(e: ir.Constant, frame: Frame) -> Value:
    return e.value if isinstance(e.value, CONSTANT) else frame.unknown(e.at)


def _name(e: ir.Name, frame: Frame) -> Value:
    return resolve.lookup(e.id, frame)


def _attribute(e: ir.Attribute, frame: Frame) -> Value:
    base = evaluate(e.value, frame)
    made = attributes.get(base, e.attr, e.at, frame)
    if isinstance(e.value, ir.Call):
        taking_apart.note_picked(e.value, base, made, frame)
    return made


def _subscript(e: ir.Subscript, frame: Frame) -> Value:
    base = evaluate(e.value, frame)
    made = subscripts.get(base, evaluate(e.index, frame), e.at, frame)
    if isinstance(e.value, ir.Call):
        taking_apart.note_picked(e.value, base, made, frame)
    return made


def _slice(e: ir.Slice, frame: Frame) -> Value:
    bounds = [None if b is None else _bound(evaluate(b, frame), frame, b) for b in (e.lower, e.upper, e.step)]
    return Range(*bounds)


def _bound(value: Value, frame: Frame, at: object) -> Value:
    """Read a bound of a slice: an int, a number, or None."""
    match value:
        case None | int() | Number():
            return value
        case Tensor() | Unknown():
            return Number(value.term, integer=True)
        case _:
            return frame.index(at, "bound")


def _call(e: ir.Call, frame: Frame) -> Value:
    return calls.evaluate_call(e, frame)


def _operation(e: ir.Operation, frame: Frame) -> Value:
    if e.op in ("and", "or"):
        return _short_circuit(e, frame)
    operands: list[Value] = []
    for operand in e.operands:
        operands.append(evaluate(operand, frame))
    return operators.apply(e.op, operands, e.at, frame)


def _short_circuit(e: ir.Operation, frame: Frame) -> Value:
    """Evaluate `and` and `or`; sides that may not run are merged."""
    stop = e.op == "or"
    made = evaluate(e.operands[0], frame)
    for operand in e.operands[1:]:
        known = truth(made, frame)
        if known is stop:
            return made
        if known is None:
            state = frame.state.copy()
            refine(e.operands[0], not stop, frame)
            value = evaluate(operand, frame)
            m = frame.merging(e.at, e.op)
            made = _either(made, value, stop, e, frame)
            frame.state = merge_states(state, frame.state, m)
        else:
            made = evaluate(operand, frame)
    return made


def _either(a: Value, b: Value, stop: bool, e: ir.Operation, frame: Frame) -> Value:
    """Return `a or b` (stop) or `a and b` where the truth of a is not known; a falsy None or tensor is no result."""
    if stop and a is None:
        return b
    tensors = tensors_inside([a, b])
    if tensors and all(isinstance(v, Tensor | bool | Unknown | Number) for v in (a, b)):
        if all(t.neutral for t in tensors):
            return frame.unknown(e.at)
        return gauge.opaque([a, b], frame.context(e.at), e.op)
    return merge_values(a, b, frame.merging(e.at, "value"), ("value",))


def _sequence(e: ir.Sequence, frame: Frame) -> Value:
    items: list[Value] = []
    known_from: int | None = None
    for item in e.items:
        if isinstance(item, ir.Starred):
            spread = evaluate(item.value, frame)
            held = items_of(spread, frame, item.at)
            items.extend([element_of(spread, frame, item.at)] if held is None else held)
            known_from = len(items) if held is None else known_from
            continue
        items.append(evaluate(item, frame))
    if known_from is not None:
        return _endless(e, items, items[known_from:], frame)
    if e.kind == "tuple":
        return tuple(items)
    return frame.allocate(ListObject(tuple(items), kind=e.kind))


def _endless(e: ir.Sequence, items: list[Value], last: list[Value], frame: Frame) -> Value:
    """Return a display with a starred part of unknown length."""
    element = items[0]
    for item in items[1:]:
        element = merge_values(element, item, frame.merging(e.at, "display"), ())
    if e.kind == "tuple":
        return Sequence(element, tuple(last))
    return frame.allocate(ListObject(None, element, e.kind))


def _dictionary(e: ir.Dictionary, frame: Frame) -> Value:
    held: dict[Hashable, Value] = {}
    pointer = frame.allocate(DictObject(held))  # nobody else can see it yet, so it may grow in place
    for key, value in e.items:
        if key is None:
            subscripts.update(pointer, evaluate(value, frame), e.at, frame)
            continue
        at = evaluate(key, frame)
        made = evaluate(value, frame)
        obj = frame.state.load(pointer.address)
        if isinstance(obj, DictObject) and obj.items is held and is_key(at):
            held[at] = made
        else:
            subscripts.put(pointer, at, made, e.at, frame)
    return pointer


def _choice(e: ir.Choice, frame: Frame) -> Value:
    test = evaluate(e.test, frame)
    known = truth(test, frame)
    prepared = branches.asks_what_is_there(e.test, test)
    frame.fallback += prepared
    try:
        return evaluate(e.body if known else e.orelse, frame) if known is not None else _both(e, test, frame)
    finally:
        frame.fallback -= prepared


def _both(e: ir.Choice, test: Value, frame: Frame) -> Value:
    other, since = frame.state.copy(), len(frame.world.outcome.decomposed)
    flag, number, condition = branches.asks_for_flag(e.test), frame.world.number(e.at), plain(test, frame, e.at)
    branches.enter(e.test, Guard(number, test, True, flag), condition, frame)
    body = evaluate(e.body, frame)
    after, frame.state = frame.state, other
    branches.enter(e.test, Guard(number, test, False, flag), condition, frame)
    orelse = evaluate(e.orelse, frame)
    m = frame.merging(e.at, "if", condition, since)
    frame.state = merge_states(after, frame.state, m, (body, orelse))
    return merge_values(body, orelse, m, ("value",))


def _function(e: ir.Function, frame: Frame) -> Value:
    return functions.make_closure(e, frame)


def _bind(e: ir.Bind, frame: Frame) -> Value:
    value = evaluate(e.value, frame)
    resolve.assign(e.name, Binding(value, patterns.site(e.name, value, e.at, frame)), frame)
    return value


def _text(e: ir.Text, frame: Frame) -> Value:
    for part in e.parts:
        evaluate(part, frame)
    return Unknown(frame.term("text", e.at))


def _yield(e: ir.Yield, frame: Frame) -> Value:
    value = None if e.value is None else evaluate(e.value, frame)
    if e.delegated:
        value = element_of(value, frame, e.at)
    frame.yields.append(value)
    if frame.root:
        frame.reach("yielded", deep_tensors([value], frame), e.at)
        hand_out(value, e.at, frame)
    return frame.unknown(e.at, "sent")


def _await(e: ir.Await, frame: Frame) -> Value:
    return evaluate(e.value, frame)


def _starred(e: ir.Starred, frame: Frame) -> Value:
    return element_of(evaluate(e.value, frame), frame, e.at)


def _comprehension(e: ir.Comprehension, frame: Frame) -> Value:
    return comprehensions.evaluate_comprehension(e, frame)


Handler = Callable[[ir.Expression, Frame], Value]

HANDLERS: dict[type, Handler] = {
    kind: cast("Handler", handler)
    for kind, handler in (
        (ir.Constant, _constant),
        (ir.Name, _name),
        (ir.Attribute, _attribute),
        (ir.Subscript, _subscript),
        (ir.Slice, _slice),
        (ir.Call, _call),
        (ir.Operation, _operation),
        (ir.Sequence, _sequence),
        (ir.Dictionary, _dictionary),
        (ir.Choice, _choice),
        (ir.Comprehension, _comprehension),
        (ir.Function, _function),
        (ir.Bind, _bind),
        (ir.Text, _text),
        (ir.Yield, _yield),
        (ir.Await, _await),
        (ir.Starred, _starred),
    )
}
