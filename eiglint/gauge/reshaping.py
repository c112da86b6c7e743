"""Reshaping: which dimensions are still the axes they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import prod

from eiglint.gauge.arrangement import arrangement, is_placed, row
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.shape import assumed_rank, doubted, inserted, relabel, removed, scrambled
from eiglint.gauge.state import APART, Mode, Motion, Order, Slot, spread
from eiglint.gauge.tensor import LIKELY, Tensor, named, settle, slots_of
from eiglint.gauge.terms import Term, term
from eiglint.gauge.values import Number


def reshape(t: Tensor, shape: Sequence[object] | None, context: Context) -> Tensor:
    """Give new dimensions; trailing ones of equal known length are the same axes as before."""
    label = ("reshape", named(shape))
    if shape is None:
        return scrambled(t, context, *label)
    rank = len(shape)
    lengths = [s.term if isinstance(s, Number) else s for s in shape]
    same = 0
    while same < rank and _is_length(lengths[-same - 1], t, -same - 1):
        same += 1
    moving = {a for _, m in t.motions for a in slots_of(m)}
    batched = any(m.rest is not None for _, m in t.motions if not m.phase.neutral)
    if all(-a <= same for a in moving) and not batched:
        filled = _lengths(t, lengths)
        whole = lengths if filled is None else filled[1]
        known = tuple((i - rank, s) for i, s in enumerate(whole) if s != -1 and isinstance(s, int | Term))
        steady = frozenset(a for a in t.steady if -a <= same) | {a for a, s in known if s == 1}
        flags = t.flags if same >= 2 else t.flags - {"diagonal", "identity", "hermitian"}
        base = t if same >= 2 else undiagonal(t)
        return replace(
            base,
            term=term("reshape", t.term, named(shape)),
            rank=rank,
            sizes=known,
            steady=steady,
            flags=flags,
            whole=None,
        )
    kept = _only_ones(t, lengths)
    if kept is not None:
        return kept
    rows = _vector(t, lengths)
    if rows is None:
        rows = _batch_in_front(t, lengths)
    if rows is None:
        rows = _leading_kept(t, lengths)
    if rows is not None:
        return rows
    made = replace(scrambled(t, context, *label), rank=rank)
    sizes = _lengths(t, lengths)
    return _vector_laid_out(made, t, lengths) if sizes is None else _spread_pairs(made, undiagonal(t), sizes)


def _vector_laid_out(made: Tensor, t: Tensor, lengths: Sequence[object]) -> Tensor:
    """Note that the entries of a vector, each with its own phase, differ along every dimension they are laid in."""
    if assumed_rank(t) != 1:
        return made
    across = frozenset(i - len(lengths) for i, n in enumerate(lengths) if n != 1)
    motions = dict(made.motions)
    for g, m in t.motions:
        phase = motions[g].phase
        alone = m.phase.mode is Mode.EXACT and spread(m.phase) == frozenset({-1}) and not m.batch
        if alone and phase.mode is Mode.MIXED:
            motions[g] = replace(motions[g], phase=replace(phase, across=across))
    return doubted(replace(made, motions=settle(motions)), assumed=t.rank is None)


def flattened(t: Tensor, first: int, last: int, context: Context) -> Tensor | None:
    """Return t with the dimensions from first to last merged; None where a size is not known."""
    if t.rank is None:
        return None
    sizes = [t.size(a) for a in range(-t.rank, 0)]
    known = [n for n in sizes if isinstance(n, int)]
    if len(known) < t.rank:
        return None
    first, last = first % t.rank, last % t.rank
    return reshape(t, [*known[:first], prod(known[first : last + 1]), *known[last + 1 :]], context)


def _lengths(t: Tensor, lengths: Sequence[object]) -> tuple[list[int], list[int]] | None:
    """Return the old and the new sizes where all are known, -1 filled in."""
    if t.rank is None:
        return None
    old = [n for a in range(-t.rank, 0) if isinstance(n := t.size(a), int)]
    new = [n for n in lengths if isinstance(n, int)]
    if len(old) < t.rank or len(new) < len(lengths) or new.count(-1) > 1 or 0 in old:
        return None
    rest = prod(n for n in new if n != -1)
    new = [prod(old) // rest if n == -1 and rest else n for n in new]
    return (old, new) if prod(new) == prod(old) else None


def _spread_pairs(made: Tensor, t: Tensor, sizes: tuple[list[int], list[int]]) -> Tensor:
    """Tell along which new dimensions the pairs' entries lie now.

    A dimension of n entries and stride s holds the digit between s and s n of an entry's number. New dimensions whose
    digits lie elsewhere know nothing of the pairs, if all these bounds divide one another.
    """
    old, new = (_digits(s) for s in sizes)
    bounds = sorted({b for span in (*old, *new) for b in span})
    clean = all(b % a == 0 for a, b in pairwise(bounds))

    def slots(s: Slot) -> frozenset[Slot]:
        cut = arrangement("reshape", *map(str, sizes), s.axis, str(s.cut))
        hit = [a for a in range(-len(new), 0) if not clean or _meet(old[s.axis], new[a])]
        return frozenset(Slot(a, cut if s.cut != APART else APART) for a in hit if sizes[1][a] > 1)

    def followed(g: Gauge, m: Motion) -> Motion:
        axes = spread(t.motion(g).phase)
        if m.phase.mode is not Mode.MIXED or axes is None or t.motion(g).batch or t.motion(g).rest is not None:
            return m
        reached = (a for axis in axes for a in range(-len(new), 0) if not clean or _meet(old[axis], new[a]))
        return replace(m, phase=replace(m.phase, across=frozenset(a for a in reached if sizes[1][a] > 1)))

    def motion(g: Gauge, m: Motion) -> Motion:
        m = followed(g, m)
        before = t.motion(g).order
        known = is_placed(before) or (before.mode is Mode.EXACT and bool(before.tags))
        if m.order.mode is not Mode.MIXED or not known:
            return m
        apart = [a for a in range(-len(old), 0) if t.motion(g).is_batch(a) and sizes[0][a] > 1]
        batch = frozenset(new.index(old[a]) - len(new) for a in apart if old[a] in new)
        if len(batch) < len(apart):
            return _together(m, before, apart)  # orders of several batch elements along one axis
        tags = frozenset[Slot]().union(*map(slots, before.tags))
        if before.mode is Mode.EXACT and all(len(slots(s)) == 1 for s in before.tags):
            # The digits of the pairs lie in one dimension each: its positions are permuted with them.
            about = sorted(f"{s.axis} {s.cut}" for s in before.tags)
            axes = {s.axis for s in tags}
            name = "reshape" if len(before.tags) > 1 else "laid"
            rows = (Slot(a, row(name, *map(str, sizes), *about, a)) for a in axes)
            return replace(m, order=Order(tags=frozenset(rows)), batch=batch)
        return replace(m, order=replace(m.order, tags=tags), batch=batch)

    def _together(m: Motion, before: Order, apart: list[int]) -> Motion:
        spread_over = {*apart, *(s.axis for s in before.tags)}
        hit = [a for a in range(-len(new), 0) if not clean or any(_meet(old[x], new[a]) for x in spread_over)]
        if before.mode is not Mode.EXACT or before.pointer:
            return m
        cut = arrangement("reshape", *map(str, sizes), *sorted(map(str, before.tags)))
        order = replace(m.order, mode=Mode.MIXED, tags=frozenset(Slot(a, cut) for a in hit if sizes[1][a] > 1))
        return replace(m, order=order)

    motions = settle({g: motion(g, m) for g, m in made.motions})
    known = tuple((i - len(new), n) for i, n in enumerate(sizes[1]))
    return replace(made, motions=motions, sizes=known)


def _meet(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] < span[1] and span[0] < other[1]


def _digits(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return for each dimension its stride and its stride times its size."""
    return [(prod(sizes[i + 1 :]), prod(sizes[i:])) for i in range(len(sizes))]


