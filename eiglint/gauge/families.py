"""Families: the same function of each eigenpair. Alone it depends on the order; all of them together do not.

`sum(f(V[:, k]) for k in range(n))` runs over every pair, in whatever order these came, and `torch.stack` of the same
puts the pairs' axis back. That the function is the same for each is read off the terms. Products of the parts of an
axis, `V[:, :2] @ V[:, :2].mH`, add up likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eiglint.gauge.context import Gauge
from eiglint.gauge.state import Cause, Cut, Family, Mode, Motion, Order, Slot
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import Term, replaced, term

ENTRYWISE = frozenset(
    ("abs", "modulus", "conj", "neg", "power", "real", "imag", "exp", "log", "sin", "cos", "tanh", "sqrt", "sgn")
)
"""Functions of one tensor that treat every entry alone."""


WITH_CONSTANTS = frozenset({"mul", "div", "add"})
"""Functions of two tensors that do so where one of the two is a number."""

WHOLE_AXES = frozenset({"sum", "mean", "norm", "max", "min", "prod"})
"""Reductions that do not care for the order of what they run over."""

BY_ELEMENT = ENTRYWISE | {"mul", "add", "div", "product", "sum", "mean", "norm", "constant", "insert"}
"""Functions that treat every batch element alone, but for the axes they reduce."""


def picked_one(
    picked: Term, position: object, size: object, part: Cut, order: Order, batched: bool, cause: Cause
) -> Order:
    """Return the order of what stands at one position of the pairs' axis; `order` is what is left of it."""
    if order.pointer or not isinstance(position, int) or not isinstance(size, int) or not 0 <= position < size:
        return Order(Mode.BROKEN, cause=cause)
    family = Family(size, part, frozenset((position,)), frozenset((picked,)), rest=order.tags, batched=batched)
    return Order(Mode.BROKEN if order.tags else Mode.FUN, cause=cause, family=family)


def cut_off(made: Term, positions: object, size: object, part: Cut, rest: frozenset[Slot], cause: Cause) -> Order:
    """Return the order of a slice of the pairs' axis, which all slices together may mend."""
    if not isinstance(positions, range) or not isinstance(size, int) or rest:
        return Order(Mode.BROKEN, cause=cause)
    return Order(Mode.BROKEN, cause=cause, family=Family(size, part, frozenset(positions), frozenset((made,))))


def same_pair(states: Sequence[Order]) -> Order | None:
    """Return the order of a function of several values: one of a single pair, if all are of the same; else None."""
    families = [s.family for s in states if s.mode is Mode.FUN and s.family is not None]
    first = families[0]
    alike = all(f.size == first.size and f.positions == first.positions and f.part == first.part for f in families)
    if not alike or len(first.positions) != 1 or not all(s.mode is Mode.FUN or s.neutral for s in states):
        return None
    if any(f.body is not None or f.mingled is not None for f in families):
        return None
    picks = frozenset[Term]().union(*(f.picks for f in families))
    cause = next(s.cause for s in states if s.mode is Mode.FUN)
    batched = any(f.batched for f in families)
    return Order(Mode.FUN, cause=cause, family=Family(first.size, first.part, first.positions, picks, batched=batched))


def scattered(states: Sequence[Order]) -> Order:
    """Return the order of a mixture of positions: that of the first one that was picked, lost."""
    cause = next(s.cause for s in states if s.mode is Mode.FUN)
    return Order(Mode.BROKEN, cause=cause)


def share_over_batch(order: Order, linear: bool, label: Term) -> Order:
    """Return the order of one pair's share summed over batch elements, in each of which another pair stands there."""
    if order.sign and linear:
        return Order(Mode.BROKEN, cause=order.cause)  # each determinant has a sign of its own
    if order.mode is not Mode.FUN or order.family is None:
        return order
    if not linear or order.family.body is not None or order.family.mingled is not None:
        return Order(Mode.BROKEN, cause=order.cause)
    return replace(order, family=order.family._replace(mingled=label))


def total(g: Gauge, x: Tensor, y: Tensor, label: Term) -> Order | None:
    """Return the order of a sum where one more pair's share is added; None where it is anything else."""
    a, b = _share(g, x), _share(g, y)
    if a is None or b is None or not _fit(a, b) or None not in (a.axis, b.axis):
        return None
    return _completed(a, b, label, None, g, x)


def stacked(g: Gauge, pieces: Sequence[Tensor], axis: int) -> Order | None:
    """Return the order of pieces along a new axis, where these are the shares of all pairs in turn."""
    shares = [_share(g, t) for t in pieces]
    known = [s for s in shares if s is not None]
    if len(known) != len(pieces) or not known or any(not _fit(known[0], s) for s in known[1:]):
        return None
    if [s.positions for s in known] != [frozenset((k,)) for k in range(known[0].size)]:
        return None
    return _along(known[0], axis, pieces[0].motion(g).order)


def stored(g: Gauge, base: Tensor, value: Tensor, axis: int, position: object, label: Term) -> Order | None:
    """Return the order of an axis of zeros into which the shares of the pairs are put, each at its own position."""
    new = _share(g, value)
    if new is None or new.positions != frozenset((position,)) or base.size(axis) != new.size:
        return None
    held = base.motion(g).order
    if held.neutral and "zero" in base and base.neutral:
        return _completed(new._replace(positions=frozenset()), new, label, axis, g, value)
    old = held.family if held.mode in (Mode.FUN, Mode.BROKEN) else None
    if old is None or old.of is not base.term or old.axis != axis or not _fit(old, new):
        return None
    return _completed(old, new, label, axis, g, value)


