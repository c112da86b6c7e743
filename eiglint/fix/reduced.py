"""EIG308: ask for the singular vectors that have a derivative."""

from __future__ import annotations

import ast

from eiglint.findings import Finding
from eiglint.fix.outputs import arguments
from eiglint.fix.propose import Proposal
from eiglint.fix.syntax import Change, Code, callee


def reduced(finding: Finding, code: Code) -> Proposal | None:
    """Write `full_matrices=False` where one vector is picked: for a wide matrix another one, so it is unsafe.

    A slice beyond the reduced factor would be empty: it stays.
    """
    call, pick = code.call(finding.source), code.at(finding.place, ast.Subscript)
    if call is None or pick is None or callee(call) != "svd" or _is_slice(pick.slice):
        return None
    given = arguments(call)
    if "full_matrices" in given:
        return Proposal("unsafe", (Change(*code.span(given["full_matrices"]), "False"),))
    if len(call.args) != 1 or given:
        return None
    end = code.span(call.args[0])[1]
    return Proposal("unsafe", (Change(end, end, ", full_matrices=False"),))


def _is_slice(node: ast.expr) -> bool:
    """Whether several vectors are taken: a slice that begins or ends somewhere."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(isinstance(part, ast.Slice) and (part.lower or part.upper) for part in parts)
