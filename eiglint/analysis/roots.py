"""Where the interpretation starts: functions that nobody in sight calls, and the methods of classes."""

from __future__ import annotations

from collections.abc import Iterator

from eiglint.analysis.frame import Frame, OutOfStepsError, World
from eiglint.analysis.functions import reach_returned, run_body
from eiglint.analysis.merge import merge_states
from eiglint.analysis.objects import class_attribute
from eiglint.analysis.parameters import root_parameter
from eiglint.analysis.passes import settled
from eiglint.analysis.state import Binding, State
from eiglint.analysis.toplevel import scope_of
from eiglint.analysis.values import Bound, Choice, Class, Closure, InstanceObject, Partial, Pointer, Value, same

Root = Closure | Class


def candidates(name: str, world: World) -> list[Root]:
    """The functions and classes of a module that can reach a decomposition, in source order."""
    found: list[Root] = []
    for binding in world.store.scopes.get(scope_of(name), {}).values():
        for value in _definitions(binding.value):
            known = any(value is f or value == f for f in found)
            if value.space == name and not known and _matters(value, world):
                found.append(value)
    return found


def _definitions(value: Value) -> Iterator[Root]:
    match value:
        case Closure() | Class():
            yield value
        case Choice():
            for one in value.values:
                yield from _definitions(one)
        case Partial() | Bound():
            yield from _definitions(value.function)


def _matters(value: Root, world: World) -> bool:
    if isinstance(value, Closure):
        return world.relevant(value)
    return any(world.relevant(m) for m in methods(value))


def methods(cls: Class) -> list[Closure]:
    """The functions of a class body."""
    return [v for v in cls.body.values() if isinstance(v, Closure)]


def called_names(roots: list[Root]) -> dict[str, set[int]]:
    """For each name, the roots (by position) that mention it."""
    found: dict[str, set[int]] = {}
    for i, root in enumerate(roots):
        mentions = (
            root.function.mentions
            if isinstance(root, Closure)
            else frozenset[str]().union(*[m.function.mentions for m in methods(root)])
        )
        for name in mentions:
            found.setdefault(name, set()).add(i)
    return found


def in_order(roots: list[Root]) -> list[Root]:
    """Callers first: roots that no other one mentions, then the rest, both in source order."""
    called = called_names(roots)

    def is_called(i: int, root: Root) -> bool:
        name = root.function.name if isinstance(root, Closure) else root.name
        return bool(called.get(name, set()) - {i})

    marked = [(is_called(i, r), r) for i, r in enumerate(roots)]
    return [r for c, r in marked if not c] + [r for c, r in marked if c]


def is_entered(closure: Closure, world: World) -> bool:
    """Whether a function was interpreted already, with its callers' facts."""
    return world.number(closure.function) in world.entered


SHARE = 3
"""One function may take this fraction of its module's budget."""


