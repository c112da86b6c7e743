"""Functions: how they are made, and how a call is interpreted in its caller's state."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from eiglint import gauge
from eiglint.analysis import decorators, members
from eiglint.analysis.captured import captured, captured_tensors
from eiglint.analysis.frame import Frame
from eiglint.analysis.keeping import hand_out
from eiglint.analysis.merge import merge_all, merge_states, merge_values
from eiglint.analysis.objects import ancestors
from eiglint.analysis.plain import contents, deep_tensors
from eiglint.analysis.returns import merged_returns, moving_tests
from eiglint.analysis.state import Binding
from eiglint.analysis.values import (
    Bound,
    Choice,
    Class,
    Closure,
    Derived,
    DictObject,
    Gate,
    InstanceObject,
    Layer,
    Partial,
    Pointer,
    Reference,
    Sequence,
    Value,
)
from eiglint.gauge import Gauge
from eiglint.gauge.values import Unknown
from eiglint.ir import instructions as ir

MOST_RECURSIONS = 3
DEEPEST_NEUTRAL = 2
"""Calls below this depth whose arguments depend on no decomposition, into code that names none, are not followed."""


def make_closure(function: ir.Function, frame: Frame) -> Value:
    """Return the value of a `def` or a lambda, its decorators applied."""
    defaults: list[tuple[str, Value]] = []
    for parameter in function.parameters:
        if parameter.default is not None:
            defaults.append((parameter.name, frame.evaluate(parameter.default)))
    scopes = frame.scopes[1:] if frame.owner is not None and frame.function is None else frame.scopes
    closure = Closure(function, scopes, frame.space, frame.owner, tuple(defaults), fallback=bool(frame.fallback))
    if frame.function is not None:
        frame.captured = True
        _mark_captured(function, frame)
    return decorators.decorated(closure, function.decorators, frame)


def _mark_captured(function: ir.Function, frame: Frame) -> None:
    """Count the variables that a nested function mentions as read."""
    for key in frame.scopes:
        names = frame.state.scope(key)
        for name in function.mentions & names.keys():
            frame.world.read.update(names[name].sites)


# --- calls ------------------------------------------------------------------------------------------------------


def inline(
    closure: Closure,
    positional: list[Value],
    keywords: Mapping[str, Value],
    node: object,
    frame: Frame,
    spill: Value = None,
) -> Value:
    """Interpret a call of a function of the project in the caller's state and return its value."""
    world = frame.world
    number = world.number(closure.function)
    given = [*positional, *keywords.values(), *([] if spill is None else [spill])]
    if _too_deep(number, given, frame) or _pointless(closure, given, frame):
        return _not_followed(closure, given, node, frame)
    world.entered.add(number)
    chain = (*frame.chain, *frame.turn, world.number(node))
    callee = Frame(
        world=world,
        space=closure.space,
        path=world.path_of(closure.space),
        scope=("call", *chain, number),
        scopes=(("call", *chain, number), *closure.scopes),
        state=frame.state,
        chain=chain,
        opened=len(world.outcome.decomposed),
        function=closure.function,
        owner=closure.owner,
        depth=frame.depth + 1,
        active=(*frame.active, number),
        fallback=int(closure.fallback),
        trains=frame.trains or "backward" in closure.function.mentions,
    )
    guards, recording, lowering = frame.state.guards, frame.state.recording, frame.state.lowering
    frame.state.scopes[callee.scope] = {}
    at = node if callee.path == frame.path else closure.function.at  # a place lies in the file that it names
    if closure.silent and closure.recording is None:
        positional, keywords = (
            [_as_here(v, frame) for v in positional],
            {k: _as_here(v, frame) for k, v in keywords.items()},
        )
    bind_parameters(closure, positional, keywords, spill, at, callee)
    value = run_body(callee, at, closure)
    frame.state = callee.state
    frame.state.guards, frame.state.recording, frame.state.lowering = guards, recording, lowering
    if not callee.captured:
        frame.state.forget(callee.scope)
    if closure.doubtful:
        return gauge.opaque(deep_tensors([value, *given], frame), frame.context(node), closure.function.name)
    return value


