"""Products of grids: matrices, contractions with letters, Kronecker and cross products."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eiglint.gauge.cell_moves import Asked, axis_in, whole_numbers
from eiglint.gauge.cells import (
    MOST_CELLS,
    Cell,
    Grid,
    common_shape,
    contracted,
    each,
    entrywise,
    indices,
    opposite,
    plus,
    stretched,
    times,
)

Group = str
Operands = Mapping[str, Grid]
Rule = Callable[[Operands, Asked, Group], Grid | None]


def conjugated(grid: Grid, group: Group) -> Grid:
    """Return the complex conjugate."""
    return each(grid, lambda c: Cell(c.kind, opposite(c.weight, group)))


def matmul(x: Grid, y: Grid, group: Group) -> Grid | None:
    """Return a product of matrices, vectors or batches of matrices."""
    if not x.shape or not y.shape:
        return None
    left = [*(("batch", k) for k in range(len(x.shape) - 2, 0, -1)), *(["row"] if len(x.shape) > 1 else []), "sum"]
    right = [*(("batch", k) for k in range(len(y.shape) - 2, 0, -1)), "sum", *(["column"] if len(y.shape) > 1 else [])]
    batch = max(len(x.shape), len(y.shape)) - 2
    out = [*(("batch", k) for k in range(batch, 0, -1)), *[k for k in ("row", "column") if k in (*left, *right)]]
    return contracted([(x, left), (y, right)], out, group)


def _matmul(x: Operands, a: Asked, group: Group) -> Grid | None:
    return matmul(x["input"], x["other"], group)


def _fused(x: Operands, a: Asked, group: Group) -> Grid | None:
    base, left, right = x["input"], x["left"], x["right"]
    if a.get("how") != "matmul":
        return None
    made = matmul(left, right, group)
    return None if made is None else entrywise([base, made], lambda c: plus(c[0], c[1], group))


def _spelled(x: Operands, a: Asked, group: Group) -> Grid | None:
    """An einsum or a table's own specification."""
    text = a.get("equation", a.get("spec"))
    operands = list(x.values())
    if not isinstance(text, str) or "." in text:
        return None
    left, arrow, out = text.replace(" ", "").partition("->")
    if not arrow:
        letters = left.replace(",", "")
        out = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    parts = left.split(",")
    if len(parts) != len(operands) or any(len(p) != len(g.shape) for p, g in zip(parts, operands, strict=True)):
        return None
    turned = {"first": 0, "second": 1}.get(str(a.get("conj")))
    laid = [
        (conjugated(g, group) if k == turned else g, list(p))
        for k, (g, p) in enumerate(zip(operands, parts, strict=True))
    ]
    return contracted(laid, list(out), group)


def _tensordot(x: Operands, a: Asked, group: Group) -> Grid | None:
    first, second = x["input"], x["other"]
    dims = a.get("dims", 2)
    if isinstance(dims, int):
        pairs = [(len(first.shape) - dims + k, k) for k in range(dims)]
    elif isinstance(dims, tuple | list) and len(dims) == 2:
        left, right = whole_numbers(tuple(dims[0])), whole_numbers(tuple(dims[1]))
        if left is None or right is None or len(left) != len(right):
            return None
        pairs = [(p % len(first.shape), q % len(second.shape)) for p, q in zip(left, right, strict=True)]
    else:
        return None
    names: dict[int, object] = {q: ("left", p) for p, q in pairs}
    one = [("left", k) for k in range(len(first.shape))]
    two = [names.get(k, ("right", k)) for k in range(len(second.shape))]
    summed = set(names.values())
    return contracted([(first, one), (second, two)], [n for n in [*one, *two] if n not in summed], group)


def _kron(x: Operands, a: Asked, group: Group) -> Grid | None:
    first, second = x["input"], x["other"]
    rank = max(len(first.shape), len(second.shape))
    one = (1,) * (rank - len(first.shape)) + first.shape
    two = (1,) * (rank - len(second.shape)) + second.shape
    shape = tuple(m * n for m, n in zip(one, two, strict=True))
    first, second = Grid(one, first.cells), Grid(two, second.cells)
    if len(first.cells) * len(second.cells) > MOST_CELLS:
        return None
    cells = tuple(
        times(
            first.at([k // n for k, n in zip(i, two, strict=True)]),
            second.at([k % n for k, n in zip(i, two, strict=True)]),
            group,
        )
        for i in indices(shape)
    )
    return Grid(shape, cells)


def _chained(x: Operands, a: Asked, group: Group) -> Grid | None:
    """A product of several matrices."""
    made: Grid | None = None
    for grid in x.values():
        made = grid if made is None else matmul(made, grid, group)
        if made is None:
            return None
    return made


def _crossed(x: Operands, a: Asked, group: Group) -> Grid | None:
    """The cross product: each entry is a difference of two products of the two others."""
    shape = common_shape([x["input"].shape, x["other"].shape])
    axis = None if shape is None else axis_in(-1 if a.get("dim") is None else a["dim"], len(shape))
    if shape is None or axis is None or shape[axis] != 3:
        return None
    one, two = stretched(x["input"], shape), stretched(x["other"], shape)

    def entry(i: tuple[int, ...]) -> Cell:
        after, behind = ((*i[:axis], (i[axis] + k) % 3, *i[axis + 1 :]) for k in (1, 2))
        sides = [times(one.at(p), two.at(q), group) for p, q in ((after, behind), (behind, after))]
        return plus(sides[0], sides[1], group)

    return Grid(shape, tuple(map(entry, indices(shape))))


PRODUCTS: Mapping[str, Rule] = {
    "matmul": _matmul,
    "fused": _fused,
    "einsum": _spelled,
    "contract": _spelled,
    "tensordot": _tensordot,
    "kron": _kron,
    "multi_dot": _chained,
    "cross": _crossed,
}
"""How each kind of product multiplies single entries."""
