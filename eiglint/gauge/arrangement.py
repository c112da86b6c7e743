"""Pairs in a forgotten arrangement: entries of all of them, no longer one position to a pair (theory, section 5).

A state MIXED whose tags are known says along which axes the pairs' entries are spread: axes under one cut belong
together (`L.view(2, -1)`), axes under different cuts are independent (an outer product). `APART` marks an axis along
which pieces of unlike arrangement lie (`stack([V, W])`). Whatever runs over all of the entries, and does not care for
their order, is as well defined as before; whatever picks some of them is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from eiglint.gauge.context import Gauge
from eiglint.gauge.factors import batch_letters
from eiglint.gauge.letters import Contraction, Operand
from eiglint.gauge.state import APART, ROW, Cause, Cut, Mode, Motion, Order, Slot, Why
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import Term, term

TIES = "ties are not settled"


def is_placed(order: Order) -> bool:
    """Whether it is known along which axes the entries of the pairs are spread."""
    return order.mode is Mode.MIXED and bool(order.tags) and not order.sign


def spoiled(order: Order, cause: Cause) -> Order:
    """Return the order after something that no forgotten arrangement survives."""
    if order.vague or not is_placed(order):
        return Order(Mode.UNKNOWN, cause=order.cause or cause)
    return Order(Mode.BROKEN, cause=order.cause if order.summed and order.cause is not None else cause)


def arrangement(*parts: object) -> Cut:
    """Return the cut of axes over which pairs are spread in an arrangement of its own."""
    return (term("arranged", *parts), "arranged")


def row(*parts: object) -> Cut:
    """Return the cut of one axis whose positions a permutation of the pairs permutes, each in a way of its own.

    Pairs repeated, rolled, or beside other values: what runs along such an axis is as good as what runs along the
    pairs, for all that is arranged alike.
    """
    return (term("row", *parts), ROW)


def has_copies(part: Cut) -> bool:
    """Whether a row may hold pairs twice: these tie, and an odd permutation of the pairs may be an even one of it."""
    start = part[0]
    return part[1] == ROW and isinstance(start, Term) and start.args[0] in ("cat", "stack", "reshape")


def is_joint(part: Cut) -> bool:
    """Whether axes under a cut belong together, so that one of them alone is no row of pairs."""
    return part[1] == "arranged"


def over(order: Order, slots: Iterable[Slot], summed: bool, cause: Cause) -> Order:
    """Return the order of a tensor whose entries of the pairs lie along the given axes."""
    tags = frozenset(slots)
    if not any(s.cut != APART for s in tags):
        return Order()
    if not (summed or order.vague) and not any(s.cut == APART or is_joint(s.cut) for s in tags):
        return Order(tags=tags)
    return replace(order, mode=Mode.MIXED, tags=tags, summed=summed, cause=order.cause or cause)


def reduced(order: Order, axes: Collection[int] | None, linear: bool, symmetric: bool, cause: Cause) -> Order:
    """Return the order after a reduction over axes (None: all), these still numbered as before."""
    hit = {s.cut for s in order.tags if axes is None or s.axis in axes}
    if not hit:
        return order if linear or not order.summed else spoiled(order, cause)
    if not symmetric or (order.summed and not linear):
        return spoiled(order, cause)
    open_cuts = {s.cut for s in order.tags if axes is not None and s.axis not in axes and s.cut != APART}
    rest = [s for s in order.tags if axes is not None and s.axis not in axes]
    if not open_cuts:
        return Order()
    mingled = APART in hit or bool(hit & open_cuts)
    if mingled and not linear:
        return spoiled(order, cause)
    return over(order, rest, order.summed or mingled, cause)


def picked(order: Order, axis: int, cause: Cause) -> Order:
    """Return the order of some positions of an axis, this still being there."""
    cuts = {s.cut for s in order.tags if s.axis == axis}
    if not cuts:
        return order
    return Order(Mode.UNKNOWN, cause=cause) if cuts == {APART} else spoiled(order, cause)


def in_product(gauge: Gauge, laid: Contraction, moving: list[tuple[Operand, Motion]], cause: Why) -> Order:
    """Return the order of a product of which a factor is in a forgotten arrangement."""
    mixed = [(o, m.order) for o, m in moving if m.order.mode is Mode.MIXED]
    exact = [(o, m.order) for o, m in moving if m.order.mode is Mode.EXACT]
    first = mixed[0][1]
    lost = cause("combines rearranged values")
    entrywise = all(len(set(o.letters)) == len(o.letters) or "diagonal" in o.tensor for o, _ in mixed)
    if not entrywise or any(not is_placed(s) for _, s in mixed):
        others = [o for o in laid.operands if o.tensor.rank != 0 and o.tensor.value is None]
        if any(is_placed(s) and "diagonal" not in o.tensor and _is_picked_from(o, s) for o, s in mixed):
            return spoiled(first, cause("positions picked"))
        if any(is_placed(s) and "diagonal" not in o.tensor and _meets_rows(o, s) for o, s in mixed):
            return spoiled(first, cause("position weighted"))
        alone = entrywise and len(moving) == len(others) == 1 and not laid.contracted()
        return first if alone else Order(Mode.UNKNOWN, cause=lost)
    worst = next((s for _, s in mixed if s.vague), first)
    named = {o: frozenset((o.letter(s.axis), s.cut) for s in state.tags) for o, state in mixed}
    parts = [_by_letter(slots) for slots in named.values()]
    summed = any(s.summed for _, s in mixed)
    if summed and len(moving) > 1:
        return spoiled(worst, lost)
    if any(x[k] != y[k] for i, x in enumerate(parts) for y in parts[:i] for k in x.keys() & y.keys()):
        return spoiled(worst, lost)
    apart = {frozenset(x for x, cuts in part.items() if cuts == {APART}) for part in parts}
    if len(apart) > 1 and len(set().union(*parts)) < sum(map(len, parts)):
        return spoiled(worst, lost)  # every piece of the one meets every piece of the other
    bound = [batch_letters(o, replace(m, rest=None)) for o, m in moving if m.order.mode is Mode.MIXED]
    if len(set(bound)) > 1:
        return spoiled(worst, cause("mingles the orders of batch elements"))
    spread = set().union(*parts)
    tagged = {o.letter(s.axis) for o, m in moving if m.order.mode is Mode.EXACT for s in m.order.tags}
    if tagged & spread:
        sorted_alone = worst.cause is not None and worst.cause.reason == TIES
        return Order(Mode.BROKEN, cause=cause("mispaired")) if sorted_alone else spoiled(worst, cause("mispaired"))
    if any(len(set(o.letters)) < len(o.letters) or "diagonal" in o.tensor for o, _ in exact):
        return Order(Mode.UNKNOWN, cause=lost)
    along = {o: frozenset((o.letter(s.axis), s.cut) for s in state.tags) for o, state in exact}
    rows = [_by_letter(slots) for slots in along.values()]
    if any(x[k] != y[k] for i, x in enumerate(rows) for y in rows[:i] for k in x.keys() & y.keys()):
        return spoiled(worst, cause("mispaired"))
    named |= along
    across = {x for slots in named.values() for x, part in slots if part != APART}
    for o in laid.operands:
        for letter in across:
            if any(x == letter for x, _ in named.get(o, ())) or not o.has(letter) or o.still(letter):
                continue
            if o.tensor.value is not None:
                continue
            unsure = o.tensor.rank is None and o.tensor.motion(gauge).neutral
            return Order(Mode.UNKNOWN, cause=lost) if unsure else spoiled(worst, cause("position weighted"))
    every = frozenset().union(*named.values())
    contracted = set(laid.contracted())
    hit = {part for x, part in every if x in contracted}
    kept = {(x, part) for x, part in every if x not in contracted}
    mingled = APART in hit or any(part in hit for _, part in kept if is_joint(part))
    if mingled and len(mixed) > 1:
        return spoiled(worst, lost)
    slots = [Slot(p, part) for x, part in kept if (p := laid.position(x)) is not None]
    return over(worst, slots, summed or mingled, lost)


def _is_picked_from(o: Operand, order: Order) -> bool:
    """Whether two axes over which one arrangement is spread are laid on each other: some of its entries are left."""
    joint = [(o.letter(s.axis), s.cut) for s in order.tags if is_joint(s.cut)]
    return len(set(joint)) < len(joint)


def _meets_rows(o: Operand, order: Order) -> bool:
    """Whether an axis over which pairs are spread is laid on another one of the same operand, as in its diagonal."""
    axes = {s.axis for s in order.tags if s.cut != APART}
    return any(b not in axes and not o.tensor.still_along(b) for a in axes for b in o.axes(o.letter(a)))


def _by_letter(slots: Iterable[tuple[object, Cut]]) -> dict[object, set[Cut]]:
    found: dict[object, set[Cut]] = {}
    for letter, part in slots:
        found.setdefault(letter, set()).add(part)
    return found


def of_signs(moving: Sequence[tuple[Operand, Motion]]) -> Order | None:
    """Return the order of a product of values that a permutation's sign multiplies, such as determinants."""
    signs = [(o, m.order) for o, m in moving if not m.order.neutral]
    if not all(s.mode is Mode.MIXED and s.sign for _, s in signs) or len({o.letters for o, _ in signs}) > 1:
        return None
    return Order() if len(signs) % 2 == 0 else signs[0][1]


