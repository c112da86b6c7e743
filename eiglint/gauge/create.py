"""Tensors out of nothing, or out of Python numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eiglint.gauge.coins import NORMAL
from eiglint.gauge.context import Context
from eiglint.gauge.join import put_together
from eiglint.gauge.parts import detach
from eiglint.gauge.state import Live
from eiglint.gauge.tensor import Tensor, as_tensor, constant, named, opaque, tensors_in
from eiglint.gauge.terms import Term, term
from eiglint.gauge.values import Number, Range

FLAGS = {
    "zeros": {"zero"},
    "ones": {"nonzero", "nonneg"},
    "eye": {"diagonal", "identity", "nonneg"},
    "random": {"random"},
    "range": {"iota"},
}


def create(options: Mapping[str, object], args: Mapping[str, object], context: Context, name: str) -> object:
    """Return a new tensor of the kind that `value` names; `like` takes its shape from the input."""
    what = str(options.get("value", "empty"))
    live = Live.YES if args.get("requires_grad") is True and context.recording else Live.NO
    dtype = dtype_of(args.get("dtype")) or str(options.get("dtype", "")) or None
    label = _label(what, args, context, name, _drawn(str(options.get("draws", "")), args))
    if what == "literal":
        return literal(args.get("data"), live, dtype, context, name)
    if what == "triangle" and (places := _triangle(args, name)) is not None:
        return literal(places, live, dtype, context, name)
    shape = _shape(args)
    rank = len(shape) if shape is not None else None
    flags = frozenset(FLAGS.get(what, ()))
    if what == "range":
        return _range(args, label, live, dtype)
    if what == "eye":
        n = args.get("n", args.get("size"))
        shape = (n, args.get("m", n)) if shape is None or len(shape) != 2 else shape
        return Tensor(
            label, rank=2, sizes=_sizes(shape), steady=frozenset({-1}), dtype=dtype or "real", live=live, flags=flags
        )
    steady = frozenset[int]()
    if what in ("zeros", "ones", "full"):
        steady = frozenset(range(-(rank or 6), 0))
    if what == "full" and args.get("fill_value") is not None and (filled := as_tensor(args["fill_value"])) is not None:
        return replace(filled, term=label, rank=rank, sizes=_sizes(shape or ()), steady=steady, value=None, live=live)
    like = as_tensor(args.get("input")) if options.get("like") else None
    if like is not None:
        sized = like.sizes
        return Tensor(
            label, rank=like.rank, sizes=sized, steady=steady, dtype=dtype or like.dtype, live=live, flags=flags
        )
    return Tensor(
        label, rank=rank, sizes=_sizes(shape or ()), steady=steady, dtype=dtype or "real", live=live, flags=flags
    )


_MOST_PLACES = 600


def _triangle(args: Mapping[str, object], name: str) -> tuple[tuple[int, ...], ...] | None:
    """Return the rows and the columns of all places on one side of the diagonal, where the sizes are written down."""
    rows, columns, offset = args.get("row"), args.get("col"), args.get("offset", 0)
    if not (isinstance(rows, int) and isinstance(columns, int) and isinstance(offset, int)):
        return None
    if rows * columns > _MOST_PLACES or not name.rpartition(".")[2].startswith(("triu", "tril")):
        return None
    sign = 1 if "triu" in name else -1
    places = [(i, j) for i in range(rows) for j in range(columns) if sign * (j - i - offset) >= 0]
    return (tuple(i for i, _ in places), tuple(j for _, j in places)) if places else None


def _drawn(draws: str, args: Mapping[str, object]) -> object:
    """Return what is known of random entries: that they are normal, or their values, where these are two."""
    if draws == NORMAL:
        return NORMAL if args.get("mean", 0) == 0 else None
    low, high, data = args.get("low", 0), args.get("high"), args.get("data")
    low, high = (0, low) if high is None else (low, high)
    if draws == "coin":
        return frozenset({0.0, 1.0})
    if draws == "integers" and isinstance(low, int) and isinstance(high, int) and high - low == 2:
        return frozenset({float(low), low + 1.0})
    if draws == "one of" and isinstance(data, tuple) and not isinstance(data, Number | Range) and len(data) == 2:
        return frozenset(float(v) for v in data) if all(isinstance(v, int | float) for v in data) else None
    return None


def _label(what: str, args: Mapping[str, object], context: Context, name: str, drawn: object) -> Term:
    """Return a term: two calls make the same values where these are known, and never where they are drawn."""
    if what in ("zeros", "ones", "full", "eye", "range"):
        # Wrapped in a tuple, for a tensor that lends its shape is no part of the value.
        return term(what, tuple((k, named(v)) for k, v in sorted(args.items()) if k not in ("dtype", "device", "out")))
    return term(what, name, id(context.spot.node), context.chain, *(() if drawn is None else (drawn,)))


def dtype_of(value: object) -> str | None:
    """Read a dtype argument: the algebra's own words, as the interpreter passes them."""
    return value if isinstance(value, str) and value in ("real", "complex", "int", "bool") else None


