"""Many positions at once: index tensors, masks, gather (theory, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from eiglint.gauge.arrangement import arrangement, is_placed, picked, row, spoiled
from eiglint.gauge.cases import with_cases
from eiglint.gauge.cell_states import grid_of, phase_from, shape_of
from eiglint.gauge.cells import rearranged
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.contract_order import derives_from
from eiglint.gauge.families import same_pair, scattered
from eiglint.gauge.positions import cut, index_motions, indexed, pick
from eiglint.gauge.shape import axis_of, doubted, inserted
from eiglint.gauge.state import (
    WHOLE,
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
    charges,
    laden,
)
from eiglint.gauge.tensor import Grids, Tensor, named, opaque, settle, slots_of, unknown_motion, worse
from eiglint.gauge.terms import Term, term
from eiglint.gauge.ties import equal_where_tied, unsettled_pairs, with_mirrored
from eiglint.gauge.values import Range

Recut = Callable[[Slot | Pick], Slot | Pick]


def take(t: Tensor, axis: int, index: Tensor, context: Context, keeps_axis: bool = True) -> Tensor:
    """Take the positions that a 1-d index or mask names; the axis stays."""
    t = undiagonal(t) if axis in (-1, -2) else t
    rank = index.rank if index.rank is not None else 1
    if rank != 1 or not keeps_axis:
        return _gathered_block(t, axis, index, rank, context)
    selection = _selection(index)
    motions: dict[Gauge, Motion] = {}
    for g, m in t.motions:
        gauge = g
        if m.is_batch(axis):
            gauge = replace(g, lineage=(*g.lineage, ("taken", index.term)))
        motions[gauge] = _taken_motion(g, m, axis, selection, index, t, context)
    for g, m in index_motions(t, index, context).items():
        if g not in motions and is_permutation(index) and index.motion(g).order.pointer:
            # Everything is there, in an order of its own.
            tied = "tied" in index
            spread = frozenset((Slot(axis, arrangement(index.term) if tied else row(index.term)),))
            m = replace(m, order=Order(Mode.MIXED if tied else Mode.EXACT, spread, cause=m.order.cause, vague=tied))
        motions[g] = indexed(motions[g], m) if g in motions else m
    for g, m in index.motions:
        if g in t.gauges and not m.order.neutral and not any(s.axis == axis for s in t.motion(g).order.tags):
            motions[g] = replace(motions[g], order=_places_of_pairs(g, m, t, axis, index, context))
    sizes = {a: s for a, s in t.sizes if a != axis}
    if index.dtype != "bool" and index.size(-1) is not None:
        sizes[axis] = index.size(-1)
    made = replace(
        t,
        term=term("take", t.term, axis, index.term),
        motions=settle(motions),
        sizes=tuple(sorted(sizes.items(), key=lambda s: s[0])),
        steady=t.steady - {axis},
        doubt=max(t.doubt, index.doubt),
        flags=t.flags & ({"nonneg", "nonzero", "unit", "sign", "random"} | ({"diagonal"} if axis < -2 else set())),
        whole=None,
    )
    if "tied" not in index or equal_where_tied(t, index):
        return made
    pointed = [g for g, m in t.motions if index.motion(g).order.pointer and any(s.axis == axis for s in m.order.tags)]
    return with_mirrored(made, t, unsettled_pairs(t, index, axis if is_permutation(index) else None, pointed, context))


def _selection(index: Tensor) -> Cut:
    """Return the cut that an index stands for: a slice for arange (from 0 the whole axis), else its own value."""
    if "iota" in index:
        return WHOLE
    options = index.term.args[0] if index.term.op == "range" and index.term.args else ()
    match dict(options) if isinstance(options, tuple) else {}:
        case {"start": int() | Term() as start, "end": int() | Term(), "step": 1 | None}:
            return (start, 1)
    return (index.term, "taken")


def _taken_motion(g: Gauge, m: Motion, axis: int, selection: Cut, index: Tensor, t: Tensor, context: Context) -> Motion:
    cause = Cause(context.spot, "positions picked", g, m.live, max(t.doubt, index.doubt), m.trail)

    def recut(where: Slot | Pick) -> Slot | Pick:
        if not isinstance(where, Slot) or where.axis != axis or selection == WHOLE:
            return where
        return Slot(
            axis, selection if where.cut == WHOLE else (term("taken of", *map(named, where.cut)), named(selection))
        )

    phase = replace(m.phase, charges=charges(((recut(k), q) for k, q in m.phase.charges), g.group))
    rotation = replace(m.rotation, charges=charges(((recut(k), q) for k, q in m.rotation.charges), g.group))
    order = m.order
    if is_placed(order):
        order = picked(order, axis, cause)
    elif order.mode is Mode.MIXED:
        order = Order(Mode.UNKNOWN, cause=cause)
    tagged = any(s.axis == axis for s in order.tags)
    if tagged and order.mode is Mode.EXACT and selection != WHOLE:
        order = _taken_order(g, order, axis, index, t, cause, recut)
    return replace(m, phase=phase, order=order, rotation=rotation)


def _taken_order(g: Gauge, order: Order, axis: int, index: Tensor, t: Tensor, cause: Cause, recut: Recut) -> Order:
    renamed = (recut(s) if s.axis == axis else s for s in order.tags)
    retagged = frozenset(s for s in renamed if isinstance(s, Slot))
    if g.ordered:
        return replace(order, tags=retagged)
    cuts = {s.cut for s in order.tags if s.axis == axis}
    followed_cuts = {s.cut for s in index.motion(g).order.tags if s.axis == -1}
    pointer = index.motion(g).order.pointer
    if (followed_cuts and index.dtype == "bool" and followed_cuts != cuts) or (
        pointer and cuts != {index.motion(g).order.into}
    ):
        return Order(Mode.BROKEN, cause=cause._replace(reason="mispaired"))
    if index.dtype == "bool" and followed_cuts:
        return replace(order, tags=retagged)
    rest = frozenset(s for s in order.tags if s.axis != axis)
    complete = is_permutation(index)
    if pointer:
        return replace(order, tags=rest)
    if index.motion(g).order.mode in (Mode.FUN, Mode.BROKEN):
        held = index.motion(g).order
        spread = frozenset((Slot(axis, arrangement(index.term)),))
        return replace(held, mode=Mode.MIXED, tags=spread, family=None) if complete else replace(held, mode=Mode.BROKEN)
    if index.dtype == "bool" and index.neutral and not derives_from(index, g):
        return Order(Mode.BROKEN, cause=cause)
    if index.motion(g).neutral and not derives_from(index, g) and index.dtype == "int" and index.rank == 1:
        count, size = index.size(-1), t.size(axis)
        if complete and count is not None and count == size:
            return replace(order, tags=retagged)  # all pairs, in another arrangement
        fewer = isinstance(count, int) and isinstance(size, int) and count < size
        known = fewer or "literal" in index.term.ops
        return Order(Mode.BROKEN, cause=cause) if known else Order(Mode.UNKNOWN, cause=cause)
    return Order(Mode.UNKNOWN, cause=cause)


def _places_of_pairs(g: Gauge, index: Motion, t: Tensor, axis: int, by: Tensor, context: Context) -> Order:
    """Return the order of what is taken, along an axis that knows no pairs, at the positions of pairs."""
    held = t.motion(g)
    cause = Cause(context.spot, "index depends on the choice", g, held.live, max(t.doubt, by.doubt), held.trail)
    if Mode.FUN in (held.order.mode, index.order.mode) and held.order.mode < Mode.UNKNOWN > index.order.mode:
        return same_pair([held.order, index.order]) or scattered([held.order, index.order])
    if held.order.mode >= Mode.UNKNOWN or index.order.mode is Mode.UNKNOWN:
        return held.order if held.order.mode is Mode.BROKEN else Order(Mode.UNKNOWN, cause=held.order.cause or cause)
    plain = held.order.mode is Mode.EXACT and not held.order.pointer and not held.batch
    tied = "tied" in by
    if plain and index.order.pointer and is_permutation(by):
        # Everything is there, in another order.
        tags = held.order.tags | {Slot(axis, arrangement(by.term) if tied else row(by.term))}
        return Order(Mode.MIXED, tags, cause, vague=True) if tied else Order(tags=tags)
    return Order(Mode.UNKNOWN if tied else Mode.BROKEN, cause=index.order.cause or cause)


def is_permutation(index: Tensor) -> bool:
    """Whether an index takes every position once: what argsort returns."""
    return index.term.op == "argsort" and index.term.args[-1] is None


def _gathered_block(t: Tensor, axis: int, index: Tensor, rank: int, context: Context) -> Tensor:
    moving = any(axis in slots_of(m) or m.is_batch(axis) for _, m in t.motions)
    if moving:
        return opaque([t, index], context, "index")
    made = t
    for _ in range(rank - 1):
        made = inserted(made, axis)
    made = replace(made, term=term("take", t.term, axis, index.term), sizes=(), steady=frozenset())
    return chosen_by(made, index, context)


def chosen_by(made: Tensor, index: Tensor, context: Context) -> Tensor:
    """Hand on what the positions themselves depend on."""
    motions = dict(made.motions)
    for g, m in index_motions(made, index, context).items():
        motions[g] = worse(motions[g], m) if g in motions else m
    return replace(made, motions=settle(motions), doubt=max(made.doubt, index.doubt))


def gather(t: Tensor, dim: object, index: Tensor, context: Context) -> Tensor:
    """Pick along one axis an entry for every position of the others."""
    axis, guess = axis_of(t, dim)
    if axis is None:
        return opaque([t, index], context, "gather")
    made, count = _picked_along(t, axis, guess, index, context), index.size(axis)
    if not isinstance(count, int) or not all(m.phase.neutral for _, m in index.motions):
        return made
    # Positions are data: they may be the first ones, each in its place.
    first = cut(undiagonal(t), axis, Range(0, count, None), replace(context, remarks=[]))
    fits = first.rank == index.rank and shape_of(first) == shape_of(index) is not None
    cases = [first, *_askew(t, axis, count, first)] if fits else []
    return with_cases(made, cases, ("gather", index.term), every=False)


def _askew(t: Tensor, axis: int, count: int, first: Tensor) -> list[Tensor]:
    """Return what is gathered where each line begins one position further than the line before."""
    lines, shape = [a for a in range(-(t.rank or 0), 0) if a != axis], shape_of(t)
    if not lines or shape is None:
        return []
    by = lines[-1]

    def source(i: tuple[int, ...]) -> tuple[int, ...]:
        place = list(i)
        place[axis] = (i[axis] + i[by]) % shape[axis]
        return tuple(place)

    grids = {}
    for g, m in t.motions:
        if m.phase.neutral:
            continue
        grid = grid_of(t, g)
        if grid is None:
            return []
        grids[g] = rearranged(grid, tuple(count if a == axis else shape[a] for a in range(-len(shape), 0)), source)
    label = term("askew", t.term, axis, count)
    motions = dict(first.motions)
    for g, grid in grids.items():
        held = motions.get(g, t.motion(g))
        motions[g] = replace(held, phase=phase_from(grid, g, Phase(Mode.MIXED), _picked_at(g, held, first)))
    return [replace(first, term=label, motions=settle(motions), grids=Grids(label, tuple(grids.items())), whole=None)]


def _picked_at(g: Gauge, m: Motion, t: Tensor) -> Cause:
    return Cause(g.spot, "positions picked", g, m.live, t.doubt, m.trail)


def _picked_along(t: Tensor, axis: int, guess: bool, index: Tensor, context: Context) -> Tensor:
    t = undiagonal(doubted(t, guess))
    if index.size(axis) == 1 and all(index.still_along(a) for a in range(-(t.rank or 0), 0)) and t.rank:
        same = replace(index, term=term("every", index.term), rank=0, sizes=(), steady=frozenset())
        return inserted(pick(t, axis, same.term, context, same), axis)  # one position for all: t[..., k, None]
    hidden = any((m.order.mode is Mode.MIXED and not is_placed(m.order)) or _tied_to(m, axis) for _, m in t.motions)
    if not all(_followable(g, m, t, axis) for g, m in index.motions):
        made = chosen_by(opaque([t, index], context, "gather"), index, context)
        return made if hidden or any(touched(m, axis) for _, m in t.motions) else _in_order(t, index, made, context)
    if hidden:
        return _unpaired(t, axis, index, opaque([t, index], context, "gather"), context)
    chosen = {g: _gathered(g, m, axis, t, index, context) for g, m in t.motions}
    t = replace(t, motions=settle(chosen))
    t = followed(t, index, {a: a for _, m in t.motions for a in slots_of(m) if a != axis}, context)
    flags = (t.flags & {"nonneg", "unit", "nonzero"}) | ({"nonzero"} if "largest" in index else set())
    sizes = tuple((a, s) for a, s in t.sizes if a != axis)
    if index.size(axis) is not None:
        sizes = tuple(sorted([*sizes, (axis, index.size(axis))], key=lambda s: s[0]))
    steady = (t.steady - {axis}) | ({axis} if index.size(axis) == 1 else set())
    return replace(t, term=term("gather", t.term, axis, index.term), flags=frozenset(flags), sizes=sizes, steady=steady)


def _tied_to(m: Motion, axis: int) -> bool:
    """Whether something besides exact phases runs along an axis: batch elements, pairs without an order."""
    phases = m.phase.neutral or m.phase.mode is Mode.EXACT
    return m.is_batch(axis) or (axis in slots_of(m) and not phases)


def _followable(g: Gauge, index: Motion, t: Tensor, axis: int) -> bool:
    """Whether it is known what positions do that hang on a sign: each picks in the very column whose sign it is."""
    held = t.motion(g)
    if index.phase.neutral:
        return True
    alike = held.phase.mode is Mode.EXACT and held.phase.charges == index.phase.charges and not touched(held, axis)
    return alike and index.phase.mode is Mode.FUN


def _gathered(g: Gauge, m: Motion, axis: int, t: Tensor, index: Tensor, context: Context) -> Motion:
    """Return the motion of picked entries: the index may hang on the sign, or pick in columns of unlike sign."""
    asked = index.motion(g).phase
    live = m.live if context.recording else Live.NO
    if not asked.neutral:
        return replace(m, phase=Phase(Mode.FUN, m.phase.charges, asked.cause))
    if axis not in slots_of(m):
        return m
    cause = Cause(context.spot, "positions picked", g, live, max(t.doubt, index.doubt), m.trail)
    charged = any(isinstance(k, Slot) and k.axis == axis for k, _ in m.phase.charges)
    if not charged:
        return unknown_motion(m, cause)
    if not derives_from(index, g):
        return _places_among(m, axis, t, index, cause, context)
    order = m.order if g.ordered else Order(Mode.UNKNOWN, cause=cause)
    rotation = m.rotation if m.rotation.neutral else Rotation(Mode.BROKEN, cause=cause)
    return replace(m, phase=Phase(Mode.MIXED, cause=cause), order=order, rotation=rotation)


def _places_among(m: Motion, axis: int, t: Tensor, index: Tensor, cause: Cause, context: Context) -> Motion:
    """Return the motion of entries at foreign positions of a charged axis: each has its phase, maybe all the same."""
    phase = Phase(Mode.MIXED, cause=cause, vague=True, laden=laden(m.phase, cause.gauge.group))
    order = m.order if m.order.neutral else Order(Mode.UNKNOWN, cause=cause)
    rotation = m.rotation if m.rotation.neutral else Rotation(Mode.UNKNOWN, cause=cause)
    made = replace(m, phase=phase, order=order, rotation=rotation)
    count, size = index.size(axis), t.size(axis)
    fewer = isinstance(count, int) and isinstance(size, int) and count < size
    return some_places(cause.gauge, m, made, {axis}, context, t.doubt) if fewer else made


def unsettled(m: Motion) -> Motion:
    """Return the motion of entries that may be any of a mixed value: those that are there may all be alike."""
    return m if m.phase.mode is not Mode.MIXED else replace(m, phase=replace(m.phase, vague=True, surely=frozenset()))


def _unpaired(t: Tensor, axis: int, index: Tensor, made: Tensor, context: Context) -> Tensor:
    """Break the order where fewer positions than there are pairs are gathered, and nothing tells whose."""
    count, size = index.size(axis), t.size(axis)
    if index.motions or not (isinstance(count, int) and isinstance(size, int) and count < size):
        return made

    def motion(g: Gauge, m: Motion) -> Motion:
        return m if derives_from(index, g) else some_places(g, t.motion(g), m, {axis}, context, t.doubt)

    return replace(made, motions=settle({g: motion(g, m) for g, m in made.motions}))


def some_places(g: Gauge, before: Motion, m: Motion, axes: Collection[int], context: Context, doubt: int) -> Motion:
    """Return a motion after entries were picked along axes by numbers that know nothing of the pairs or the basis."""
    cause = Cause(context.spot, "positions picked", g, m.live, doubt, m.trail)
    order, rotation = before.order, before.rotation
    if not g.ordered and order.mode is Mode.EXACT and any(s.axis in axes for s in order.tags):
        m = replace(m, order=Order(Mode.BROKEN, cause=cause))
    elif not g.ordered and is_placed(order) and any(s.axis in axes for s in order.tags):
        m = replace(m, order=spoiled(order, cause))
    slots = [k for k, _ in rotation.charges if isinstance(k, Slot)]
    if rotation.mode is Mode.EXACT and any(k.axis in axes for k in slots):
        m = replace(m, rotation=Rotation(Mode.BROKEN, cause=cause))
    return m


def _in_order(t: Tensor, index: Tensor, made: Tensor, context: Context) -> Tensor:
    """Keep the pairs' order where an entry is gathered for each of them, whatever the phases make of it."""
    axes = {a: a for _, m in t.motions for a in slots_of(m)}
    kept = followed(t, index, axes, context)
    motions = dict(made.motions)
    for g, m in made.motions:
        order = index.motion(g).order
        if order.mode is Mode.EXACT and not order.pointer:
            motions[g] = replace(m, order=kept.motion(g).order)
    return replace(made, motions=settle(motions), rank=t.rank)


def touched(m: Motion, axis: int) -> bool:
    """Whether anything arbitrary runs along the axis."""
    return axis in slots_of(m) or m.is_batch(axis)


def followed(t: Tensor, index: Tensor, axes: Mapping[int, int], context: Context) -> Tensor:
    """Break the order where an index varies along the pairs (axis of t to axis of the index) without following them."""

    def motion(g: Gauge, m: Motion) -> Motion:
        if m.order.mode is not Mode.EXACT:
            return m
        tagged = {s.axis for s in index.motion(g).order.tags}
        for slot in m.order.tags:
            where = axes.get(slot.axis)
            if where is None or where in tagged or index.still_along(where):
                continue
            cause = Cause(context.spot, "position weighted", g, m.live, max(t.doubt, index.doubt), m.trail)
            return replace(m, order=Order(Mode.BROKEN, cause=cause))
        return m

    return replace(t, motions=settle({g: motion(g, m) for g, m in t.motions}))
