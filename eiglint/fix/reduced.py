"""EIG308: ask for the singular vectors that have a derivative."""

from __future__ import annotations

import ast

from eiglint.findings import Finding
from eiglint.fix.outputs import arguments
from eiglint.fix.proposal import Proposal
from eiglint.fix.syntax import Change, Code, callee


def reduced(finding: Finding, code: Code) -> Proposal | None:
    """Write `full_matrices=False` where the last vector is picked: for a wide matrix another one, so it is unsafe.

    A slice beyond the reduced factor would be empty, and a position beyond it an error: they stay.
    """
    call, pick = code.call(finding.source), code.at(finding.place, ast.Subscript)
    if call is None or pick is None or callee(call) != "svd" or not _is_last(pick.slice):
        return None
    given = arguments(call)
    if "full_matrices" in given:
        return Proposal("unsafe", (Change(*code.span(given["full_matrices"]), "False"),))
    if len(call.args) != 1 or given:
        return None
    end = code.span(call.args[0])[1]
    return Proposal("unsafe", (Change(end, end, ", full_matrices=False"),))


def _is_last(node: ast.expr) -> bool:
    """Whether the last vector is picked, from whole axes otherwise."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    picked = [part for part in parts if not isinstance(part, ast.Slice) and not _is_ellipsis(part)]
    whole = all(not (part.lower or part.upper) for part in parts if isinstance(part, ast.Slice))
    return whole and [ast.unparse(part) for part in picked] == ["-1"]


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...
