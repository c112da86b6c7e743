"""Assignment to entries: what lies beside the new values keeps its charges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eiglint.gauge.arrangement import put_together
from eiglint.gauge.cases import by_cases
from eiglint.gauge.cell_settling import settled_store
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.elements import regathered
from eiglint.gauge.elementwise import neg
from eiglint.gauge.families import stored
from eiglint.gauge.indexing import spread
from eiglint.gauge.join import join
from eiglint.gauge.positions import picked
from eiglint.gauge.select import select
from eiglint.gauge.shape import inserted
from eiglint.gauge.state import WHOLE, Cause, Mode, Motion, Order, Pick, Rotation, Slot, charges
from eiglint.gauge.tensor import Tensor, Whole, as_tensor, named, opaque, settle
from eiglint.gauge.terms import Term, negated, term
from eiglint.gauge.values import Number, Range


def store(t: Tensor, items: Sequence[object], value: object, context: Context) -> Tensor:
    """Return t after `t[items] = value`: what lies beside the new values keeps its charges."""
    made = settled_store(t, items, value, _stored(t, items, value, context), context)
    given = (t, tuple(items), value)
    followed = by_cases(made, given, lambda a, c: store(a[0], a[1], a[2], c), context)  # type: ignore[index]
    return followed if isinstance(followed, Tensor) else made


def _stored(t: Tensor, items: Sequence[object], value: object, context: Context) -> Tensor:
    new = as_tensor(value)
    if new is None:
        return opaque([t, value], context, "assignment")
    mask = items[0] if len(items) == 1 else None
    if isinstance(mask, Tensor) and mask.dtype == "bool" and new.rank == 0 and _covers(mask, t):
        made = select(mask, new, t, context)
        return replace(made, term=term("store", t.term, mask.term, new.term), rank=t.rank, sizes=t.sizes)
    laid = spread(t, list(items))
    if laid is None:
        return opaque([t, *items, new], context, "assignment")
    base, plan = laid
    entry = _diagonal_entry(base, plan)
    if entry is not None and new.rank in (0, None):
        made = join(replace(base, flags=base.flags - {"diagonal", "identity"}), inserted(new, -1), context)
        label = term("store", base.term, named(tuple(i for i in items if i is not Ellipsis)), new.term)
        flags = made.flags | {"diagonal"}
        return replace(
            made, term=label, rank=base.rank, sizes=base.sizes, value=None, flags=flags, steady=base.steady - {-1}
        )
    partial = [p for p in plan if p[1] != Range()]
    turned = _turned_where(base, partial, new, context)
    if turned is not None:
        return turned
    grown = _back_in_place(new, partial, base)
    made = join(replace(undiagonal(base), flags=base.flags - {"diagonal"}), grown, context)
    made = _at_positions(made, base, partial, context)
    if partial and all(isinstance(item, int | Number | Range) for _, item in partial):
        made = _side_by_side(made, base, new, frozenset(axis for axis, _ in partial))
    label = term("store", base.term, named(items), new.term)
    made = _one_of_all(_beside(made, base, grown, partial, context), base, new, partial, label)
    flipped = len(partial) == 1 and new.term is negated(term("pick", base.term, *partial[0]))
    # x[..., k] = -x[..., k]: the moduli stay
    whole = Whole("turned", base, -1) if flipped else _filled(base, new, partial)
    steady = made.steady - {axis for axis, _ in partial}
    made = replace(made, term=label, rank=base.rank, sizes=base.sizes, steady=steady, value=None, whole=whole)
    if whole is not None and whole.part == "filled" and len(whole.pieces) == base.size(whole.axis):
        batch = regathered(whole.pieces, whole.axis)
        made = made if batch is None else replace(made, motions=settle(batch), whole=None)
    return replace(made, live=max(t.live, new.live))


def _beside(made: Tensor, base: Tensor, grown: Tensor, plan: list[tuple[int, object]], context: Context) -> Tensor:
    """Follow values of another order that were put at one position: they lie beside the others along that axis."""
    if len(plan) != 1 or not isinstance(plan[0][1], int) or "zero" in base:
        return made
    motions = dict(made.motions)
    for g, m in made.motions:
        cause = Cause(context.spot, "position weighted", g, m.live, made.doubt, m.trail)
        order = put_together(g, [undiagonal(base), grown], plan[0][0], "store", cause)
        if m.order.mode is Mode.MIXED and order is not None:
            motions[g] = replace(m, order=order)
    return replace(made, motions=settle(motions))


def _one_of_all(made: Tensor, base: Tensor, new: Tensor, plan: list[tuple[int, object]], label: Term) -> Tensor:
    """Keep track of zeros that are overwritten position by position with the same function of each pair."""
    if len(plan) != 1:
        return made
    axis, item = plan[0]
    found = {g: stored(g, base, new, axis, item, label) for g in made.gauges}
    motions = {g: m if (put := found[g]) is None else replace(m, order=put) for g, m in made.motions}
    return replace(made, motions=settle(motions))


def _filled(base: Tensor, new: Tensor, plan: list[tuple[int, object]]) -> Whole | None:
    """Remember what zeros are overwritten with, position by position along one axis from the first on."""
    if len(plan) != 1 or not new.motions:
        return None
    axis, position = plan[0]
    held = base.whole
    before = held.pieces if held is not None and held.part == "filled" and held.axis == axis else ()
    if position != len(before) or (not before and "zero" not in base):
        return None
    return Whole("filled", new, axis=axis, pieces=(*before, replace(new, whole=None)))


def _covers(mask: Tensor, t: Tensor) -> bool:
    """Whether a mask has an entry for every entry of t: a test of t itself, or one of the same known rank."""
    return (mask.rank is not None and mask.rank == t.rank) or t.term in mask.term.args


def _turned_where(base: Tensor, plan: list[tuple[int, object]], new: Tensor, context: Context) -> Tensor | None:
    """Recognise `t[mask] = -t[mask]`: a choice between -t and t."""
    if len(plan) != 1:
        return None
    axis, mask = plan[0]
    if not isinstance(mask, Tensor) or mask.dtype != "bool" or mask.rank not in (1, None):
        return None
    if new.term is not negated(term("take", base.term, axis, mask.term)):
        return None
    for _ in range(-axis - 1):
        mask = inserted(mask, -1)
    return select(mask, neg(base, context), base, context)


def _side_by_side(t: Tensor, base: Tensor, new: Tensor, axes: frozenset[int]) -> Tensor:
    """Entries of unlike charge certainly stand side by side, along these axes, where some of them were overwritten.

    What was vague before stays so: its own entries may be alike, and then those beside them lie along this axis alone.
    """

    def sure(g: Gauge, m: Motion) -> Motion:
        if m.phase.mode is not Mode.MIXED:
            return m
        before = base.motion(g).phase.vague or new.motion(g).phase.vague
        across = None if m.phase.across is None else m.phase.across | axes
        return replace(m, phase=replace(m.phase, vague=before, across=across))

    return replace(t, motions=settle({g: sure(g, m) for g, m in t.motions}))


def _at_positions(made: Tensor, base: Tensor, plan: list[tuple[int, object]], context: Context) -> Tensor:
    """Break the order, and a basis of equal eigenvalues, where some pairs are overwritten by their position."""
    motions = dict(made.motions)
    for g, m in base.motions:
        held = motions.get(g)
        if held is None:
            continue
        cause = Cause(context.spot, "position weighted", g, held.live, made.doubt, held.trail)
        for axis, item in plan:
            follows = isinstance(item, Tensor) and not item.motion(g).order.neutral
            tagged = any(s.axis == axis for s in m.order.tags)
            if tagged and held.order.mode in (Mode.EXACT, Mode.MIXED) and not follows:
                held = replace(held, order=Order(Mode.BROKEN, cause=cause))
            if any(isinstance(k, Slot) and k.axis == axis for k, _ in m.rotation.charges):
                held = replace(held, rotation=Rotation(Mode.BROKEN, cause=cause))
        motions[g] = held
    return replace(made, motions=settle(motions))


def _diagonal_entry(base: Tensor, plan: list[tuple[int, object]]) -> object:
    """Return k where entry [k, k] of a diagonal matrix is stored to, None elsewhere."""
    picked_at = {axis: item for axis, item in plan if isinstance(item, int)}
    if "diagonal" not in base or any(not isinstance(i, int) and i != Range() for _, i in plan):
        return None
    return picked_at[-1] if set(picked_at) == {-1, -2} and picked_at[-1] == picked_at[-2] else None


def _back_in_place(new: Tensor, plan: list[tuple[int, object]], base: Tensor) -> Tensor:
    """Return the stored value with the axes it had been picked from: column k back in column k."""
    for axis, item in sorted(plan, reverse=True, key=lambda p: p[0]):
        if isinstance(item, int | Number):
            key: object = item.term if isinstance(item, Number) else item
            size = base.size(axis)
            if isinstance(key, int) and key < 0 and isinstance(size, int):
                key += size  # as the column was named when it was picked
            new = _unpicked(inserted(new, axis) if new.rank != 0 else new, axis, key)
        elif isinstance(item, Range):
            new = _uncut(new, axis, item)
    return new


def _unpicked(new: Tensor, axis: int, key: object) -> Tensor:
    def restored(where: Slot | Pick) -> Slot | Pick:
        return Slot(axis, where.cut) if isinstance(where, Pick) and where == picked(where.cut, key) else where

    motions = {
        g: replace(m, phase=replace(m.phase, charges=charges(((restored(k), q) for k, q in m.phase.charges), g.group)))
        for g, m in new.motions
    }
    return replace(new, motions=settle(motions))


def _uncut(new: Tensor, axis: int, span: Range) -> Tensor:
    first = 0 if span.lower is None else span.lower
    stride = 1 if span.step is None else span.step
    part = (first.term if isinstance(first, Number) else first, stride)

    def restored(where: Slot | Pick) -> Slot | Pick:
        if isinstance(where, Slot):
            return Slot(axis, WHOLE) if where.axis == axis and where.cut == part else where
        return Slot(axis, WHOLE) if where == picked(WHOLE, part[0]) and stride == 1 else where

    motions = {
        g: replace(m, phase=replace(m.phase, charges=charges(((restored(k), q) for k, q in m.phase.charges), g.group)))
        for g, m in new.motions
    }
    return replace(new, motions=settle(motions))
