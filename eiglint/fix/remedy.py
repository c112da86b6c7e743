"""Which function of eiglint.linalg an expression of eigenvalues stands for: roots, powers, the logarithm, floors."""

from __future__ import annotations

import ast
from typing import NamedTuple

from eiglint.fix.syntax import Code, is_plain, names_in


class Remedy(NamedTuple):
    """The name of a function, and what it is given behind the matrix."""

    name: str
    rest: str = ""


class Power(NamedTuple):
    """Eigenvalues, raised to `floor` where that is given, to a power: a number, or an expression."""

    exponent: float | ast.expr
    floor: ast.expr | None


def remedy(code: Code, node: ast.expr, values: str) -> Remedy | None:
    """Return the function that an expression applies to the eigenvalues; None for one that has no name."""
    applied = _call(node)
    if applied is not None and applied[:2] == ("log", []):
        inner = _power(applied[2], values)
        return None if inner is None or inner.exponent != 1 else _with_floor(code, "logm", "", inner.floor)
    found = _power(node, values)
    if found is None:
        return None
    match found.exponent:
        case 0.5:
            return _with_floor(code, "sqrtm", "", found.floor)
        case -0.5:
            return _with_floor(code, "inv_sqrtm", "", found.floor)
        case 1:
            return _raised_to(code, found.floor)
        case int() | float() as number:
            return _with_floor(code, "powm", f", {number:g}", found.floor)
        case exponent:
            return _with_floor(code, "powm", f", {code.show(exponent)}", found.floor)


def _with_floor(code: Code, name: str, rest: str, floor: ast.expr | None) -> Remedy | None:
    """Return a remedy that raises eigenvalues to a floor, which must be positive."""
    if floor is None:
        return Remedy(name, rest)
    number = _number(floor)
    return None if number is not None and number <= 0 else Remedy(name, f"{rest}, eps={code.show(floor)}")


def _raised_to(code: Code, floor: ast.expr | None) -> Remedy | None:
    """Return what raises eigenvalues to a floor and does nothing else."""
    if floor is None:
        return None
    return Remedy("psd_project") if _number(floor) == 0 else _with_floor(code, "powm", ", 1", floor)


def _power(node: ast.expr, values: str) -> Power | None:
    match node:
        case ast.Name(id=name):
            return Power(1, None) if name == values else None
        case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
            return _raised(base, exponent, values)
        case ast.BinOp(left=ast.Constant(value=1 | 1.0), op=ast.Div(), right=base):
            return _times(base, -1, values)
    match _call(node):
        case ("sqrt", [], base):
            return _times(base, 0.5, values)
        case ("rsqrt", [], base):
            return _times(base, -0.5, values)
        case ("reciprocal", [], base):
            return _times(base, -1, values)
        case ("pow", [exponent], base):
            return _raised(base, exponent, values)
        case ("relu", [], ast.Name(id=name)) if name == values:
            return Power(1, ast.Constant(0))
        case ("clamp" | "clamp_min", [floor], ast.Name(id=name)) if name == values and _is_fixed(floor, values):
            return Power(1, floor)
    return None


def _times(base: ast.expr, factor: float, values: str) -> Power | None:
    inner = _power(base, values)
    if inner is None or isinstance(inner.exponent, ast.expr):
        return None
    return Power(inner.exponent * factor, inner.floor)


def _raised(base: ast.expr, exponent: ast.expr, values: str) -> Power | None:
    number = _number(exponent)
    if number is not None:
        return _times(base, number, values)
    inner = _power(base, values)
    if inner is None or inner.exponent != 1 or not _is_fixed(exponent, values):
        return None
    return Power(exponent, inner.floor)


def _call(node: ast.expr) -> tuple[str, list[ast.expr], ast.expr] | None:
    """Return the name of a method or function of torch, its arguments, and what it is applied to."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr=name), args=[inner, *rest], keywords=named):
            pass
        case ast.Call(func=ast.Attribute(value=inner, attr=name), args=rest, keywords=named):
            pass
        case _:
            return None
    if named and (rest or [keyword.arg for keyword in named] != ["min"]):
        return None
    return name, [*rest, *[keyword.value for keyword in named]], inner


def _is_fixed(node: ast.expr, values: str) -> bool:
    """Whether an expression is looked up and reads none of the eigenvalues."""
    return is_plain(node) and values not in names_in(node)


def _number(node: ast.expr | None) -> float | None:
    """Return the number that is written out, if one is."""
    try:
        found = None if node is None else ast.literal_eval(node)
    except (ValueError, SyntaxError, TypeError):
        return None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None
