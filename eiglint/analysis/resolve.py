"""From names to what they stand for: variables, modules of the project, references into libraries."""

from __future__ import annotations

import builtins

from eiglint.analysis import toplevel
from eiglint.analysis.frame import Frame
from eiglint.analysis.merging import MISSING
from eiglint.analysis.relevance import source_of
from eiglint.analysis.state import Binding
from eiglint.analysis.values import Deferred, Pointer, Reference, Space, Value
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
            value = binding.value
            return imported(value, frame) if isinstance(value, Deferred) else value
    return outside(name, frame)


def unread(name: str, frame: Frame) -> Deferred | None:
    """Return what a name stands for if it was imported from the project, not looked up yet, and leads to nothing."""
    for key in frame.scopes:
        binding = frame.state.scope(key).get(name)
        if binding is not None:
            value, world = binding.value, frame.world
            if not isinstance(value, Deferred) or value in world.imported or world.reaching is None:
                return None
            return None if name in frame.globals or value.name in world.reaching(value.source) else value
    return None


def outside(name: str, frame: Frame) -> Value:
    """Return what a name stands for that no scope binds: a builtin, a star-imported name, something unknown."""
    starred = MISSING if hasattr(builtins, name) else _starred(frame.space, name, frame)
    if starred is not MISSING:
        return starred
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


def space_attribute(space: Space, attr: str, frame: Frame) -> Value:
    """Return a global of a module of the project, or its submodule."""
    return imported(Deferred(space.name, attr), frame)


def imported(deferred: Deferred, frame: Frame) -> Value:
    """Return what `from source import name` binds."""
    source, name = deferred.source, deferred.name
    world = frame.world
    if deferred in world.imported:
        return world.imported[deferred]
    dotted = f"{source}.{name}" if source else name
    if deferred in world.resolving or dotted == REVEAL or world.models.get(dotted) is not None:
        return Reference(dotted)
    if source in world.modules and source not in world.ran and _is_submodule(source, name, frame):
        return Space(dotted)
    world.resolving.add(deferred)
    try:
        value = toplevel.module_global(source, name, frame)
        if value is MISSING:
            value = _starred(source, name, frame)
        if isinstance(value, Deferred):
            value = imported(value, frame)
    finally:
        world.resolving.discard(deferred)
    if value is MISSING:
        value = Space(dotted) if world.module(dotted) is not None else Reference(dotted)
    if not world.running and not isinstance(value, Pointer):
        world.imported[deferred] = value
    return value


def _is_submodule(source: str, name: str, frame: Frame) -> bool:
    """Whether a package's attribute is its submodule, as the package itself binds no such name: it need not be run."""
    package = frame.world.module(source)
    if package is None or not package.is_package or name in toplevel.bound_names(package.body):
        return False
    return frame.world.module(f"{source}.{name}") is not None


def _starred(space: str, name: str, frame: Frame) -> Value:
    """Return a name that a module gets from its star imports, or MISSING."""
    world = frame.world
    for library in world.stars.get(space, ()):
        dotted = f"{library}.{name}"
        if world.models.get(dotted) is not None or world.models.knows_module(dotted):
            return Reference(dotted)
        if world.module(library) is not None and not name.startswith("_"):
            found = imported(Deferred(library, name), frame)
            if not isinstance(found, Reference) or found.name != dotted:
                return found
    return MISSING


def settle_reference(reference: Reference, frame: Frame) -> Value:
    """Follow a reference into the project where it leads there; otherwise return it as it is."""
    head, _, last = reference.name.rpartition(".")
    root = reference.name.partition(".")[0]
    models = frame.world.models
    if not head or root == "builtins" or models.knows_module(root) or models.get(reference.name) is not None:
        return reference
    if frame.world.module(head) is not None:
        return imported(Deferred(head, last), frame)
    return Space(reference.name) if frame.world.module(reference.name) is not None else reference


def run_import(statement: Import, frame: Frame) -> None:
    """Bind the names of an import statement; modules of the project are read when a name is first used."""
    if not statement.names:
        top = statement.module.split(".")[0]
        name, target = (statement.alias, statement.module) if statement.alias else (top, top)
        assign(name, Binding(Reference(target)), frame)
        return
    world = frame.world
    module = world.modules.get(frame.space)
    source = source_of(statement, frame.space, module is not None and module.is_package)
    for name, alias in statement.names:
        if name == "*":
            world.stars.setdefault(frame.space, []).append(source)
            continue
        dotted = f"{source}.{name}"
        known = world.models.knows_module(source.partition(".")[0]) or world.models.get(dotted) is not None
        value = Reference(dotted) if known else Deferred(source, name)
        assign(alias or name, Binding(value), frame)
