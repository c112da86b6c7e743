"""From charges per axis to charges per entry, and back."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from eiglint.gauge.cells import MOST_CELLS, STILL, ZERO, Cell, Grid, Label, indices, weight_of
from eiglint.gauge.context import Gauge
from eiglint.gauge.state import WHOLE, Cause, Cut, Mode, Motion, Phase, Pick, Slot
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import Term


def shape_of(t: Tensor) -> tuple[int, ...] | None:
    """Return the sizes of a tensor where all are known and it is small."""
    if t.rank is None:
        return None
    sizes = tuple(n for a in range(-t.rank, 0) if isinstance(n := t.size(a), int))
    return sizes if len(sizes) == t.rank and prod(sizes) <= MOST_CELLS else None


def grid_of(t: Tensor, g: Gauge) -> Grid | None:
    """Return how every entry of t moves under one gauge; None where that is not known."""
    m, shape = t.motion(g), shape_of(t)
    if t.grids is not None and t.grids.of is t.term and g in (known := dict(t.grids.by)):
        return known[g]
    if shape is not None and m.phase.mode in (Mode.EXACT, Mode.FUN):
        return _laid_out(t, m, g, shape)
    return None


def element_of(grid: Grid, origin: Gauge, g: Gauge) -> Grid | None:
    """Return a grid under the gauge of one batch element, given that under the gauge of all of them."""
    kind, key = g.lineage[-1] if isinstance(g.lineage[-1], tuple) and len(g.lineage[-1]) == 2 else ("", None)
    labels = {label for c in grid.cells for label, _ in c.weight}
    if kind != "element" or any(place != (key,) for place, _ in labels):
        return None
    return Grid(grid.shape, tuple(_alone(c) for c in grid.cells))


def _alone(c: Cell) -> Cell:
    return Cell(c.kind, frozenset((((), column), q) for (_, column), q in c.weight))


def _laid_out(t: Tensor, m: Motion, g: Gauge, shape: tuple[int, ...]) -> Grid | None:
    kind = "exact" if m.phase.mode is Mode.EXACT else "fun"
    if "zero" in t:
        return Grid(shape, (ZERO,) * prod(shape))
    if m.phase.neutral and "diagonal" not in t:
        return Grid(shape, (STILL,) * prod(shape))
    if m.rest is not None and not m.phase.neutral:
        return None
    batch = [] if m.phase.neutral else sorted(m.batch)
    plan = [
        (where, columns, q) for k, q in m.phase.charges if (found := _columns(k, shape)) for where, columns in [found]
    ]
    if len(plan) < len(m.phase.charges) or any(-a > len(shape) for a in batch):
        return None
    lone = "diagonal" in t

    def cell(i: tuple[int, ...]) -> Cell:
        if lone and i[-1] != i[-2]:
            return ZERO
        element = tuple(i[a] for a in batch)
        pairs: list[tuple[Label, int]] = []
        for where, columns, q in plan:
            pairs.append(((element, columns[0 if where is None else i[where]]), q))
        return Cell(kind, weight_of(pairs, g.group))

    return Grid(shape, tuple(cell(i) for i in indices(shape)))


def _columns(key: Slot | Pick, shape: tuple[int, ...]) -> tuple[int | None, list[object]] | None:
    """Return the columns along an axis, or the one of all entries; None where they are not known."""
    if isinstance(key, Slot):
        found = _cut_columns(key.cut, shape[key.axis]) if -key.axis <= len(shape) else None
        return None if found is None else (key.axis, found)
    start, step = key.cut
    if key.key == "size-one":
        found = _cut_columns(key.cut, 1)
    elif isinstance(key.key, int) and key.key >= 0:
        found = [key.key] if key.cut == WHOLE else [(start, key.key)] if _is_name(start) and step == 1 else None
    else:
        found = ["all"] if key.key == "all" and key.cut == WHOLE else [key] if key.key == "sign" else None
    return None if found is None else (None, found)


def _is_name(start: object) -> bool:
    """Whether a cut is the name of phases that stand for no columns."""
    return isinstance(start, Term) and start.op == "sign of"


def _cut_columns(part: Cut, n: int) -> list[object] | None:
    """Return which columns a cut of known length runs over."""
    match part:
        case (int() as start, int() as step) if start >= 0 and step > 0:
            return [start + step * k for k in range(n)]
        case (-1, -1):
            return list(range(n - 1, -1, -1))
        case (Term(op="rolled") as turned, 1) if len(turned.args) == 3 and isinstance(turned.args[2], int):
            before = _cut_columns((turned.args[0], turned.args[1]), n)
            return None if before is None else [before[(k - turned.args[2]) % n] for k in range(n)]
        case (Term() as start, "taken"):
            listed = literal_numbers(start)
            places = [k for k in listed if isinstance(k, int) and k >= 0] if isinstance(listed, tuple) else []
            return list(places) if len(places) == n else None
        case (start, 1) if _is_name(start):
            return [(start, k) for k in range(n)]
    return None


def phase_from(grid: Grid, g: Gauge, before: Phase, cause: Cause) -> Phase:
    """Return the state of a tensor whose entries are known one by one."""
    kinds = {c.kind for c in grid.cells}
    why = before.cause or cause
    if "lost" in kinds:
        return before if before.mode is Mode.BROKEN else Phase(Mode.BROKEN, cause=why)
    moving = {c for c in grid.cells if c.weight}
    if not moving:
        return Phase()
    plain = _as_charges(grid, g)
    if plain is not None:
        return plain if "fun" not in kinds else replace(plain, mode=Mode.FUN, cause=why)
    if "fun" in kinds:
        return before if before.mode is Mode.BROKEN else Phase(Mode.BROKEN, cause=why)
    across = frozenset(a for a in range(-len(grid.shape), 0) if _differs(grid, a))
    laden = all(c.weight for c in grid.cells)
    return Phase(Mode.MIXED, cause=why, across=across, laden=laden)


def _as_charges(grid: Grid, g: Gauge) -> Phase | None:
    """Write charges that all entries share, or that follow one axis, as such."""
    kinds = {c.kind for c in grid.cells} - {"zero"}
    if len(kinds) != 1:
        return None
    same = {c.weight for c in grid.cells if c.kind != "zero"}
    if len(same) == 1:
        (weight,) = same
        shared = [(c, q) for (batch, c), q in weight if batch == ()]
        if len(shared) == len(weight) and all(isinstance(c, int) or c == "all" for c, _ in shared):
            return Phase(charges=frozenset((Pick(c), q) for c, q in shared))
    axes = [a for a in range(-len(grid.shape), 0) if _differs(grid, a)]
    if len(axes) != 1 or any(c.kind == "zero" for c in grid.cells):
        return None
    found = [label for weight in _line(grid, axes[0]) for label in weight]
    charge = {q for _, q in found}
    columns = [c for (batch, c), _ in found if batch == () and isinstance(c, int)]
    if len(charge) != 1 or len(found) != grid.shape[axes[0]] or len(columns) < len(found):
        return None
    step = columns[1] - columns[0]
    if step < 1 or columns != list(range(columns[0], columns[0] + step * len(columns), step)):
        return None
    part: Cut = (columns[0], step)
    return Phase(charges=frozenset({(Slot(axes[0], part), charge.pop())}))


def _line(grid: Grid, axis: int) -> list[frozenset[tuple[Label, int]]]:
    place = [0] * len(grid.shape)
    found = []
    for k in range(grid.shape[axis]):
        place[axis] = k
        found.append(grid.at(place).weight)
    return found


def _differs(grid: Grid, axis: int) -> bool:
    """Whether entries along an axis move unlike; a zero moves as any other."""
    for i in indices(grid.shape):
        if i[axis]:
            continue
        line = {grid.at((*i[: len(i) + axis], k, *i[len(i) + axis + 1 :])) for k in range(grid.shape[axis])}
        if len(line - {ZERO}) > 1:
            return True
    return False


def literal_numbers(t: Term) -> object:
    """Return the nested numbers that a term writes down; None where it does not."""
    inner = t.args[0] if t.args else None
    if t.op == "literal" and isinstance(inner, Term):
        return _numbers(inner)
    if t.op == "pick" and isinstance(inner, Term) and isinstance(t.args[2], int):
        rows = literal_numbers(inner)
        nested = isinstance(rows, tuple) and rows and all(isinstance(row, tuple) for row in rows)
        return rows[t.args[2]] if nested and t.args[1] == -2 and 0 <= t.args[2] < len(rows) else None  # type: ignore[index, arg-type]
    return None


def _numbers(t: object) -> object:
    if isinstance(t, Term):
        return tuple(_numbers(a) for a in t.args) if t.op == "tuple" else None
    return t if isinstance(t, int) else None
