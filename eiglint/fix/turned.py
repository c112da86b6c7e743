"""A name that goes on meaning what it meant, though a decomposition returns the adjoint of that."""

from __future__ import annotations

import ast

from eiglint.fix.outputs import name_of
from eiglint.fix.spelling import adjoint
from eiglint.fix.syntax import Change, Code


def turned(code: Code, statement: ast.stmt, target: ast.expr, call: str) -> list[Change] | None:
    """Let a name stand for the adjoint of the Vh that a decomposition returns under it."""
    name, lines = name_of(target), code.alone(statement)
    if lines is None:
        return None
    given = "Vh" if name == "V" and "Vh" not in code.names(statement) else name
    value = adjoint(given, call)
    if value is None:
        return None
    start, _ = code.span(statement)
    indent = code.text[lines[0] : start]
    line = Change(lines[1], lines[1], f"{code.newline}{indent}{name} = {value}")
    return [line] if given == name else [Change(*code.span(target), given), line]