def side_by_side(g: Gauge, tensors: Sequence[Tensor], cause: Why) -> Order:
    """Return the order of values that are combined entry by entry, one of them in a forgotten arrangement."""
    states = [t.motion(g).order for t in tensors]
    mixed = [s for s in states if s.mode is Mode.MIXED]
    worst = next((s for s in mixed if s.vague), mixed[0])
    lost = cause("combines rearranged values")
    if any(not is_placed(s) for s in mixed):
        others = [t for t in tensors if t.rank != 0 and t.value is None]
        alone = len([s for s in states if not s.neutral]) == 1 and len(others) == 1
        return worst if alone and not worst.sign else Order(Mode.UNKNOWN, cause=lost)
    if any(s.summed for s in mixed):
        return spoiled(worst, lost)
    for t, s in zip(tensors, states, strict=True):
        if s.mode is Mode.MIXED:
            if s.tags != mixed[0].tags:
                return spoiled(worst, lost)
        elif s.tags:
            return spoiled(worst, lost)
        elif t.value is None and any(x.cut != APART and not t.still_along(x.axis) for x in mixed[0].tags):
            unsure = t.rank is None and t.motion(g).neutral
            return Order(Mode.UNKNOWN, cause=lost) if unsure else spoiled(worst, cause("position weighted"))
    return worst


