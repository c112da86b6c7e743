"""Entries that are 0 whatever the input: below the diagonal of a triangular factor, beside a mask, in padding.

The sign of a number that is 0 is not the sign of anything: `sign(sign(x) + 0.5)` and `where(x < 0, -1, 1)` are 1 there,
in every gauge, while the column that they are to turn takes its sign along.
"""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.coins import COMPARISONS, outcomes
from eiglint.gauge.context import Context
from eiglint.gauge.families import ENTRYWISE
from eiglint.gauge.state import Cause, Mode, Phase
from eiglint.gauge.tensor import Tensor, settle
from eiglint.gauge.terms import Term, upright

TRIANGLE = "triangle"
"""Marks the output of a decomposition whose entries on one side of the diagonal are 0."""
FLAT = "flat"
"""Marks a function that is 0 for more than one argument, or that overwrites entries with 0."""

DENSE = frozenset({"matmul", "product", "inverse", "solve", "sum", "mean"})
"""What has no such zeros any more, for generic factors."""
_MAKERS = frozenset({"zeros", "eye", "pad", "diag_embed", "scattered", "block_diag"}) | COMPARISONS
_PLACING = frozenset({"cut", "pick", "take", "gather", "index", "div"})
"""Of these the first argument alone says which entries are 0."""


_OF_NUMBERS = frozenset({"add", "mul", "laid over"})
"""Of others, a number that is an argument is a place, a size or a bound."""


def may_be_zero(x: Term) -> bool:
    """Whether a value holds entries that are 0 for every input; a triangular factor's diagonal holds none."""
    known: dict[int, bool] = {}
    stack = [x]
    while stack:
        here = stack[-1]
        parts = _parts(here)
        waiting = [a for a in parts if id(a) not in known]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        found = [known[id(a)] for a in parts]
        known[id(here)] = _holds_zeros(here) or (all(found) and bool(found) if here.op == "add" else any(found))
    return known[id(x)]


def _parts(x: Term) -> list[Term]:
    """Return the values whose zeros may be zeros of x."""
    if x.op in DENSE or x.op in _MAKERS or x.op in ("output", "literal") or _is_diagonal(x):
        return []
    inner = [a for a in x.args if isinstance(a, Term)]
    if x.op == "either":
        return inner[-2:]
    if x.op == "store":
        return [*inner[:1], *inner[-1:]]
    if x.op in _PLACING:
        return inner[:1]
    return inner if x.op in _OF_NUMBERS else [a for a in inner if a.op not in ("constant", "tuple")]


def _holds_zeros(x: Term) -> bool:
    if x.op in _MAKERS or FLAT in x.args or _is_triangle(x):
        return True
    return x.op in ("constant", "literal", "random") and 0.0 in (outcomes(x) or ())


def _is_triangle(x: Term) -> bool:
    return x.op == "output" and TRIANGLE in x.args


def _is_diagonal(x: Term) -> bool:
    """Whether a term is the diagonal of a triangular factor, of its transpose or first rows, or of one of several."""
    stack: list[object] = [x.args[0] if x.op == "diagonal" else None]
    while stack:
        inner = stack.pop()
        if not isinstance(inner, Term):
            return False
        here = upright(inner)[0]
        if here.op == "either":
            stack += here.args[1:]
        elif here.op in ENTRYWISE or here.op == "detach" or _from_the_first(here):
            stack.append(here.args[0])
        elif not _is_triangle(here):
            return False
    return True


def _from_the_first(x: Term) -> bool:
    """Whether a term is a slice of the first rows or columns, all in their places."""
    return x.op == "cut" and x.args[2] == 0 and x.args[-1] == 1


def sign_at_zero(t: Tensor, source: Term, context: Context) -> Tensor:
    """Return a sign that is never 0, of a value that may be 0: what it is there has no phase."""
    tested = [source]
    inner = [a for a in source.args if isinstance(a, Term) and a.op != "constant"]
    if source.op in COMPARISONS or (source.op == "add" and len(inner) == 1):  # with 0, or of a sign plus a half
        tested = inner
    if not any(may_be_zero(x) for x in tested):
        return t
    motions = {}
    for g, m in t.motions:
        if m.phase.neutral or m.phase.mode not in (Mode.EXACT, Mode.MIXED):
            motions[g] = m
            continue
        cause = m.phase.cause or Cause(context.spot, "sign of a zero", g, m.live, t.doubt, m.trail)
        motions[g] = replace(m, phase=Phase(Mode.MIXED, cause=cause, vague=True))
    return replace(t, motions=settle(motions))