def _as_here(value: Value, frame: Frame) -> Value:
    """Return an argument; a function runs with gradients on or off as it does where it is handed over."""
    plain = isinstance(value, Closure) and value.recording is None
    return decorators.gated(value, Gate(frame.state.recording)) if plain else value


def _too_deep(number: int, given: list[Value], frame: Frame) -> bool:
    """Whether a call is one too many; a recursion that counts down by known numbers is followed for a few steps."""
    inside = frame.active.count(number)
    counts = any(isinstance(v, int) and not isinstance(v, bool) for v in given)
    return inside > (MOST_RECURSIONS if counts else 0) or frame.depth >= frame.world.settings.depth


def _pointless(closure: Closure, given: list[Value], frame: Frame) -> bool:
    """Whether following a call would only cost time."""
    if frame.world.relevant(closure) or leads([closure], frame):
        return False
    seen = captured([closure], frame.state)
    if any(not t.neutral for t in deep_tensors(seen, frame)):
        return False
    if frame.depth < DEEPEST_NEUTRAL:
        far = closure.space != frame.space and closure.function.name != "__init__" and facts_do_not_matter(frame)
        return far and brings_nothing(given, frame)
    if closure.function.mentions & frame.world.draws:
        return False
    return all(t.neutral for t in deep_tensors(given, frame)) and not leads(given, frame)


def facts_do_not_matter(frame: Frame) -> bool:
    """Whether what a neutral result looks like can only matter elsewhere: the function decomposes nothing itself."""
    return frame.function is not None and frame.function.mentions.isdisjoint(frame.world.seeds)


def leads(values: list[Value], frame: Frame) -> bool:
    """Whether code inside values can reach a decomposition: by its names, by what it captures or by what it holds."""
    world = frame.world
    seen: set[int] = set()
    stack = list(values)
    while stack:
        value = stack.pop()
        match value:
            case Reference(name=name):
                if name in world.models.decompositions:
                    return True
            case Closure():
                if id(value.function) not in seen:
                    seen.add(id(value.function))
                    if world.relevant(value):
                        return True
                    stack += [*captured([value], frame.state), *[v for _, v in value.defaults]]
            case Class():
                if id(value) not in seen:
                    seen.add(id(value))
                    stack += [*value.body.values(), *value.bases]
            case Bound() | Derived():
                stack.append(value.function)
                stack += [value.receiver] if isinstance(value, Bound) else []
            case Partial():
                stack += [value.function, *value.positional, *[v for _, v in value.keywords]]
            case Pointer():
                if value.address not in seen:
                    seen.add(value.address)
                    obj = frame.state.load(value.address)
                    stack += [*contents(value, frame), *([obj.cls] if isinstance(obj, InstanceObject) else [])]
            case Layer():
                stack.append(value.parts)
            case Choice():
                stack += value.values
            case tuple() if type(value) is tuple:
                stack += value
    return False


def _is_code(value: Value, frame: Frame) -> bool:
    """Whether a value is code, holds code, or is an object whose methods lead to a decomposition."""
    seen: set[int] = set()
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, Closure | Bound | Partial | Derived | Class):
            return True
        if isinstance(one, Reference) and one.name in frame.world.models.decompositions:
            return True
        if isinstance(one, Pointer) and one.address not in seen:
            seen.add(one.address)
            obj = frame.state.load(one.address)
            if isinstance(obj, InstanceObject) and obj.cls is not None:
                bodies = [a.body for a in ancestors(obj.cls) if isinstance(a, Class)]
                if any(isinstance(m, Closure) and frame.world.relevant(m) for b in bodies for m in b.values()):
                    return True
            stack.extend(contents(one, frame))
        elif type(one) is tuple:
            stack.extend(one)
    return False


