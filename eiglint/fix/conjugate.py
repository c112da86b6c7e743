"""EIG104: write the conjugate that is missing."""

from __future__ import annotations

import ast

from eiglint.findings import Finding
from eiglint.fix.proposal import Proposal
from eiglint.fix.spelling import ADJOINTS, append, atom, is_module, is_transposed, library
from eiglint.fix.syntax import Change, Code, callee, is_plain, names_in

_PRODUCTS = ("dot", "inner", "matmul", "mm", "bmm", "mv")


def conjugate(finding: Finding, code: Code) -> Proposal | None:
    """Conjugate one of the two factors: the transposed one, or the second of two that are the same."""
    if finding.source is None or library(finding.source.call) not in ADJOINTS:
        return None
    changes: list[Change] | None = None
    match _operation(finding, code):
        case ast.BinOp(op=ast.Pow(), left=base, right=ast.Constant(value=2)) as node:
            changes = _squared(code, node, base)
        case ast.BinOp(op=ast.Mult()) as node:
            changes = _second(code, _factors(node, ast.Mult))
        case ast.BinOp(op=ast.MatMult()) as node:
            changes = _matrix_product(code, _factors(node, ast.MatMult), finding)
        case ast.Call() as node:
            changes = _call(code, node, finding)
    return Proposal("safe", tuple(changes)) if changes else None


def _operation(finding: Finding, code: Code) -> ast.BinOp | ast.Call | None:
    """Return the innermost operation at the place of a finding."""
    found = [node for node in (code.at(finding.place, ast.BinOp), code.at(finding.place, ast.Call)) if node]
    return min(found, key=lambda node: code.span(node)[1] - code.span(node)[0], default=None)


def _factors(node: ast.expr, kind: type[ast.operator]) -> list[ast.expr]:
    """Return the factors of a chain of products."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, kind):
        return [*_factors(node.left, kind), *_factors(node.right, kind)]
    return [node]


def _second(code: Code, factors: list[ast.expr]) -> list[Change] | None:
    """Conjugate the last factor that also stands before."""
    for index in range(len(factors) - 1, 0, -1):
        if any(code.same(factors[index], other) for other in factors[:index]):
            return append(code, factors[index], ".conj()")
    return None


def _squared(code: Code, node: ast.expr, base: ast.expr) -> list[Change] | None:
    """Write a square as a product with the conjugate."""
    if not is_plain(base):
        return None
    text = atom(code, base)
    product = f"{text} * {text}.conj()"
    start, end = code.span(node)
    return [Change(start, end, product if _stands_alone(code, node) else f"({product})")]


def _stands_alone(code: Code, node: ast.expr) -> bool:
    """Whether a product may stand where an expression does, without parentheses of its own."""
    above = code.above(node)
    if isinstance(above, ast.BinOp):
        return isinstance(above.op, ast.Add | ast.Sub)
    if isinstance(above, ast.Attribute):  # (V**2).sum()
        start, end = code.span(node)
        return code.text[:start].rstrip().endswith("(") and code.text[end:].lstrip().startswith(")")
    return not isinstance(above, ast.UnaryOp | ast.Subscript | ast.Await)


def _matrix_product(code: Code, factors: list[ast.expr], finding: Finding) -> list[Change] | None:
    """Turn the transpose of vectors into their adjoint."""
    if len(factors) == 2 and code.same(*factors) and is_transposed(factors[0]) is None:
        return append(code, factors[0], ".conj()")  # the inner product of two vectors
    turned = [(node, inner) for node in factors if (inner := is_transposed(node)) is not None]
    own = _vectors(code, finding)
    chosen = [pair for pair in turned if names_in(pair[1]) & own] or turned
    return _adjoint(code, *chosen[0], finding) if len(chosen) == 1 else None


def _vectors(code: Code, finding: Finding) -> frozenset[str]:
    """Return the names that the decomposition's outputs are given."""
    call = code.call(finding.source)
    statement = code.statement(call) if call is not None else None
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return frozenset(name for target in targets for name in names_in(target))


def _adjoint(code: Code, turned: ast.expr, inner: ast.expr, finding: Finding) -> list[Change]:
    """Conjugate a transpose; `.T` of what may be a vector stays, since `.mH` is for matrices only."""
    assert finding.source is not None
    start, end = code.span(inner)[1], code.span(turned)[1]
    matrix = isinstance(turned, ast.Attribute) and (turned.attr == "mT" or _is_matrix(code, inner, finding))
    if matrix and library(finding.source.call) == "torch":
        name = code.text.rindex(turned.attr, start, end) if isinstance(turned, ast.Attribute) else start
        return [Change(name, end, "mH")]
    return [Change(end, end, ".conj()")]


def _is_matrix(code: Code, node: ast.expr, finding: Finding) -> bool:
    """Whether an expression is sure to be a matrix: all vectors, or a slice of them."""
    match node:
        case ast.Name(id=name):
            return name in _vectors(code, finding)
        case ast.Attribute(attr="eigenvectors" | "U" | "V" | "Vh" | "Q"):
            return True
        case ast.Subscript(value=inner, slice=ast.Tuple(elts=parts)):
            return all(isinstance(part, ast.Slice) for part in parts) and _is_matrix(code, inner, finding)
    return False


def _call(code: Code, node: ast.Call, finding: Finding) -> list[Change] | None:
    """Conjugate an operand of a product that is spelled as a function or a method."""
    name = callee(node)
    operands = list(node.args)
    is_method = isinstance(node.func, ast.Attribute) and not is_module(code, node.func.value)
    if is_method and isinstance(node.func, ast.Attribute):
        operands.insert(0, node.func.value)
    if name in ("einsum", "contract"):
        return _second(code, [arg for arg in operands if not isinstance(arg, ast.Constant)])
    if name in _PRODUCTS and len(operands) == 2:
        return _matrix_product(code, operands, finding)
    if name in ("mul", "multiply", "kron", "outer") and len(operands) == 2:
        return _second(code, operands)
    if name == "square" or (name == "pow" and len(operands) == 2 and _is_two(operands[1])):
        return _squared(code, node, operands[0])
    return None


def _is_two(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 2
