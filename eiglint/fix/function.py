"""EIG302: the exponential of a matrix, written out with its vectors, by matrix_exp."""

from __future__ import annotations

import ast

from eiglint.findings import Finding
from eiglint.fix.outputs import name_of, named
from eiglint.fix.proposal import Proposal
from eiglint.fix.spelling import is_adjoint, module
from eiglint.fix.syntax import Change, Code, callee, is_plain, names_in, reads_of


def matrix_function(finding: Finding, code: Code) -> Proposal | None:
    """Write `matrix_exp(A)` for `V @ diag(exp(L)) @ inv(V)`.

    Unsafe: eigh read one triangle of A and matrix_exp reads all of it; with eig the result was complex.
    """
    product, call = code.at(finding.place, ast.BinOp), code.call(finding.source)
    if finding.source is None or not finding.source.call.startswith("torch.") or product is None or call is None:
        return None
    outputs = named(code, call)
    if outputs is None or len(outputs.targets) != 2 or len(call.args) != 1:
        return None
    values, vectors = map(name_of, outputs.targets)
    exponent = _exponent(product, vectors)
    scale = None if exponent is None else _scale(code, exponent, values)
    matrix = call.args[0]
    if scale is None or not is_plain(matrix) or _is_rebound(code, outputs.statement, matrix):
        return None
    root, needed = module(code, "torch")
    text = f"{root}.linalg.matrix_exp({scale}{code.show(matrix)})"
    return Proposal(
        "unsafe", (Change(*code.outside(product), text), *needed, *_unneeded(code, outputs.statement, product))
    )


def _exponent(product: ast.BinOp, vectors: str) -> ast.expr | None:
    """Return x of V @ diag(exp(x)) @ W or (V * exp(x)) @ W, where W is the adjoint or the inverse of V."""
    if not isinstance(product.op, ast.MatMult) or not vectors or not _is_inverse(product.right, vectors):
        return None
    match product.left:
        case ast.BinOp(left=ast.Name(id=name), op=ast.MatMult(), right=ast.Call(args=[inner]) as diagonal):
            if name == vectors and callee(diagonal) in ("diag", "diag_embed"):
                return _argument_of_exp(inner)
        case ast.BinOp(left=ast.Name(id=name), op=ast.Mult(), right=inner) if name == vectors:
            return _argument_of_exp(_without_axis(inner))
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


def _is_rebound(code: Code, statement: ast.stmt, matrix: ast.expr) -> bool:
    """Whether what the matrix is called may mean something else after its decomposition."""
    own = names_in(matrix)
    later = (part for part in ast.walk(code.scope(statement)) if isinstance(part, ast.Name) and part.id in own)
    return any(isinstance(part.ctx, ast.Store) and part.lineno >= statement.lineno for part in later)


def _unneeded(code: Code, statement: ast.Assign, product: ast.expr) -> list[Change]:
    """Drop the decomposition, if nothing else reads its outputs."""
    lines, scope = code.alone(statement), code.scope(statement)
    inside = set(ast.walk(product))
    names = [name for target in statement.targets for name in names_in(target)]
    if lines is None or any(part not in inside for name in names for part in reads_of(name, scope)):
        return []
    if "#" in code.text[slice(*lines)] or lines[1] >= len(code.text):
        return []
    return [Change(lines[0], code.lines[statement.end_lineno or 0], "")]
