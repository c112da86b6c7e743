"""Families: the same function of each eigenpair. Alone it depends on the order; all of them together do not.

`sum(f(V[:, k]) for k in range(n))` runs over every pair, in whatever order these came, and `torch.stack` of the same
puts the pairs' axis back. That the function is the same for each is read off the terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eiglint.gauge.context import Gauge
from eiglint.gauge.state import Cause, Cut, Family, Mode, Order, Slot
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import Term, term


def picked_one(picked: Term, position: object, size: object, part: Cut, order: Order, cause: Cause) -> Order:
    """Return the order of what stands at one position of the pairs' axis."""
    if order.tags or order.pointer or not isinstance(position, int) or not isinstance(size, int):
        return Order(Mode.BROKEN, cause=cause)
    if not 0 <= position < size:
        return Order(Mode.BROKEN, cause=cause)
    return Order(Mode.FUN, cause=cause, family=Family(size, part, frozenset((position,)), frozenset((picked,))))


def same_pair(states: Sequence[Order]) -> Order | None:
    """Return the order of a function of several values: one of a single pair, if all are of the same; else None."""
    families = [s.family for s in states if s.mode is Mode.FUN and s.family is not None]
    first = families[0]
    alike = all(f.size == first.size and f.positions == first.positions and f.part == first.part for f in families)
    if not alike or len(first.positions) != 1 or not all(s.mode is Mode.FUN or s.neutral for s in states):
        return None
    if any(f.body is not None for f in families):
        return None
    picks = frozenset[Term]().union(*(f.picks for f in families))
    cause = next(s.cause for s in states if s.mode is Mode.FUN)
    return Order(Mode.FUN, cause=cause, family=Family(first.size, first.part, first.positions, picks))


def scattered(states: Sequence[Order]) -> Order:
    """Return the order of a mixture of positions: that of the first one that was picked, lost."""
    cause = next(s.cause for s in states if s.mode is Mode.FUN)
    return Order(Mode.BROKEN, cause=cause)


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
    return Order(tags=frozenset((Slot(axis, known[0].part),)))


def stored(g: Gauge, base: Tensor, value: Tensor, axis: int, position: object, label: Term) -> Order | None:
    """Return the order of an axis of zeros into which the shares of the pairs are put, each at its own position."""
    new = _share(g, value)
    if new is None or new.positions != frozenset((position,)) or base.size(axis) != new.size:
        return None
    held = base.motion(g).order
    if held.neutral and "zero" in base and base.neutral:
        return _completed(new._replace(positions=frozenset()), new, label, axis, g, value)
    old = held.family if held.mode is Mode.FUN else None
    if old is None or old.of is not base.term or old.axis != axis or not _fit(old, new):
        return None
    return _completed(old, new, label, axis, g, value)


def _share(g: Gauge, t: Tensor) -> Family | None:
    """Return what a tensor is of a family: a single pair's share, or the sum so far."""
    order = t.motion(g).order
    family = order.family
    if order.mode is not Mode.FUN or family is None:
        return None
    if family.body is not None:
        return family if family.of is t.term else None
    body = _abstract(t.term, {p: term("pair", *p.args[:2]) for p in family.picks})
    return family._replace(body=body, picks=frozenset(), of=t.term)


def _fit(a: Family, b: Family) -> bool:
    alike = a.body is b.body and a.size == b.size and a.part == b.part
    return alike and not a.positions & b.positions


def _completed(a: Family, b: Family, label: Term, axis: int | None, g: Gauge, t: Tensor) -> Order:
    positions = a.positions | b.positions
    if len(positions) == a.size:
        return Order() if axis is None else Order(tags=frozenset((Slot(axis, a.part),)))
    held = t.motion(g).order
    return Order(Mode.FUN, cause=held.cause, family=a._replace(positions=positions, of=label, axis=axis))


def _abstract(here: Term, table: Mapping[Term, Term]) -> Term:
    """Return a term with some of its subterms replaced."""
    made: dict[int, Term] = {id(old): new for old, new in table.items()}
    stack = [here]
    while stack:
        t = stack[-1]
        if id(t) in made:
            stack.pop()
            continue
        waiting = [a for a in t.args if isinstance(a, Term) and id(a) not in made]
        if waiting:
            stack.extend(waiting)
            continue
        args = tuple(made[id(a)] if isinstance(a, Term) else a for a in t.args)
        made[id(t)] = t if all(x is y for x, y in zip(args, t.args, strict=True)) else term(t.op, *args)
        stack.pop()
    return made[id(here)]
