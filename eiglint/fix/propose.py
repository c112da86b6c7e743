"""Which fix is tried for which code: each is a function from a finding and the code around it to changes."""

from __future__ import annotations

from itertools import pairwise

from eiglint.findings import Finding, Fix
from eiglint.fix.conjugate import conjugate
from eiglint.fix.factor import other_factor
from eiglint.fix.function import matrix_function
from eiglint.fix.hermitian import hermitian
from eiglint.fix.inverse import adjoint_as_inverse, explicit_inverse
from eiglint.fix.old_names import new_name
from eiglint.fix.precision import earlier_cast
from eiglint.fix.proposal import Fixer
from eiglint.fix.reduced import reduced
from eiglint.fix.syntax import Code
from eiglint.fix.values import values_only

FIXERS: dict[str, Fixer] = {
    "EIG104": conjugate,
    "EIG302": matrix_function,
    "EIG308": reduced,
    "EIG401": hermitian,
    "EIG403": earlier_cast,
    "EIG404": explicit_inverse,
    "EIG405": new_name,
    "EIG406": values_only,
    "EIG407": adjoint_as_inverse,
    "EIG408": other_factor,
}
"""The fixers by code."""


def propose(finding: Finding, code: Code) -> Fix | None:
    """Return what may remove a finding; nothing is tried out yet."""
    proposal = FIXERS[finding.code](finding, code)
    if proposal is None or not proposal.changes:
        return None
    changes = sorted(set(proposal.changes))
    if any(a.end > b.start for a, b in pairwise(changes)):
        return None
    return Fix(proposal.applicability, tuple(code.edit(change) for change in changes))