def _share(g: Gauge, t: Tensor) -> Family | None:
    """Return what a tensor is of a family: a single pair's share, or the sum so far."""
    m = t.motion(g)
    family = m.order.family
    if m.order.mode not in (Mode.FUN, Mode.BROKEN) or family is None:
        return None
    if family.body is not None:
        return family if family.of is t.term else None
    if not _is_own(t.term, m, family):
        return None
    if family.rest and not _is_entrywise(t.term, family.picks):
        family = family._replace(rest=frozenset())
    whole = "pair" if len(family.positions) == 1 else "part"
    body = replaced(t.term, {p: term(whole, *p.args[:2]) for p in family.picks})
    return family._replace(body=body, picks=frozenset(), of=t.term, mingled=family.mingled and body)


def _is_own(t: Term, m: Motion, family: Family) -> bool:
    """Whether a value is a function of one pair (of each batch element), or a sum over pairs cut off together."""
    if family.mingled is not None:
        return family.mingled is t
    if family.batched and (not m.batch or not _operators(t, family.picks) <= BY_ELEMENT):
        return False
    if len(family.positions) > 1 or any(p.op == "cut" for p in family.picks):
        return _is_sum_over(t, family.picks)
    if m.order.mode is Mode.FUN or _is_entrywise(t, family.picks):
        return True
    return _runs_over_all(t, family.picks, {s.axis for s in family.rest}, m.order)


def _operators(t: Term, picks: frozenset[Term]) -> frozenset[str]:
    """Return the operators of a value outside of what was picked."""
    found, stack = set(), [t]
    while stack:
        here = stack.pop()
        if here not in picks:
            found.add(here.op)
            stack.extend(a for a in here.args if isinstance(a, Term))
    return frozenset(found)


def _is_entrywise(t: object, picks: frozenset[Term]) -> bool:
    """Whether a value treats every entry of what was picked alone, and all of them alike."""
    if not isinstance(t, Term):
        return False
    while t not in picks:
        inner = [a for a in t.args if isinstance(a, Term) and a.op != "constant"]
        if t.op not in ENTRYWISE | WITH_CONSTANTS or len(inner) != 1:
            return False
        (t,) = inner
    return True


def _runs_over_all(t: Term, picks: frozenset[Term], axes: set[int], order: Order) -> bool:
    """Whether a value knows of what was picked only what symmetric reductions over all its other pairs tell."""
    stack = [t]
    while stack:
        here = stack.pop()
        over = here.args[1] if len(here.args) > 1 else None
        everywhere = over is None or (isinstance(over, tuple) and axes <= set(over))
        if here.op in WHOLE_AXES and everywhere and _is_entrywise(here.args[0], picks):
            continue
        own = order.cause is not None and here.op == "output" and order.cause.gauge in here.args
        if here in picks or own:
            return False
        stack.extend(a for a in here.args if isinstance(a, Term))
    return True


def _is_sum_over(t: Term, parts: frozenset[Term]) -> bool:
    """Whether a value is a matrix product, or a sum, along the very axis along which a part was cut off."""
    while t.op in ("conj", "neg", "real", "imag", "swap") and isinstance(t.args[0], Term):
        t = t.args[0]
    if t.op == "matmul":
        return [_axis_of(a, parts) for a in t.args] == [-1, -2]
    axis = _axis_of(t.args[0], parts) if t.op == "sum" else None
    return axis is not None and (t.args[1] is None or (isinstance(t.args[1], tuple) and axis in t.args[1]))


def _axis_of(t: object, parts: frozenset[Term]) -> int | None:
    """Return where the axis of a part lies in a value that treats its entries alone; None for any other value."""
    swaps: list[tuple[object, ...]] = []
    while isinstance(t, Term) and t not in parts:
        inner = [a for a in t.args if isinstance(a, Term)]
        if len(inner) != 1 or (t.op not in ENTRYWISE and t.op != "swap"):
            return None
        if t.op == "swap":
            swaps.append(t.args[1:])
        (t,) = inner
    axis = t.args[1] if isinstance(t, Term) else None
    for a, b in reversed(swaps):
        axis = {a: b, b: a}.get(axis, axis)
    return axis if isinstance(axis, int) else None


def _fit(a: Family, b: Family) -> bool:
    alike = a.body is b.body and a.size == b.size and a.part == b.part and a.rest == b.rest
    return alike and not a.positions & b.positions


def _along(family: Family, axis: int, held: Order) -> Order:
    """Return the order of all shares along an axis of their own."""
    beside = frozenset(Slot(s.axis if s.axis > axis else s.axis - 1, s.cut) for s in family.rest)
    tags = frozenset((Slot(axis, family.part),)) | beside
    if family.mingled is not None:  # sums over batch elements, good for what is linear in them
        return Order(Mode.MIXED, tags, held.cause, summed=True)
    return Order(tags=tags)


def _completed(a: Family, b: Family, label: Term, axis: int | None, g: Gauge, t: Tensor) -> Order:
    positions = a.positions | b.positions
    held = t.motion(g).order
    if len(positions) == a.size:
        return Order(tags=a.rest) if axis is None else _along(a, axis, held)
    return Order(held.mode, cause=held.cause, family=a._replace(positions=positions, of=label, axis=axis))
