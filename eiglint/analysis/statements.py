"""What a statement does to the state."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from eiglint.analysis import (
    aliases,
    branches,
    classes,
    functions,
    homes,
    loops,
    operators,
    patterns,
    resolve,
    spoiled,
    taking_apart,
)
from eiglint.analysis.events import Unused
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import element_of, items_of
from eiglint.analysis.objects import extended, replace_object
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.refine import refine
from eiglint.analysis.state import Binding
from eiglint.analysis.values import Closure, ListObject, Pointer, Reference, Value
from eiglint.gauge import Tensor
from eiglint.ir import instructions as ir


def execute(block: tuple[ir.Statement, ...], frame: Frame) -> None:
    """Run statements until the end or a point that cannot be passed."""
    for statement in block:
        if frame.dead:
            return
        frame.world.here = frame.spot(statement.at)
        HANDLERS[type(statement)](statement, frame)


def _assign(s: ir.Assign, frame: Frame) -> None:
    if s.value is None:
        return
    value = frame.evaluate(s.value)
    if len(s.targets) == 1:
        taking_apart.note_unpacked(s.targets[0], s.value, value, frame)
    for target in s.targets:
        patterns.assign(target, value, frame)


def _augment(s: ir.Augment, frame: Frame) -> None:
    old = frame.evaluate(s.target)
    value = frame.evaluate(s.value)
    if s.op == "add" and isinstance(old, Pointer):
        obj = frame.state.load(old.address)
        if isinstance(obj, ListObject):
            more = items_of(value, frame, s.at)
            element = element_of(value, frame, s.at)
            replace_object(old.address, extended(obj, more, element, s.at, frame), s.at, frame)
            if obj.outlives:
                frame.reach("stored", deep_tensors([value], frame), s.at)
            return
    made = spoiled.updated(old, value, operators.apply(s.op, [old, value], s.at, frame), frame)
    patterns.assign(s.target, made, frame)
    if id(old) not in frame.world.views or not isinstance(s.target, ir.Subscript):
        aliases.overwritten(old, made, s.at, frame)


def _evaluate(s: ir.Evaluate, frame: Frame) -> None:
    value = frame.evaluate(s.value)
    if isinstance(value, Tensor) and not value.neutral and _is_pure(s.value, frame):
        frame.world.outcome.unused.append(Unused("", value, frame.spot(s.at)))


def _is_pure(e: ir.Expression, frame: Frame) -> bool:
    """Whether an expression does nothing but compute: an operator, or a modelled call that changes nothing."""
    if isinstance(e, ir.Operation):
        return True
    if not isinstance(e, ir.Call) or any(a.name == "out" for a in e.arguments):
        return False
    if isinstance(e.func, ir.Attribute):
        base = e.func.value
        if isinstance(base, ir.Name | ir.Attribute):
            held = frame.evaluate(base)
            name = homes.full_name(held, e.func.attr, frame) if isinstance(held, Tensor) else ""
            if isinstance(held, Reference):
                name = f"{held.name}.{e.func.attr}"
            model = frame.world.models.get(name)
            return model is not None and not model.inplace
    return False


def _return(s: ir.Return, frame: Frame) -> None:
    value = None if s.value is None else frame.evaluate(s.value)
    if frame.root:
        frame.exits.append((s.at, frame.state, value))
        if isinstance(value, Closure):
            frame.world.handed_out.append((value, frame.state.copy()))
    frame.returns.append((frame.state, value))
    frame.dead = True


def _raise(s: ir.Raise, frame: Frame) -> None:
    if s.value is not None:
        frame.evaluate(s.value)
    if frame.tries:
        frame.tries[-1].append(frame.state.copy())
    frame.dead = True


def _assert(s: ir.Assert, frame: Frame) -> None:
    frame.evaluate(s.test)
    refine(s.test, True, frame)


def _jump(s: ir.Jump, frame: Frame) -> None:
    if s.kind == "pass" or not frame.loops:
        return
    exits = frame.loops[-1]
    (exits.breaks if s.kind == "break" else exits.continues).append(frame.state)
    frame.dead = True


def _define(s: ir.Define, frame: Frame) -> None:
    value: Value = functions.make_closure(s.function, frame)
    resolve.assign(s.function.name, Binding(value), frame)


def _import(s: ir.Import, frame: Frame) -> None:
    resolve.run_import(s, frame)


def _delete(s: ir.Delete, frame: Frame) -> None:
    for target in s.targets:
        patterns.delete(target, frame)


def _scope(s: ir.Scope, frame: Frame) -> None:
    (frame.globals if s.kind == "global" else frame.nonlocals).update(s.names)


Handler = Callable[[ir.Statement, Frame], None]

HANDLERS: dict[type, Handler] = {
    kind: cast("Handler", handler)
    for kind, handler in (
        (ir.Assign, _assign),
        (ir.Augment, _augment),
        (ir.Evaluate, _evaluate),
        (ir.If, lambda s, f: branches.run_if(s, f)),
        (ir.Loop, lambda s, f: loops.run_loop(s, f)),
        (ir.Try, lambda s, f: branches.run_try(s, f)),
        (ir.With, lambda s, f: branches.run_with(s, f)),
        (ir.Match, lambda s, f: branches.run_match(s, f)),
        (ir.Return, _return),
        (ir.Raise, _raise),
        (ir.Assert, _assert),
        (ir.Jump, _jump),
        (ir.Define, _define),
        (ir.DefineClass, lambda s, f: classes.run_class(s, f)),
        (ir.Import, _import),
        (ir.Delete, _delete),
        (ir.Scope, _scope),
    )
}
