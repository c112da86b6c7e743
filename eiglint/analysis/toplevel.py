"""The top level of modules: run once, then shared by every function that looks up a global."""

from __future__ import annotations

from collections.abc import Mapping

from eiglint.analysis import own_backward
from eiglint.analysis.bound_later import bound_later
from eiglint.analysis.frame import Frame, OutOfStepsError, World
from eiglint.analysis.merging import MISSING
from eiglint.analysis.relevance import blocks, reaching_names
from eiglint.analysis.state import Binding, State
from eiglint.analysis.values import Reference, Value
from eiglint.ir import instructions as ir


def scope_of(name: str) -> tuple[str, str]:
    """Return the key of a module's global scope."""
    return ("module", name)


def run_module(name: str, module: ir.Module, world: World) -> None:
    """Run a module's top level and publish its globals."""
    key = scope_of(name)
    frame = Frame(world, name, module.path, key, (key,), State(world.store))
    world.running[name] = frame
    world.ran[name] = False
    world.words[name] = reaching_names(name, module, world)
    later = bound_later(module.body, module.shared) if module.shared else {}
    frame.state.scopes[key] = {
        name: Binding(Reference(dotted))
        for name, dotted in later.items()
        if world.models.knows_module(dotted.partition(".")[0])
    }
    spent: OutOfStepsError | None = None
    for statement in module.body:
        if frame.dead or spent is not None:
            frame.dead = False
            if not isinstance(statement, ir.Define | ir.DefineClass | ir.Import):
                continue
        try:
            frame.execute((statement,))
        except OutOfStepsError as error:
            if spent is not None:
                raise
            spent = error
            world.limit = world.patience = world.steps + 1000
    own_backward.mark(module.body, frame)
    publish(frame)
    del world.running[name]
    world.ran[name] = True
    if spent is not None:
        raise spent


def bound_names(body: tuple[ir.Statement, ...]) -> set[str]:
    """Return the names that a module's top level binds, `*` among them where it star-imports."""
    found: set[str] = set()
    stack = [body]
    while stack:
        for statement in stack.pop():
            match statement:
                case ir.Define():
                    found.add(statement.function.name)
                case ir.DefineClass():
                    found.add(statement.name)
                case ir.Import():
                    found.update(alias or name for name, alias in statement.names)
                    found.add(statement.alias or "")
                case ir.Assign():
                    found.update(t.id for t in statement.targets if isinstance(t, ir.Name))
            stack.extend(blocks(statement))
    return found


def publish(frame: Frame) -> None:
    """Make the globals of a frame's module visible to all states."""
    store = frame.world.store
    store.scopes.update(frame.state.scopes)
    store.heap.update(frame.state.heap)


def module_globals(name: str, frame: Frame) -> Mapping[str, Binding]:
    """Return the globals of a module, whose top level is run if it was not yet."""
    world = frame.world
    module = world.module(name)
    if module is None:
        return {}
    if name in world.running:
        if name != frame.space:
            publish(world.running[name])
    elif name not in world.ran:
        here = world.here
        try:
            run_module(name, module, world)
        finally:
            world.here = here
    return frame.state.scope(scope_of(name))


def module_global(name: str, attr: str, frame: Frame) -> Value:
    """Return a global of a module, or MISSING."""
    found = module_globals(name, frame).get(attr)
    return MISSING if found is None else found.value
