"""Subscripts: which index goes to which axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eiglint.gauge.cases import by_cases, with_cases
from eiglint.gauge.cell_settling import settled_subscript
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context
from eiglint.gauge.moduli import forgotten, sized
from eiglint.gauge.positions import cut, pick
from eiglint.gauge.products import diagonal
from eiglint.gauge.shape import assumed_rank, doubted, inserted, scrambled, some_of, suggested_rank
from eiglint.gauge.taking import followed, some_places, take, touched, unsettled
from eiglint.gauge.tensor import LIKELY, Tensor, named, opaque, settle, tensors_in
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range

Plan = list[tuple[int, object]]


def subscript(t: Tensor, items: Sequence[object], context: Context) -> Tensor:
    """Return t[items]."""
    made = settled_subscript(t, items, _subscripted(t, items, context), context)
    given = (t, tuple(items))
    followed = by_cases(made, given, lambda a, c: subscript(a[0], a[1], c), context)  # type: ignore[index]
    followed = sized(forgotten(followed, t), t, lambda a, c: subscript(a, items, c), context)
    return followed if isinstance(followed, Tensor) else made


def _subscripted(t: Tensor, items: Sequence[object], context: Context) -> Tensor:
    if t.rank is None and not t.motions and None in items and Ellipsis not in items:
        # Who adds axes to a known place counts them: there are as many as are written down.
        t = suggested_rank(t, sum(item is not None for item in items), context)
    if t.rank is None and not t.motions and not tensors_in(items):
        # Nothing arbitrary runs along any axis, so it does not matter which ones these are.
        label = term("index", t.term, *(named(i) if i is not Ellipsis else "..." for i in items))
        flags = t.flags & {"nonneg", "random", "zero"}
        added = _added_behind(items)
        kept = frozenset(a - len(added) for a in t.steady) if len(items) == len(added) + 1 else frozenset[int]()
        sizes = tuple((axis, 1) for axis in added)
        steady = kept | frozenset(added) if added else frozenset[int]()
        return Tensor(label, sizes=sizes, steady=steady, dtype=t.dtype, live=t.live, doubt=t.doubt, flags=flags)
    laid = spread(t, list(items))
    if laid is None:
        return opaque([t, *items], context, "index")
    base, plan = laid
    plan = [(axis, _positions(item, base.size(axis)) if isinstance(item, tuple) else item) for axis, item in plan]
    advanced = [(axis, item) for axis, item in plan if isinstance(item, Tensor) and item.rank != 0]
    if len(advanced) > 1:
        return _advanced(base, plan, advanced, context)
    # From the left, so that axes to the right keep their numbers while dimensions disappear.
    for axis, item in sorted((p for p in plan if p[0] is not None), key=lambda p: p[0]):
        if item == Range():
            continue
        base = _one(base, axis, item, context)
    return _with_new_axes(base, list(items))


def _added_behind(items: Sequence[object]) -> list[int]:
    """Return the axes of length one that are added behind all others, as by x[..., None, None]."""
    count = next((k for k, item in enumerate(reversed(items)) if item is not None), 0)
    return list(range(-count, 0)) if Ellipsis in items else []


def spread(t: Tensor, items: list[object]) -> tuple[Tensor, list[tuple[int, object]]] | None:
    """Assign every index to an axis counted from the right; None where that cannot be done."""
    real = [i for i in items if i is not None]
    dots = [k for k, i in enumerate(real) if i is Ellipsis]
    if len(dots) > 1:
        return None
    masks = [i for i in real if isinstance(i, Tensor) and i.dtype == "bool" and (i.rank or 0) > 1]
    if masks:
        return None
    if dots:
        before, after = real[: dots[0]], real[dots[0] + 1 :]
    else:
        before, after = real, []
    plan: list[tuple[int, object]] = [(k - len(after), item) for k, item in enumerate(after)]
    if before:
        made = t if t.rank is not None else doubted(t, assumed=True)
        if t.rank is None and len(before) > (made.rank or 2):
            made = replace(made, rank=len(before))
        rank = made.rank or 2
        if len(before) > rank:
            return None
        plan += [(k - rank, item) for k, item in enumerate(before)]
        t = made
    return t, plan


def _with_new_axes(t: Tensor, items: list[object]) -> Tensor:
    """Insert the axes that None asks for."""
    if None not in items:
        return t
    survivors = [
        i for i in items if i is None or i is Ellipsis or (isinstance(i, Range | Tensor) and not _is_scalar(i))
    ]
    where = survivors.index(Ellipsis) if Ellipsis in survivors else len(survivors)
    for position in range(len(survivors) - 1, -1, -1):
        if survivors[position] is None and position > where:
            t = inserted(t, position - len(survivors))
    front = [p for p, item in enumerate(survivors[:where]) if item is None]
    if not front:
        return t
    if t.rank is None:
        total = where + (len(survivors) - where - 1 if Ellipsis in survivors else 0)
        rank = max(total, assumed_rank(t) + len(front)) if Ellipsis not in survivors else None
        if rank is None:
            return inserted(replace(t, doubt=max(t.doubt, LIKELY)), -(assumed_rank(t) + 1))
        t = replace(t, rank=rank - len(front), doubt=max(t.doubt, LIKELY))
    for position in front:
        t = inserted(t, position - (t.rank or 0) - 1)
    return t


def _is_scalar(item: object) -> bool:
    return isinstance(item, Tensor) and item.rank == 0


def _one(t: Tensor, axis: int, item: object, context: Context) -> Tensor:
    """Apply one index to one axis."""
    t = undiagonal(t) if axis in (-1, -2) else t
    match item:
        case bool():
            return opaque([t], context, "index")
        case Range():
            return cut(t, axis, item, context)
        case int():
            return pick(t, axis, item, context)
        case Number():
            return pick(t, axis, item.term, context)
        case Tensor():
            if item.rank == 0 and item.dtype != "bool":
                made = pick(t, axis, item.value if isinstance(item.value, int) else item.term, context, item)
                first = pick(t, axis, 0, replace(context, remarks=[]))  # a position that is data may be the first
                if t.rank is not None:
                    first = settled_subscript(t, [Range()] * (axis + t.rank) + [0], first, context)
                plain = all(m.phase.neutral for _, m in item.motions)
                return with_cases(made, [first] if plain else [], ("pick", item.term), every=False)
            return take(t, axis, item, context)
        case _:
            return opaque([t, item], context, "index")


def _positions(item: tuple[object, ...], size: object) -> object:
    """Return a list of positions as an index; ranges and numbers are tuples too, and stay what they are."""
    if isinstance(item, Range | Number):
        return item
    flags = frozenset({"iota"}) if item == tuple(range(len(item))) and len(item) == size else frozenset[str]()
    return Tensor(term("literal", named(item)), rank=1, dtype="int", sizes=((-1, len(item)),), flags=flags)


def _advanced(base: Tensor, plan: Plan, advanced: list[tuple[int, Tensor]], context: Context) -> Tensor:
    """Index several axes at once: t[i, j] with 1-d i and j takes the pairs (i_k, j_k) along one new axis."""
    axes = [a for a, _ in advanced]
    if all(i.neutral for _, i in advanced) and all(i.rank == 1 for _, i in advanced) and len(plan) == base.rank:
        listed = _listed(base, plan, advanced, context)
        if listed is not None:
            return listed
    simple = all((i.rank or 1) == 1 for _, i in advanced) and len(plan) == len(advanced)
    adjacent = sorted(axes) == list(range(min(axes), max(axes) + 1))
    if not simple or not adjacent or max(axes) != -1 or len(axes) != 2:
        return _some_places(base, advanced, context)
    (rows, row_index), (columns, column_index) = sorted(advanced)
    iota = {rows: "iota" in row_index, columns: "iota" in column_index}
    if iota[rows] and iota[columns]:
        return diagonal(base, context)
    kept, other = (columns, rows) if iota[columns] else (rows, columns)
    picker = row_index if other == rows else column_index
    if not iota[kept] or any(touched(m, other) for _, m in base.motions):
        return _some_places(base, advanced, context)
    foreign = [g for g in picker.gauges if not picker.motion(g).phase.neutral]
    if foreign:
        return opaque([base, row_index, column_index], context, "index")
    base = followed(base, picker, {kept: -1}, context)
    made = pick(base, other, picker.term, context)
    flags = made.flags | ({"nonzero"} if "largest" in picker else set())
    return replace(made, flags=frozenset(flags), term=term("gather", base.term, other, picker.term))


def _some_places(base: Tensor, advanced: list[tuple[int, Tensor]], context: Context) -> Tensor:
    """Return entries listed by numbers: each keeps its phase, and those listed may all have the same.

    Numbers that know nothing of the pairs list some of them by their places.
    """
    indices = [i for _, i in advanced]
    if any(i.motions for i in indices):
        return opaque([base, *indices], context, "index")
    made = scrambled(base, context, "index", *(i.term for i in indices))
    axes = {a for a, _ in advanced}
    motions = {g: some_places(g, base.motion(g), m, axes, context, made.doubt) for g, m in made.motions}
    doubt = max(base.doubt, *(i.doubt for i in indices))
    return replace(made, motions=settle({g: unsettled(m) for g, m in motions.items()}), doubt=doubt)


def _listed(base: Tensor, plan: Plan, advanced: list[tuple[int, Tensor]], context: Context) -> Tensor | None:
    """List entries at positions that know nothing of the gauge, where something arbitrary runs along both axes."""
    axes = {a for a, _ in advanced}
    if len(advanced) != len(plan) or all("iota" in i for _, i in advanced):
        return None
    if not any(touched(m, a) for a in axes for _, m in base.motions):
        return None
    return replace(some_of(base, context, "index", *(i.term for _, i in advanced)), rank=1)
