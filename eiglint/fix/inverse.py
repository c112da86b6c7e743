"""EIG404 and EIG407: solve with the vectors, or take the adjoint where that is their inverse."""

from __future__ import annotations

import ast

from eiglint.findings import Applicability, Finding
from eiglint.fix.proposal import Proposal
from eiglint.fix.spelling import adjoint, atom, is_adjoint, library, module
from eiglint.fix.syntax import Change, Code, callee

_INVERSES = ("inv", "inverse", "pinv", "pinverse")
_UNITARY = ("eigh", "symeig", "svd")
"""Decompositions whose vectors are orthonormal."""


def explicit_inverse(finding: Finding, code: Code) -> Proposal | None:
    """Replace `inv(V)` by `V.mH` for eigh, and `inv(V) @ x` by `solve(V, x)` for eig."""
    call = code.at(finding.place, ast.Call)
    if call is None or finding.source is None or call.keywords or callee(call) not in _INVERSES:
        return None
    vectors = _argument(code, call)
    if vectors is None:
        return None
    if finding.source.call.rpartition(".")[2] in _UNITARY:
        text = adjoint(atom(code, vectors), finding.source.call)
        return None if text is None else Proposal("safe", (Change(*code.span(call), text),))
    if callee(call) in ("pinv", "pinverse"):
        return None  # of singular vectors a pseudoinverse exists, a solution does not
    return _solution(code, call, vectors, finding, "safe")


def adjoint_as_inverse(finding: Finding, code: Code) -> Proposal | None:
    """Replace `V.mH @ x` by `solve(V, x)`: another value, and unsafe since eigh may be what is meant."""
    outer = code.at(finding.place, ast.BinOp)
    found = [
        (node, inner)
        for node in (ast.walk(outer) if outer is not None else ())
        if isinstance(node, ast.expr) and (inner := is_adjoint(node)) is not None
    ]
    factors = [(node, inner) for node, inner in found if isinstance(code.above(node), ast.BinOp)]
    if len(factors) != 1:
        return None
    return _solution(code, *factors[0], finding, "unsafe")


def _argument(code: Code, call: ast.Call) -> ast.expr | None:
    """Return what is inverted."""
    if len(call.args) == 1 and not isinstance(call.args[0], ast.Starred):
        return call.args[0]
    if not call.args and isinstance(call.func, ast.Attribute):
        return call.func.value
    return None


def _solution(
    code: Code, inverse: ast.expr, vectors: ast.expr, finding: Finding, kind: Applicability
) -> Proposal | None:
    """Return the changes from a product with the inverse to the solution of a linear system."""
    product = code.above(inverse)
    if not isinstance(product, ast.BinOp) or not isinstance(product.op, ast.MatMult) or finding.source is None:
        return None
    start, end = code.outside(product)
    is_torch = library(finding.source.call) == "torch"
    solve, needed = _solver(code, inverse, is_torch)
    if solve is None:
        return None
    if product.left is inverse:
        first, last = code.span(product.right)
        changes = [
            Change(start, first, f"{solve}({code.show(vectors)}, "),
            Change(last, end, ")"),
        ]
    elif is_torch and ast.dump(_first_factor(product.left)) == ast.dump(vectors):
        # Only what begins with V itself is sure to be a matrix, which `left=False` asks for.
        first, last = code.span(product.left)
        changes = [
            Change(start, first, f"{solve}({code.show(vectors)}, "),
            Change(last, end, ", left=False)"),
        ]
    else:
        return None
    return Proposal(kind, (*changes, *needed))


def _solver(code: Code, inverse: ast.expr, is_torch: bool) -> tuple[str | None, list[Change]]:
    """Return how `solve` is spelled beside an inverse, and the import that it needs."""
    match inverse:
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() as where, attr="inv"), args=[_]):
            return f"{code.show(where)}.solve", []
    if not is_torch:
        return None, []
    root, needed = module(code, "torch")
    return f"{root}.linalg.solve", needed


def _first_factor(node: ast.expr) -> ast.expr:
    """Return the first factor of a product."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult | ast.Mult):
        node = node.left
    return node