def _shape(args: Mapping[str, object]) -> tuple[object, ...] | None:
    for key in ("size", "sizes", "shape"):
        value = args.get(key)
        if isinstance(value, tuple) and not isinstance(value, Number | Range):
            if len(value) == 1 and isinstance(value[0], tuple) and not isinstance(value[0], Number | Range):
                value = value[0]
            return tuple(value) if all(isinstance(v, int | Number) for v in value) else None
        if isinstance(value, int | Number):
            return (value,)
    return None


def _sizes(shape: tuple[object, ...]) -> tuple[tuple[int, object], ...]:
    rank = len(shape)
    found: list[tuple[int, object]] = []
    for i, size in enumerate(shape):
        if isinstance(size, Number):
            found.append((i - rank, size.term))
        elif isinstance(size, int):
            found.append((i - rank, size))
    return tuple(found)


def _range(args: Mapping[str, object], label: Term, live: Live, dtype: str | None) -> Tensor:
    """Return arange: 0, 1, 2, ... is the identity as an index, and weights by position as a value."""
    start, end = args.get("start"), args.get("end")
    if end is None:
        start, end = 0, start
    plain = start in (0, None) and args.get("step") in (1, None)
    flags = frozenset({"iota"}) if plain else frozenset[str]()
    sizes = _sizes((end,)) if plain and isinstance(end, int | Number) else ()
    return Tensor(label, rank=1, sizes=sizes, dtype=dtype or "int", live=live, flags=flags)


def literal(data: object, live: Live, dtype: str | None, context: Context, name: str) -> object:
    """Return torch.tensor of nested Python numbers, or of tensors (which leaves the graph)."""
    inside = tensors_in([data])
    if any(t.motions for t in inside):
        made = opaque([], context, name)
        if isinstance(data, tuple) and all(as_tensor(v) is not None for v in data):
            made = put_together([t for v in data if (t := as_tensor(v)) is not None], -1, True, context, "stack")
        elif isinstance(data, Tensor):
            made = data
        else:
            made = opaque([data], context, name)
        return replace(detach(made), live=live)
    if isinstance(data, int | float | complex) and not isinstance(data, bool):
        return replace(constant(data), live=live)
    if isinstance(data, Tensor):
        return replace(data, live=max(live, Live.NO))
    shape = _nested_shape(data)
    flags, steady = set[str](), frozenset[int]()
    flat = _flat(data)
    if flat is not None and flat and all(x == 0 for x in flat):
        flags.add("zero")
    if flat is not None and flat and len(set(flat)) == 1 and shape:
        steady = frozenset(range(-len(shape), 0))
    if flat is not None and _is_permutation(data):
        flags.add("permutation")
    kind = dtype or ("complex" if flat and any(isinstance(x, complex) for x in flat) else "real" if flat else None)
    if flat and dtype is None and all(isinstance(x, int) for x in flat):
        kind = "int"
    return Tensor(
        term("literal", named(data), id(context.spot.node) if flat is None else 0),
        rank=len(shape) if shape is not None else None,
        sizes=_sizes(shape or ()),
        steady=steady,
        dtype=kind,
        live=live,
        flags=frozenset(flags),
    )


def _nested_shape(data: object) -> tuple[int, ...] | None:
    if isinstance(data, tuple) and not isinstance(data, Number | Range):
        if not data:
            return (0,)
        inner = _nested_shape(data[0])
        return None if inner is None else (len(data), *inner)
    return (
        ()
        if isinstance(data, int | float | complex | Number) or (isinstance(data, Tensor) and data.rank == 0)
        else None
    )


def _flat(data: object) -> list[complex] | None:
    if isinstance(data, tuple) and not isinstance(data, Number | Range):
        found: list[complex] = []
        for item in data:
            inner = _flat(item)
            if inner is None:
                return None
            found.extend(inner)
        return found
    return [data] if isinstance(data, int | float | complex) else None


def _is_permutation(data: object) -> bool:
    """Whether nested numbers are a permutation matrix."""
    if not isinstance(data, tuple) or not all(isinstance(row, tuple) and len(row) == len(data) for row in data):
        return False
    rows = [[entry for entry in row if isinstance(entry, int | float)] for row in data]
    one_each = all(sorted(row) == [0] * (len(data) - 1) + [1] for row in rows)
    return one_each and len({row.index(1) for row in rows}) == len(data)
