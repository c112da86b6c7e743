"""EIG401: decompose a Hermitian matrix by eigh."""

from __future__ import annotations

import ast

from eiglint.findings import Finding
from eiglint.fix.proposal import Proposal
from eiglint.fix.spelling import sibling
from eiglint.fix.syntax import Change, Code, callee, names_in

_HERMITIAN = {"eig": "eigh", "eigvals": "eigvalsh"}


def hermitian(finding: Finding, code: Code) -> Proposal | None:
    """Write eigh for eig: real values in ascending order where complex ones came in any, so it is unsafe."""
    call = code.call(finding.source)
    if call is None or finding.source is None or len(call.args) != 1 or call.keywords or _counts_on_complex(code, call):
        return None
    name = _HERMITIAN.get(callee(call))
    spelled = sibling(code, call.func, name, finding.source.call.rpartition(".")[0]) if name else None
    return Proposal("unsafe", (Change(*code.span(call.func), spelled[0]), *spelled[1])) if spelled else None


def _counts_on_complex(code: Code, call: ast.Call) -> bool:
    """Whether outputs meet what takes complex values alone."""
    statement = code.statement(call)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    names = frozenset(name for target in targets for name in names_in(target))
    for part in ast.walk(code.scope(call)):
        match part:
            case ast.Attribute(attr="imag", value=of):
                pass
            case ast.Call(args=[of, *_]) if callee(part) in ("view_as_real", "imag"):
                pass
            case _:
                continue
        if names & names_in(of) or call in ast.walk(of):
            return True
    return False