def _leading_kept(t: Tensor, lengths: Sequence[object]) -> Tensor | None:
    """Recognise (k, n) given the shape (k, a, b): what runs along the first dimensions still does."""
    if t.rank is None:
        return None
    lead = 0
    while lead < min(t.rank, len(lengths)) and _is_length(lengths[lead], t, lead - t.rank):
        lead += 1
    moving = {a for _, m in t.motions for a in slots_of(m)}
    if lead == 0 or any(a >= lead - t.rank for a in moving):
        return None
    old, new = t.rank, len(lengths)
    base = undiagonal(t)
    label = term("reshape", t.term, named(tuple(lengths)))
    made = relabel(base, lambda a: a + old - new if a < lead - old else None, label, new)
    sizes = tuple((i - new, n) for i, n in enumerate(lengths) if n != -1 and isinstance(n, int | Term))
    return replace(made, sizes=sizes, flags=base.flags & {"nonneg", "nonzero", "random"})


def _only_ones(t: Tensor, lengths: Sequence[object]) -> Tensor | None:
    """Recognise a reshape that only adds or drops dimensions of size one."""
    if t.rank is None:
        return None
    old = [t.size(a) for a in range(-t.rank, 0)]
    free = [s for s in lengths if s == -1]
    if len(free) > 1 or len([s for s in old if s is None]) > len(free):
        return None
    real_old = [s for s in old if s != 1]
    real_new = [s for s in lengths if s != 1]
    if len(real_old) != len(real_new):
        return None
    if any(n not in (-1, o) and o is not None for o, n in zip(real_old, real_new, strict=True)):
        return None
    for axis in sorted((a for a in range(-t.rank, 0) if t.size(a) == 1), reverse=False):
        t = removed(t, axis, term("squeeze", t.term, axis))
    for i in range(len(lengths) - 1, -1, -1):
        if lengths[i] == 1:
            # Axes further right are already in place, so the position counts from the right of the result.
            t = inserted(t, i - len(lengths))
    return t


