"""Operations that move axes about and leave the values alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from eiglint.gauge.arrangement import is_placed, row, spoiled
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge, Remark
from eiglint.gauge.elementwise import conj
from eiglint.gauge.state import (
    Cause,
    Mode,
    Motion,
    Order,
    Phase,
    Rotation,
    Slot,
    laden,
    relabel_charges,
    relabel_phase,
    spread,
)
from eiglint.gauge.tensor import LIKELY, Tensor, named, settle, slots_of
from eiglint.gauge.terms import Term, term
from eiglint.gauge.values import Number

Move = Callable[[int], int | None]


def relabel(t: Tensor, move: Move, name: Term, rank: int | None, added: frozenset[int] = frozenset()) -> Tensor:
    """Rename every axis; `added` names axes of the result that are new and of size one."""

    def motion(g: Gauge, m: Motion) -> Motion:
        tags = {Slot(a, s.cut) for s in m.order.tags if (a := move(s.axis)) is not None}
        batch = {a for b in m.batch if (a := move(b)) is not None}
        rest = None
        if m.rest is not None:
            rest = move(m.rest)
            rest = rest if rest is not None else m.rest
        return replace(
            m,
            phase=relabel_phase(m.phase, move, g.group),
            order=replace(m.order, tags=frozenset(tags)),
            rotation=replace(m.rotation, charges=relabel_charges(m.rotation.charges, move, g.group)),
            batch=frozenset(batch),
            rest=rest,
        )

    steady = {a for s in t.steady if (a := move(s)) is not None} | added
    sizes = {a: size for axis, size in t.sizes if (a := move(axis)) is not None}
    sizes.update(dict.fromkeys(added, 1))
    return replace(
        t,
        term=name,
        motions=settle({g: motion(g, m) for g, m in t.motions}),
        rank=rank,
        steady=frozenset(steady),
        sizes=tuple(sorted(sizes.items(), key=lambda s: s[0])),
        whole=None,
    )


def axis_of(t: Tensor, dim: object, extra: int = 0, least: int = 0) -> tuple[int | None, bool]:
    """Return a dimension as an axis counted from the right, and whether a rank had to be assumed for it.

    A tensor whose rank is not known is taken for a matrix where the program counts its axes from the left, or for the
    smallest array that has the dimension (and `least` dimensions).
    """
    if not isinstance(dim, int) or isinstance(dim, bool):
        return None, False
    if dim < 0:
        return dim, False
    if t.rank is not None:
        return (dim - t.rank - extra, False) if dim < t.rank + extra else (None, False)
    rank = assumed_rank(t)
    if rank >= 2:  # what is read as a vector has no further dimension
        rank = max(rank, dim + 1 - extra, least)
    if extra and not t.motions:
        # x.unsqueeze(1) of something unknown is the usual way to make a column of a vector.
        rank = max(dim, 1)
    return (dim - rank - extra, True) if dim < rank + extra else (None, True)


def axes_of(t: Tensor, dims: Sequence[object]) -> tuple[tuple[int | None, ...], bool]:
    """Return dimensions of one array as axes counted from the right, and whether a rank had to be assumed for them."""
    least = max((d + 1 for d in dims if isinstance(d, int)), default=0)
    found = [axis_of(t, d, least=least) for d in dims]
    return tuple(axis for axis, _ in found), any(guess for _, guess in found)


def assumed_rank(t: Tensor) -> int:
    """Return the rank that a tensor of unknown rank has if nothing is batched: a matrix where nothing is known."""
    if t.rank is not None:
        return t.rank
    rests = [m.rest for _, m in t.motions if m.rest is not None]
    deepest = max((-a for _, m in t.motions for a in slots_of(m)), default=0)
    if rests:
        return max(deepest, -max(rests) - 1)
    return max(deepest, 2)


def may_be_vector(t: Tensor) -> bool:
    """Whether a tensor of unknown rank may have a single axis, by all that is known of it."""
    rests = any(m.rest is not None for _, m in t.motions)
    deepest = max((-a for _, m in t.motions for a in slots_of(m)), default=0)
    return not rests and deepest <= 1 and not t.certainly_has(-2)


def suggested_rank(t: Tensor, rank: int, context: Context) -> Tensor:
    """Give a value of unknown rank the one that the text suggests, where unknown ranks are read as small ones."""
    context.remarks.append(Remark("rank assumed", context.spot, None, 0, LIKELY, ()))
    return replace(t, rank=rank, doubt=max(t.doubt, LIKELY)) if context.vector_reading else t


def doubted(t: Tensor, assumed: bool) -> Tensor:
    """Mark a tensor whose rank was assumed."""
    if not assumed:
        return t
    rank = assumed_rank(t)
    motions = {g: replace(m, rest=None) for g, m in t.motions}
    return replace(t, doubt=max(t.doubt, LIKELY), rank=rank, motions=settle(motions))


def swap(t: Tensor, a: int, b: int) -> Tensor:
    """Exchange two axes."""
    if a == b:
        return t
    if "diagonal" in t and {a, b} == {-1, -2}:
        return t
    t = undiagonal(t) if {a, b} & {-1, -2} else t
    table = {a: b, b: a}
    label = t.term.args[0] if t.term.op == "swap" and t.term.args[1:] == (min(a, b), max(a, b)) else None
    name = label if isinstance(label, Term) else term("swap", t.term, min(a, b), max(a, b))
    made = relabel(t, lambda axis: table.get(axis, axis), name, t.rank)
    turned = t.whole is not None and t.whole.part == "turned"
    whole = t.whole._replace(of=swap(t.whole.of, a, b)) if t.whole is not None and turned else None
    return replace(made, flags=t.flags, value=t.value, whole=whole)


def transpose(t: Tensor, context: Context, dim0: object = -2, dim1: object = -1, conjugate: bool = False) -> Tensor:
    """Exchange two dimensions, conjugating where asked; a 1-d tensor's `t()` is itself."""
    if t.rank is not None and t.rank < 2:
        return conj(t, context) if conjugate else t
    (a, b), guess = axes_of(t, (dim0, dim1))
    if a is None or b is None:
        return scrambled(t, context, "transpose")
    least = 1 + max((d for d in (dim0, dim1) if isinstance(d, int)), default=0)
    if t.rank is None and guess and least > 2:
        t = replace(t, rank=least)
    made = swap(doubted(t, guess), a, b)
    return conj(made, context) if conjugate else made


