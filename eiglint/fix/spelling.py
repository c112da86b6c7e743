"""How things are called in a file: functions of a library, adjoints, and the imports that a fix needs."""

from __future__ import annotations

import ast

from eiglint.fix.syntax import Change, Code, is_atom

ADJOINTS = {"torch": ".mH", "numpy": ".conj().swapaxes(-1, -2)", "jax": ".conj().swapaxes(-1, -2)"}
"""How the adjoint of a matrix is spelled, stacks of matrices included."""


def library(call: str) -> str:
    """Return whose function a modelled call is."""
    first = call.partition(".")[0]
    return {"scipy": "numpy", "autograd": "numpy", "cupy": "numpy"}.get(first, first)


def adjoint(text: str, call: str) -> str | None:
    """Return the adjoint of a matrix, given as the text of an atom."""
    suffix = ADJOINTS.get(library(call))
    return None if suffix is None else text + suffix


def append(code: Code, node: ast.expr, suffix: str) -> list[Change]:
    """Return the changes that call a method on an expression."""
    start, end = code.span(node)
    if is_atom(node):
        return [Change(end, end, suffix)]
    return [Change(start, start, "("), Change(end, end, f"){suffix}")]


def atom(code: Code, node: ast.expr) -> str:
    """Return the text of an expression such that a method can be called on it."""
    return code.show(node) if is_atom(node) else f"({code.show(node)})"


def module(code: Code, name: str) -> tuple[str, list[Change]]:
    """Return what a module is called in a file, and the import that is missing, if it is."""
    for statement in code.tree.body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name == name and alias.asname:
                    return alias.asname, []
                if alias.asname is None and (alias.name == name or alias.name.startswith(f"{name}.")):
                    return name, []
    place = _after_imports(code)
    newline = code.newline
    return name, [Change(place, place, f"import {name}{newline}")]


def is_module(code: Code, node: ast.expr) -> bool:
    """Whether an expression looks something up in what the file imports, rather than in a value of its own."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and any(
        node.id == (alias.asname or alias.name.partition(".")[0])
        for statement in ast.walk(code.tree)
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for alias in statement.names
    )


def _after_imports(code: Code) -> int:
    """Return where a new import goes: before the first import that is not of the future, else after the docstring."""
    body = code.tree.body
    first = 0
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        first = 1
    while first < len(body) and isinstance(here := body[first], ast.ImportFrom) and here.module == "__future__":
        first += 1
    for statement in body[first:]:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return code.lines[statement.lineno - 1]
    if first == 0:
        return _after_comments(code)
    last = body[first - 1].end_lineno or 1
    return code.lines[last] if last < len(code.lines) else len(code.text)


def _after_comments(code: Code) -> int:
    """Return where the first line is that is no comment: the encoding and the interpreter are named there."""
    for start, end in zip(code.lines, (*code.lines[1:], len(code.text)), strict=True):
        if not code.text[start:end].startswith("#"):
            return start
    return len(code.text)


def sibling(code: Code, func: ast.expr, name: str, within: str) -> tuple[str, list[Change]] | None:
    """Return how another function of a callee's own module is called here; `within` is that module's dotted name."""
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name | ast.Attribute):
        return f"{code.show(func.value)}.{name}", []
    if isinstance(func, ast.Name) and within.startswith("torch"):
        root, needed = module(code, "torch")
        return f"{root}{within.removeprefix('torch')}.{name}", needed
    return None


def is_adjoint(node: ast.expr) -> ast.expr | None:
    """Return the matrix whose adjoint or transpose an expression spells."""
    turned = is_transposed(node)
    if turned is not None:
        match turned:
            case ast.Call(func=ast.Attribute(value=inner, attr="conj" | "conjugate"), args=[]):
                return inner
        return turned
    match node:
        case ast.Attribute(value=inner, attr="mH" | "H"):
            return inner
        case ast.Call(func=ast.Attribute(value=inner, attr="adjoint"), args=[]):
            return inner
        case ast.Call(func=ast.Attribute(value=inner, attr="conj" | "conjugate"), args=[]):
            return is_transposed(inner)
    return None


def is_transposed(node: ast.expr) -> ast.expr | None:
    """Return the matrix whose transpose, without a conjugate, an expression spells."""
    match node:
        case ast.Attribute(value=inner, attr="T" | "mT"):
            return inner
        case ast.Call(func=ast.Attribute(value=inner, attr="t"), args=[]):
            return inner
        case ast.Call(func=ast.Attribute(value=inner, attr="transpose" | "swapaxes" | "swapdims"), args=[a, b]):
            if {_axis(a), _axis(b)} in ({-1, -2}, {0, 1}, {1, 2}):
                return inner
    return None


def _axis(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, SyntaxError):
        return None
