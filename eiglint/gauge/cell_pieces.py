"""Entries picked, overwritten and put together, one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from eiglint.gauge.cell_moves import Asked, Move, axis_in, diagonal_of, subscripted
from eiglint.gauge.cell_products import Group, Operands, Rule
from eiglint.gauge.cells import (
    MOST_CELLS,
    STILL,
    ZERO,
    Cell,
    Grid,
    indices,
    rearranged,
    stretched,
)
from eiglint.gauge.values import Range


def _gathered(x: Operands, a: Asked, group: Group) -> Grid | None:
    """Entries of unknown position along an axis, where all of a line move alike."""
    grid, index = x["input"], x["index"]
    axis = axis_in(a.get("dim"), len(grid.shape))
    if axis is None or len(index.shape) != len(grid.shape) or any(c != STILL for c in index.cells):
        return None

    def entry(i: tuple[int, ...]) -> Cell | None:
        line = {grid.at((*i[:axis], k, *i[axis + 1 :])) for k in range(grid.shape[axis])}
        return line.pop() if len(line) == 1 else None

    if any(n > m for k, (n, m) in enumerate(zip(index.shape, grid.shape, strict=True)) if k != axis):
        return None
    cells = [entry(i) for i in indices(index.shape)]
    known = tuple(c for c in cells if c is not None)
    return Grid(index.shape, known) if len(known) == len(cells) else None


def _overwritten(x: Operands, a: Asked, group: Group) -> Grid | None:
    """Entries replaced at places that are written down: a diagonal, a slice, one position."""
    grid, src = x["input"], x.get("src")
    found = _places(grid.shape, a)
    if src is None or found is None or len(src.shape) > len(found[0]):
        return None
    shape, source = found
    laid = stretched(src, shape)
    written = {source(i): laid.at(i) for i in indices(shape)}
    return Grid(grid.shape, tuple(written.get(i, c) for i, c in zip(indices(grid.shape), grid.cells, strict=True)))


def _places(shape: tuple[int, ...], a: Asked) -> Move | None:
    rank, dim = len(shape), a.get("dim", 0)
    axis = axis_in(dim, rank)
    match a.get("how"):
        case "fill_diagonal" if rank == 2 and shape[0] <= shape[1]:
            return diagonal_of(shape, {})
        case "diagonal":
            return diagonal_of(shape, a)
        case "select" if axis is not None:
            return subscripted(shape, [Range()] * axis + [a.get("index")])
        case "slice" if axis is not None:
            span = Range(a.get("start"), a.get("end"), a.get("step", 1))
            return subscripted(shape, [Range()] * axis + [span])
        case None if axis is not None and "index" in a and "dim" in a:
            return subscripted(shape, [Range()] * axis + [a["index"]])
    return None


def _interleaved(x: Operands, a: Asked, group: Group) -> Grid | None:
    """Every entry several times in a row."""
    grid, times_each = x["input"], a.get("sizes")
    if not isinstance(times_each, int) or times_each < 1:
        return None
    if a.get("dim") is None:
        return Grid((len(grid.cells) * times_each,), tuple(c for c in grid.cells for _ in range(times_each)))
    axis = axis_in(a["dim"], len(grid.shape))
    if axis is None:
        return None
    shape = tuple(n * times_each if k == axis else n for k, n in enumerate(grid.shape))
    return rearranged(grid, shape, lambda i: (*i[:axis], i[axis] // times_each, *i[axis + 1 :]))


def joined(grids: Sequence[Grid], axis: int, new: bool) -> Grid | None:
    """Return grids put together along an axis counted from the right in the result."""
    if new:
        grids = [rearranged(g, *_with_axis(g.shape, axis)) for g in grids]
    first = grids[0].shape
    place = axis + len(first)
    if not 0 <= place < len(first) or any(len(g.shape) != len(first) for g in grids):
        return None
    if any(n != m for g in grids for k, (n, m) in enumerate(zip(g.shape, first, strict=True)) if k != place):
        return None
    starts, shape = [], list(first)
    shape[place] = 0
    for g in grids:
        starts.append(shape[place])
        shape[place] += g.shape[place]

    def entry(i: tuple[int, ...]) -> Cell:
        number = max(k for k, s in enumerate(starts) if s <= i[place])
        return grids[number].at((*i[:place], i[place] - starts[number], *i[place + 1 :]))

    return Grid(tuple(shape), tuple(entry(i) for i in indices(shape))) if _few(shape) else None


def _few(shape: Sequence[int]) -> bool:
    count = 1
    for n in shape:
        count *= n
    return 0 < count <= MOST_CELLS


def _with_axis(
    shape: tuple[int, ...], axis: int
) -> tuple[tuple[int, ...], Callable[[tuple[int, ...]], tuple[int, ...]]]:
    place = axis + len(shape) + 1
    return (*shape[:place], 1, *shape[place:]), lambda i: (*i[:place], *i[place + 1 :])


def block_diagonal(grids: Sequence[Grid]) -> Grid | None:
    """Return matrices along the diagonal, zeros beside."""
    if any(len(g.shape) != 2 for g in grids):
        return None
    shape = sum(g.shape[0] for g in grids), sum(g.shape[1] for g in grids)
    found: dict[tuple[int, ...], Cell] = {}
    row = column = 0
    for g in grids:
        found |= {(i[0] + row, i[1] + column): c for i, c in zip(indices(g.shape), g.cells, strict=True)}
        row, column = row + g.shape[0], column + g.shape[1]
    return Grid(shape, tuple(found.get(i, ZERO) for i in indices(shape))) if _few(shape) else None


PIECES: Mapping[str, Rule] = {
    "gather": _gathered,
    "scatter": _overwritten,
    "index_fill": _overwritten,
    "index_copy": _overwritten,
    "repeat_interleave": _interleaved,
}
"""How each kind picks or places single entries."""
