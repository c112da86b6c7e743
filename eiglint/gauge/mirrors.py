"""Mirror images: values that are the same function of v and of -v; and multiples of a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eiglint.gauge.context import Gauge
from eiglint.gauge.state import Charges, Mode, Phase, Slot
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import Term, addends, contains, flipped_in, term

MOST_PARTS = 12
"""Sums of more parts than this are not searched for mirror images."""


def even_in_sign(g: Gauge, x: Tensor, y: Tensor) -> bool:
    """Recognise f(v) beside f(-v), where each entry depends on one sign only and on that through v alone.

    The flip of that sign must turn v into -v, so v itself must be odd: relu(silu(x)) + relu(-silu(x)) is even in
    silu(x), which is not.
    """
    p, q = x.motion(g).phase, y.motion(g).phase
    if g.group != "Z2" or p.mode is not Mode.FUN or q.mode is not Mode.FUN or p.charges != q.charges:
        return False
    return _mirror_images(x.term, y.term, p, g)


def even_sum(g: Gauge, x: Tensor, y: Tensor) -> bool:
    """Recognise f(v) + h + f(-v), where h knows nothing of the sign."""
    p, q = x.motion(g).phase, y.motion(g).phase
    if q.mode is not Mode.FUN or p.charges != q.charges or not p.roots or not q.roots:
        return False
    return even_together(g, replace(p, roots=p.roots | q.roots), addends(term("add", x.term, y.term)))


def even_together(g: Gauge, phase: Phase, parts: Sequence[Term]) -> bool:
    """Whether every part that depends on the sign stands beside its mirror image.

    What contains none of the exact values where the dependence began does not depend on it.
    """
    if g.group != "Z2" or phase.mode is not Mode.FUN or not phase.roots:
        return False
    left = [a for a in parts if any(contains(a, t) for t in phase.roots)]
    if len(left) > MOST_PARTS:
        return False
    while left:
        part = left.pop()
        partner = next((i for i, other in enumerate(left) if _mirror_images(part, other, phase, g)), None)
        if partner is None:
            return False
        del left[partner]
    return True


def _mirror_images(a: Term, b: Term, phase: Phase, g: Gauge) -> bool:
    """Whether two terms are f(v) and f(-v), and know the sign through that v alone, which has it."""
    inner = flipped_in(a, b)
    if inner is None or not phase.roots or not all(contains(root, inner) for root in phase.roots):
        return False
    if inner not in phase.roots and any(t is inner for t in _down_to(a, phase.roots)):
        return False  # it lies between the result and the exact values, and is a function of the sign itself
    if not _one_flip_of_all(phase.charges) and not _in_one_line(a, inner, g):
        return False
    return not _reaches(a, g, frozenset({inner}))


def _one_flip_of_all(items: Charges) -> bool:
    """Whether flipping all columns at once flips the one sign: then it is the flip of every odd value, too."""
    single = all(isinstance(key, Slot) or isinstance(key.key, int | Term) for key, _ in items)
    return single and sum(q for _, q in items) % 2 == 1


def _in_one_line(here: Term, inner: Term, gauge: Gauge) -> bool:
    """Whether every value between two terms is a function of one value before it (and of fixed ones)."""
    while here is not inner:
        moving = [a for a in here.args if isinstance(a, Term) and _reaches(a, gauge)]
        if len(moving) != 1:
            return False
        here = moving[0]
    return True


def _reaches(here: Term, gauge: Gauge, without: frozenset[Term] = frozenset()) -> bool:
    """Whether a term uses outputs of the gauge's decomposition other than through the given subterms."""
    outputs = (t for t in _down_to(here, without) if t.op == "output" and t not in without)
    return any(isinstance(a, Gauge) and a.spot == gauge.spot for t in outputs for a in t.args)


def _down_to(here: Term, stops: frozenset[Term]) -> Iterator[Term]:
    """Every term inside another, itself included, but for what is inside those given."""
    seen: set[int] = set()
    stack = [here]
    while stack:
        t = stack.pop()
        if id(t) in seen:
            continue
        seen.add(id(t))
        yield t
        if t not in stops:
            stack.extend(a for a in t.args if isinstance(a, Term))


def multiple_of(g: Gauge, x: Term, y: Term) -> bool:
    """Whether y is x times something that knows nothing of the decomposition."""
    while y is not x:
        factors = [a for a in y.args if isinstance(a, Term)]
        if y.op not in ("neg", "mul", "div") or len(factors) < len(y.args):
            return False
        if len(factors) == 2 and _reaches(factors[1], g):
            if y.op == "div" or _reaches(factors[0], g):
                return False
            factors.reverse()
        y = factors[0]
    return True
