"""Rules for rarer operations, put together from the common ones."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge import combine as sums
from eiglint.gauge import elementwise as maps
from eiglint.gauge import matrix, parts, positions, products, reduction, scans, shape, taking, times
from eiglint.gauge.arguments import Arguments, NoRuleError, Options, integers, listed, maybe, names, need
from eiglint.gauge.context import Context
from eiglint.gauge.decompose import decompose
from eiglint.gauge.reshaping import reshape
from eiglint.gauge.state import Mode
from eiglint.gauge.taken_apart import with_pieces
from eiglint.gauge.tensor import Record, Tensor, as_tensor, constant, named, opaque, settle, slots_of
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range


def read_addcmul(o: Options, a: Arguments, c: Context, name: str) -> object:
    """input + value * left * right, or / right."""
    left, right = need(a, "left"), need(a, "right")
    made = times.divide(left, right, c) if o.get("how") == "quotient" else times.product(left, right, c)
    scale = as_tensor(a.get("value", 1))
    if scale is None:
        raise NoRuleError(name)
    return sums.add(need(a, "input"), times.product(made, scale, c), c)


def read_lerp(o: Options, a: Arguments, c: Context, name: str) -> object:
    """(1 - weight) input + weight end."""
    start, end, weight = need(a, "input"), need(a, "end"), as_tensor(a.get("weight"))
    if weight is None:
        raise NoRuleError(name)
    if start.term is end.term:
        return start
    rest = sums.add(constant(1.0), weight, c, -1)
    return sums.add(times.product(start, rest, c), times.product(end, weight, c), c)


def read_reductions(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Several reductions of one tensor at once, such as (variance, mean)."""
    dim = a.get("dim")
    if isinstance(dim, tuple):
        dim = integers(dim)
    hows = names(o, "hows")
    made = tuple(reduction.reduce(need(a, "input"), dim, a.get("keepdim", False), how, c) for how in hows)
    return Record(names(o, "fields") or hows, made)