def brings_nothing(given: list[Value], frame: Frame) -> bool:
    """Whether arguments neither depend on a decomposition nor are code that may lead to one."""
    if any(_is_code(value, frame) for value in given):
        return False
    return all(t.neutral for t in deep_tensors(given, frame))


def _not_followed(closure: Closure, given: list[Value], node: object, frame: Frame) -> Value:
    tensors = [*deep_tensors(given, frame), *captured_tensors([closure], frame.state)]
    return gauge.opaque(tensors, frame.context(node), closure.function.name)


def run_body(callee: Frame, node: object, closure: Closure) -> Value:
    """Interpret the body of a frame's function and return what a call returns; the state is that after the call."""
    assert callee.function is not None
    callee.state.guards = ()
    silent = closure.silent or (closure.covered and not callee.world.bounded)
    recording = closure.recording if closure.recording is not None or not silent else False
    if recording is not None:
        callee.state.recording = recording
    if closure.lowering is not None:
        callee.state.lowering = closure.lowering
    before = len(callee.world.outcome.decomposed)
    callee.execute(callee.function.lower_body())
    if not callee.dead:
        callee.returns.append((callee.state, None))
    if callee.function.is_generator:
        return _generated(callee, node, {o.gauge for o in callee.world.outcome.decomposed[before:]})
    if not callee.returns:
        return callee.unknown(node, "raises")
    if len(callee.returns) == 1:
        callee.state = callee.returns[0][0]
        return callee.returns[0][1]
    callee.state, value = merged_returns(callee.returns, callee, node)
    return value


def reach_returned(root: Frame, value: Value) -> None:
    """Record what a root returns: each return's value, or all merged where a decomposition decides between them."""
    decided = moving_tests([g for _, state, _ in root.exits for g in state.guards])
    for at, state, one in root.exits[-1:] if decided else root.exits:
        if not decided:
            root.state = state
        root.reach("returned", deep_tensors([value if decided else one], root), at)
        hand_out(value if decided else one, at, root)


def _generated(callee: Frame, node: object, opened: set[Gauge]) -> Value:
    """Return what iterating over a generator gives."""
    state = callee.state
    for i, (other, _) in enumerate(callee.returns):
        state = other if i == 0 else merge_states(state, other, callee.merging(node, "generator"))
    callee.state = state
    return Sequence(members.repeated(merge_all(callee.yields, callee.merging(node, "yields"), ()), opened))


def bind_parameters(
    closure: Closure,
    positional: list[Value],
    keywords: Mapping[str, Value],
    spill: Value,
    node: object,
    callee: Frame,
) -> None:
    """Bind arguments to parameters; those that are missing take their defaults."""
    left, named = list(positional), dict(keywords)
    defaults = dict(closure.defaults)
    for parameter in closure.function.parameters:
        name = parameter.name
        value: Value
        if parameter.kind == "*":
            value = tuple(left) if spill is None else Sequence(_any_of([*left, spill], node, callee))
            left = []
        elif parameter.kind == "**":
            rest: dict[Hashable, Value] = {}
            rest.update(named)
            value = callee.allocate(DictObject(rest))
            named = {}
        elif parameter.kind != "keyword" and left:
            value = left.pop(0)
        elif parameter.kind != "positional" and name in named:
            value = named.pop(name)
        elif spill is not None and name not in defaults:
            value = spill
        elif name in defaults:
            value = defaults[name] if spill is None else _any_of([defaults[name], spill], node, callee)
        else:
            value = Unknown(callee.term("missing", node, name))
        callee.state.bind(callee.scope, name, Binding(value))


def _any_of(values: list[Value], node: object, callee: Frame) -> Value:
    made = values[0]
    for value in values[1:]:
        made = merge_values(made, value, callee.merging(node, "starred"), ())
    return made
