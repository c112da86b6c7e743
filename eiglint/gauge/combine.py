"""Sums and arbitrary functions of several tensors: values of different charge side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eiglint.gauge.arrangement import added, side_by_side
from eiglint.gauge.changes import cause_at, changed, only_order, undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.contract import joint_dtype
from eiglint.gauge.contract_order import derives_from
from eiglint.gauge.dyads import added_share
from eiglint.gauge.elementwise import modulus, neg, power
from eiglint.gauge.families import same_pair, scattered, total
from eiglint.gauge.mirrors import even_in_sign, even_sum, multiple_of
from eiglint.gauge.parity import sum_of_signed
from eiglint.gauge.state import (
    Cause,
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
from eiglint.gauge.terms import negated, term

TINY = 1e-5
"""Constants up to here are read as guards against division by zero."""

ACROSS = "pairs vectors of different batch elements"


def add(x: Tensor, y: Tensor, context: Context, sign: int = 1) -> Tensor:
    """Return x + sign y. Equal charges stay; anything else makes a function of the phase, or breaks it."""
    if sign < 0:
        if x.term is y.term and x.motions:
            return replace(constant(0.0), rank=x.rank, term=term("zero"), value=None if x.rank else 0.0)
        y = neg(y, context)
    if x.value is not None and y.value is not None:
        return constant(x.value + y.value)
    if x.value == 0 and x.rank == 0 and y.motions:
        return y
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
    pairs = [(s, c.value) for s, c in ((x, y), (y, x)) if "sign" in s or "unit" in s]
    if any(isinstance(c, int | float) and abs(c) < 1 for _, c in pairs):
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
        order = sum_of_signed(g, x, y, any(_is_tiny(t.value) for t in (x, y)), cause)
    if order is None:
        laid = [_spread_beside(x, y), _spread_beside(y, x)]
        order = added(g, laid, side_by_side_order(g, laid, cause))
    return replace(base, phase=phase, order=order, rotation=_sum_rotation(g, x, y, cause))


def _is_tiny(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= TINY


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
    if p.mode is q.mode is Mode.MIXED and (multiple_of(g, x.term, y.term) or multiple_of(g, y.term, x.term)):
        return p  # x + c x is (1 + c) x
    for exact, other in ((p, y), (q, x)):
        if "diagonal" in other and _same_on_diagonal(exact, other.motion(g).phase, g):
            return exact
    if even_in_sign(g, x, y) or even_sum(g, x, y):
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
    # Beside a function of one phase, what may have that phase, another or none makes no difference.
    if any(p.vague for p in moving) and not any(p.mode is Mode.FUN for p in moving):
        return Phase(Mode.UNKNOWN, cause=known or cause())
    return Phase(Mode.BROKEN, cause=known or cause())


def _both_signs(g: Gauge, x: Tensor, y: Tensor) -> bool:
    """Recognise v beside -v: the larger of the two is |v|."""
    entrywise = all(t.motion(g).phase.homogeneous for t in (x, y))
    return g.group == "Z2" and entrywise and negated(x.term) is y.term


def side_by_side_order(g: Gauge, tensors: Sequence[Tensor], cause: Why) -> Order:
    """Return the order state of values that are combined entry by entry without multiplying."""
    states = [t.motion(g).order for t in tensors]
    moving = [s for s in states if not s.neutral]
    if not moving:
        return Order()
    worst = max(moving, key=lambda s: s.mode)
    if worst.mode is Mode.UNKNOWN and any(s.mode is Mode.FUN for s in moving):
        return scattered(moving)
    if worst.mode >= Mode.UNKNOWN:
        return worst
    if any(s.pointer for s in moving):
        return Order(Mode.BROKEN, cause=cause("computes with positions of pairs"))
    if any(s.mode is Mode.FUN for s in moving):
        batches = {m.batch for t in tensors if (m := t.motion(g)).order.mode is Mode.FUN}
        return (same_pair(states) if len(batches) == 1 else None) or scattered(moving)
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
    if a.shares is not None and (whole := added_share(g, x, y, term("add", x.term, y.term))) is not None:
        return whole
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
        steady=frozenset(a for t in plain for a in t.steady if all(other.still_along(a) for other in plain)),
        dtype=dtype or joint_dtype(plain),
        live=max((t.live for t in plain), default=Live.NO) if context.recording else Live.NO,
        doubt=doubt,
    )
