"""EIG406: ask for the values alone."""

from __future__ import annotations

import ast

from eiglint.findings import Finding
from eiglint.fix.outputs import name_of, named, taken
from eiglint.fix.proposal import Proposal
from eiglint.fix.spelling import sibling
from eiglint.fix.syntax import Change, Code, callee, reads_of

_VALUES = {"eigh": ("eigvalsh", 0, "eigenvalues"), "eig": ("eigvals", 0, "eigenvalues"), "svd": ("svdvals", 1, "S")}
"""The function that returns the values alone, and where the whole decomposition returns them."""


def values_only(finding: Finding, code: Code) -> Proposal | None:
    """Write eigvalsh for eigh, svdvals for svd, where nobody reads the vectors."""
    call = code.call(finding.source)
    if call is None or finding.source is None or callee(call) not in _VALUES or not call.args:
        return None
    name, position, field = _VALUES[callee(call)]
    targets = _targets(code, call, position, field)
    new = _new_call(code, call, name, finding.source.call)
    if targets is None or new is None:
        return None
    return Proposal("safe", (*targets, *new))


def _targets(code: Code, call: ast.Call, position: int, field: str) -> list[Change] | None:
    """Return the changes that leave the values where all outputs were."""
    if one := taken(code, call):
        if one.what not in (position, field, field.lower()):
            return None
        return [Change(code.span(call)[1], code.span(one.node)[1], "")]
    outputs = named(code, call)
    if outputs is None or position >= len(outputs.targets):
        return None
    kept, scope = outputs.targets[position], code.scope(call)
    for target in outputs.targets:
        name = name_of(target.value if isinstance(target, ast.Starred) else target)
        if not name or (target is not kept and any(reads_of(name, scope))):
            return None
    return None if isinstance(kept, ast.Starred) else [Change(*code.span(outputs.whole), code.show(kept))]


def _new_call(code: Code, call: ast.Call, name: str, called: str) -> list[Change] | None:
    """Return the changes of the callee and of the options, which only svd has others of."""
    own, _, _ = called.rpartition(".")
    if name == "svdvals":
        if (
            not called.startswith("torch.")
            or len(call.args) > 1
            or any(keyword.arg != "full_matrices" for keyword in call.keywords)
        ):
            return None
        start, end = code.span(call.args[0])[1], code.span(call)[1]
        rest = [Change(start, end, ")")] if call.keywords else []
    else:
        rest = []
    spelled = sibling(code, call.func, name, own)
    return None if spelled is None else [Change(*code.span(call.func), spelled[0]), *spelled[1], *rest]
