"""Entries that are 0 whatever the input: below the diagonal of a triangular factor.

The sign of a number that is 0 is not the sign of anything: `sign(sign(x) + 0.5)` and `where(x < 0, -1, 1)` are 1 there,
in every gauge, while the column that they are to turn takes its sign along.
"""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.context import Context
from eiglint.gauge.state import Cause, Mode, Phase
from eiglint.gauge.tensor import Tensor, settle
from eiglint.gauge.terms import Term, upright

TRIANGLE = "triangle"
"""Marks the output of a decomposition whose entries on one side of the diagonal are 0."""

DENSE = frozenset({"matmul", "product", "inverse", "solve"})
"""What has no such zeros any more, for generic factors."""


def may_be_zero(x: Term) -> bool:
    """Whether a value holds entries of a triangular factor besides its diagonal."""
    stack, seen = [x], set()
    while stack:
        here = stack.pop()
        if id(here) in seen or here.op in DENSE or _is_diagonal(here):
            continue
        seen.add(id(here))
        if _is_triangle(here):
            return True
        if here.op != "output":
            stack.extend(a for a in here.args if isinstance(a, Term))
    return False


def _is_triangle(x: Term) -> bool:
    return x.op == "output" and TRIANGLE in x.args


def _is_diagonal(x: Term) -> bool:
    """Whether a term is the diagonal of a triangular factor, of its transpose, or of one of several."""
    stack: list[object] = [x.args[0] if x.op == "diagonal" else None]
    while stack:
        inner = stack.pop()
        if not isinstance(inner, Term):
            return False
        here = upright(inner)[0]
        if here.op == "either":
            stack += here.args[1:]
        elif not _is_triangle(here):
            return False
    return True


def sign_at_zero(t: Tensor, source: Term, context: Context) -> Tensor:
    """Return a sign that is never 0, of a value that may be 0: what it is there has no phase."""
    if not may_be_zero(source):
        return t
    motions = {}
    for g, m in t.motions:
        cause = Cause(context.spot, "sign of a zero", g, m.live, t.doubt, m.trail)
        motions[g] = m if m.phase.neutral else replace(m, phase=Phase(Mode.UNKNOWN, m.phase.charges, cause=cause))
    return replace(t, motions=settle(motions))
