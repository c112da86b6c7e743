"""Tests that keep eigenvalues apart: `if (L.diff() > eps).all():` leaves no block of equal ones in its branch."""

from __future__ import annotations

from dataclasses import replace

from eiglint.analysis.passes import everywhere
from eiglint.analysis.state import State
from eiglint.analysis.values import Value
from eiglint.gauge import Gauge, Tensor
from eiglint.gauge.state import Rotation
from eiglint.gauge.tensor import settle
from eiglint.gauge.terms import Term, negated
from eiglint.ir import instructions as ir

_ABOVE, _BELOW = frozenset({"gt", "ge"}), frozenset({"lt", "le"})


def keep_apart(test: ir.Expression, condition: Value, holds: bool, state: State) -> None:
    """Forget the bases of equal eigenvalues where a test that went one way says that there are none."""
    if not isinstance(condition, Tensor):
        return
    inner = condition.term
    while isinstance(test, ir.Operation) and test.op == "not_":
        below = inner.args[0]  # a negated truth value has a term of one argument
        if not isinstance(below, Term):
            return
        test, inner, holds = test.operands[0], below, not holds
    gauge = separated(inner, holds)
    if gauge is not None:
        everywhere(state, None, {gauge}, lambda t: _without_basis(t, gauge))


def separated(test: Term, holds: bool) -> Gauge | None:
    """Return the decomposition whose sorted values all differ from their neighbours when a test holds, or fails.

    The order matters: neighbours say nothing of values that come in any order.
    """
    sides = _ABOVE if holds else _BELOW
    total = "all" if holds else "any"
    inner = test.args[0] if test.args else None
    if test.op == total and isinstance(inner, Term):
        while inner.op == "abs" and isinstance(inner.args[0], Term):
            inner = inner.args[0]  # truth values are their own moduli
        return _gauge_of_gaps(inner.args[0]) if inner.op in sides and _positive(inner) else None
    if test.op in sides and isinstance(inner, Term) and inner.op == "min" and _positive(test):
        return _gauge_of_gaps(inner.args[0]) if inner.args[1] is None else None
    return None


def _positive(comparison: Term) -> bool:
    """Whether the bound of a comparison keeps values apart: any but a number that is zero or less."""
    bound = comparison.args[1]
    value = bound.args[0] if isinstance(bound, Term) and bound.op == "constant" else None
    return not isinstance(value, int | float) or value > 0


def _gauge_of_gaps(t: object) -> Gauge | None:
    """Return the decomposition whose values' neighbouring differences a term holds."""
    if not isinstance(t, Term):
        return None
    while t.op == "abs" and isinstance(t.args[0], Term):
        t = t.args[0]
    if t.op == "diff" and t.args[1:] in ((-1,), (-1, 1)):
        return _gauge_of_values(t.args[0])
    if t.op != "add" or not all(isinstance(a, Term) for a in t.args):
        return None
    x, y = t.args
    for later, earlier in ((x, y), (negated(x), negated(y)), (y, x), (negated(y), negated(x))):  # type: ignore[arg-type]
        before = negated(earlier)  # type: ignore[arg-type]
        if isinstance(later, Term) and later.args[1:] == (-1, 1, None, 1) and before.args[1:] == (-1, 0, -1, 1):
            return _gauge_of_values(later.args[0]) if later.args[0] is before.args[0] else None
    return None


def _gauge_of_values(t: object) -> Gauge | None:
    gauge = t.args[0] if isinstance(t, Term) and t.op == "output" else None
    values = isinstance(t, Term) and "values" in t.args
    return gauge if isinstance(gauge, Gauge) and gauge.ordered and values else None


def _without_basis(t: Tensor, gauge: Gauge) -> Tensor:
    motions = {g: replace(m, rotation=Rotation()) if g == gauge else m for g, m in t.motions}
    return replace(t, motions=settle(motions))
