"""EIG302: functions of a matrix, written out with its vectors, by matrix_exp and those of eiglint.linalg."""

from __future__ import annotations

import ast
from collections.abc import Set

from eiglint.findings import Finding
from eiglint.fix.outputs import name_of, named
from eiglint.fix.proposal import Proposal
from eiglint.fix.remedy import remedy
from eiglint.fix.spelling import is_adjoint, module
from eiglint.fix.steps import traced
from eiglint.fix.syntax import Change, Code, callee, is_plain, names_in, reads_of


def matrix_function(finding: Finding, code: Code) -> Proposal | None:
    """Write `matrix_exp(A)` for `V @ diag(exp(L)) @ inv(V)`, and functions of eiglint.linalg for roots and powers.

    Unsafe: eigh read one triangle of A and these read all of it; with eig the result was complex; where NaN came out,
    eiglint.linalg raises an error.
    """
    product, call = code.at(finding.place, ast.BinOp), code.call(finding.source)
    if finding.source is None or not finding.source.call.startswith("torch.") or product is None or call is None:
        return None
    outputs = named(code, call)
    if outputs is None or len(outputs.targets) != 2 or not call.args:
        return None
    values, vectors = map(name_of, outputs.targets)
    matrix, inner = call.args[0], _diagonal(product, vectors)
    if inner is None or not is_plain(matrix) or _changes(code, outputs.statement, names_in(matrix), {vectors}):
        return None
    function = traced(code, outputs.statement, product, inner, values)
    new = None if function is None else _exponential(code, function.expression, values, matrix)
    if function is not None and new is None and finding.source.call == "torch.linalg.eigh":
        new = _named(code, function.expression, values, matrix)
    if function is None or new is None:
        return None
    text, needed = new
    unneeded = _unneeded(code, [*function.steps[::-1], outputs.statement], product)
    if len(unneeded) <= len(function.steps):
        # Products of one decomposition are fixed one after the other: the last one takes it along.
        unneeded.append(Change(*code.span(call), code.show(call)))
    return Proposal("unsafe", (Change(*code.outside(product), text), *needed, *unneeded))


Text = tuple[str, list[Change]]
"""What is written in place of a product, and the import that it needs."""


def _exponential(code: Code, function: ast.expr, values: str, matrix: ast.expr) -> Text | None:
    exponent = _argument_of_exp(function)
    scale = None if exponent is None else _scale(code, exponent, values)
    if scale is None:
        return None
    root, needed = module(code, "torch")
    return f"{root}.linalg.matrix_exp({scale}{code.show(matrix)})", needed


def _named(code: Code, function: ast.expr, values: str, matrix: ast.expr) -> Text | None:
    found = remedy(code, function, values)
    if found is None:
        return None
    root, needed = module(code, "eiglint.linalg")
    return f"{root}.{found.name}({code.show(matrix)}{found.rest})", needed


def _diagonal(product: ast.BinOp, vectors: str) -> ast.expr | None:
    """Return x of V @ diag(x) @ W or (V * x) @ W, where W is the adjoint or the inverse of V."""
    if not isinstance(product.op, ast.MatMult) or not vectors or not _is_inverse(product.right, vectors):
        return None
    match product.left:
        case ast.BinOp(left=ast.Name(id=name), op=ast.MatMult(), right=right) if name == vectors:
            return _on_diagonal(right)
        case ast.BinOp(left=ast.Name(id=name), op=ast.Mult(), right=inner) if name == vectors:
            return _without_axis(inner)
    return None


def _on_diagonal(node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.Call) and callee(node) == "to" and isinstance(node.func, ast.Attribute):
        return _on_diagonal(node.func.value)
    if not isinstance(node, ast.Call) or callee(node) not in ("diag", "diag_embed"):
        return None
    match node:
        case ast.Call(args=[inner]) | ast.Call(func=ast.Attribute(value=inner), args=[]):
            return inner
    return None


def _without_axis(node: ast.expr) -> ast.expr:
    """Leave out an inserted axis of rows."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr="unsqueeze"), args=[axis]) if ast.unparse(axis) == "-2":
            return inner
        case ast.Subscript(value=inner, slice=axes) if ast.unparse(axes) in ("(..., None, :)", "(None, :)", "None"):
            return inner
    return node


def _argument_of_exp(node: ast.expr) -> ast.expr | None:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="torch")), args=[inner]) if callee(node) == "exp":
            return inner
        case ast.Call(func=ast.Attribute(value=inner, attr="exp"), args=[]):
            return inner
    return None


def _is_inverse(node: ast.expr, vectors: str) -> bool:
    """Whether an expression is the adjoint or the inverse of the vectors."""
    match node:
        case ast.Call(args=[ast.Name(id=name)]) if callee(node) in ("inv", "inverse"):
            return name == vectors
    turned = is_adjoint(node)
    return isinstance(turned, ast.Name) and turned.id == vectors


def _scale(code: Code, exponent: ast.expr, values: str) -> str | None:
    """Return what the values are multiplied by in the exponent, as the text before the matrix."""
    match exponent:
        case ast.Name(id=name) if name == values:
            return ""
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id=name)) if name == values:
            return "-"
        case ast.BinOp(left=factor, op=ast.Mult(), right=ast.Name(id=name)) if name == values and _is_number(factor):
            return f"{code.show(factor)} * "
        case ast.BinOp(left=ast.Name(id=name), op=ast.Mult(), right=factor) if name == values and _is_number(factor):
            return f"{code.show(factor)} * "
    return None


def _is_number(node: ast.expr) -> bool:
    """Whether an expression is a literal number: a name may be a vector, which weights each value by another."""
    return all(isinstance(part, ast.Constant | ast.UnaryOp | ast.USub) for part in ast.walk(node))


def _changes(code: Code, decomposed: ast.stmt, matrix: Set[str], outputs: Set[str]) -> bool:
    """Whether the matrix, or an output, may be called otherwise after the decomposition."""
    own = set(ast.walk(decomposed))
    stores = (part for part in ast.walk(code.scope(decomposed)) if isinstance(part, ast.Name))
    later = [part for part in stores if isinstance(part.ctx, ast.Store) and part.lineno >= decomposed.lineno]
    return any(part.id in matrix or (part.id in outputs and part not in own) for part in later)


def _unneeded(code: Code, statements: list[ast.Assign], product: ast.expr) -> list[Change]:
    """Drop the statements, the last one first read, whose results nothing else reads."""
    dropped: list[Change] = []
    inside = set(ast.walk(product))
    for statement in statements:
        lines, scope = code.alone(statement), code.scope(statement)
        names = [name for target in statement.targets for name in names_in(target)]
        inside |= set(ast.walk(statement))
        if lines is None or any(part not in inside for name in names for part in reads_of(name, scope)):
            break
        if "#" in code.text[slice(*lines)] or lines[1] >= len(code.text):
            break
        dropped.append(Change(lines[0], code.lines[statement.end_lineno or 0], ""))
    return dropped
