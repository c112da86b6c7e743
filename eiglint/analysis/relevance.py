"""Which functions can reach a decomposition at all: everything else is never interpreted.

This is decided by names: a function matters if it mentions a decomposition, or a function that matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from eiglint.analysis.frame import World
from eiglint.ir import instructions as ir


class Definition(NamedTuple):
    """A function, class or variable of a module's top level, and the names it mentions."""

    name: str
    mentions: frozenset[str]
    quoted: frozenset[str] = frozenset()


def reaching_names(name: str, module: ir.Module, world: World) -> frozenset[str]:
    """Return the names through which a module's code can reach a decomposition."""
    if name in world.words:
        return world.words[name]
    world.words[name] = world.seeds
    found = set(world.seeds)
    for statement in (*imports(module.body), *module.inner_imports, *_imported_by_name(module.body)):
        found |= _imported(statement, name, module, world)
    definitions = list(definitions_in(module.body))
    definitions += _registered(module.body, definitions)
    changed = True
    while changed:
        changed = False
        for definition in definitions:
            if definition.name not in found and (definition.mentions & found or definition.quoted & world.seeds):
                found.add(definition.name)
                changed = True
    world.words[name] = frozenset(found)
    return world.words[name]


def _imported(statement: ir.Import, name: str, module: ir.Module, world: World) -> set[str]:
    """The names that an import brings in and that reach a decomposition in the module they come from."""
    source = source_of(statement, name, module.is_package)
    exported = _exported(source, world)
    if not statement.names:
        return {one.rpartition(".")[2] for one in exported}
    found: set[str] = set()
    for original, alias in statement.names:
        if original == "*":
            found |= exported
            continue
        inside = [one for one in exported if one.startswith(f"{original}.")]  # a module that the package holds
        found |= {one.rpartition(".")[2] for one in (*inside, *_exported(f"{source}.{original}", world))}
        if original in exported or original in world.seeds:
            found.add(alias or original)
    return found


def _exported(source: str, world: World) -> frozenset[str]:
    """The globals of a module that lead to a decomposition."""
    if world.models.knows_module(source.partition(".")[0]):
        return frozenset()
    if world.reaching is not None and source not in world.words:
        return frozenset(world.reaching(source))
    target = world.module(source)
    return frozenset() if target is None else reaching_names(source, target, world) - world.seeds


def source_of(statement: ir.Import, space: str, is_package: bool) -> str:
    """Return the dotted name of the module that an import names, relative imports resolved."""
    if not statement.level:
        return statement.module
    parts = space.split(".")
    if not is_package:
        parts = parts[:-1]
    if statement.level > 1:
        parts = parts[: 1 - statement.level] if statement.level - 1 <= len(parts) else []
    return ".".join([*parts, *([statement.module] if statement.module else [])])


def blocks(statement: ir.Statement) -> list[tuple[ir.Statement, ...]]:
    """The blocks inside a statement that belong to the same scope."""
    match statement:
        case ir.If() | ir.Loop():
            return [statement.body, statement.orelse]
        case ir.Try():
            inside = [h.body for h in statement.handlers]
            return [statement.body, *inside, statement.orelse, statement.finalbody]
        case ir.With():
            return [statement.body]
        case ir.Match():
            return [c.body for c in statement.cases]
    return []


def imports(body: tuple[ir.Statement, ...]) -> Iterator[ir.Import]:
    """The import statements of a scope."""
    stack = [body]
    while stack:
        for statement in stack.pop():
            if isinstance(statement, ir.Import):
                yield statement
            stack.extend(blocks(statement))


def _imported_by_name(body: tuple[ir.Statement, ...]) -> Iterator[ir.Import]:
    """The modules that `name = importlib.import_module("module")` binds."""
    for statement in body:
        match statement:
            case ir.Assign(
                value=ir.Call(
                    func=ir.Name(id="import_module") | ir.Attribute(attr="import_module"),
                    arguments=(ir.Argument(value=ir.Constant(value=str() as dotted)),),
                )
            ):
                yield ir.Import(dotted, 0, None, (), statement.at)


