"""Sums and arbitrary functions of several tensors: values of different charge side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eiglint.gauge.arrangement import added, side_by_side
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.contract import joint_dtype
from eiglint.gauge.contract_order import derives_from
from eiglint.gauge.elementwise import cause_at, changed, modulus, neg, only_order, power, undiagonal
from eiglint.gauge.families import same_pair, scattered, total
from eiglint.gauge.state import (
    Cause,
    Charges,
    Live,
    Mode,
    Motion,
    Order,
    Phase,
    Rotation,
    Slot,
    Why,
    charges,
    merge_last_two,
)
from eiglint.gauge.tensor import Tensor, constant, settle
from eiglint.gauge.terms import Term, addends, contains, flipped_in, negated, term

TINY = 1e-5
"""Constants up to here are read as guards against division by zero."""

ACROSS = "pairs vectors of different batch elements"


MOST_PARTS = 12
"""Sums of more parts than this are not searched for mirror images."""


def add(x: Tensor, y: Tensor, context: Context, sign: int = 1) -> Tensor:
    """Return x + sign y. Equal charges stay; anything else makes a function of the phase, or breaks it."""
    if sign < 0:
        if x.term is y.term and x.motions:
            return replace(constant(0.0), rank=x.rank, term=term("zero"), value=None if x.rank else 0.0)
        y = neg(y, context)
    if x.value is not None and y.value is not None:
        return constant(x.value + y.value)
    if x.term is y.term and x.motions and x.rank == y.rank and all(m.order.mode is not Mode.FUN for _, m in x.motions):
        return _doubled(x, context)
    square = _square_of_modulus(x, y, context)
    if square is not None:
        return square
    if "zero" in x or "zero" in y:
        kept, other = (y, x) if "zero" in x else (x, y)
        return kept if kept.motions or other.rank in (0, None) else replace(kept, rank=_widest(x, y))
    if "diagonal" in x and "diagonal" in y:
        return _summed(x, y, context, frozenset({"diagonal"}), sign < 0)
    return _summed(x, y, context, frozenset(), sign < 0)


def _doubled(x: Tensor, context: Context) -> Tensor:
    """Return x + x, which every linear fact survives."""

    def change(g: Gauge, m: Motion) -> Motion:
        centre = 2 * m.phase.centre if m.phase.centre is not None else None
        order = only_order(m.order, cause_at(context, "computes with positions of pairs", g, m, x.doubt), linear=True)
        return replace(m, phase=replace(m.phase, centre=centre), order=order)

    flags = x.flags - {"unit", "identity", "sign", "near-sign"}
    return changed(x, change, context, "add", x.term, flags=flags)


def _widest(x: Tensor, y: Tensor) -> int | None:
    return None if x.rank is None or y.rank is None else max(x.rank, y.rank)


def _square_of_modulus(x: Tensor, y: Tensor, context: Context) -> Tensor | None:
    """Recognise real(z)**2 + imag(z)**2."""
    if x.whole is None or y.whole is None or x.whole.of.term is not y.whole.of.term:
        return None
    if {x.whole.part, y.whole.part} != {"real2", "imag2"}:
        return None
    return power(modulus(x.whole.of, context), 2, context)


def _summed(x: Tensor, y: Tensor, context: Context, flags: frozenset[str], compared: bool) -> Tensor:
    motions = {}
    for g in x.gauges | y.gauges:
        motions[g] = _sum_motion(g, x, y, context, compared)
    if all("nonneg" in t or (isinstance(t.value, int | float) and t.value >= 0) for t in (x, y)):
        flags |= {"nonneg"}
    if ("sign" in x or "unit" in x) and isinstance(y.value, int | float) and abs(y.value) < 1:
        flags |= {"near-sign"}
    return Tensor(
        term("add", x.term, y.term),
        settle(motions),
        rank=_widest(x, y),
        sizes=joint_sizes([x, y]),
        steady=frozenset(a for a in x.steady | y.steady if x.still_along(a) and y.still_along(a)),
        dtype=joint_dtype([x, y]),
        live=max(x.live, y.live) if context.recording else Live.NO,
        doubt=max(x.doubt, y.doubt),
        flags=flags | ((x.flags | y.flags) & {"random"}),
    )


def joint_sizes(tensors: Sequence[Tensor]) -> tuple[tuple[int, object], ...]:
    """Return the known lengths of tensors that are laid over each other."""
    found: dict[int, object] = {}
    for t in tensors:
        for axis, size in t.sizes:
            if size != 1:
                found.setdefault(axis, size)
    return tuple(sorted(found.items(), key=lambda item: item[0]))


def _sum_motion(g: Gauge, x: Tensor, y: Tensor, context: Context, compared: bool) -> Motion:
    a, b = x.motion(g), y.motion(g)
    lead = a if (a.phase.mode, not a.neutral) >= (b.phase.mode, not b.neutral) else b
    base = replace(
        lead,
        batch=a.batch | b.batch,
        rest=max((r for r in (a.rest, b.rest) if r is not None), default=None),
        live=max(a.live, b.live) if context.recording else Live.NO,
        doubled=a.doubled or b.doubled,
    )
    doubt = max(x.doubt, y.doubt)

    def cause(reason: str) -> Cause:
        return Cause(context.spot, reason, g, base.live, doubt, base.trail)

    phase = _sum_phase(g, x, y, cause, compared)
    if a.across_batch_of(b):
        phase = _no_better(phase, Phase(Mode.BROKEN, cause=cause(ACROSS)))
    order = total(g, x, y, term("add", x.term, y.term))
    if order is None:
        laid = [_spread_beside(x, y), _spread_beside(y, x)]
        order = added(g, laid, side_by_side_order(g, laid, cause))
    return replace(base, phase=phase, order=order, rotation=_sum_rotation(g, x, y, cause))


def _spread_beside(t: Tensor, other: Tensor) -> Tensor:
    """Return a diagonal matrix of eigenvalues as a full one where it is added to a full one."""
    apart = "diagonal" in t and "diagonal" not in other
    return undiagonal(t) if apart and any(m.order.tags for _, m in t.motions) else t


def _sum_phase(g: Gauge, x: Tensor, y: Tensor, cause: Why, compared: bool) -> Phase:
    p, q = x.motion(g).phase, y.motion(g).phase
    if p.neutral and q.neutral:
        return Phase()
    if p.mode is Mode.EXACT and q.mode is Mode.EXACT and p.charges == q.charges:
        return p
    for exact, other in ((p, y), (q, x)):
        if "diagonal" in other and _same_on_diagonal(exact, other.motion(g).phase, g):
            return exact
    if even_in_sign(g, x, y) or _even_sum(g, x, y):
        return Phase()
    if even_in_sign(g, x, replace(y, term=negated(y.term))):
        return Phase(Mode.EXACT, p.charges)  # f(v) - f(-v) is odd
    offset = x.value if x.value is not None else y.value
    if isinstance(offset, int | float):
        moving = p if not p.neutral else q
        if 0 < abs(offset) <= TINY and moving.mode is Mode.EXACT:
            # x / (x + 1e-8) moves by 1e-8 where the sign flips: no fault, and no invariant either.
            return Phase(Mode.UNKNOWN, cause=cause("a tiny constant is added"))
        centre = 0.0 if moving.mode is Mode.EXACT else moving.centre
        if g.group == "Z2" and centre is not None and moving.mode in (Mode.EXACT, Mode.FUN):
            shifted = centre + offset
            if moving.mode is Mode.FUN and shifted == 0:
                return Phase(Mode.EXACT, moving.charges)
            return Phase(Mode.FUN, moving.charges, moving.cause or cause("constant added"), shifted)
    fixed = "difference to a fixed value" if compared else "added to a fixed value"
    reason = fixed if p.neutral or q.neutral else "sum of unlike charges"
    return several(g, [p, q], lambda: cause(reason))


def _no_better(phase: Phase, other: Phase) -> Phase:
    return phase if phase.mode >= other.mode else other


def _same_on_diagonal(full: Phase, diagonal: Phase, gauge: Gauge) -> bool:
    """Whether a diagonal matrix moves as the diagonal of a full one does; its zeros carry any charge."""
    if full.mode is not Mode.EXACT or diagonal.mode is not Mode.EXACT:
        return False
    return merge_last_two(full.charges, gauge.group) == merge_last_two(diagonal.charges, gauge.group)


def several(g: Gauge, phases: Sequence[Phase], cause: Why) -> Phase:
    """Return the state of an arbitrary function of several values: of the one phase they share, or broken."""
    moving = [p for p in phases if not p.neutral]
    if not moving:
        return Phase()
    worst = max(moving, key=lambda p: p.mode)
    if worst.mode >= Mode.UNKNOWN:
        return worst
    first = moving[0].charges
    opposite = charges(((k, -q) for k, q in first), g.group)
    known = next((p.cause for p in moving if p.cause is not None), None)
    if worst.mode is not Mode.MIXED and all(p.charges in (first, opposite) for p in moving):
        return Phase(Mode.FUN, first, known or cause())
    if any(p.vague for p in moving):
        return Phase(Mode.UNKNOWN, cause=known or cause())
    return Phase(Mode.BROKEN, cause=known or cause())


def even_in_sign(g: Gauge, x: Tensor, y: Tensor) -> bool:
    """Recognise f(v) beside f(-v), where each entry depends on one sign only and on that through v alone.

    The flip of that sign must turn v into -v, so v itself must be odd: relu(silu(x)) + relu(-silu(x)) is even in
    silu(x), which is not.
    """
    p, q = x.motion(g).phase, y.motion(g).phase
    if g.group != "Z2" or p.mode is not Mode.FUN or q.mode is not Mode.FUN or p.charges != q.charges:
        return False
    return _mirror_images(x.term, y.term, p, g)


def _even_sum(g: Gauge, x: Tensor, y: Tensor) -> bool:
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


def _both_signs(g: Gauge, x: Tensor, y: Tensor) -> bool:
    """Recognise v beside -v: the larger of the two is |v|."""
    entrywise = all(t.motion(g).phase.mode in (Mode.EXACT, Mode.MIXED) for t in (x, y))
    return g.group == "Z2" and entrywise and negated(x.term) is y.term


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


def side_by_side_order(g: Gauge, tensors: Sequence[Tensor], cause: Why) -> Order:
    """Return the order state of values that are combined entry by entry without multiplying."""
    states = [t.motion(g).order for t in tensors]
    moving = [s for s in states if not s.neutral]
    if not moving:
        return Order()
    worst = max(moving, key=lambda s: s.mode)
    if worst.mode >= Mode.UNKNOWN:
        return worst
    if any(s.pointer for s in moving):
        return Order(Mode.BROKEN, cause=cause("computes with positions of pairs"))
    if any(s.mode is Mode.FUN for s in moving):
        return same_pair(states) or scattered(moving)
    if worst.mode is Mode.MIXED:
        return side_by_side(g, tensors, cause)
    tags = frozenset().union(*(s.tags for s in moving))
    if len({s.axis for s in tags}) < len(tags):
        return Order(Mode.BROKEN, cause=cause("mispaired"))  # one in the pairs' order, one reversed or rolled
    both = {-2, -1} <= {s.axis for s in tags}
    doubtful = False
    for slot in tags:
        for t, s in zip(tensors, states, strict=True):
            if any(x.axis == slot.axis for x in s.tags) or t.value is not None:
                continue
            if t.still_along(slot.axis) and "diagonal" not in t:
                continue
            if "diagonal" in t and slot.axis in (-2, -1):
                if both and (-1 in t.steady or "identity" in t):
                    continue
            elif t.motion(g).neutral and t.rank is None and not t.certainly_has(slot.axis):
                doubtful = True
                continue
            reason = "mispaired" if derives_from(t, g) else "position weighted"
            return Order(Mode.BROKEN, cause=cause(reason))
    if doubtful:
        return Order(Mode.UNKNOWN, cause=cause("meets a value that may vary along the pairs"))
    return Order(tags=tags)


def _sum_rotation(g: Gauge, x: Tensor, y: Tensor, cause: Why) -> Rotation:
    a, b = x.motion(g).rotation, y.motion(g).rotation
    worst = max((a, b), key=lambda s: s.mode)
    if worst.mode >= Mode.UNKNOWN or a.charges == b.charges:
        return worst
    for held, other in ((a, y), (b, x)):
        merged = charges(((Slot(-1, k.cut) if isinstance(k, Slot) else k, q) for k, q in held.charges), g.group)
        if not merged and "diagonal" in other and other.motion(g).rotation.neutral and _scalar_diagonal(other):
            return held
    return Rotation(Mode.BROKEN, cause=cause("mixes a basis of equal eigenvalues"))


def _scalar_diagonal(t: Tensor) -> bool:
    return "identity" in t or -1 in t.steady


def combine(
    tensors: Sequence[Tensor],
    context: Context,
    name: str,
    commutes: bool = False,
    dtype: str | None = None,
    reason: str = "nonlinear",
) -> Tensor:
    """Apply an arbitrary function of several tensors, entry by entry."""
    plain = [undiagonal(t) for t in tensors]
    doubt = max((t.doubt for t in plain), default=0)
    motions = {}
    for g in {g for t in plain for g in t.gauges}:
        held = [t.motion(g) for t in plain]
        lead = max(held, key=lambda m: (m.phase.mode, not m.neutral))
        live = max(m.live for m in held) if context.recording else Live.NO

        def cause(reason: str, g: Gauge = g, live: Live = live, lead: Motion = lead) -> Cause:
            return Cause(context.spot, reason, g, live, doubt, lead.trail)

        phase = several(g, [m.phase for m in held], lambda c=cause: c(reason))
        if any(m.across_batch_of(n) for m in held for n in held):
            phase = _no_better(phase, Phase(Mode.BROKEN, cause=cause(ACROSS)))
        elif commutes and len(plain) == 2 and (_both_signs(g, *plain) or even_in_sign(g, *plain)):
            phase = Phase()
        rotation = max((m.rotation for m in held), key=lambda s: (s.mode, not s.neutral))
        if not rotation.neutral and rotation.mode is Mode.EXACT:
            rotation = Rotation(Mode.BROKEN, cause=cause("entrywise"))
        batch = frozenset().union(*(m.batch for m in held))
        rest = max((m.rest for m in held if m.rest is not None), default=None)
        order = side_by_side_order(g, plain, cause)
        motions[g] = replace(lead, phase=phase, order=order, rotation=rotation, batch=batch, rest=rest, live=live)
    rank = None if any(t.rank is None for t in plain) else max((t.rank or 0 for t in plain), default=0)
    return Tensor(
        term(name, *(t.term for t in plain)),
        settle(motions),
        rank=rank,
        sizes=joint_sizes(plain),
        dtype=dtype or joint_dtype(plain),
        live=max((t.live for t in plain), default=Live.NO) if context.recording else Live.NO,
        doubt=doubt,
    )