def read_running(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Running maxima or minima with their positions."""
    t = need(a, "input")
    values = scans.scan(t, a.get("dim"), str(o.get("how")), c)
    return Record(("values", "indices"), (values, opaque([t], c, name)))


def read_fft(o: Options, a: Arguments, c: Context, name: str) -> object:
    """A Fourier transform along one dimension: linear, with weights that know nothing of the pairs."""
    dim = a.get("dim", -1)
    if not isinstance(dim, int):
        raise NoRuleError(name)
    made = scans.scan(need(a, "input"), dim, "fft", c, (name, named(a.get("n"))))
    return replace(made, dtype="complex", sizes=())


def read_trapezoid(o: Options, a: Arguments, c: Context, name: str) -> object:
    """A weighted sum along one dimension."""
    dim = a.get("dim", -1)
    if a.get("x") is not None:
        raise NoRuleError(name)
    running = scans.scan(need(a, "input"), dim, "diff", c, (name,))
    return running if o.get("running") else reduction.reduce(running, dim, False, "sum", c)


def read_distance(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Distances between rows: the norm of a difference."""
    x, y = need(a, "x1"), as_tensor(a.get("x2"))
    how = o.get("how")
    if how == "own_pairs":
        y = x
    if y is None:
        raise NoRuleError(name)
    if how in ("all_pairs", "own_pairs"):
        x, y = shape.inserted(x, -2), shape.inserted(y, -3)
    difference = sums.add(x, y, c, -1)
    made = reduction.reduce(difference, None if how == "total" else -1, False, "norm", c, (named(a.get("p")),))
    return replace(shape.some_of(made, c, name), rank=1) if how == "own_pairs" else made


def read_unflatten(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Split one dimension into several; fine where nothing arbitrary runs along it."""
    t = need(a, "input")
    axis, guess = shape.axis_of(t, a.get("dim"))
    sizes = integers(a.get("shape"))
    if axis is None or sizes is None:
        raise NoRuleError(name)
    t = shape.doubted(t, guess)
    if any(axis in slots_of(m) or m.is_batch(axis) for _, m in t.motions):
        old = [t.size(a) for a in range(-(t.rank or 0), 0)]
        known = bool(old) and all(isinstance(n, int) for n in old)
        return (
            reshape(t, [*old[:axis], *sizes, *old[len(old) + axis + 1 :]], c) if known else shape.scrambled(t, c, name)
        )
    plain = replace(t, sizes=tuple(s for s in t.sizes if s[0] != axis), steady=t.steady - {axis})
    for _ in sizes[1:]:
        plain = shape.inserted(plain, axis)
    free = frozenset(range(axis - len(sizes) + 1, axis + 1))
    return replace(
        plain,
        term=term("unflatten", t.term, axis, named(sizes)),
        steady=plain.steady - free,
        sizes=tuple(s for s in plain.sizes if s[0] not in free),
    )


def read_atleast(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Add dimensions until there are enough."""
    value = a.get("input")
    if isinstance(value, tuple) and not isinstance(value, Number | Range) and len(value) == 1:
        value = value[0]
    t = as_tensor(value)
    least = o.get("least", 1)
    if t is None or t.rank is None or not isinstance(least, int):
        raise NoRuleError(name)
    if least == 3 and t.rank == 2:
        return shape.inserted(t, -1)
    if least == 3 and t.rank == 1:
        return shape.inserted(shape.inserted(t, -2), -1)
    while t.rank is not None and t.rank < least:
        t = shape.inserted(t, -(t.rank + 1))
    return t


def read_pad(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Pad the last dimensions; zeros carry any charge, but columns no longer stand where they stood."""
    t = need(a, "input")
    widths = integers(a.get("pad"))
    if widths is None or a.get("mode", "constant") != "constant" or a.get("value") not in (None, 0, 0.0):
        raise NoRuleError(name)
    touched = {-(k // 2) - 1 for k, w in enumerate(widths) if w != 0}
    if any(touched & slots_of(m) or any(m.is_batch(x) for x in touched) for _, m in t.motions):
        made = shape.spread_as(shape.padded(t, touched, c, name, named(widths)), t)
        return _beside_zeros(replace(made, sizes=_padded_sizes(t, widths)), t, widths, touched)
    sizes = tuple(s for s in t.sizes if s[0] not in touched)
    return replace(
        t,
        term=term("pad", t.term, named(widths)),
        sizes=sizes,
        steady=t.steady - touched,
        flags=t.flags & {"nonneg", "zero"},
    )


def _padded_sizes(t: Tensor, widths: tuple[object, ...]) -> tuple[tuple[int, object], ...]:
    """Return the lengths that are known after padding: those of the last axes grow."""
    found = []
    for axis, size in t.sizes:
        sides = widths[-2 * axis - 2 : -2 * axis]
        added = [n for n in sides if isinstance(n, int)]
        if not sides or (isinstance(size, int) and len(added) == len(sides)):
            found.append((axis, size + sum(added) if isinstance(size, int) else size))
    return tuple(found)


def _beside_zeros(made: Tensor, t: Tensor, widths: tuple[object, ...], touched: set[int]) -> Tensor:
    """Remember of a padded tensor what it is put together from, if it is padded along one axis."""
    if len(touched) != 1 or t.rank is None:
        return made
    (axis,) = touched
    before, after = (*widths, 0)[-2 * axis - 2 :][:2]
    if not all(isinstance(n, int) and n >= 0 for n in (before, after)):
        return made
    zero = parts.zeros(t)
    pieces = [replace(zero, sizes=((axis, before),)), t, replace(zero, sizes=((axis, after),))]
    return with_pieces(made, pieces, axis, "cat")


def read_repeat_interleave(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Repeat entries along a dimension."""
    t = need(a, "input")
    axis, guess = shape.axis_of(t, a.get("dim"))
    if axis is None:
        return shape.scrambled(t, c, name)
    t = shape.doubted(t, guess)
    if any(axis in slots_of(m) - m.batch for _, m in t.motions):
        return shape.scrambled(t, c, name)
    how = named(a.get("sizes"))
    motions = {replace(g, lineage=(*g.lineage, ("repeated", how))) if m.is_batch(axis) else g: m for g, m in t.motions}
    return replace(
        t,
        motions=settle(motions),
        term=term("repeat_interleave", t.term, axis, named(a.get("sizes"))),
        sizes=tuple(s for s in t.sizes if s[0] != axis),
        flags=t.flags & {"nonneg", "nonzero", "zero"},
    )


def read_take(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Pick entries by their position in the flattened tensor."""
    index = need(a, "index")
    if not index.neutral:
        raise NoRuleError(name)
    return shape.some_of(need(a, "input"), c, name, index.term)


def read_contrast(o: Options, a: Arguments, c: Context, name: str) -> object:
    """A loss of three tensors."""
    made = sums.combine([need(a, "input"), need(a, "other"), need(a, "target")], c, name)
    reduced = reduction.reduce(made, None, False, "mean", c)
    known = o.get("how") != "other" and a.get("reduction", "mean") in ("mean", "sum")
    return reduced if known else replace(reduced, rank=None)


def read_matrix_function(o: Options, a: Arguments, c: Context, name: str) -> object:
    """A function of a matrix as a whole; an integer power and the exponential among them."""
    how = str(o.get("how", name))
    settings = [a.get(key) for key in ("n", "upper", "eps", "func", "derivative")]
    if any(isinstance(value, Tensor) and value.motions for value in settings):
        raise NoRuleError(name)  # a power that moves moves the result in ways of its own
    return matrix.matrix_function(need(a, "input"), c, how, tuple(named(value) for value in settings))


def read_polar(o: Options, a: Arguments, c: Context, name: str) -> object:
    """The unitary factor of a matrix, A (A^H A)^(-1/2)."""
    t = need(a, "input")
    gram = products.matmul(products.adjoint(t, c), t, c)
    return products.matmul(t, matrix.matrix_function(gram, c, "inv_sqrt"), c)


def read_canonical(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Columns over the phase of their largest entry, or times that of their products with the columns of another.

    The rows of an `other` matrix lose what the columns gain.
    """
    t, like, other = need(a, "input"), maybe(a, "like"), maybe(a, "other")
    if like is None:
        rows = reduction.reduce(maps.modulus(t, c), -2, True, "argmax", c)
        phase = maps.conj(maps.sgn(taking.gather(t, -2, rows, c), c, name, "one"), c)
    else:
        inner = reduction.reduce(times.product(maps.conj(t, c), like, c), -2, True, "sum", c)
        phase = maps.sgn(inner, c, name, "one")
    made = times.product(t, phase, c)
    return made if other is None else (made, times.product(products.adjoint(phase, c), other, c))


def read_flow(o: Options, a: Arguments, c: Context, name: str) -> object:
    """exp(A t) x for many t, one row for each."""
    moments, start = need(a, "dim"), need(a, "other")
    if moments.motions:
        raise NoRuleError(name)
    moved = matrix.matrix_function(need(a, "input"), c, "flow", (moments.term,))
    rows = products.matmul(shape.unsqueeze(start, -2, c), shape.transpose(moved, c), c)
    return replace(rows, sizes=tuple(s for s in rows.sizes if s[0] != -2))


def read_decomposition(o: Options, a: Arguments, c: Context, name: str) -> object:
    """The outputs of a decomposition, or one value and its vector, refused where another value meets it."""
    if not o.get("isolated"):
        return decompose(need(a, "input"), o, a, c, name)
    key = a.get("index")
    made = decompose(need(a, "input"), o, a, replace(c, promised=c.promised | {"distinct"}), name)
    if not isinstance(made, Record) or not isinstance(key, int | Number):
        raise NoRuleError(name)
    at = key.term if isinstance(key, Number) else key
    picked = [positions.pick(v, -1, at, c) for v in made.values if isinstance(v, Tensor)]
    return Record(made.fields, tuple(picked))


def read_broadcast(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Give several tensors the dimensions of all of them."""
    tensors = listed(a, "tensors")
    ranks = [t.rank for t in tensors]
    widest = None if None in ranks else max(r for r in ranks if r is not None)
    return tuple(replace(shape.expand(t, None), rank=widest) for t in tensors)


def read_unordered(o: Options, a: Arguments, c: Context, name: str) -> object:
    """A count or a list of entries wherever they stand, which hangs on the phases that any of them has."""
    t = need(a, "input")
    made = opaque(a.values(), c, name)
    whole = reduction.reduce(t, None, False, "other", c)
    known = {g: whole.motion(g).phase for g, m in t.motions if m.phase.mode in (Mode.EXACT, Mode.FUN)}
    return replace(made, motions=settle({g: replace(m, phase=known.get(g, m.phase)) for g, m in made.motions}))
