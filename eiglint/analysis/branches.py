"""If, try, with and match: ways that part and meet again."""

from __future__ import annotations

from eiglint import gauge
from eiglint.analysis import patterns, resolve, swallowing
from eiglint.analysis.frame import Frame
from eiglint.analysis.gaps import keep_apart
from eiglint.analysis.merge import merge_states
from eiglint.analysis.merging import MISSING
from eiglint.analysis.objects import bind_to, class_attribute
from eiglint.analysis.plain import deep_tensors, plain
from eiglint.analysis.refine import refine
from eiglint.analysis.state import Binding, Guard, State
from eiglint.analysis.truth import truth
from eiglint.analysis.values import Gate, InstanceObject, Pointer, Sequence, Value
from eiglint.gauge import Tensor
from eiglint.gauge.terms import subterms
from eiglint.gauge.values import Unknown
from eiglint.ir import instructions as ir


def run_if(s: ir.If, frame: Frame) -> None:
    """Run the branch that is taken, or both and merge them under the test."""
    test = frame.evaluate(s.test)
    known = truth(test, frame)
    prepared = asks_what_is_there(s.test, test)
    frame.fallback += prepared
    if known is not None:
        frame.execute(s.body if known else s.orelse)
        frame.fallback -= prepared
        return
    condition = plain(test, frame, s.at)
    number = frame.world.number(s.at)
    other, since = frame.state.copy(), len(frame.world.outcome.decomposed)
    flag = asks_for_flag(s.test)
    first, first_dead = _side(s.body, s.test, Guard(number, condition, True, flag), frame)
    frame.state, frame.dead = other, False
    second, second_dead = _side(s.orelse, s.test, Guard(number, condition, False, flag), frame)
    frame.fallback -= prepared
    frame.dead = first_dead and second_dead
    if first_dead or second_dead:
        frame.state = second if first_dead else first
        return
    frame.state = merge_states(first, second, frame.merging(s.at, "if", condition, since))


def _side(block: tuple[ir.Statement, ...], test: ir.Expression, guard: Guard, frame: Frame) -> tuple[State, bool]:
    enter(test, guard, guard.test, frame)
    frame.execute(block)
    return frame.state, frame.dead


def enter(test: ir.Expression, guard: Guard, condition: Value, frame: Frame) -> None:
    """Learn what a test says on the side of it that is entered."""
    frame.state.guards = (*frame.state.guards, guard)
    refine(test, guard.side, frame)
    keep_apart(test, condition, guard.side, frame.state)


def asks_for_flag(test: ir.Expression) -> bool:
    """Whether a test asks for a variable or an attribute that is true or false, or for a word such as "train"."""
    match test:
        case ir.Name() | ir.Attribute():
            return True
        case ir.Operation(op="and" | "or" | "not_", operands=operands):
            return any(asks_for_flag(o) for o in operands)
        case ir.Operation(operands=operands):
            return any(isinstance(o, ir.Constant) and isinstance(o.value, str) for o in operands)
    return False


def asks_what_is_there(test: ir.Expression, value: Value) -> bool:
    """Whether a test asks what the library at hand can do: `hasattr(torch, ...)`, a version under whatever name."""
    terms = subterms(value.term, "global") if isinstance(value, Unknown | Tensor) else ()
    return _asks_what_is_there(test) or any(str(t.args[0]).endswith(".__version__") for t in terms)


def _asks_what_is_there(test: ir.Expression) -> bool:
    stack: list[ir.Expression] = [test]
    while stack:
        match stack.pop():
            case ir.Call(func=ir.Name(id="hasattr" | "parse_version" | "version")):
                return True
            case ir.Attribute(attr=name) | ir.Name(id=name) if "version" in name.lower():
                return True
            case ir.Call(func=func, arguments=arguments):
                stack += [func, *[a.value for a in arguments]]
            case ir.Operation(operands=operands):
                stack.extend(operands)
            case ir.Attribute(value=value) | ir.Subscript(value=value):
                stack.append(value)
    return False


# --- try --------------------------------------------------------------------------------------------------------


