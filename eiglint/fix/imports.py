"""Imports that a fix left without a reader: they go with it."""

from __future__ import annotations

import ast
import os

from eiglint.fix.syntax import Code, read_code

_Import = ast.Import | ast.ImportFrom


def without_idle(text: str, before: Code, path: str) -> str:
    """Return a text without the imported names that nothing reads any more and something read before.

    Left alone are those of an `__init__.py`, which are there to be imported, those of `__all__` or any other string,
    and those that stand under a condition, share their line, or have a comment among them.
    """
    if os.path.basename(path) == "__init__.py":
        return text
    read = _read(before)
    while True:
        code = read_code(text)
        shorter = None if code is None else _without_one(code, read)
        if shorter is None:
            return text
        text = shorter


def _without_one(code: Code, read_before: frozenset[str]) -> str | None:
    """Return the text without the first name that is idle, None where there is none."""
    mentioned = _read(code) | {n.value for n in ast.walk(code.tree) if isinstance(n, ast.Constant)}
    for statement in code.tree.body:
        if isinstance(statement, _Import):
            for place, alias in enumerate(statement.names):
                name = alias.asname or alias.name.partition(".")[0]
                if name in read_before and name not in mentioned and (cut := _cut(code, statement, place)):
                    return code.text[: cut[0]] + code.text[cut[1] :]
    return None


def _read(code: Code) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(code.tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Store))


def _cut(code: Code, statement: _Import, place: int) -> tuple[int, int] | None:
    """Return what to leave out of an import of several names, or the whole of one of a single name."""
    lines = code.alone(statement)
    if lines is None or "#" in code.text[slice(*lines)]:
        return None
    names = statement.names
    if len(names) == 1:
        following = statement.end_lineno or statement.lineno
        return lines[0], code.lines[following] if following < len(code.lines) else len(code.text)
    if place + 1 < len(names):
        return code.span(names[place])[0], code.span(names[place + 1])[0]
    return code.span(names[place - 1])[1], code.span(names[place])[1]