def permute(t: Tensor, dims: Sequence[object], context: Context) -> Tensor:
    """Reorder all dimensions."""
    numbers = [d for d in dims if isinstance(d, int)]
    n = len(dims)
    if len(numbers) != n or (t.rank is not None and t.rank != n) or sorted(d % n for d in numbers) != list(range(n)):
        return scrambled(t, context, "permute")
    t = replace(undiagonal(t), rank=n)
    old_to_new = {d % n - n: i - n for i, d in enumerate(numbers)}
    made = relabel(t, lambda axis: old_to_new.get(axis, axis), term("permute", t.term, tuple(numbers)), n)
    return replace(made, motions=settle({g: replace(m, rest=None) for g, m in made.motions}))


def movedim(t: Tensor, source: object, destination: object, context: Context) -> Tensor:
    """Move one dimension to another position."""
    (a, b), guess = axes_of(t, (source, destination))
    if a is None or b is None:
        return scrambled(t, context, "movedim")
    t = undiagonal(doubted(t, guess))

    def move(axis: int) -> int:
        if axis == a:
            return b
        if a < axis <= b:
            return axis - 1
        if b <= axis < a:
            return axis + 1
        return axis

    return relabel(t, move, term("movedim", t.term, a, b), t.rank)


def inserted(t: Tensor, axis: int | None) -> Tensor:
    """Insert an axis of size one so that it stands at `axis` in the result."""
    if axis is None:
        return t
    t = undiagonal(t) if axis in (-1, -2) else t
    rank = t.rank + 1 if t.rank is not None else None
    name = term("insert", t.term, axis)
    return relabel(t, lambda a: a if a > axis else a - 1, name, rank, frozenset({axis}))


