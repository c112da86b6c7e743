"""Functions of whole matrices whose entries move unlike."""

from __future__ import annotations

from collections.abc import Mapping

from eiglint.gauge.cell_moves import Asked
from eiglint.gauge.cell_products import Group, Operands, Rule, conjugated, matmul
from eiglint.gauge.cells import (
    LOST,
    Grid,
    indices,
    joint,
    rearranged,
    times,
)


def _inverse(x: Operands, a: Asked, group: Group) -> Grid | None:
    return inverse(x["input"], group)


def inverse(grid: Grid, group: Group) -> Grid | None:
    """Return the inverse of a matrix whose entries move by a factor of the row times one of the column."""
    if len(grid.shape) != 2 or any(c.kind != "exact" for c in grid.cells):
        return None
    if not _rows_by_columns(grid, group):
        return Grid(grid.shape[::-1], (LOST,) * len(grid.cells))
    return conjugated(rearranged(grid, grid.shape[::-1], lambda i: i[::-1]), group)


def _rows_by_columns(grid: Grid, group: Group) -> bool:
    """Whether the charge at [i, j] is one of the row and one of the column together."""

    def twisted(i: int, j: int) -> bool:
        here = times(grid.at((i, j)), grid.at((0, 0)), group)
        return here != times(grid.at((i, 0)), grid.at((0, j)), group)

    return not any(twisted(i, j) for i, j in indices(grid.shape))


def _solved(x: Operands, a: Asked, group: Group) -> Grid | None:
    if a.get("triangular") or a.get("left", True) is not True or a.get("fields"):
        return None
    back = inverse(x["A"], group)
    return None if back is None else matmul(back, x["B"], group)


def _determined(x: Operands, a: Asked, group: Group) -> Grid | None:
    grid = x["input"]
    if len(grid.shape) != 2 or any(c.kind != "exact" for c in grid.cells) or a.get("how") != "det":
        return None
    if not _rows_by_columns(grid, group):
        return Grid((), (LOST,))
    return Grid((), (joint([grid.at((k, k)) for k in range(min(grid.shape))], group),))


def _of_similar(x: Operands, a: Asked, group: Group) -> Grid | None:
    """A function of a matrix: fine where a change of phases is a change of basis."""
    grid = x["input"]
    if len(grid.shape) != 2 or grid.shape[0] != grid.shape[1] or any(c.kind != "exact" for c in grid.cells):
        return None
    similar = _rows_by_columns(grid, group) and not any(grid.at((k, k)).weight for k in range(grid.shape[0]))
    return grid if similar else Grid(grid.shape, (LOST,) * len(grid.cells))


MATRICES: Mapping[str, Rule] = {
    "inverse": _inverse,
    "solve": _solved,
    "det": _determined,
    "matfun": _of_similar,
}
"""How each kind treats a matrix of single entries."""
