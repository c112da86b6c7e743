"""Where every entry of a rearranged tensor comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

from eiglint.gauge.arguments import integers
from eiglint.gauge.cell_states import literal_numbers
from eiglint.gauge.cells import MOST_CELLS, Index, Source
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.values import Number, Range

Shape = tuple[int, ...]
Move = tuple[Shape, Source]
Asked = Mapping[str, object]
"""The options of a kind and the arguments of a call together."""


def axis_in(dim: object, rank: int) -> int | None:
    """Return a dimension counted from the left."""
    return dim % rank if isinstance(dim, int) and rank and -rank <= dim < rank else None


def whole_numbers(value: object) -> list[int] | None:
    """Return sizes or dimensions that are all written down."""
    found = integers(value)
    known = [n for n in found or () if isinstance(n, int)]
    return known if found is not None and len(known) == len(found) else None


def _permuted(shape: Shape, order: Sequence[int]) -> Move:
    back = [order.index(a) for a in range(len(order))]
    return tuple(shape[a] for a in order), lambda i: tuple(i[k] for k in back)


def transposed(shape: Shape, a: Asked) -> Move | None:
    """Two axes exchanged, or all of them reversed for `T`."""
    rank = len(shape)
    order = list(range(rank))
    if a.get("how") in ("T", "t", "H") and "dim0" not in a:
        return _permuted(shape, order[::-1]) if rank <= 2 or a.get("how") == "T" else None
    first, second = axis_in(a.get("dim0", -2), rank), axis_in(a.get("dim1", -1), rank)
    if first is None or second is None:
        return None
    order[first], order[second] = order[second], order[first]
    return _permuted(shape, order)


def permuted(shape: Shape, a: Asked) -> Move | None:
    """Axes in another order."""
    order = whole_numbers(a.get("dims"))
    if order is None or sorted(d % len(shape) for d in order if shape) != list(range(len(shape))):
        return None
    return _permuted(shape, [d % len(shape) for d in order])


def axes_moved(shape: Shape, a: Asked) -> Move | None:
    """Some axes moved elsewhere, the others in their order."""
    origin, goal = whole_numbers(a.get("source")), whole_numbers(a.get("destination"))
    rank = len(shape)
    if origin is None or goal is None or len(origin) != len(goal) or rank == 0:
        return None
    fixed = {g % rank: o % rank for o, g in zip(origin, goal, strict=True)}
    rest = iter([k for k in range(rank) if k not in fixed.values()])
    return _permuted(shape, [fixed[k] if k in fixed else next(rest) for k in range(rank)])


def _as(shape: Shape, new: Shape) -> Move | None:
    """The same entries in the same order under another shape."""
    if prod(shape) != prod(new):
        return None

    def source(i: Index) -> Index:
        place = 0
        for k, n in zip(i, new, strict=True):
            place = place * n + k
        found = []
        for n in reversed(shape):
            place, k = divmod(place, n)
            found.append(k)
        return tuple(reversed(found))

    return new, source


def reshaped(shape: Shape, a: Asked) -> Move | None:
    """Another shape: as given, or with dimensions merged."""
    if a.get("how") == "flatten":
        if not shape:
            return _as(shape, (1,))
        first, last = axis_in(a.get("start_dim", 0), len(shape)), axis_in(a.get("end_dim", -1), len(shape))
        if first is None or last is None:
            return None
        return _as(shape, (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]))
    sizes = whole_numbers(a.get("shape"))
    if sizes is None or a.get("dtype") is not None or sizes.count(-1) > 1:
        return None
    rest = prod(n for n in sizes if n != -1)
    return _as(shape, tuple(prod(shape) // rest if n == -1 and rest else n for n in sizes))


def unflattened(shape: Shape, a: Asked) -> Move | None:
    """One dimension split into several."""
    axis, sizes = axis_in(a.get("dim"), len(shape)), whole_numbers(a.get("shape"))
    if axis is None or sizes is None or -1 in sizes:
        return None
    return _as(shape, (*shape[:axis], *sizes, *shape[axis + 1 :]))


def lengthened(shape: Shape, a: Asked) -> Move | None:
    """One axis more, of length one."""
    axis = axis_in(a.get("dim"), len(shape) + 1)
    return None if axis is None else _as(shape, (*shape[:axis], 1, *shape[axis:]))


def squeezed(shape: Shape, a: Asked) -> Move | None:
    """Axes of length one dropped."""
    dims = whole_numbers(a["dim"]) if a.get("dim") is not None else list(range(len(shape)))
    if dims is None or not shape:
        return None
    gone = {d % len(shape) for d in dims}
    return _as(shape, tuple(n for k, n in enumerate(shape) if n != 1 or k not in gone))


def expanded(shape: Shape, a: Asked) -> Move | None:
    """Axes of length one stretched."""
    sizes = whole_numbers(a.get("sizes"))
    if sizes is None or len(sizes) < len(shape):
        return None
    extra = len(sizes) - len(shape)
    new = tuple(shape[k - extra] if n == -1 else n for k, n in enumerate(sizes))
    return new, lambda i: tuple(0 if n == 1 else k for n, k in zip(shape, i[extra:], strict=True))


def repeated(shape: Shape, a: Asked) -> Move | None:
    """Copies side by side."""
    sizes = whole_numbers(a.get("sizes"))
    if sizes is None or len(sizes) < len(shape) or a.get("how") not in (None, "repeat"):
        return None
    extra = len(sizes) - len(shape)
    full = (1,) * extra + shape
    return tuple(n * m for n, m in zip(full, sizes, strict=True)), lambda i: tuple(
        k % n for k, n in zip(i[extra:], shape, strict=True)
    )


def flipped(shape: Shape, a: Asked) -> Move | None:
    """Axes reversed."""
    dims = whole_numbers(a["dims"]) if a.get("dims") is not None else list(range(len(shape)))
    if dims is None or not shape:
        return None
    turned = {d % len(shape) for d in dims}
    return shape, lambda i: tuple(shape[a] - 1 - k if a in turned else k for a, k in enumerate(i))


def rolled(shape: Shape, a: Asked) -> Move | None:
    """Axes turned in a circle."""
    dims = whole_numbers(a["dims"]) if a.get("dims") is not None else list(range(len(shape)))
    half = a.get("shifts") == "half"
    sign = -1 if str(a.get("name")).rpartition(".")[2].startswith("i") else 1
    shifts = [sign * (shape[d] // 2) for d in dims or ()] if half else whole_numbers(a.get("shifts"))
    if shifts is None or dims is None or len(shifts) != len(dims) or not shape:
        return None
    by = dict(zip([d % len(shape) for d in dims], shifts, strict=True))
    return shape, lambda i: tuple((k - by.get(a, 0)) % shape[a] for a, k in enumerate(i))


def diagonal_of(shape: Shape, a: Asked) -> Move | None:
    """A diagonal of two axes, which goes last."""
    rank, offset = len(shape), a.get("offset", 0)
    first, second = axis_in(a.get("dim1", 0), rank), axis_in(a.get("dim2", 1), rank)
    if first is None or second is None or first == second or not isinstance(offset, int):
        return None
    down, right = max(-offset, 0), max(offset, 0)
    length = max(min(shape[first] - down, shape[second] - right), 0)
    rest = [k for k in range(rank) if k not in (first, second)]

    def source(i: Index) -> Index:
        found = dict(zip(rest, i, strict=False)) | {first: i[-1] + down, second: i[-1] + right}
        return tuple(found[k] for k in range(rank))

    return (*(shape[k] for k in rest), length), source


def embedded(shape: Shape, a: Asked) -> Move | None:
    """A vector as a diagonal, zeros beside."""
    offset = a.get("offset", a.get("diagonal", 0))
    if not shape or not isinstance(offset, int):
        return None
    n = shape[-1] + abs(offset)
    down, right = max(-offset, 0), max(offset, 0)

    def source(i: Index) -> Index | None:
        k = i[-1] - right
        return (*i[:-2], k) if i[-2] - down == k and 0 <= k < shape[-1] else None

    return (*shape[:-1], n, n), source


def diagonalized(shape: Shape, a: Asked) -> Move | None:
    """`diag`: of a vector a matrix, of a matrix its diagonal."""
    if len(shape) == 2:
        return diagonal_of(shape, {"offset": a.get("diagonal", 0)})
    return embedded(shape, a) if len(shape) == 1 else None


def triangular(shape: Shape, a: Asked) -> Move | None:
    """One side of the diagonal, zeros on the other."""
    offset, name = a.get("diagonal", 0), str(a.get("name"))
    if not isinstance(offset, int) or len(shape) < 2 or not name.rpartition(".")[2].startswith(("triu", "tril")):
        return None
    sign = 1 if "triu" in name else -1
    return shape, lambda i: i if sign * (i[-1] - i[-2] - offset) >= 0 else None


def padded(shape: Shape, a: Asked) -> Move | None:
    """Zeros around the last axes."""
    widths = whole_numbers(a.get("pad"))
    if widths is None or len(widths) % 2 or a.get("mode", "constant") != "constant" or a.get("value") not in (None, 0):
        return None
    before, new = [0] * len(shape), list(shape)
    for k in range(len(widths) // 2):
        before[-k - 1] = widths[2 * k]
        new[-k - 1] += widths[2 * k] + widths[2 * k + 1]

    def source(i: Index) -> Index | None:
        found = tuple(k - b for k, b in zip(i, before, strict=True))
        return found if all(0 <= k < n for k, n in zip(found, shape, strict=True)) else None

    return tuple(new), source


def narrowed(shape: Shape, a: Asked) -> Move | None:
    """A slice by its start and length."""
    axis, start, length = axis_in(a.get("dim"), len(shape)), a.get("start"), a.get("length")
    if axis is None or not isinstance(start, int) or not isinstance(length, int):
        return None
    items = [Range()] * axis + [Range(start, start + length, None)]
    return subscripted(shape, items)


def position_of(shape: Shape, a: Asked) -> Move | None:
    """One position of an axis."""
    axis, key = axis_in(a.get("dim"), len(shape)), a.get("index")
    return None if axis is None else subscripted(shape, [Range()] * axis + [key])


def listed_positions(shape: Shape, a: Asked) -> Move | None:
    """The positions that an index writes down."""
    axis = axis_in(a.get("dim"), len(shape))
    return None if axis is None else subscripted(shape, [Range()] * axis + [a.get("index")])


def subscripted(shape: Shape, items: Sequence[object]) -> Move | None:
    """A subscript of numbers, slices and lists that are written down."""
    plan = _plan(shape, items)
    if plan is None:
        return None
    lists = [k for k, p in enumerate(plan) if isinstance(p, tuple)]
    lengths = {len(plan[k]) for k in lists}  # type: ignore[arg-type]
    if len(lengths) > 1 or (lists and (lists != list(range(lists[0], lists[-1] + 1)) or _number_beside(plan))):
        return None
    new: list[int] = []
    for k, p in enumerate(plan):
        if isinstance(p, range):
            new.append(len(p))
        elif p is None or k in lists[:1]:
            new.append(1 if p is None else lengths.pop())

    def source(i: Index) -> Index:
        found, place, common = [], iter(i), -1
        for p in plan:
            if p is None:
                next(place)
            elif isinstance(p, int):
                found.append(p)
            elif isinstance(p, range):
                found.append(p[next(place)])
            else:
                common = next(place) if common < 0 else common
                found.append(p[common])
        return tuple(found)

    return (tuple(new), source) if prod(new) <= MOST_CELLS else None


Part = int | range | tuple[int, ...] | None


def _number_beside(plan: Sequence[Part]) -> bool:
    return any(isinstance(p, int) for p in plan)


def _plan(shape: Shape, items: Sequence[object]) -> list[Part] | None:
    """Read the items, one for each axis, None for a new one."""
    used = sum(1 for item in items if item is not None and item is not Ellipsis)
    if used > len(shape):
        return None
    filled: list[object] = []
    for item in items:
        filled += [Range()] * (len(shape) - used) if item is Ellipsis else [item]
    if Ellipsis not in items:
        filled += [Range()] * (len(shape) - used)
    made: list[Part] = []
    lengths = iter(shape)
    for item in filled:
        part = None if item is None else _part(item, next(lengths))
        if part is None and item is not None:
            return None
        made.append(part)
    return made


def _part(item: object, n: int) -> Part:
    match item:
        case bool():
            return None
        case int():
            return item % n if -n <= item < n else None
        case Range(int() | None as lower, int() | None as upper, int() | None as step) if step != 0:
            return range(n)[lower:upper:step]
        case Tensor():
            if "iota" in item.flags and item.size(-1) == n and item.rank == 1:
                return range(n)
            return _listed(literal_numbers(item.term), n)
        case tuple() if not isinstance(item, Number):
            return _listed(item, n)
    return None


def _listed(numbers: object, n: int) -> tuple[int, ...] | None:
    if not isinstance(numbers, tuple) or not numbers:
        return None
    found = tuple(k % n for k in numbers if isinstance(k, int) and not isinstance(k, bool) and -n <= k < n)
    return found if len(found) == len(numbers) else None


MOVES: Mapping[str, Callable[[Shape, Asked], Move | None]] = {
    "transpose": transposed,
    "permute": permuted,
    "movedim": axes_moved,
    "reshape": reshaped,
    "unflatten": unflattened,
    "unsqueeze": lengthened,
    "squeeze": squeezed,
    "expand": expanded,
    "repeat": repeated,
    "flip": flipped,
    "roll": rolled,
    "diagonal": diagonal_of,
    "diag": diagonalized,
    "diag_embed": embedded,
    "triangle": triangular,
    "pad": padded,
    "narrow": narrowed,
    "select_axis": position_of,
    "index_select": listed_positions,
}
