"""Where two ways meet: after a branch, in a loop, in `cat` and `stack`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from eiglint.gauge.arrangement import arrangement
from eiglint.gauge.arrangement import put_together as arranged
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.contract import joint_dtype
from eiglint.gauge.dyads import stacked_shares
from eiglint.gauge.elements import regathered
from eiglint.gauge.families import same_pair, scattered, stacked
from eiglint.gauge.shape import inserted
from eiglint.gauge.state import (
    ANOTHER_BASIS,
    Cause,
    Cut,
    Live,
    Mode,
    Motion,
    Order,
    Phase,
    Pick,
    Rotation,
    Slot,
    Why,
    charges,
    joint_roots,
    spread,
)
from eiglint.gauge.taken_apart import with_pieces
from eiglint.gauge.tensor import Tensor, settle
from eiglint.gauge.terms import Term, subterms, term


def join(a: Tensor, b: Tensor, context: Context, by: Hashable = None) -> Tensor:
    """Return what is known of a value that is either a or b: equal weights stay, unlike ones are mixed.

    `by` names what decides. Two values that are either a or b are the same value only if the same decides.
    """
    if a == b:
        return a
    if ("diagonal" in a) != ("diagonal" in b):
        a, b = undiagonal(a), undiagonal(b)
    motions = {g: _join_motion(g, a, b, context) for g in a.gauges | b.gauges}
    label = a.term if a.term is b.term else term("either", ("by", by), a.term, b.term)
    return Tensor(
        label,
        settle(motions),
        rank=a.rank if a.rank == b.rank else None,
        sizes=tuple(sorted(set(a.sizes) & set(b.sizes), key=lambda s: s[0])),
        steady=a.steady & b.steady,
        dtype=a.dtype if a.dtype == b.dtype else joint_dtype([a, b]) if a.dtype and b.dtype else None,
        live=max(a.live, b.live),
        doubt=max(a.doubt, b.doubt),
        flags=a.flags & b.flags,
        value=a.value if a.value == b.value else None,
    )


def _join_motion(g: Gauge, a: Tensor, b: Tensor, context: Context) -> Motion:
    m, n = a.motion(g), b.motion(g)
    if m == n:
        return m
    live = max(m.live, n.live)
    doubt = max(a.doubt, b.doubt)
    trail = m.trail or n.trail

    def cause(reason: str) -> Cause:
        return Cause(context.spot, reason, g, live, doubt, trail)

    # Zero and NaN stay what they are under any phase.
    zero = (bool({"zero", "nan"} & a.flags), bool({"zero", "nan"} & b.flags))
    phase = join_phase(m.phase, n.phase, cause, zero)
    if m.across_batch_of(n) and phase.mode is Mode.EXACT:
        phase = Phase(Mode.MIXED, cause=cause("entries of unlike phase side by side"), vague=True)
    elif m.across_batch_of(n) and phase.mode is Mode.FUN:
        phase = Phase(Mode.BROKEN, cause=phase.cause)
    return Motion(
        phase,
        join_order(m.order, n.order, cause, zero, term("either", a.term, b.term)),
        join_rotation(m.rotation, n.rotation, cause, zero),
        m.batch | n.batch,
        max((r for r in (m.rest, n.rest) if r is not None), default=None),
        live,
        m.doubled or n.doubled,
        trail,
    )


def join_phase(p: Phase, q: Phase, cause: Why, zero: tuple[bool, bool] = (False, False)) -> Phase:
    """Join two phase states; a value that is zero carries any charge."""
    if zero[0] or zero[1]:
        return replace(q if zero[0] else p, laden=False)
    worst = p if p.mode >= q.mode else q
    if worst.mode >= Mode.UNKNOWN:
        return worst
    summed = p.summed or q.summed
    if p.charges == q.charges and p.mode is not Mode.MIXED and q.mode is not Mode.MIXED:
        # An exact value beside a function of the sign has no roots, and is one.
        roots = joint_roots((p.roots, q.roots)) if p.mode is q.mode else None
        return replace(worst, centre=p.centre if p.centre == q.centre else None, roots=roots)
    if p.mode is Mode.EXACT and q.mode is Mode.EXACT:
        unlike = cause("entries of unlike phase side by side")
        a, b = spread(p) or frozenset(), spread(q) or frozenset()
        # Where one value has no charge, the other is still there, in the other branch or in other entries.
        surely = a | b if p.neutral or q.neutral else a & b
        return Phase(Mode.MIXED, cause=unlike, across=_both(p, q), vague=True, surely=surely)
    if p.mode is q.mode is Mode.MIXED:
        alike = replace(worst, across=_both(p, q), vague=p.vague or q.vague, surely=p.surely & q.surely)
        return replace(alike, laden=p.laden and q.laden, summed=summed)
    if worst.mode is Mode.MIXED and Mode.FUN not in (p.mode, q.mode):
        return replace(worst, across=_both(p, q), vague=True, surely=frozenset(), laden=False)
    if p.neutral or q.neutral:
        return worst
    return Phase(Mode.BROKEN, cause=worst.cause or cause("functions of unlike phases side by side"))


def _both(p: Phase, q: Phase) -> frozenset[int] | None:
    a, b = spread(p), spread(q)
    return None if a is None or b is None else a | b


def join_order(
    p: Order, q: Order, cause: Why, zero: tuple[bool, bool] = (False, False), label: Term | None = None
) -> Order:
    """Join two order states; a value tagged on one side only has forgotten its arrangement."""
    if zero[0] or zero[1]:
        return q if zero[0] else p
    if p == q:
        return p
    worst = p if p.mode >= q.mode else q
    if Mode.FUN in (p.mode, q.mode) and worst.mode is not Mode.BROKEN:
        return same_pair([p, q]) or scattered([p, q])
    if worst.mode is Mode.MIXED and (p.tags or q.tags):
        same = replace(p, cause=None) == replace(q, cause=None)
        return p if same else replace(worst, tags=frozenset(), vague=True)
    if worst.mode >= Mode.MIXED:
        return worst
    if p.mode is Mode.EXACT and q.mode is Mode.EXACT and not p.pointer and not q.pointer:
        # Either way the entries are all there; which of them stand in the pairs' order is forgotten.
        axes = {s.axis for s in p.tags | q.tags} if label is not None else set()
        spread = frozenset(Slot(a, arrangement(label, a)) for a in axes)
        return Order(Mode.MIXED, spread, cause("meets a value in another order"), vague=True)
    return Order(Mode.UNKNOWN, cause=cause("meets a value in another order"))


def join_rotation(p: Rotation, q: Rotation, cause: Why, zero: tuple[bool, bool] = (False, False)) -> Rotation:
    """Join two rotation states."""
    if zero[0] or zero[1]:
        return q if zero[0] else p
    worst = p if p.mode >= q.mode else q
    if p.charges == q.charges or worst.mode >= Mode.MIXED:
        return worst
    return Rotation(Mode.MIXED, cause=cause(ANOTHER_BASIS))


def put_together(tensors: Sequence[Tensor], axis: int | None, new: bool, context: Context, name: str) -> Tensor:
    """Join tensors along an axis that exists (cat) or is made (stack); `axis` counts in the result, None if unknown."""
    plain = [undiagonal(t) for t in tensors]
    laid = [inserted(t, axis) if new and axis is not None else t for t in plain]
    label = term(name, axis, *(t.term for t in tensors))
    if not laid:
        return Tensor(label)
    laid, whole = recombined(laid, axis) if axis is not None else (laid, frozenset())
    made = laid[0]
    for t in laid[1:]:
        made = join(made, t, context)
    perhaps = {g for g in made.gauges if axis is not None and _may_be_consecutive(laid, g, axis)}
    motions = {g: m if g in whole else _along(g, m, laid, axis, context, g in perhaps) for g, m in made.motions}
    if axis is not None:
        motions |= {g: replace(m, order=_side_by_side(g, m, laid, axis, name, context)) for g, m in motions.items()}
    if new and axis is not None:
        restored = {g: order for g in motions if (order := stacked(g, plain, axis)) is not None}
        motions |= {g: replace(motions[g], order=order) for g, order in restored.items()}
        motions |= {g: m for g in motions if (m := stacked_shares(g, motions[g], plain, axis)) is not None}
        motions = dict(regathered(plain, axis) or motions)
    live = max(t.live for t in laid) if context.recording else Live.NO
    steady = frozenset(a for a in made.steady if a != axis) if axis is not None else frozenset[int]()
    sizes = tuple((a, s) for a, s in made.sizes if a != axis) if axis is not None else ()
    lengths = [len(tensors)] if new else [n for t in laid if isinstance(n := t.size(axis), int)] if axis else []
    if axis is not None and (new or len(lengths) == len(laid)):
        sizes = tuple(sorted([*sizes, (axis, sum(lengths))], key=lambda item: item[0]))
    joined = replace(
        made,
        term=label,
        motions=settle(motions),
        live=live,
        steady=steady,
        sizes=sizes,
        value=None,
        whole=None,
        flags=made.flags & {"nonneg", "nonzero"},
    )
    return with_pieces(joined, plain, axis, "stack" if new else "cat")


def _side_by_side(g: Gauge, m: Motion, laid: Sequence[Tensor], axis: int, name: str, context: Context) -> Order:
    """Return the order of pieces side by side, where it is followed; else what joining them gave."""
    cause = Cause(context.spot, "pieces put end to end", g, m.live, max(t.doubt for t in laid), m.trail)
    order = arranged(g, laid, axis, name, cause)
    return m.order if order is None else order


def recombined(laid: list[Tensor], axis: int) -> tuple[list[Tensor], frozenset[Gauge]]:
    """Recognise slices of an axis that are put back in their order: columns [:2] and [2:] are all columns again."""
    whole: set[Gauge] = set()
    for g in set().union(*(t.gauges for t in laid)):
        cuts = [_cut_along(t, t.motion(g), axis) for t in laid]
        known = [c for c in cuts if c is not None]
        if len(known) == len(cuts) and _consecutive(laid, axis, known):
            whole.add(g)
            laid = [_with_cut(t, g, axis, known[0]) for t in laid]
    return laid, frozenset(whole)


def _cut_along(t: Tensor, m: Motion, axis: int) -> Cut | None:
    if m.phase.mode is not Mode.EXACT or m.order.mode is Mode.MIXED:
        return None  # of an order that is lost, or of single pairs, no tag is left that could be in the way
    found = {k.cut for k, _ in m.phase.charges if isinstance(k, Slot) and k.axis == axis}
    found |= {s.cut for s in m.order.tags if s.axis == axis}
    if t.size(axis) in (1, None) and not found:
        found = {(k.key, 1) for k, _ in m.phase.charges if isinstance(k, Pick) and isinstance(k.key, int)}
    return found.pop() if len(found) == 1 else None


def _consecutive(laid: Sequence[Tensor], axis: int, cuts: list[Cut]) -> bool:
    here = cuts[0][0]
    for before, (start, step) in zip(laid, cuts[1:], strict=False):
        size = before.size(axis)
        here = here + size if isinstance(here, int) and isinstance(size, int) else None
        ends_there = any(x.args[3] == start for x in subterms(before.term, "cut"))
        if step != 1 or (start != here and not ends_there):
            return False
        here = start
    return cuts[0][1] == 1


def _may_be_consecutive(laid: Sequence[Tensor], g: Gauge, axis: int) -> bool:
    """Whether slices may be put back in their order: [:2] and [-1:] of an axis whose length may be 3."""
    cuts = [_cut_along(t, t.motion(g), axis) for t in laid]
    if any(c is None or c[1] != 1 for c in cuts):
        return False
    starts = [c[0] for c in cuts[1:] if c is not None]
    return all(isinstance(start, Term) or (isinstance(start, int) and start < 0) for start in starts)


def _with_cut(t: Tensor, gauge: Gauge, axis: int, part: Cut) -> Tensor:
    def recut(key: Slot | Pick) -> Slot | Pick:
        lone = isinstance(key, Pick) and t.size(axis) in (1, None) and isinstance(key.key, int)
        return Slot(axis, part) if lone or (isinstance(key, Slot) and key.axis == axis) else key

    m = t.motion(gauge)
    made = replace(
        m,
        phase=replace(m.phase, charges=charges(((recut(k), q) for k, q in m.phase.charges), gauge.group)),
        order=replace(m.order, tags=frozenset(Slot(s.axis, part) if s.axis == axis else s for s in m.order.tags)),
        rotation=replace(m.rotation, charges=charges(((recut(k), q) for k, q in m.rotation.charges), gauge.group)),
    )
    return replace(t, motions=settle({**dict(t.motions), gauge: made}))


def _along(
    g: Gauge, m: Motion, laid: Sequence[Tensor], axis: int | None, context: Context, perhaps: bool = False
) -> Motion:
    """Weaken a motion where the pieces' own axes are put end to end; `perhaps` they are put back in their order."""
    cause = Cause(context.spot, "pieces put end to end", g, m.live, max(t.doubt for t in laid), m.trail)
    phase, order, rotation = m.phase, m.order, m.rotation
    if phase.mode is Mode.MIXED:
        # All entries of all pieces are there, so that what is unlike about them certainly is.
        across = None if phase.across is None or axis is None else phase.across | {axis}
        vague = perhaps or any(t.motion(g).phase.vague for t in laid)
        phase = replace(phase, across=across, vague=vague, laden=phase.laden and axis is not None)
    if axis is None or m.touches(axis):
        if phase.mode is Mode.EXACT and not phase.neutral:
            phase = Phase(Mode.MIXED, cause=cause, across=spread(phase), vague=perhaps)
        elif phase.mode is Mode.FUN:
            phase = Phase(Mode.BROKEN, cause=phase.cause)
    if order.mode is Mode.EXACT and any(axis is None or s.axis == axis for s in order.tags):
        order = Order(Mode.UNKNOWN if order.pointer else Mode.MIXED, cause=cause)
    if rotation.mode is Mode.EXACT and rotation.charges:
        charged = {getattr(k, "axis", None) for k, _ in rotation.charges}
        if axis is None or axis in charged:
            rotation = Rotation(Mode.MIXED, cause=cause)
    return replace(m, phase=phase, order=order, rotation=rotation)