def run_try(s: ir.Try, frame: Frame) -> None:
    """Run the body; handlers start from any state that the body went through."""
    returned, left, since = len(frame.returns), len(frame.exits), len(frame.world.outcome.decomposed)
    seen = swallowing.seen_so_far(s, frame)
    thrown: list[State] = [frame.state.copy()]
    frame.tries.append(thrown)
    frame.fallback += bool(s.handlers)
    for statement in s.body:
        if frame.dead:
            break
        frame.execute((statement,))
        if not frame.dead and (s.handlers or s.finalbody):
            thrown.append(frame.state.copy())
    frame.tries.pop()
    swallowing.note(s, seen, frame)
    if not frame.dead:
        frame.execute(s.orelse)
    ends: list[State] = [] if frame.dead else [frame.state]
    if s.handlers:
        entry = met(thrown, s.at, "thrown", frame)
        for handler in s.handlers:
            frame.state, frame.dead = entry.copy(), False
            _handle(handler, frame)
            if not frame.dead:
                ends.append(frame.state)
    frame.fallback -= bool(s.handlers)
    frame.dead = not ends
    if not ends:  # what follows is a `finally`, or nothing
        thrown += [state for state, _ in frame.returns[returned:]]
    frame.state = met(ends or thrown, s.at, "try" if ends else "thrown", frame, since)
    if s.finalbody:
        _run_finally(s.finalbody, returned, left, frame)


def _run_finally(body: tuple[ir.Statement, ...], returned: int, left: int, frame: Frame) -> None:
    """Run what comes last in any case; a return there replaces the returns before it."""
    before, frame.dead = frame.dead, False
    inner, outer = len(frame.returns), len(frame.exits)
    frame.execute(body)
    if frame.dead and len(frame.returns) > inner:
        del frame.returns[returned:inner], frame.exits[left:outer]
    frame.dead = frame.dead or before


def _handle(handler: ir.Handler, frame: Frame) -> None:
    if handler.type is not None:
        frame.evaluate(handler.type)
    if handler.name is not None:
        resolve.assign(handler.name, Binding(frame.unknown(handler.at, "exception")), frame)
    frame.execute(handler.body)


def met(states: list[State], node: object, label: str, frame: Frame, since: int | None = None) -> State:
    """Merge states that nothing decides between."""
    made = states[0]
    for state in states[1:]:
        made = merge_states(made, state, frame.merging(node, label, since=since))
    return made


# --- with -------------------------------------------------------------------------------------------------------


def run_with(s: ir.With, frame: Frame) -> None:
    """Run the body with the context managers entered."""
    outer, lowering = frame.state.recording, frame.state.lowering
    entered = outer
    for expression, target in s.items:
        if isinstance(expression, ir.Call) and isinstance(expression.func, ir.Name):
            frame.evaluate(expression.func)  # a switch of gradients is followed wherever it is defined
        manager = frame.evaluate(expression)
        frame.state.recording = entered
        if isinstance(manager, Gate):
            frame.state.recording = entered = manager.recording
            frame.state.lowering = frame.state.lowering if manager.lowering is None else manager.lowering
        held = _entered(manager, s.at, frame)
        if target is not None:
            patterns.assign(target, held, frame)
    frame.execute(s.body)
    frame.state.recording, frame.state.lowering = outer, lowering


def _entered(manager: Value, node: object, frame: Frame) -> Value:
    """Return what `with ... as` binds."""
    if isinstance(manager, Sequence):
        return manager.element
    if isinstance(manager, Pointer):
        obj = frame.state.load(manager.address)
        if isinstance(obj, InstanceObject) and obj.cls is not None:
            method = class_attribute(obj.cls, "__enter__", frame)
            if method is not None:
                return frame.call(bind_to(method, manager, obj.cls), [], {}, node)
    return manager


# --- match ------------------------------------------------------------------------------------------------------


def run_match(s: ir.Match, frame: Frame) -> None:
    """Run every case and merge; names in patterns are parts of the subject."""
    subject = frame.evaluate(s.subject)
    condition = plain(subject, frame, s.at)
    part = _part_of(subject, s.at, frame)
    ends: list[State] = []
    start, since = frame.state, len(frame.world.outcome.decomposed)
    complete = False
    for case in s.cases:
        frame.state, frame.dead = start.copy(), False
        for name in case.names:
            resolve.assign(name, Binding(subject if case.irrefutable else part), frame)
        if case.guard is not None:
            frame.evaluate(case.guard)
        frame.execute(case.body)
        if not frame.dead:
            ends.append(frame.state)
        complete = complete or (case.irrefutable and case.guard is None)
    if not complete:
        ends.append(start)
    frame.dead = not ends
    if ends:
        test = condition if any(not t.neutral for t in deep_tensors([condition], frame)) else MISSING
        made = ends[0]
        for state in ends[1:]:
            made = merge_states(made, state, frame.merging(s.at, "match", test, since))
        frame.state = made


def _part_of(subject: Value, node: object, frame: Frame) -> Value:
    moving = [t for t in deep_tensors([subject], frame) if not t.neutral]
    if moving:
        return gauge.opaque(moving, frame.context(node), "match")
    return gauge.tensor(frame.term("match", node))