def definitions_in(body: tuple[ir.Statement, ...]) -> Iterator[Definition]:
    """The functions, methods, classes and variables that a scope defines."""
    stack = [body]
    while stack:
        for statement in stack.pop():
            if isinstance(statement, ir.Define):
                yield _function_definition(statement.function)
            elif isinstance(statement, ir.DefineClass):
                yield from _class_definitions(statement)
            elif isinstance(statement, ir.Assign) and statement.value is not None:
                mentioned = names_in(statement.value)
                for target in statement.targets:
                    yield from [Definition(name, mentioned) for name in _bound(target)]
            elif isinstance(statement, ir.Evaluate) and isinstance(statement.value, ir.Call):
                mentioned = names_in(statement.value)  # SOLVERS.update(eigh=decompose), register("eigh", decompose)
                yield from [Definition(name, mentioned) for name in _bound(statement.value.func)]
            stack.extend(blocks(statement))


def _registered(body: tuple[ir.Statement, ...], definitions: list[Definition]) -> Iterator[Definition]:
    """What decorators of the same file may keep in its variables: a registry leads where its entries lead."""
    known = {d.name: d.mentions for d in definitions}
    functions = {s.function.name for s in body if isinstance(s, ir.Define)}
    for statement in body:
        if isinstance(statement, ir.Define):
            name, decorators = statement.function.name, statement.function.decorators
        elif isinstance(statement, ir.DefineClass):
            name, decorators = statement.name, statement.decorators
        else:
            continue
        for decorator in decorators:  # @decompose.register(Tensor): another body of the same function
            target = decorator.func if isinstance(decorator, ir.Call) else decorator
            if isinstance(target, ir.Attribute):
                yield from [Definition(one, frozenset((name,))) for one in _bound(target)]
        for used in frozenset().union(*[names_in(d) for d in decorators]) & functions:
            for variable in known.get(used, frozenset()) & known.keys() - functions:
                yield Definition(variable, frozenset((name,)))


def _function_definition(function: ir.Function) -> Definition:
    outside = [*function.decorators, *[p.default for p in function.parameters]]
    return Definition(function.name, function.mentions.union(*[names_in(e) for e in outside]), function.quoted)


def _bound(target: ir.Expression) -> list[str]:
    """The variables that change with what is assigned to a target."""
    match target:
        case ir.Name(id=name):
            return [name]
        case ir.Attribute(value=value) | ir.Subscript(value=value) | ir.Starred(value=value):
            return _bound(value)
        case ir.Sequence(items=items):
            return [name for item in items for name in _bound(item)]
    return []


def _class_definitions(statement: ir.DefineClass) -> Iterator[Definition]:
    inside = list(definitions_in(statement.body))
    yield from inside
    bases = [names_in(b) for b in statement.bases]
    yield Definition(statement.name, frozenset().union(*bases, *[d.mentions for d in inside]))


def names_in(e: ir.Expression | None) -> frozenset[str]:
    """Every identifier and attribute name in an expression."""
    found: set[str] = set()
    stack: list[object] = [e]
    while stack:
        here = stack.pop()
        match here:
            case ir.Name(id=name):
                found.add(name)
            case ir.Attribute(value=value, attr=attr):
                found.add(attr)
                stack.append(value)
            case ir.Constant(value=str() as text):  # getattr(torch.linalg, "eigh")
                found.add(text)
            case ir.Function(mentions=mentions):
                found |= mentions
            case ir.Call(func=func, arguments=arguments):
                stack.append(func)
                stack.extend([a.value for a in arguments])
            case ir.Operation(operands=parts) | ir.Sequence(items=parts):
                stack.extend(parts)
            case ir.Dictionary(items=pairs):
                for pair in pairs:
                    stack.extend(pair)
            case ir.Choice(test=test, body=body, orelse=orelse):
                stack += [test, body, orelse]
            case ir.Subscript(value=value, index=index):
                stack += [value, index]
            case ir.Comprehension(element=element, value=value, generators=generators):
                stack += [element, value, *[g.iterable for g in generators]]
            case ir.Bind(value=value) | ir.Starred(value=value) | ir.Await(value=value):
                stack.append(value)
    return frozenset(found)