def attempt(closure: Closure, world: World, state: State | None = None, first: Value | None = None) -> Frame | None:
    """Interpret a function within its share of the steps; None, and a word that it was cut off, where they end."""
    settings = world.settings
    spent = world.limit
    try:
        with world.within(settings.budget // SHARE, settings.patience):
            return run_function(closure, world, state, first)
    except OutOfStepsError as error:
        if world.steps > spent:
            raise
        world.cut_off(world.path_of(closure.space), str(error))
        return None


# --- functions --------------------------------------------------------------------------------------------------


def run_function(closure: Closure, world: World, state: State | None = None, first: Value | None = None) -> Frame:
    """Interpret a function of whose arguments nothing is known; `first` is its self or cls."""
    number = world.number(closure.function)
    world.entered.add(number)
    key = ("root", number)
    frame = Frame(
        world=world,
        space=closure.space,
        path=world.path_of(closure.space),
        scope=key,
        scopes=(key, *closure.scopes),
        state=State(world.store) if state is None else state,
        opened=len(world.outcome.decomposed),
        function=closure.function,
        owner=closure.owner,
        root=True,
        active=(number,),
        fallback=int(closure.fallback),
        trains="backward" in closure.function.mentions,
    )
    frame.state.scopes[key] = {}
    world.here = frame.spot(closure.function.at)
    defaults = dict(closure.defaults)
    for i, parameter in enumerate(closure.function.parameters):
        if i == 0 and first is not None and parameter.kind in ("normal", "positional"):
            value = first
        else:
            given = parameter.name in defaults
            value = root_parameter(closure.function, parameter, defaults.get(parameter.name), given, frame)
        frame.state.bind(key, parameter.name, Binding(value))
    value = run_body(frame, closure.function.at, closure)
    state = frame.state
    reach_returned(frame, value)
    frame.state = state
    return frame


# --- classes ----------------------------------------------------------------------------------------------------


def run_class(cls: Class, world: World) -> None:
    """Interpret a class: its constructor, then the methods nobody entered, with what all of them store on self."""
    state = State(world.store)
    address = world.address(("self", cls.space, cls.name))
    state.heap[address] = InstanceObject(cls, {}, open=True, outlives=True)
    pointer = Pointer(address)
    maker = class_attribute(cls, "__init__", Frame(world, cls.space, "", ("none",), (), state))
    if isinstance(maker, Closure):
        made = attempt(maker, world, state.copy(), pointer)
        state = state if made is None else _after(made)
    before = {world.number(m.function) for m in methods(cls) if is_entered(m, world)}
    wanted = [m for m in _callers_first(methods(cls)) if world.number(m.function) not in before]
    joined, ran = _run_methods(wanted, cls, pointer, state, world)
    again = _readers(_changed(pointer, state, joined), methods(cls))
    world.entered -= {world.number(m.function) for m in wanted if m in again}
    _run_methods([m for m in ran if m in again], cls, pointer, joined, world)


def _changed(pointer: Pointer, before: State, after: State) -> set[str]:
    """The attributes that the methods of a class store on self, and that were not known before they ran."""
    old, new = before.load(pointer.address), after.load(pointer.address)
    if not isinstance(old, InstanceObject) or not isinstance(new, InstanceObject):
        return set()
    if not settled(before, after):
        return {a for a, v in new.attributes.items() if a not in old.attributes or not _calm_pair(old.attributes[a], v)}
    return {a for a in new.attributes if a not in old.attributes}


def _calm_pair(old: Value, new: Value) -> bool:
    return same(old, new) and not isinstance(new, Pointer)


def _readers(attributes: set[str], found: list[Closure]) -> list[Closure]:
    """The methods that mention an attribute, or a method that does."""
    names = set(attributes)
    readers: list[Closure] = []
    grown = bool(names)
    while grown:
        fresh = [m for m in found if m not in readers and m.function.mentions & names]
        readers += fresh
        names |= {m.function.name for m in fresh}
        grown = bool(fresh)
    return readers


def _run_methods(
    wanted: list[Closure], cls: Class, pointer: Pointer, state: State, world: World
) -> tuple[State, list[Closure]]:
    """Run methods from one state; return what they leave on self together, and which of them had to be run."""
    joined = state
    ran: list[Closure] = []
    for method in wanted:
        if is_entered(method, world):
            continue
        ran.append(method)
        first: Value | None = {"static": None, "class": cls}.get(method.kind, pointer)
        frame = attempt(method, world, state.copy(), first)
        if frame is None:
            continue
        joined = merge_states(joined, _after(frame), frame.merging(method.function.at, "method"))
    return joined, ran


def _after(frame: Frame) -> State:
    """Return the heap that a root leaves behind, without its variables."""
    state = frame.state.copy()
    if not frame.captured:
        state.forget(frame.scope)
    state.guards, state.recording, state.lowering = (), True, False
    return state


def _callers_first(found: list[Closure]) -> list[Closure]:
    mentioned = [(any(m.function.name in o.function.mentions for o in found if o is not m), m) for m in found]
    return [m for c, m in mentioned if not c] + [m for c, m in mentioned if c]
