"""What operations do to the charges of single entries: one grid for each operand, one for the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from eiglint.gauge.cell_moves import MOVES, Asked, Move, axis_in, diagonal_of, subscripted, whole_numbers
from eiglint.gauge.cells import (
    LOST,
    MOST_CELLS,
    STILL,
    ZERO,
    Cell,
    Grid,
    common_shape,
    contracted,
    each,
    entrywise,
    function_of,
    indices,
    joint,
    mapped_cell,
    modulus_of,
    opposite,
    plus,
    rearranged,
    stretched,
    times,
    total,
    weight_of,
)
from eiglint.gauge.values import Range

Group = str
Operands = Mapping[str, Grid]
Rule = Callable[[Operands, Asked, Group], Grid | None]


def conjugated(grid: Grid, group: Group) -> Grid:
    """Return the complex conjugate."""
    return each(grid, lambda c: Cell(c.kind, opposite(c.weight, group)))


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
    axis = axis_in(-1 if a.get("dim") is None else a.get("dim"), len(grid.shape))
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
    size = reduced(grid, a.get("dim", 1), True, _reduction("norm", group))
    return None if size is None else entrywise([grid, size], lambda c: times(c[0], c[1], group))


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
    "matmul": _matmul,
    "fused": _fused,
    "einsum": _spelled,
    "contract": _spelled,
    "tensordot": _tensordot,
    "kron": _kron,
    "reduce": _reduced,
    "scan": _scanned,
    "trace": _traced,
    "inverse": _inverse,
    "solve": _solved,
    "det": _determined,
    "matfun": _of_similar,
    "normalize": _normalized,
    "gather": _gathered,
    "scatter": _overwritten,
    "index_fill": _overwritten,
    "index_copy": _overwritten,
    "multi_dot": _chained,
    "diff": _differences,
    "cross": _crossed,
    "repeat_interleave": _interleaved,
    "fft": _transformed,
}
