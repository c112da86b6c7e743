"""Globals that a module leaves to its functions to bind: `global np`, and then `import numpy as np`.

A name that no top level binds and that all functions bind alike is that one thing wherever it can be read at all. Only
modules of libraries are told apart here, which need no execution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eiglint.analysis.relevance import blocks
from eiglint.ir import instructions as ir

Body = tuple[ir.Statement, ...]


def bound_later(body: Body, shared: frozenset[str]) -> Mapping[str, str]:
    """Return the dotted names that those of a module's `shared` globals stand for that are always one library."""
    elsewhere = {name for name, _ in _bindings(body)}
    shared -= elsewhere
    if not shared or "*" in elsewhere:
        return {}
    found: dict[str, set[str | None]] = {}
    for function in _functions(body, shared):
        declared = {n for s in _statements(function) if isinstance(s, ir.Scope) and s.kind == "global" for n in s.names}
        if declared:
            for name, dotted in _bindings(function):
                if name in declared & shared:
                    found.setdefault(name, set()).add(dotted)
    once = {name: next(iter(dotted)) for name, dotted in found.items() if len(dotted) == 1}
    return {name: dotted for name, dotted in once.items() if dotted is not None}


def _functions(body: Body, names: frozenset[str]) -> Iterator[Body]:
    """The bodies of all functions that mention one of the names; others are not lowered for it."""
    for statement in _statements(body):
        if isinstance(statement, ir.Define):
            if statement.function.mentions & names:
                inner = statement.function.lower_body()
                yield inner
                yield from _functions(inner, names)
        elif isinstance(statement, ir.DefineClass):
            yield from _functions(statement.body, names)


def _statements(body: Body) -> Iterator[ir.Statement]:
    """All statements of one scope, in the order of the text."""
    for statement in body:
        yield statement
        for block in blocks(statement):
            yield from _statements(block)


def _bindings(body: Body) -> Iterator[tuple[str, str | None]]:
    """Every name that a scope binds, with the module that it is bound to, or None for anything else."""
    modules: dict[str, str] = {}
    for statement in _statements(body):
        for name, dotted in _bound(statement, modules):
            if dotted is not None and modules.get(name, dotted) == dotted:
                modules[name] = dotted
            else:
                modules.pop(name, None)
            yield name, dotted


def _bound(statement: ir.Statement, modules: Mapping[str, str]) -> list[tuple[str, str | None]]:
    match statement:
        case ir.Import(level=0, names=(), module=module, alias=alias):
            top = module.partition(".")[0]
            return [(alias, module) if alias else (top, top)]
        case ir.Import(level=0, module=module, names=names):
            return [(alias or name, f"{module}.{name}") for name, alias in names]
        case ir.Import(names=names):
            return [(alias or name, None) for name, alias in names]
        case ir.Assign(value=None):
            return []  # an annotation alone
        case ir.Assign(targets=targets, value=value):
            dotted = _dotted(value, modules)
            return [bound for t in targets for bound in _targets(t, dotted)]
        case ir.Augment(target=target) | ir.Loop(target=target) if target is not None:
            return _targets(target, None)
        case ir.With(items=items):
            return [bound for _, target in items if target is not None for bound in _targets(target, None)]
        case ir.Delete(targets=targets):
            return [bound for t in targets for bound in _targets(t, None)]
        case ir.Try(handlers=handlers):
            return [(h.name, None) for h in handlers if h.name]
        case ir.Match(cases=cases):
            return [(name, None) for case in cases for name in case.names]
        case ir.Define(function=function):
            return [(function.name, None)]
        case ir.DefineClass(name=name):
            return [(name, None)]
    return []


def _targets(target: ir.Expression, dotted: str | None) -> list[tuple[str, str | None]]:
    match target:
        case ir.Name(id=name):
            return [(name, dotted)]
        case ir.Sequence(items=items):
            return [bound for item in items for bound in _targets(item, None)]
        case ir.Starred(value=inner):
            return _targets(inner, None)
    return []


def _dotted(value: ir.Expression | None, modules: Mapping[str, str]) -> str | None:
    match value:
        case ir.Name(id=name):
            return modules.get(name)
        case ir.Attribute(value=base, attr=attr):
            inner = _dotted(base, modules)
            return None if inner is None else f"{inner}.{attr}"
    return None
