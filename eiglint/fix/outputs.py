"""How the outputs of a decomposition are taken: by names, by position, by field."""

from __future__ import annotations

import ast
from typing import NamedTuple

from eiglint.fix.syntax import Code


class Named(NamedTuple):
    """`U, S, V = svd(A)`: the statement and its targets."""

    statement: ast.Assign
    whole: ast.Tuple | ast.List
    targets: tuple[ast.expr, ...]


class Taken(NamedTuple):
    """`svd(A)[1]` or `svd(A).S`: the expression, and the position or field."""

    node: ast.Subscript | ast.Attribute
    what: int | str


def named(code: Code, call: ast.Call) -> Named | None:
    """Return the names that all outputs of a call are given at once."""
    match code.above(call):
        case ast.Assign(targets=[ast.Tuple(elts=targets) | ast.List(elts=targets) as whole], value=value) as statement:
            if value is call:
                return Named(statement, whole, tuple(targets))
    return None


def taken(code: Code, call: ast.Call) -> Taken | None:
    """Return the one output of a call that is taken where it stands."""
    match code.above(call):
        case ast.Subscript(value=value, slice=ast.Constant(value=int(position))) as node if value is call:
            return Taken(node, position)
        case ast.Attribute(value=value, attr=field) as node if value is call:
            return Taken(node, field)
    return None


def name_of(target: ast.expr) -> str:
    """Return the name of a target, "" for anything else."""
    return target.id if isinstance(target, ast.Name) else ""


def arguments(call: ast.Call) -> dict[str | None, ast.expr]:
    """Return the keyword arguments of a call; `**more` is under None."""
    return {keyword.arg: keyword.value for keyword in call.keywords}
