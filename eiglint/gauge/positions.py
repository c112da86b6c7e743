"""One position or a slice of an axis (theory, section 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eiglint.gauge.arrangement import arrangement, is_placed
from eiglint.gauge.arrangement import picked as left_after
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.contract_order import derives_from
from eiglint.gauge.dyads import picked_share
from eiglint.gauge.families import cut_off, picked_one
from eiglint.gauge.join import put_together
from eiglint.gauge.reduction import reduce
from eiglint.gauge.shape import inserted
from eiglint.gauge.singular import remark_taken
from eiglint.gauge.state import (
    APART,
    WHOLE,
    Cause,
    Charges,
    Cut,
    Live,
    Mode,
    Motion,
    Order,
    Pick,
    Rotation,
    Slot,
    charges,
    dyad,
    is_dyad,
    lost,
)
from eiglint.gauge.taken_apart import piece_at, pieces_in
from eiglint.gauge.tensor import Tensor, named, settle
from eiglint.gauge.terms import term
from eiglint.gauge.ties import equal_where_tied, unsettled_pairs, with_mirrored
from eiglint.gauge.unlike import some_of_them
from eiglint.gauge.values import Number, Range


def pick(t: Tensor, axis: int, key: object, context: Context, index: Tensor | None = None) -> Tensor:
    """Take one position of an axis, which disappears."""
    t = undiagonal(t) if axis in (-1, -2) else t
    size = t.size(axis)
    if isinstance(key, int) and key < 0 and isinstance(size, int):
        key += size
    if t.whole is not None and t.whole.part == "running" and t.whole.axis == axis and _is_last(key, size):
        return reduce(t.whole.of, axis, False, "sum", context)  # the last of running sums is the sum
    held = piece_at(t, axis, key) if index is None or index.neutral else None
    if held is not None:
        piece, place = held
        made = piece if place is None else pick(piece, axis, place, context)
        return replace(made, term=term("pick", t.term, axis, key), live=made.live if context.recording else Live.NO)

    def moved(a: int) -> int:
        return a if a > axis else a + 1

    motions: dict[Gauge, Motion] = {}
    for g, m in t.motions:
        gauge = _batch_element(g, key) if m.is_batch(axis) else g
        motions[gauge] = _picked(g, m, axis, key, moved, t, context, index)
    # A mask or an index that itself depends on a gauge is followed only where it points at pairs.
    extra = index_motions(t, index, context) if index is not None else {}
    for g, m in extra.items():
        motions[g] = indexed(motions[g], m) if g in motions else m
    sizes = {moved(a): s for a, s in t.sizes if a != axis}
    nonzero = "largest" in index.flags if index is not None else False
    kept = {"nonneg", "nonzero", "unit", "sign", "random", "near-sign"} | ({"diagonal"} if axis < -2 else set())
    flags = (t.flags & kept) | ({"nonzero"} if nonzero else set())
    made = replace(
        t,
        term=term("pick", t.term, axis, key),
        motions=settle(motions),
        rank=t.rank - 1 if t.rank is not None else None,
        sizes=tuple(sorted(sizes.items(), key=lambda s: s[0])),
        steady=frozenset(moved(a) for a in t.steady if a != axis),
        flags=frozenset(flags),
        whole=None,
    )
    remark_taken(t, made, context)
    if index is not None and "tied" in index and not equal_where_tied(t, index):
        pointed = [
            g for g, m in t.motions if index.motion(g).order.pointer and any(s.axis == axis for s in m.order.tags)
        ]
        return with_mirrored(made, t, unsettled_pairs(t, index, None, pointed, context))
    return made


def _is_last(key: object, size: object) -> bool:
    return isinstance(key, int) and (key == -1 or (isinstance(size, int) and key == size - 1))


def _batch_element(g: Gauge, key: object) -> Gauge:
    """Return the gauge of one batch element: each has choices of its own."""
    return replace(g, lineage=(*g.lineage, ("element", key)))


def _picked(
    g: Gauge,
    m: Motion,
    axis: int,
    key: object,
    moved: Callable[[int], int],
    t: Tensor,
    context: Context,
    index: Tensor | None,
) -> Motion:
    cause = Cause(context.spot, "position picked", g, m.live, t.doubt, m.trail)
    tag = next((s for s in m.order.tags if s.axis == axis), None)
    order = replace(m.order, tags=frozenset(Slot(moved(s.axis), s.cut) for s in m.order.tags if s.axis != axis))
    if tag is not None and m.order.mode is Mode.EXACT:
        order = _picked_order(g, order, tag, key, index, t, bool(m.batch - {axis}), cause)
    elif is_placed(m.order):
        order = replace(left_after(m.order, axis, cause), tags=order.tags)
    elif m.order.mode is Mode.MIXED and not m.order.sign:
        order = Order(Mode.UNKNOWN, cause=cause)
    elif (family := m.order.family) is not None and m.is_batch(axis):
        order = replace(order, family=family._replace(batched=bool(m.batch - {axis})))
    across = None if m.phase.across is None else frozenset(moved(a) for a in m.phase.across if a != axis)
    part = m.phase.vague or (m.phase.mode is Mode.MIXED and _may_differ(m, axis))
    phase = replace(
        m.phase,
        charges=_picked_charges(m.phase.charges, axis, key, moved, g),
        across=across,
        vague=part,
        surely=frozenset(moved(a) for a in m.phase.surely if a != axis),
    )
    phase = some_of_them(m.phase, phase, axis, sliced=False)
    rotation = m.rotation
    if rotation.mode is Mode.EXACT:
        if any(isinstance(k, Slot) and k.axis == axis for k, _ in rotation.charges):
            shares = picked_share(rotation, term("pick", t.term, axis, key), axis, key, t.size(axis))
            rotation = Rotation(Mode.BROKEN, cause=cause, shares=shares)
        else:
            rotation = replace(rotation, charges=_picked_charges(rotation.charges, axis, key, moved, g))
    made = replace(
        m,
        phase=phase,
        order=order,
        rotation=rotation,
        batch=frozenset(moved(a) for a in m.batch if a != axis),
        rest=moved(m.rest) if m.rest is not None else None,
    )
    return made.noted(context.spot, "column picked here") if tag is not None and not m.phase.neutral else made


def _picked_order(
    g: Gauge, order: Order, tag: Slot, key: object, index: Tensor | None, t: Tensor, batched: bool, cause: Cause
) -> Order:
    if g.ordered:
        return order
    if index is not None and index.motion(g).order.pointer:
        if index.motion(g).order.into != tag.cut:
            return Order(Mode.BROKEN, cause=cause._replace(reason="mispaired"))
        return order
    if index is not None:
        held = index.motion(g).order
        if held.mode in (Mode.FUN, Mode.BROKEN) or (index.neutral and not derives_from(index, g)):
            return Order(Mode.BROKEN, cause=held.cause or cause)
    if isinstance(key, int):
        made = term("pick", t.term, tag.axis, key)
        return picked_one(made, key, t.size(tag.axis), tag.cut, order, batched, cause)
    return Order(Mode.UNKNOWN, cause=cause._replace(reason="position not known"))


def _picked_charges(items: Charges, axis: int, key: object, moved: Callable[[int], int], g: Gauge) -> Charges:
    pairs: list[tuple[Slot | Pick, int]] = []
    for where, q in items:
        if isinstance(where, Pick):
            pairs.append((where, q))
        elif where.axis == axis:
            pairs.append((picked(where.cut, key), q))
        else:
            pairs.append((Slot(moved(where.axis), where.cut), q))
    return charges(pairs, g.group)


def picked(part: Cut, key: object) -> Pick:
    """Return the column that position `key` of a cut is."""
    start, step = part
    if isinstance(key, int) and isinstance(start, int) and isinstance(step, int) and (key >= 0 or part == WHOLE):
        if start >= 0 or key + start < 0:
            return Pick(start + key * step)
        return Pick(key, part)
    return Pick(key) if part == WHOLE else Pick(key, part)


def index_motions(t: Tensor, index: Tensor, context: Context) -> dict[Gauge, Motion]:
    """What an index that depends on a gauge hands on: nothing if it only points at pairs of a value that moves too."""
    found: dict[Gauge, Motion] = {}
    for g, m in index.motions:
        pointing = m.order.pointer and g in t.gauges
        if pointing and m.phase.neutral and m.rotation.neutral:
            continue
        cause = Cause(context.spot, "index depends on the choice", g, m.live, max(t.doubt, index.doubt), m.trail)
        known = m.phase.mode is not Mode.UNKNOWN
        phase = m.phase if m.phase.neutral or not known else lost(m.phase, m.phase.cause or cause)
        # Positions of pairs, read in a value that knows nothing of them, pick by the order alone.
        foreign = m.order.pointer and m.order.mode is Mode.EXACT and t.neutral
        state = Mode.BROKEN if foreign else Mode.UNKNOWN
        order = m.order if m.order.neutral else Order(state, cause=cause)
        if m.order.mode in (Mode.FUN, Mode.BROKEN):
            order = Order(Mode.BROKEN, cause=m.order.cause)
        if pointing:
            order = Order()  # it points at the pairs; which one hangs on signs or on a basis
        still = m.rotation.neutral or m.rotation.mode is Mode.UNKNOWN
        rotation = m.rotation if still else Rotation(Mode.BROKEN, cause=m.rotation.cause or cause)
        # An index carries no gradient, but which entries carry theirs hangs on it.
        live = max(m.live, t.live) if context.recording else m.live
        found[g] = replace(m, phase=phase, order=order, rotation=rotation, batch=frozenset(), rest=None, live=live)
    return found


def indexed(held: Motion, index: Motion) -> Motion:
    """Return how picked values move where the index moves too: its order was followed, its phase and basis are lost."""
    phase = index.phase if index.phase.mode > held.phase.mode else held.phase
    rotation = index.rotation if index.rotation.mode > held.rotation.mode else held.rotation
    return replace(held, phase=phase, rotation=rotation)


def cut(t: Tensor, axis: int, span: Range, context: Context) -> Tensor:
    """Take a slice of an axis."""
    t = undiagonal(t) if axis in (-1, -2) else t
    start, step = span.lower, span.step if span.step is not None else 1
    if start is None:
        start = -1 if isinstance(step, int) and step < 0 else 0
    first = start.term if isinstance(start, Number) else start.term if isinstance(start, Tensor) else start
    stride = step.term if isinstance(step, Number) else step
    whole = first == 0 and stride == 1 and span.upper is None
    if whole:
        return t
    held = pieces_in(t, axis, span.lower, span.upper) if stride == 1 else None
    if held:
        made = _cut_pieces(t, axis, held, context)
        return replace(made, term=term("cut", t.term, axis, named(first), named(span.upper), named(stride)))
    backwards = (first, stride, span.upper) == (-1, -1, None)
    length = t.size(axis) if backwards else _length(t.size(axis), first, span.upper, stride)
    motions: dict[Gauge, Motion] = {}
    for g, m in t.motions:
        if m.is_batch(axis):
            # Two slices may be laid over each other where they hold different elements: also [:1] beside [:].
            g = replace(g, lineage=(*g.lineage, ("slice", named(first), named(span.upper), named(stride))))
        motions[g] = _cut_motion(g, m, axis, (first, stride), span, t, context)
    sizes = {a: s for a, s in t.sizes if a != axis}
    if length is not None:
        sizes[axis] = length
    made = replace(
        t,
        term=term("cut", t.term, axis, named(first), named(span.upper), named(stride)),
        motions=settle(motions),
        sizes=tuple(sorted(sizes.items(), key=lambda s: s[0])),
        flags=t.flags & ({"nonneg", "nonzero", "unit", "sign", "random"} | ({"diagonal"} if axis < -2 else set())),
        whole=None,
    )
    remark_taken(t, made, context)
    return made


def _cut_pieces(t: Tensor, axis: int, held: list[tuple[Tensor, int, int]], context: Context) -> Tensor:
    """Return a slice of what was put together: the pieces in it, the outer ones in part."""
    new = t.whole is not None and t.whole.part == "stack"
    parts = [p if new or (a, b) == (0, p.size(axis)) else cut(p, axis, Range(a, b, None), context) for p, a, b in held]
    if len(parts) == 1:
        return inserted(parts[0], axis) if new else parts[0]
    return put_together(parts, axis, new, context, "stack" if new else "cat")


def _length(size: object, first: object, upper: object, stride: object) -> object:
    if stride != 1 or not isinstance(first, int):
        return None
    if upper is None and first < 0:
        return -first
    if isinstance(size, int) and (upper is None or isinstance(upper, int)):
        return len(range(size)[first:upper])
    if isinstance(upper, int) and upper >= 0 and first >= 0:
        return max(upper - first, 0)
    if isinstance(upper, Number) and first == 0:
        return upper.term
    return None


def _cut_motion(g: Gauge, m: Motion, axis: int, part: Cut, span: Range, t: Tensor, context: Context) -> Motion:
    cause = Cause(context.spot, "positions picked", g, m.live, t.doubt, m.trail)

    single = _length(t.size(axis), part[0], span.upper, part[1]) == 1

    def recut(where: Slot | Pick) -> Slot | Pick:
        if not isinstance(where, Slot) or where.axis != axis:
            return where
        if is_dyad(where):
            return Slot(axis, dyad(compose(where.cut[1], part)))  # type: ignore[arg-type]
        # A slice of one column has one phase, which broadcasting lays over everything.
        return picked(where.cut, part[0]) if single else Slot(axis, compose(where.cut, part))

    some = m.phase.vague or (m.phase.mode is Mode.MIXED and _may_differ(m, axis))
    surely = m.phase.surely - {axis}
    phase = replace(
        m.phase, charges=charges(((recut(k), q) for k, q in m.phase.charges), g.group), vague=some, surely=surely
    )
    phase = some_of_them(m.phase, phase, axis, sliced=not single)
    rotation = replace(m.rotation, charges=charges(((recut(k), q) for k, q in m.rotation.charges), g.group))
    tagged = any(s.axis == axis for s in m.order.tags)
    order = m.order
    if is_placed(order) and part == (-1, -1) and span.upper is None:
        order = replace(order, tags=frozenset(_reversed(s, axis) for s in order.tags))
    elif is_placed(order):
        order = left_after(order, axis, cause)
    elif order.mode is Mode.MIXED:
        order = Order(Mode.UNKNOWN, cause=cause)
    if tagged and order.mode is Mode.EXACT:
        if not g.ordered and not (part == (-1, -1) and span.upper is None):
            order = _cut_order(order, axis, part, span, t, cause)
        else:
            # All pairs backwards are still all pairs, in an order that fits only what was reversed alike.
            renamed = (recut(s) for s in order.tags)
            order = replace(order, tags=frozenset(s for s in renamed if isinstance(s, Slot)))
    if single and rotation.mode is Mode.EXACT and any(isinstance(k, Pick) for k, _ in rotation.charges):
        rotation = Rotation(Mode.BROKEN, cause=cause)
    return replace(m, phase=phase, order=order, rotation=rotation)


def _cut_order(order: Order, axis: int, part: Cut, span: Range, t: Tensor, cause: Cause) -> Order:
    """Return the order of some pairs that stand side by side."""
    size, (first, stride), upper = t.size(axis), part, span.upper
    positions = None
    if isinstance(size, int) and isinstance(first, int) and isinstance(upper, int | None) and stride == 1:
        positions = range(size)[first:upper]
    made = term("cut", t.term, axis, named(first), named(upper), named(stride))
    held = next(s.cut for s in order.tags if s.axis == axis)
    rest = frozenset(s for s in order.tags if s.axis != axis)
    return cut_off(made, positions, size, held, rest, cause)


def _may_differ(m: Motion, axis: int) -> bool:
    """Whether the charge of a mixed value may differ along an axis, so that a part of it may be all alike."""
    return m.phase.across is None or axis in m.phase.across


def _reversed(slot: Slot, axis: int) -> Slot:
    """Return the tag of a forgotten arrangement after an axis was turned around."""
    return slot if slot.axis != axis or slot.cut == APART else Slot(axis, arrangement("flip", *map(named, slot.cut)))


def compose(outer: Cut, inner: Cut) -> Cut:
    """Return the cut of a cut: start and step of x[a::b][c::d]."""
    if outer == WHOLE:
        return inner
    if outer == inner == (-1, -1):
        return WHOLE
    (a, b), (c, d) = outer, inner
    match a, b, c, d:
        case int(), int(), int(), int() if a >= 0 and c >= 0:
            return (a + b * c, b * d)
    return (term("cut of", *map(named, outer), *map(named, inner)), 1)