def unsqueeze(t: Tensor, dim: object, context: Context) -> Tensor:
    """Insert a dimension of size one."""
    axis, guess = axis_of(t, dim, extra=1)
    if axis is None:
        return scrambled(t, context, "unsqueeze")
    return inserted(doubted(t, guess), axis)


def removed(t: Tensor, axis: int, name: Term) -> Tensor:
    """Drop an axis of size one; a charge along it becomes one phase."""
    rank = t.rank - 1 if t.rank is not None else None
    return relabel(t, lambda a: None if a == axis else (a if a > axis else a + 1), name, rank)


def squeeze(t: Tensor, dim: object, context: Context) -> Tensor:
    """Drop dimensions of size one; without a number it is not known which."""
    if dim is None:
        ones = sorted(a for a, s in t.sizes if s == 1)
        others = [a for a in (-a for a in range(1, (t.rank or 0) + 1)) if a not in ones]
        if t.rank is None or any(t.size(a) is None for a in others):
            return maybe_squeezed(t, ones)
        for one in ones:
            t = removed(t, one, term("squeeze", t.term, one))
        return t
    if t.rank == 0:
        return t
    axis, guess = axis_of(t, dim)
    if axis is None:
        return scrambled(t, context, "squeeze")
    t = doubted(t, guess)
    if t.size(axis) is None and not any(axis in slots_of(m) for _, m in t.motions):
        # Nobody squeezes a dimension that is not of size one, but it may be of any size.
        made = removed(t, axis, term("squeeze", t.term, axis))
        known = axis in t.steady or bool(t.motions)
        return replace(made, doubt=max(made.doubt, LIKELY)) if known else replace(made, rank=None)
    return removed(t, axis, term("squeeze", t.term, axis)) if t.size(axis) == 1 else t


def maybe_squeezed(t: Tensor, ones: Sequence[int]) -> Tensor:
    """Squeeze the axes known to be of size one; others may go too, unless something is known to run along them."""
    moving = {a for _, m in t.motions for a in slots_of(m)}
    if moving and not ones:
        return replace(t, term=term("squeeze", t.term), doubt=max(t.doubt, LIKELY))
    for axis in ones:
        t = removed(t, axis, term("squeeze", t.term, axis))
    return replace(t, rank=None)


def expand(t: Tensor, sizes: Sequence[object] | None) -> Tensor:
    """Broadcast to more or longer dimensions; what varied still varies along the same axes from the right."""
    rank = None
    known = dict(t.sizes)
    steady = set(t.steady)
    if sizes is not None:
        rank = len(sizes)
        for i, size in enumerate(sizes):
            axis = i - rank
            if t.absent(axis) or known.get(axis) == 1:
                steady.add(axis)
            if size != -1 and isinstance(size, int | Number):
                known[axis] = size.term if isinstance(size, Number) else size
    return replace(
        t,
        term=term("expand", t.term, named(sizes)),
        rank=rank,
        sizes=tuple(sorted(known.items(), key=lambda s: s[0])),
        steady=frozenset(steady),
    )


def scrambled(t: Tensor, context: Context, name: str, *details: object) -> Tensor:
    """Rearrange elements in a way that is not followed: each keeps its phase, which one is forgotten."""
    t = undiagonal(t)

    def motion(g: Gauge, m: Motion) -> Motion:
        cause = Cause(context.spot, f"rearranged by {name}", g, m.live, t.doubt, m.trail)
        phase, order, rotation = m.phase, m.order, m.rotation
        if spread(phase) != frozenset() or (not phase.neutral and (m.batch or m.rest)):
            if phase.mode in (Mode.EXACT, Mode.MIXED):
                vague = phase.vague or spread(phase) == frozenset()
                whole = laden(phase, g.group)
                phase = Phase(Mode.MIXED, cause=cause, vague=vague, laden=whole, summed=phase.summed)
            elif phase.mode is Mode.FUN:
                phase = Phase(Mode.BROKEN, cause=phase.cause)
        if order.mode is Mode.EXACT and order.tags:
            order = Order(Mode.MIXED, cause=cause)
        elif order.mode is Mode.MIXED:
            order = replace(order, tags=frozenset())
        if rotation.mode is Mode.EXACT and rotation.charges:
            rotation = Rotation(Mode.MIXED, cause=cause)
        return replace(m, phase=phase, order=order, rotation=rotation, batch=frozenset(), rest=None)

    return replace(
        t,
        term=term(name, t.term, *details),
        motions=settle({g: motion(g, m) for g, m in t.motions}),
        rank=0 if t.rank == 0 else None,
        sizes=(),
        steady=frozenset(),
        whole=None,
    )


