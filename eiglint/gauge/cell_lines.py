"""What becomes of single entries that are reduced or mixed along axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from eiglint.gauge.cell_moves import Asked, axis_in, whole_numbers
from eiglint.gauge.cell_products import Group, Operands, Rule
from eiglint.gauge.cells import (
    LOST,
    STILL,
    ZERO,
    Cell,
    Grid,
    each,
    entrywise,
    function_of,
    indices,
    joint,
    modulus_of,
    plus,
    stretched,
    times,
    total,
)


def _reduction(how: str, group: Group) -> Callable[[Sequence[Cell]], Cell]:
    def variance(cells: Sequence[Cell]) -> Cell:
        return STILL if len(set(cells)) == 1 and cells[0].kind == "exact" else function_of([LOST, *cells], group)

    def other(cells: Sequence[Cell]) -> Cell:
        return function_of(cells, group)

    named: dict[str, Callable[[Sequence[Cell]], Cell]] = {
        "sum": lambda cells: total(cells, group),
        "mean": lambda cells: total(cells, group),
        "prod": lambda cells: joint(cells, group),
        "norm": lambda cells: function_of([modulus_of(c) for c in cells], group),
        "any": lambda cells: function_of([modulus_of(c) for c in cells], group),
        "all": lambda cells: function_of([modulus_of(c) for c in cells], group),
        "count": lambda cells: function_of([modulus_of(c) for c in cells], group),
        "variance": lambda cells: STILL if all(c in (STILL, ZERO) for c in cells) else variance(cells),
    }
    return named.get(how, other)


def reduced(grid: Grid, dims: object, keep: bool, rule: Callable[[Sequence[Cell]], Cell]) -> Grid | None:
    """Return lines of entries reduced to one each; along all axes where no dimension is named."""
    rank = len(grid.shape)
    if rank == 0:
        return each(grid, lambda c: rule([c]))
    axes = list(range(rank)) if dims in (None, ()) else whole_numbers(dims)
    if axes is None or any(not -rank <= d < rank for d in axes):
        return None
    over = {d % rank for d in axes}
    lines: dict[tuple[int, ...], list[Cell]] = {}
    for i, c in zip(indices(grid.shape), grid.cells, strict=True):
        lines.setdefault(tuple(0 if k in over else n for k, n in enumerate(i)), []).append(c)
    shape = tuple(1 if k in over else n for k, n in enumerate(grid.shape))
    cells = tuple(rule(lines[i]) for i in indices(shape))
    return Grid(shape if keep else tuple(n for k, n in enumerate(grid.shape) if k not in over), cells)


def _reduced(x: Operands, a: Asked, group: Group) -> Grid | None:
    if a.get("matrix") and a.get("p") not in (None, "fro"):
        return None
    return reduced(x["input"], a.get("dim"), a.get("keepdim") is True, _reduction(str(a.get("how", "other")), group))


def _scanned(x: Operands, a: Asked, group: Group) -> Grid | None:
    grid, how = x["input"], str(a.get("how"))
    axis = axis_in(a.get("dim"), len(grid.shape))  # without one libraries differ: the last, the first, all in a row
    if axis is None or how in ("glu", "diff", "fft"):
        return None
    whole = how in ("softmax", "log_softmax")
    fold = {"cumsum": total, "cumprod": joint}.get(how, function_of)

    def entry(i: tuple[int, ...]) -> Cell:
        last = grid.shape[axis] if whole else i[axis] + 1
        return fold([grid.at((*i[:axis], k, *i[axis + 1 :])) for k in range(last)], group)

    return Grid(grid.shape, tuple(entry(i) for i in indices(grid.shape)))


def _traced(x: Operands, a: Asked, group: Group) -> Grid | None:
    grid = x["input"]
    if len(grid.shape) != 2 or a.get("offset", 0) != 0:
        return None
    return Grid((), (total([grid.at((k, k)) for k in range(min(grid.shape))], group),))


def _differences(x: Operands, a: Asked, group: Group) -> Grid | None:
    grid = x["input"]
    axis = axis_in(a.get("dim", -1), len(grid.shape))
    if axis is None or a.get("n", 1) != 1 or a.get("prepend") is not None or a.get("append") is not None:
        return None
    shape = tuple(n - 1 if k == axis else n for k, n in enumerate(grid.shape))
    if min(shape) < 1:
        return None

    def entry(i: tuple[int, ...]) -> Cell:
        return plus(grid.at(i), grid.at((*i[:axis], i[axis] + 1, *i[axis + 1 :])), group)

    return Grid(shape, tuple(map(entry, indices(shape))))


def _transformed(x: Operands, a: Asked, group: Group) -> Grid | None:
    """A Fourier transform: every entry of a line is a sum of all of them."""
    grid, axis = x["input"], axis_in(a.get("dim", -1), len(x["input"].shape))
    if axis is None or a.get("n") is not None or str(a.get("name")).rpartition(".")[2] not in ("fft", "ifft"):
        return None
    made = reduced(grid, axis, True, lambda cells: total(cells, group))
    return None if made is None else stretched(made, grid.shape)


def _normalized(x: Operands, a: Asked, group: Group) -> Grid | None:
    grid = x["input"]
    size = reduced(grid, a.get("dim"), True, _reduction("norm", group))
    return None if size is None else entrywise([grid, size], lambda c: times(c[0], c[1], group))


LINES: Mapping[str, Rule] = {
    "reduce": _reduced,
    "scan": _scanned,
    "trace": _traced,
    "normalize": _normalized,
    "diff": _differences,
    "fft": _transformed,
}
"""How each kind works along lines of entries."""
