"""EIG403: cast the matrix, not what came out of its decomposition."""

from __future__ import annotations

import ast

from eiglint.findings import Finding
from eiglint.fix.proposal import Proposal
from eiglint.fix.spelling import atom, module
from eiglint.fix.syntax import Change, Code, callee, is_plain


def earlier_cast(finding: Finding, code: Code) -> Proposal | None:
    """Move the cast to the argument: everything computed from it is double precision then, so it is unsafe."""
    cast, call = code.at(finding.place, ast.Call), code.call(finding.source)
    if finding.source is None or not finding.source.call.startswith("torch.") or cast is None or call is None:
        return None
    if not call.args or not isinstance(cast.func, ast.Attribute) or callee(cast) not in ("double", "to", "type"):
        return None
    wide = _widened(code, call.args[0])
    if wide is None:
        return None
    late = Change(code.span(cast.func.value)[1], code.span(cast)[1], "")
    return Proposal("unsafe", (*wide, late))


def _widened(code: Code, matrix: ast.expr) -> list[Change] | None:
    """Cast a matrix to double precision, real or complex as it is."""
    match matrix:
        case ast.Call(func=ast.Attribute(value=inner, attr="float"), args=[], keywords=[]):
            return [Change(code.span(inner)[1], code.span(matrix)[1], ".double()")]
    if not is_plain(matrix):
        return None
    root, needed = module(code, "torch")
    text = atom(code, matrix)
    new = f"{text}.to({root}.promote_types({text}.dtype, {root}.float64))"
    return [Change(*code.span(matrix), new), *needed]