def _vector(t: Tensor, lengths: Sequence[object]) -> Tensor | None:
    """Recognise a vector made a row or a column: one dimension of any length among dimensions of length one.

    A batch of vectors, laid end to end, would not be told from one vector any more: the rank counts as assumed.
    """
    if t.rank is not None or assumed_rank(t) != 1 or sorted(map(str, lengths)) != ["-1"] + ["1"] * (len(lengths) - 1):
        return None
    return _only_ones(doubted(t, assumed=True), lengths)


def _is_length(length: object, t: Tensor, axis: int) -> bool:
    """Whether a requested length is that of the axis: the known one, or what the program read off t's own shape."""
    if isinstance(length, Term) and length.op == "size" and length.args == (t.term, axis):
        return True
    return t.size(axis) is not None and length == t.size(axis)


def _batch_in_front(t: Tensor, lengths: Sequence[object]) -> Tensor | None:
    """Recognise (batch, n) given the shape (-1, a, b): every element of the batch is laid out anew by itself.

    That the sizes behind the first one multiply to n is not checked, so the rank counts as assumed.
    """
    moving = [m for _, m in t.motions]
    if any(slots_of(m) - set(m.batch) for m in moving):
        return None
    rank = len(lengths)
    fixed = [isinstance(n, int) and n > 0 for n in lengths]
    front = 0
    while front < rank and not fixed[front]:
        front += 1
    if not all(fixed[front:]) or front == rank:
        return None
    batch = frozenset(range(-rank, -rank + front))

    def motion(m: Motion) -> Motion:
        return replace(m, batch=batch if (m.batch or m.rest is not None) else frozenset(), rest=None)

    return replace(
        t,
        term=term("reshape", t.term, named(tuple(lengths))),
        motions=settle({g: motion(m) for g, m in t.motions}),
        rank=rank,
        sizes=tuple((i - rank, n) for i, n in enumerate(lengths) if isinstance(n, int) and n > 0),
        steady=frozenset(),
        doubt=max(t.doubt, LIKELY),
        flags=t.flags & {"nonneg", "nonzero", "random"},
        whole=None,
    )
