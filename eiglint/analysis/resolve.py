"""From names to what they stand for: variables, modules of the project, references into libraries."""

from __future__ import annotations

import builtins

from eiglint.analysis import toplevel
from eiglint.analysis.frame import Frame, World
from eiglint.analysis.merge import MISSING
from eiglint.analysis.relevance import source_of
from eiglint.analysis.state import Binding
from eiglint.analysis.values import Reference, Space, Value
from eiglint.gauge.terms import term
from eiglint.gauge.values import Unknown
from eiglint.ir.instructions import Import

REVEAL = "eiglint.reveal_gauge"


def lookup(name: str, frame: Frame) -> Value:
    """Return the value of a name, from the innermost scope that has it."""
    if name in frame.globals:
        keys: tuple[object, ...] = (toplevel.scope_of(frame.space),)
    elif name in frame.nonlocals:
        keys = frame.scopes[1:]
    else:
        keys = frame.scopes
    for key in keys:
        binding = frame.state.scope(key).get(name)
        if binding is not None:
            frame.world.read.update(binding.sites)
            return binding.value
    return outside(name, frame)


def outside(name: str, frame: Frame) -> Value:
    """Return what a name stands for that no scope binds: a builtin, a star-imported name, something unknown."""
    for library in frame.world.stars.get(frame.space, ()):
        dotted = f"{library}.{name}"
        if frame.world.models.get(dotted) is not None or frame.world.models.knows_module(dotted):
            return Reference(dotted)
    if name == "__name__":
        return "__main__"
    if name == "reveal_gauge":
        return Reference(REVEAL)
    if hasattr(builtins, name):
        return Reference(f"builtins.{name}")
    if name.startswith("__"):
        return Unknown(term("dunder", frame.space, name))
    return Reference(name)


def assign(name: str, binding: Binding, frame: Frame) -> None:
    """Bind a name where the scoping rules put it."""
    if name in frame.globals:
        frame.state.bind(toplevel.scope_of(frame.space), name, binding)
    elif name in frame.nonlocals:
        home = next((k for k in frame.scopes[1:] if name in frame.state.scope(k)), frame.scope)
        frame.state.bind(home, name, binding)
    else:
        frame.state.bind(frame.scope, name, binding)


def module_value(name: str, world: World) -> Value:
    """Return a module by its dotted name: one of the project, or a library's."""
    return Space(name) if world.module(name) is not None else Reference(name)


def space_attribute(space: Space, attr: str, frame: Frame) -> Value:
    """Return a global of a module of the project, or its submodule."""
    found = toplevel.module_global(space.name, attr, frame)
    if found is not MISSING:
        return found
    return module_value(f"{space.name}.{attr}", frame.world)


def settle_reference(reference: Reference, frame: Frame) -> Value:
    """Follow a reference into the project where it leads there; otherwise return it as it is."""
    parts = reference.name.split(".")
    if parts[0] == "builtins" or frame.world.models.knows_module(parts[0]):
        return reference
    for cut in range(len(parts) - 1, 0, -1):
        prefix = ".".join(parts[:cut])
        if frame.world.module(prefix) is None:
            continue
        value: Value = toplevel.module_global(prefix, parts[cut], frame)
        if value is MISSING or cut != len(parts) - 1:
            return reference
        return value
    return reference


def run_import(statement: Import, frame: Frame) -> None:
    """Bind the names of an import statement."""
    world = frame.world
    if not statement.names:
        top = statement.module.split(".")[0]
        name, target = (statement.alias, statement.module) if statement.alias else (top, top)
        assign(name, Binding(module_value(target, world)), frame)
        return
    module = world.module(frame.space)
    source = source_of(statement, frame.space, module is not None and module.is_package)
    for name, alias in statement.names:
        if name == "*":
            _import_star(source, frame)
            continue
        value: Value = Reference(f"{source}.{name}" if source else name)
        if world.module(source) is not None:
            value = space_attribute(Space(source), name, frame)
        elif world.module(f"{source}.{name}") is not None:
            value = Space(f"{source}.{name}")
        assign(alias or name, Binding(value), frame)


def _import_star(source: str, frame: Frame) -> None:
    if frame.world.module(source) is None:
        frame.world.stars.setdefault(frame.space, []).append(source)
        return
    names = toplevel.module_globals(source, frame)
    listed = names.get("__all__")
    public = listed.value if listed is not None and isinstance(listed.value, tuple) else None
    for name, binding in names.items():
        if (name in public) if public is not None else not name.startswith("_"):
            assign(name, Binding(binding.value), frame)
    frame.world.stars.setdefault(frame.space, []).extend(frame.world.stars.get(source, ()))