def added(g: Gauge, terms: Sequence[Tensor], made: Order) -> Order:
    """Return the order of a sum that fits no arrangement: it is linear in the pairs, and a sum over all still fine."""
    states = [t.motion(g).order for t in terms]
    fine = all((s.mode is Mode.EXACT and not s.pointer) or is_placed(s) for s in states)
    if made.mode is not Mode.BROKEN or not fine or any("diagonal" in t for t in terms):
        return made
    slots = {s if state.mode is Mode.MIXED else Slot(s.axis, s.cut) for state in states for s in state.tags}
    return Order(Mode.MIXED, frozenset(slots), made.cause, summed=True, vague=any(s.vague for s in states))


def put_together(g: Gauge, pieces: Sequence[Tensor], axis: int, name: str, cause: Cause) -> Order | None:
    """Return the order of pieces that lie side by side along an axis; None where that is not followed."""
    states = [t.motion(g).order for t in pieces]
    if not all((s.mode is Mode.EXACT and not s.pointer) or is_placed(s) for s in states):
        return None
    tags = frozenset[Slot]().union(*(s.tags for s in states))
    alike = all(
        s.tags == tags or (s.neutral and all(t.still_along(x.axis) for x in tags))
        for t, s in zip(pieces, states, strict=True)
    )
    along = any(s.axis == axis for s in tags)
    exact = all(s.mode is Mode.EXACT for s in states)
    if alike and not along and exact:
        return Order(tags=tags)
    if alike and not along and all(replace(s, cause=None) == replace(states[0], cause=None) for s in states):
        return states[0]
    about = [f"{t.size(axis)} {sorted(map(str, s.tags))}" for t, s in zip(pieces, states, strict=True)]
    if exact and along and (alike or all(s.axis == axis for s in tags)):
        return Order(tags=frozenset((Slot(axis, row("cat", name, *about)), *(s for s in tags if s.axis != axis))))
    alike &= exact

    def slot(s: Slot) -> Slot:
        # Axes along which all pairs run are independent of one another, those of one arrangement are not.
        alone = s.cut[1] != "arranged"
        return s if s.cut == APART else Slot(s.axis, arrangement(name, axis, *about, str(s.cut), alone and s.axis))

    slots = {slot(s) for s in tags}
    if not alike:
        slots.add(Slot(axis, APART))
    held = next((s.cause for s in states if s.cause is not None), cause)
    summed, vague = any(s.summed for s in states), any(s.vague for s in states)
    return Order(Mode.MIXED, frozenset(slots), held, summed=summed, vague=vague)
