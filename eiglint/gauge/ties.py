"""Ties: eigenvalues of a real matrix come in conjugate pairs, which agree in modulus and real part.

What is picked by these is settled but for which of the two comes first. That choice gets a gauge of its own, beside the
one of the order, which is settled. Moduli, real parts and norms are the same for both, and know nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from eiglint.gauge.arrangement import TIES, arrangement
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.state import Cause, Mode, Motion, Order, Slot
from eiglint.gauge.tensor import Tensor, Whole, settle
from eiglint.gauge.terms import Term, contains

MIRRORED = frozenset(
    ("abs", "modulus", "conj", "neg", "power", "mul", "div", "add", "exp", "sin", "cos", "tanh", "sum", "mean", "pick")
) | {"cut", "constant", "sgn", "norm", "insert", "swap", "cumsum"}
"""Operations that give conjugate values of conjugate ones."""


def equal_where_tied(t: Tensor, index: Tensor) -> bool:
    """Whether conjugate pairs, which tie in what decides, are equal in t: a real function of what they have alike."""
    unlike = t.term.ops & {"imag", "angle", "view_as_real"}
    return t.dtype == "real" and t.rank == 1 and not unlike and contains(index.term, t.term)


def unsettled_pairs(
    t: Tensor, index: Tensor, axis: int | None, gauges: Iterable[Gauge], context: Context
) -> dict[Gauge, Motion]:
    """Return how values taken by a tied index hang on which of two conjugate pairs comes first.

    `axis` is that of the result along which all pairs lie; None where some of them were picked.
    """
    found: dict[Gauge, Motion] = {}
    for g in gauges:
        m = t.motion(g)
        cause = Cause(context.spot, TIES, g, m.live, max(t.doubt, index.doubt), m.trail)
        order = Order(Mode.UNKNOWN, cause=cause)
        if axis is not None and len(m.order.tags) == 1:
            order = Order(Mode.MIXED, frozenset((Slot(axis, arrangement(index.term)),)), cause, vague=True)
        found[replace(g, lineage=(*g.lineage, (TIES, index.term)))] = Motion(order=order, live=m.live)
    return found


def is_of_ties(g: Gauge) -> bool:
    """Whether a gauge is that of the choice among tied pairs."""
    return any(isinstance(x, tuple) and x[0] == TIES for x in g.lineage)


def with_mirrored(made: Tensor, t: Tensor, ties: dict[Gauge, Motion]) -> Tensor:
    """Add what hangs on ties; where the other choice gives the conjugate, remember what both have in common."""
    if not ties:
        return made
    whole = Whole("tied", made) if _is_mirrored(t.term) else made.whole
    return replace(made, motions=settle({**dict(made.motions), **ties}), whole=whole)


def without_ties(t: Tensor) -> Tensor:
    """Return what a value has in common with its conjugate, where the other choice among tied pairs gives that."""
    ties = [(g, x[1]) for g, _ in t.motions for x in g.lineage if isinstance(x, tuple) and x[0] == TIES]
    if not ties or not all(_is_mirrored(t.term, index) for _, index in ties):
        return t
    left = {g: m for g, m in t.motions if not is_of_ties(g)}
    return replace(t, motions=settle(left), whole=None)


def _is_mirrored(t: Term, index: object = None) -> bool:
    """Whether a value is made of eigenvalues and vectors alone, so that conjugates of these make its conjugate."""
    stack = [t]
    while stack:
        here = stack.pop()
        if index is not None and here.op == "pick" and here.args[2] is index:
            here = here.args[0]  # type: ignore[assignment]
            if not _is_mirrored(here):
                return False
            continue
        if here.op == "output" and index is None:
            continue
        if here.op not in MIRRORED or any(isinstance(a, complex) for a in here.args):
            return False
        inner = [a for a in here.args if isinstance(a, Term)]
        stack.extend(inner[:1] if here.op in ("pick", "cut") else inner)
    return True