def spread_as(made: Tensor, t: Tensor) -> Tensor:
    """Note that unlike entries of a rearranged tensor still differ along no other axes than before."""
    motions = dict(made.motions)
    for g, m in t.motions:
        before, after = m.phase, made.motion(g).phase
        if after.mode is Mode.MIXED and before.mode is Mode.EXACT and m.rest is None:
            across = (spread(before) or frozenset()) | m.batch
            motions[g] = replace(motions[g], phase=replace(after, across=across))
    return replace(made, motions=settle(motions))


def padded(t: Tensor, axes: set[int], context: Context, name: str, *details: object) -> Tensor:
    """Return t with zeros beside its entries: along these axes the pairs stand elsewhere than before."""
    made = scrambled(t, context, name, *details)
    before = undiagonal(t)

    def motion(g: Gauge, m: Motion) -> Motion:
        m = replace(m, phase=replace(m.phase, laden=False))  # zeros have no charge
        order = before.motion(g).order
        if order.mode is not Mode.EXACT or order.pointer or m.order.mode is not Mode.MIXED:
            return m
        moved = (Slot(s.axis, row(name, *details, str(s.cut))) if s.axis in axes else s for s in order.tags)
        kept = before.motion(g)
        return replace(m, order=replace(order, tags=frozenset(moved)), batch=kept.batch, rest=kept.rest)

    return replace(made, motions=settle({g: motion(g, m) for g, m in made.motions}), rank=t.rank)


def some_of(t: Tensor, context: Context, name: str, *details: object) -> Tensor:
    """Return entries that are chosen by their places, which the order of the pairs decides."""
    made = scrambled(t, context, name, *details)

    def motion(g: Gauge, m: Motion) -> Motion:
        if m.order.mode is not Mode.MIXED:
            return m
        cause = Cause(context.spot, "positions picked", g, m.live, t.doubt, m.trail)
        known = undiagonal(t).motion(g).order.mode is Mode.EXACT
        return replace(m, order=Order(Mode.BROKEN if known else Mode.UNKNOWN, cause=cause))

    return replace(made, motions=settle({g: motion(g, m) for g, m in made.motions}))


def triangle(t: Tensor, label: Term, context: Context) -> Tensor:
    """Keep the entries on one side of the diagonal: scaling columns commutes with that, reordering them does not."""
    if "diagonal" in t:
        return t

    def motion(g: Gauge, m: Motion) -> Motion:
        cause = Cause(context.spot, "position weighted", g, m.live, t.doubt, m.trail)
        order, rotation = m.order, m.rotation
        if order.mode is Mode.EXACT and any(s.axis in (-1, -2) for s in order.tags):
            order = Order(Mode.BROKEN, cause=cause)
        elif is_placed(order):
            order = spoiled(order, cause) if any(s.axis in (-1, -2) for s in order.tags) else order
        elif order.mode is Mode.MIXED:
            order = Order(Mode.UNKNOWN, cause=cause)
        if rotation.mode is Mode.EXACT and rotation.charges:
            rotation = Rotation(Mode.BROKEN, cause=cause)
        return replace(m, phase=replace(m.phase, laden=False), order=order, rotation=rotation)

    return replace(
        t,
        term=label,
        motions=settle({g: motion(g, m) for g, m in t.motions}),
        flags=t.flags & {"nonneg"},
        steady=t.steady - {-1, -2},
        value=None,
        whole=None,
    )
