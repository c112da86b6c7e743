"""The statements between a decomposition and a product, as far as they give functions of its values their names."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Set
from copy import deepcopy
from typing import NamedTuple

from eiglint.fix.syntax import Code, names_in


class Traced(NamedTuple):
    """An expression in which only the values stand under their name, and the statements that it was made of."""

    expression: ast.expr
    steps: tuple[ast.Assign, ...]


def traced(code: Code, decomposed: ast.Assign, product: ast.expr, inner: ast.expr, values: str) -> Traced | None:
    """Return what an expression inside of a product makes of the values; None where that depends on the way there.

    `L = L.clamp(min=eps)` and `s = L.sqrt()` are put in where they stand in the block of the decomposition and nothing
    else gives these names a value.
    """
    known = {values: Traced(ast.Name(values, ast.Load()), ())}
    for statement in _between(code, decomposed, product):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if names_in(value) & known.keys():
                used = [known[n] for n in sorted(names_in(value) & known.keys())]
                known[name] = Traced(_filled(value, known), (*_steps(used), statement))
            case ast.Assign(targets=[ast.Name(id=name)]):
                known.pop(name, None)
    used = [known[n] for n in sorted(names_in(inner) & known.keys())]
    steps = _steps(used)
    names = (names_in(inner) & known.keys()) | {n for s in steps for n in names_in(s) & known.keys()}
    if not used or _others(code, names, (decomposed, *steps)):
        return None
    return Traced(_filled(inner, known), steps)


def _steps(used: list[Traced]) -> tuple[ast.Assign, ...]:
    return tuple(dict.fromkeys(step for one in used for step in one.steps))


def _between(code: Code, decomposed: ast.stmt, product: ast.expr) -> list[ast.stmt]:
    """Return the statements of a decomposition's block behind it, up to the one that holds the product."""
    parent = code.above(decomposed)
    blocks = [getattr(parent, field, None) for field in ("body", "orelse", "finalbody")]
    block: list[ast.stmt] = next((b for b in blocks if isinstance(b, list) and decomposed in b), [])
    above: ast.AST | None = product
    while above is not None and above not in block:
        above = code.above(above)
    first = block.index(decomposed) + 1 if decomposed in block else 0
    return block[first : block.index(above)] if isinstance(above, ast.stmt) else []


def _others(code: Code, names: Set[str], own: tuple[ast.stmt, ...]) -> bool:
    """Whether something else than these statements gives one of the names a value."""
    inside = {part for statement in own for part in ast.walk(statement)}
    parts = (part for part in ast.walk(code.scope(own[0])) if isinstance(part, ast.Name) and part.id in names)
    return any(isinstance(part.ctx, ast.Store) and part not in inside for part in parts)


def _filled(node: ast.expr, known: Mapping[str, Traced]) -> ast.expr:
    """Return an expression with what names stand for in their places."""

    class Filler(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            return known[name.id].expression if name.id in known else name

    made = Filler().visit(deepcopy(node))
    assert isinstance(made, ast.expr)
    return made
