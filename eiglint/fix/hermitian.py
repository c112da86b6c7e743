"""EIG401: decompose a Hermitian matrix by eigh."""

from __future__ import annotations

from eiglint.findings import Finding
from eiglint.fix.propose import Proposal
from eiglint.fix.spelling import sibling
from eiglint.fix.syntax import Change, Code, callee

_HERMITIAN = {"eig": "eigh", "eigvals": "eigvalsh"}


def hermitian(finding: Finding, code: Code) -> Proposal | None:
    """Write eigh for eig: real values in ascending order where complex ones came in any, so it is unsafe."""
    call = code.call(finding.source)
    if call is None or finding.source is None or len(call.args) != 1 or call.keywords:
        return None
    name = _HERMITIAN.get(callee(call))
    spelled = sibling(code, call.func, name, finding.source.call.rpartition(".")[0]) if name else None
    return Proposal("unsafe", (Change(*code.span(call.func), spelled[0]), *spelled[1])) if spelled else None
