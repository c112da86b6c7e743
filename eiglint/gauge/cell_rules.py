"""What operations do to the charges of single entries: one grid for each operand, one for the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from eiglint.gauge.cell_lines import LINES
from eiglint.gauge.cell_matrices import MATRICES
from eiglint.gauge.cell_moves import MOVES, Asked
from eiglint.gauge.cell_pieces import PIECES
from eiglint.gauge.cell_products import PRODUCTS, Group, Operands, Rule, conjugated
from eiglint.gauge.cells import (
    STILL,
    ZERO,
    Cell,
    Grid,
    each,
    entrywise,
    function_of,
    mapped_cell,
    modulus_of,
    opposite,
    plus,
    rearranged,
    times,
    weight_of,
)


def _moved(kind: str) -> Rule:
    def rule(x: Operands, a: Asked, group: Group) -> Grid | None:
        grid = x["input"]
        found = MOVES[kind](grid.shape, a)
        if found is None:
            return None
        made = rearranged(grid, *found)
        adjoint = a.get("how") in ("mH", "H", "adjoint") or a.get("conj") or a.get("conjugate")
        return conjugated(made, group) if adjoint else made

    return rule


def _each(change: Callable[[Cell, Asked, Group], Cell]) -> Rule:
    return lambda x, a, group: each(x["input"], lambda c: change(c, a, group))


def _mapped(c: Cell, a: Asked, group: Group) -> Cell:
    return mapped_cell(c, group, str(a.get("parity", "none")), bool(a.get("zero")))


def _part(c: Cell, a: Asked, group: Group) -> Cell:
    return c if group == "Z2" and a.get("part") in ("real", "imag") else mapped_cell(c, group, "none", True)


def _power(c: Cell, a: Asked, group: Group) -> Cell:
    p = a.get("exponent")
    if not isinstance(p, int | float) or not float(p).is_integer():
        return mapped_cell(c, group, "none", False)
    if c == ZERO:
        return ZERO if p > 0 else STILL
    return c if c.kind != "exact" else Cell("exact", weight_of(((k, int(p) * q) for k, q in c.weight), group))


def _inverted(c: Cell, group: Group) -> Cell:
    return STILL if c == ZERO else Cell(c.kind, opposite(c.weight, group))


def _pairwise(rule: Callable[[Cell, Cell, Group], Cell]) -> Rule:
    return lambda x, a, group: entrywise([x["input"], x["other"]], lambda c: rule(c[0], c[1], group))


def _combined(x: Operands, a: Asked, group: Group) -> Grid | None:
    return entrywise(list(x.values()), lambda cells: function_of(cells, group))


def _added_product(x: Operands, a: Asked, group: Group) -> Grid | None:
    def rule(c: Sequence[Cell]) -> Cell:
        right = _inverted(c[2], group) if a.get("how") == "quotient" else c[2]
        return plus(c[0], times(c[1], right, group), group)

    return entrywise([x["input"], x["left"], x["right"]], rule)


def _between(x: Operands, a: Asked, group: Group) -> Grid | None:
    def rule(c: Sequence[Cell]) -> Cell:
        return plus(times(c[0], c[2], group), times(c[1], c[2], group), group)

    return entrywise([x["input"], x["end"], x["weight"]], rule)


RULES: Mapping[str, Rule] = {
    **{kind: _moved(kind) for kind in MOVES},
    "map": _each(_mapped),
    "modulus": _each(lambda c, a, g: modulus_of(c)),
    "conj": _each(lambda c, a, g: Cell(c.kind, opposite(c.weight, g))),
    "neg": _each(lambda c, a, g: c),
    "same": _each(lambda c, a, g: c),
    "detach": _each(lambda c, a, g: c),
    "sgn": _each(lambda c, a, g: c),
    "part": _each(_part),
    "power": _each(_power),
    "add": _pairwise(plus),
    "product": _pairwise(times),
    "divide": _pairwise(lambda c, d, g: times(c, _inverted(d, g), g)),
    "combine": _combined,
    "addcmul": _added_product,
    "lerp": _between,
    **PRODUCTS,
    **LINES,
    **MATRICES,
    **PIECES,
}
