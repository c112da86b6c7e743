"""The charge of every single entry, where all sizes are known: what unlike entries side by side forget otherwise.

A tensor of unlike entries (`V` beside another matrix, a diagonal overwritten, a reshape across columns) moves by one
factor per entry, and no charge per axis says which. If its sizes are in the text, and small, the factor of each entry
can be written down, and products, sums and rearrangements of entries can be followed one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import NamedTuple

MOST_CELLS = 600
MOST_PRODUCTS = 40_000

Label = tuple[tuple[int, ...], object]
"""Whose phase: the position along the batch axes, and the column (or what stands for all columns)."""
Weight = frozenset[tuple[Label, int]]


class Cell(NamedTuple):
    """How one entry moves: by a factor ("exact"), as a function of one ("fun"), otherwise ("lost"); or it is "zero"."""

    kind: str
    weight: Weight = frozenset()


STILL, ZERO, LOST = Cell("exact"), Cell("zero"), Cell("lost")


class Grid(NamedTuple):
    """The entries of a tensor, the last axis running fastest."""

    shape: tuple[int, ...]
    cells: tuple[Cell, ...]

    def at(self, index: Sequence[int]) -> Cell:
        place = 0
        for i, n in zip(index, self.shape, strict=True):
            place = place * n + i
        return self.cells[place]


Index = tuple[int, ...]
Source = Callable[[Index], Index | None]
"""Where an entry of a rearranged tensor comes from; None for a zero."""


def indices(shape: Sequence[int]) -> Iterable[Index]:
    """Every position of a shape in its order."""
    return product(*map(range, shape))


def rearranged(grid: Grid, shape: Sequence[int], source: Source) -> Grid:
    """Return the grid whose entries are those of another, each from its source."""
    cells = tuple(ZERO if (place := source(i)) is None else grid.at(place) for i in indices(shape))
    return Grid(tuple(shape), cells)


def stretched(grid: Grid, shape: Sequence[int]) -> Grid:
    """Return a grid broadcast to a larger shape."""
    extra = len(shape) - len(grid.shape)
    ones = [n == 1 for n in grid.shape]
    if tuple(shape) == grid.shape:
        return grid
    return rearranged(grid, shape, lambda i: tuple(0 if one else k for one, k in zip(ones, i[extra:], strict=True)))


def common_shape(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
    """Return the shape that several broadcast to; None where they do not."""
    rank = max(map(len, shapes), default=0)
    made = []
    for axis in range(-rank, 0):
        lengths = {s[axis] for s in shapes if -axis <= len(s)} - {1}
        if len(lengths) > 1:
            return None
        made.append(lengths.pop() if lengths else 1)
    return tuple(made) if prod(made) <= MOST_CELLS else None


def entrywise(grids: Sequence[Grid], rule: Callable[[Sequence[Cell]], Cell]) -> Grid | None:
    """Combine grids that are laid over each other, entry by entry."""
    shape = common_shape([g.shape for g in grids])
    if shape is None:
        return None
    laid = [stretched(g, shape).cells for g in grids]
    return Grid(shape, tuple(map(rule, zip(*laid, strict=True))))


def each(grid: Grid, rule: Callable[[Cell], Cell]) -> Grid:
    """Change every entry."""
    return Grid(grid.shape, tuple(map(rule, grid.cells)))


def weight_of(pairs: Iterable[tuple[Label, int]], group: str) -> Weight:
    """Add up charges of equal labels; signs count modulo 2."""
    total: dict[Label, int] = {}
    for label, q in pairs:
        total[label] = total.get(label, 0) + q
    return frozenset((k, n) for k, q in total.items() if (n := q % 2 if group == "Z2" else q))


def opposite(w: Weight, group: str) -> Weight:
    """Return the weight of the conjugate."""
    return w if group == "Z2" else frozenset((k, -q) for k, q in w)


@lru_cache(maxsize=1 << 16)
def times(a: Cell, b: Cell, group: str) -> Cell:
    """Return the product of two entries."""
    if ZERO in (a, b):
        return ZERO
    if "lost" in (a.kind, b.kind):
        return LOST
    if a.kind == b.kind == "exact":
        return Cell("exact", weight_of([*a.weight, *b.weight], group))
    return function_of([a, b], group)


@lru_cache(maxsize=1 << 16)
def plus(a: Cell, b: Cell, group: str) -> Cell:
    """Return the sum of two entries."""
    if ZERO in (a, b):
        return b if a == ZERO else a
    if a == b and a.kind == "exact":
        return a
    return function_of([a, b], group)


def function_of(cells: Sequence[Cell], group: str) -> Cell:
    """Return an arbitrary function of several entries: of the one phase that they share, or lost."""
    if any(c.kind == "lost" for c in cells):
        return LOST
    weights = {c.weight for c in cells if c.weight}
    if not weights:
        return STILL
    first = next(iter(weights))
    return Cell("fun", first) if weights <= {first, opposite(first, group)} else LOST


def total(cells: Sequence[Cell], group: str) -> Cell:
    """Return the sum of entries."""
    made = ZERO
    for c in set(cells):
        made = plus(made, c, group)
    return made


def joint(cells: Sequence[Cell], group: str) -> Cell:
    """Return the product of entries."""
    made = STILL
    for c in cells:
        made = times(made, c, group)
    return made


def modulus_of(cell: Cell) -> Cell:
    """Return the modulus of an entry."""
    return STILL if cell.kind == "exact" else cell


def mapped_cell(cell: Cell, group: str, parity: str, zero: bool) -> Cell:
    """Return a function of an entry, be it odd, even or neither; `zero` says that it maps 0 to 0."""
    if cell == ZERO:
        return ZERO if zero else STILL
    if cell.kind != "exact" or not cell.weight:
        return cell
    if group == "Z2" and parity in ("odd", "even"):
        return cell if parity == "odd" else STILL
    return Cell("fun", cell.weight)


def contracted(operands: Sequence[tuple[Grid, Sequence[object]]], out: Sequence[object], group: str) -> Grid | None:
    """Return the sum of products over the letters that the result does not have; None where sizes do not fit."""
    sizes: dict[object, int] = {}
    for grid, letters in operands:
        for letter, n in zip(letters, grid.shape, strict=True):
            if sizes.get(letter, 1) not in (1, n) and n != 1:
                return None
            sizes[letter] = max(n, sizes.get(letter, 1))
    if any(letter not in sizes for letter in out):
        return None
    summed = [x for x in sizes if x not in out]
    kept = list(dict.fromkeys(out))
    if prod(sizes.values()) > MOST_PRODUCTS or prod(sizes[x] for x in out) > MOST_CELLS:
        return None
    found: dict[Index, Cell] = {}
    for place in product(*(range(sizes[x]) for x in kept)):
        here = dict(zip(kept, place, strict=True))
        parts: set[Cell] = set()
        for inner in product(*(range(sizes[x]) for x in summed)):
            here.update(zip(summed, inner, strict=True))
            cell = STILL
            for grid, letters in operands:
                at = [0 if n == 1 else here[x] for x, n in zip(letters, grid.shape, strict=True)]
                cell = times(cell, grid.at(at), group)
            parts.add(cell)
        found[place] = total(tuple(parts), group)
    position = [kept.index(x) for x in out]
    shape = tuple(sizes[x] for x in out)

    def entry(i: Index) -> Cell:
        values: dict[int, int] = {}
        for k, n in zip(position, i, strict=True):
            if values.setdefault(k, n) != n:
                return ZERO
        return found[tuple(values[k] for k in range(len(kept)))]

    return Grid(shape, tuple(entry(i) for i in indices(shape)))
