"""Every spelling of a product, laid out as letters for the one contraction rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eiglint.gauge.cancelling import cancelled, with_factors
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.combine import add
from eiglint.gauge.context import Context, Remark
from eiglint.gauge.contract import contract
from eiglint.gauge.elementwise import conj, modulus, turned_back
from eiglint.gauge.letters import elementwise, lay_out
from eiglint.gauge.positions import cut, pick
from eiglint.gauge.reshaping import reshape
from eiglint.gauge.shape import (
    assumed_rank,
    axes_of,
    axis_of,
    doubted,
    inserted,
    may_be_vector,
    removed,
    scrambled,
    swap,
)
from eiglint.gauge.state import Live, Mode, spread
from eiglint.gauge.taking import take
from eiglint.gauge.tensor import LIKELY, Tensor, Whole, opaque, settle, slots_of
from eiglint.gauge.terms import Term, subterms, term, upright
from eiglint.gauge.times import polar_gauge
from eiglint.gauge.values import Range


def matmul(x: Tensor, y: Tensor, context: Context, name: Term | None = None) -> Tensor:
    """Return x @ y for vectors, matrices and batches; an unknown rank is taken for a matrix."""
    if x.rank == 0 or y.rank == 0:
        return opaque([x, y], context, "matmul")
    x = _read_rank(x, context, context.vector_reading == "all")
    y = _read_rank(y, context, context.vector_reading != "")
    remark_misplaced(x, y, context)
    if (column := _column_of(x, y, context)) is not None:
        return column
    shorter = cancelled(x, y)
    if shorter is not None:
        return shorter if name is None else replace(shorter, term=name)
    for factor, other, axis in ((x, y, -2), (y, x, -1)):
        if "permutation" in factor and factor.neutral and any(m.order.mode is Mode.EXACT for _, m in other.motions):
            return reordered(other, axis, factor, context)
    left = ("i", "k") if x.rank != 1 else ("k",)
    right = ("k", "j") if y.rank != 1 else ("k",)
    out = tuple(letter_ for letter_ in (*left, *right) if letter_ != "k")
    made = contract(lay_out([(x, left), (y, right)], out), context, name or term("matmul", x.term, y.term))
    if (y.rank is None and not y.motions and x.motions) or (x.rank is None and not x.motions and y.motions):
        made = replace(made, doubt=max(made.doubt, LIKELY))
    return with_factors(_simplified(x, y, made), x, y)


def _column_of(x: Tensor, y: Tensor, context: Context) -> Tensor | None:
    """Return the column of x that a column of an identity picks out, however that was cut."""
    label, column = y.term, y.rank == 2
    if column and label.op == "insert" and label.args[1] == -1 and isinstance(label.args[0], Term):
        label = label.args[0]
    if label.op not in ("pick", "cut") or label.args[1] != -1 or y.motions or not x.motions or x.rank == 1:
        return None
    whole, _, *places = label.args
    if not isinstance(whole, Term) or not _is_identity(whole):
        return None
    if not all(place is None or isinstance(place, int) for place in places):
        return None
    if label.op == "cut":
        return cut(x, -1, Range(*places), context)
    made = pick(x, -1, places[0], context)
    return inserted(made, -1) if column else made


def _is_identity(label: Term) -> bool:
    """Whether a term is a square identity matrix."""
    match label.args if label.op == "eye" else ():
        case (((key, _),),):
            return bool(key == "n")
    return False


def reordered(t: Tensor, axis: int, by: Tensor, context: Context) -> Tensor:
    """Multiply by a permutation matrix, which reorders an axis and sums nothing."""
    index = Tensor(term("permutation", by.term), rank=1, dtype="int", live=Live.NO)
    made = take(t, axis, index, context)
    return replace(made, term=term("matmul", by.term, t.term, axis))


def remark_misplaced(x: Tensor, y: Tensor, context: Context) -> None:
    """Tell of a handedness that is laid on another than the last singular vector."""
    for factor, beside in ((x, y), (y, x)):
        inner = factor.term.args[0] if factor.term.op == "diag_embed" else None
        if not isinstance(inner, Term) or inner.op != "stack" or not beside.motions:
            continue
        for entry in inner.args[1:-1]:
            for here in subterms(entry, "det") if isinstance(entry, Term) else ():
                gauge = polar_gauge(here.args[0]) if isinstance(here.args[0], Term) else None
                if gauge is not None and gauge in beside.gauges:
                    context.remarks.append(Remark("reflection fix", context.spot, gauge, beside.live, beside.doubt, ()))
                    return


def _read_rank(t: Tensor, context: Context, as_vector: bool) -> Tensor:
    """Give a factor of unknown rank that of an unbatched value, or of the reading where nothing is known of it."""
    if t.rank is not None or t.term.op == "diag_embed" or "diagonal" in t:
        return t  # what has a diagonal is no vector
    if t.motions and assumed_rank(t) == 1:
        return doubted(t, assumed=True)
    if t.motions and not may_be_vector(t):
        return t
    context.remarks.append(Remark("rank assumed", context.spot, None, 0, LIKELY, ()))
    if t.motions:  # a value that was computed, and so is rather a matrix
        as_vector = context.vector_reading == "all"
    return replace(t, rank=1, doubt=max(t.doubt, LIKELY)) if as_vector else t


def _simplified(x: Tensor, y: Tensor, made: Tensor) -> Tensor:
    """Remember what the factors make of the product: a Gram matrix is Hermitian, a diagonal pair diagonal."""
    facts = set(made.flags)
    if not _adjoint_of(x, y):
        lost = any(m.phase.mode is Mode.BROKEN for _, m in made.motions)
        return replace(made, whole=Whole("factors", x, pieces=(y,))) if lost and _both_square(x, y) else made
    facts.add("hermitian")
    unlike = any(m.phase.mode is Mode.MIXED for _, m in x.motions)
    return replace(made, flags=frozenset(facts), whole=Whole("gram", x) if unlike else None)


def _both_square(x: Tensor, y: Tensor) -> bool:
    """Whether x and y are square if their product is: U (m by k) and V (n by k) of one decomposition, k = min(m, n).

    That holds in either order, transposed or not: U V needs n = k, and is square where m = k too.
    """
    (a, *_), (b, *_) = upright(x.term), upright(y.term)
    sides = [t.args for t in (a, b) if t.op == "output" and "orthogonal" in t.args]
    return len(sides) == 2 and sides[0][0] is sides[1][0] and sides[0][1] != sides[1][1]


def _squares_of_rows(t: Tensor, out: tuple[str, ...], context: Context) -> Tensor | None:
    """Return the diagonal or the trace of x x^H: its rows' squared norms, whose entries may have any phases."""
    if t.whole is None or t.whole.part != "gram":
        return None
    size = modulus(t.whole.of, context)
    return contract(lay_out([(size, ("i", "k")), (size, ("i", "k"))], out), context, term("squares", t.term, out))


def _adjoint_of(x: Tensor, y: Tensor) -> bool:
    (a, flip_a, conj_a), (b, flip_b, conj_b) = upright(x.term), upright(y.term)
    return a is b and flip_a != flip_b and (conj_a != conj_b or x.dtype == "real")


def spec(operands: Sequence[Tensor], text: str, context: Context, name: str = "einsum") -> Tensor | None:
    """Contract after an einsum specification; None if it does not fit the operands."""
    text = text.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    if len(parts) != len(operands):
        return None
    if not arrow:
        plain = inputs.replace("...", "").replace(",", "")
        output = ("..." if "..." in inputs else "") + "".join(sorted(c for c in set(plain) if plain.count(c) == 1))
    laid = []
    for t, part in zip(operands, parts, strict=True):
        before, dots, after = part.partition("...")
        if dots and before:
            return None
        letters = after if dots else part
        if t.rank is not None and (t.rank < len(letters) or (not dots and t.rank != len(letters))):
            return None
        laid.append((t if dots or t.rank is not None else replace(t, rank=len(letters)), tuple(letters)))
    if output.partition("...")[0] and "..." in output:
        return None
    out = tuple(output.replace("...", ""))
    label = term(name, text, *(t.term for t in operands))
    squares = len(laid) == 2 and laid[0][1] == laid[1][1] and _are_conjugate(laid[0][0], laid[1][0])
    laid = _without_turns(laid)
    made = contract(lay_out(laid, out), context, label)
    return replace(made, flags=made.flags | {"nonneg"}) if squares else made


def _are_conjugate(x: Tensor, y: Tensor) -> bool:
    """Whether the product of two values entry by entry is that of one with its own conjugate."""
    if x.term is y.term:
        return x.dtype == "real"
    return any(a.term.op == "conj" and a.term.args[0] is b.term for a, b in ((x, y), (y, x)))


def _without_turns(laid: list[tuple[Tensor, tuple[str, ...]]]) -> list[tuple[Tensor, tuple[str, ...]]]:
    """Take what was multiplied by numbers of modulus 1 for what it was, where it meets its own conjugate."""
    if len(laid) != 2 or laid[0][1] != laid[1][1]:
        return laid
    (x, letters), (y, _) = laid
    both = x.whole is not None and y.whole is not None and x.whole.part == y.whole.part == "turned"
    conjugate = any(a.term.op == "conj" and a.term.args[0] is b.term for a, b in ((x, y), (y, x)))
    if x.whole is None or y.whole is None or not (both and conjugate):
        return laid
    return [(turned_back(x, x.whole.of), letters), (turned_back(y, y.whole.of), letters)]


def einsum(equation: object, operands: Sequence[Tensor], context: Context) -> Tensor:
    """Return torch.einsum of an equation that is known as text."""
    made = spec(operands, equation, context) if isinstance(equation, str) else None
    return made if made is not None else opaque(operands, context, "einsum")


def tensordot(x: Tensor, y: Tensor, dims: object, context: Context) -> Tensor:
    """Return torch.tensordot for a number of axes or two lists of them."""
    if x.rank is None or y.rank is None:
        return opaque([x, y], context, "tensordot")
    if isinstance(dims, int):
        pairs = [(x.rank - dims + i, i) for i in range(dims)]
    elif isinstance(dims, tuple) and len(dims) == 2 and all(isinstance(d, tuple) for d in dims):
        pairs = [(a % x.rank, b % y.rank) for a, b in zip(dims[0], dims[1], strict=False)]
    else:
        return opaque([x, y], context, "tensordot")
    left: list[object] = [("x", i) for i in range(x.rank)]
    right: list[object] = [("y", i) for i in range(y.rank)]
    for a, b in pairs:
        right[b] = left[a]
    summed = {left[a] for a, _ in pairs}
    out = [letter_ for letter_ in (*left, *right) if letter_ not in summed]
    return contract(lay_out([(x, left), (y, right)], out), context)


def inner_along(x: Tensor, y: Tensor, dim: object, context: Context, conjugate: bool) -> Tensor:
    """Return the sum of conj(x) y (or x y) along one dimension."""
    a, guess = axis_of(x if x.motions else y, dim)
    if a is None:
        return opaque([x, y], context, "vecdot")
    x, y = doubted(x, guess), doubted(y, guess)
    left = conj(x, context) if conjugate else x
    laid = elementwise([left, y])
    width = max(len(laid.out), -a)
    letters = [("along", i) for i in range(width, 0, -1)]
    summed = letters[a]
    out = [letter_ for letter_ in letters if letter_ != summed]
    return contract(lay_out([(left, letters), (y, letters)], out), context)


def kron(x: Tensor, y: Tensor, context: Context) -> Tensor:
    """Return the Kronecker product: an outer product whose axes are merged pairwise."""
    ranks = [t.rank for t in (x, y)]
    if ranks in ([0, 1], [1, 0], [1, 1], [0, 2], [1, 2], [2, 0], [2, 1]):
        made = kron(_with_ones_in_front(x), _with_ones_in_front(y), context)
        return made if 2 in ranks else removed(made, -2, term("kron", x.term, y.term))
    outer = spec([x, y], "ij,kl->ikjl", context, "kron") if x.rank == y.rank == 2 else None
    if outer is None:
        return opaque([x, y], context, "kron")
    sizes = [outer.size(a) for a in range(-4, 0)]
    known = [n for n in sizes if isinstance(n, int)]
    if len(known) == 4:
        laid = reshape(outer, [known[0] * known[1], known[2] * known[3]], context)
        made = replace(laid, term=term("kron", x.term, y.term))
    else:
        made = replace(scrambled(outer, context, "kron"), rank=2)
    motions = dict(made.motions)
    for g, m in outer.motions:
        phase = made.motion(g).phase
        axes = spread(m.phase)
        if phase.mode is Mode.MIXED and m.phase.mode is Mode.EXACT and axes is not None:
            # Rows are the pairs (i, k), columns the pairs (j, l).
            across = frozenset(-1 if a in (-1, -2) else -2 for a in axes)
            motions[g] = replace(motions[g], phase=replace(phase, across=across))
    return replace(made, motions=settle(motions))


def _with_ones_in_front(t: Tensor) -> Tensor:
    """Return t as a matrix with axes of size one in front."""
    for axis in range(-(t.rank or 0) - 1, -3, -1):
        t = inserted(t, axis)
    return t


def cross(x: Tensor, y: Tensor, dim: object, context: Context) -> Tensor:
    """Return the cross product along a dimension: bilinear, and mixing that dimension."""
    axis, guess = axis_of(x, -1 if dim is None else dim)
    if axis is None:
        return opaque([x, y], context, "cross")
    x, y = doubted(x, guess), doubted(y, guess)
    touched = [{g for g, m in t.motions if m.touches(axis)} for t in (x, y)]
    ordered = all(g.ordered or s.axis != axis for t in (x, y) for g, m in t.motions for s in m.order.tags)
    if ordered and touched[0] != touched[1] and not touched[0] & touched[1]:
        return _cross_along(x, y, axis, context)
    if any(m.touches(axis) or axis in slots_of(m) for t in (x, y) for _, m in t.motions):
        return opaque([x, y], context, "cross")
    made = contract(elementwise([x, y]), context, term("cross", x.term, y.term))
    return replace(made, flags=made.flags - {"nonneg", "nonzero"})


def _cross_along(x: Tensor, y: Tensor, axis: int, context: Context) -> Tensor:
    """Return the cross product where one factor moves along the dimension: it adds up entries of unlike phase."""
    width = max(2, -axis, *(t.rank or 0 for t in (x, y)))
    letters: list[object] = [("axis", i) for i in range(width, 0, -1)]
    turned = [*letters]
    turned[axis] = "turned"
    out = [letter_ for letter_ in letters if letter_ != letters[axis]]
    made = contract(lay_out([(x, letters), (y, turned)], out), context, term("cross", x.term, y.term))
    return inserted(made, axis)


def outer(x: Tensor, y: Tensor, context: Context) -> Tensor:
    """Return the outer product of two vectors."""
    made = spec([x, y], "i,j->ij", context, "outer")
    if made is None:
        return opaque([x, y], context, "outer")
    return _simplified(replace(x, term=x.term), inserted(y, -1), made)


def diagonal(t: Tensor, context: Context, offset: object = 0, dim0: object = -2, dim1: object = -1) -> Tensor:
    """Return the diagonal of two dimensions as a last axis."""
    (a, b), guess = axes_of(t, (dim0, dim1))
    if a is None or b is None or not isinstance(offset, int | None):
        return opaque([t], context, "diagonal")
    if offset:  # the k-th diagonal is the first one behind k columns, or under k rows
        t = cut(t, b if offset > 0 else a, Range(abs(offset), None, None), context)
    squares = _squares_of_rows(t, ("i",), context) if {a, b} == {-1, -2} else None
    if squares is not None:
        return squares
    t = doubted(t, guess)
    for one, other in ((a, b), (b, a)):
        if t.size(one) == 1 != t.size(other):
            t = cut(t, other, Range(0, 1, None), context)
    depth = max(2, -a, -b)
    letters: list[object] = [("d", i) for i in range(depth)]
    letters[a] = letters[b] = "diag"
    out = [*(letter_ for letter_ in letters if letter_ != "diag"), "diag"]
    return contract(lay_out([(t, letters)], out), context, term("diagonal", t.term, a, b))


def trace(t: Tensor, context: Context) -> Tensor:
    """Return the sum of the diagonal of the last two axes."""
    squares = _squares_of_rows(t, (), context)
    if squares is not None:
        return squares
    return contract(lay_out([(t, ("d", "d"))], ()), context, term("trace", t.term))


def diag_embed(t: Tensor, context: Context, offset: object = 0) -> Tensor:
    """Return the matrix with t on its diagonal, which has one index still."""
    if offset not in (0, None):
        return opaque([t], context, "diag_embed")
    label = term("diag_embed", t.term)
    made = inserted(undiagonal(t), -2)
    sizes = {a: s for a, s in made.sizes if a != -2}
    if t.size(-1) is not None:
        sizes[-2] = t.size(-1)
    keep = made.flags & {"nonneg", "random"}
    beside = {g: replace(m, phase=replace(m.phase, laden=False)) for g, m in made.motions}  # zeros have no charge
    return replace(
        made,
        motions=settle(beside),
        term=label,
        flags=keep | {"diagonal"},
        steady=made.steady - {-2},
        sizes=tuple(sorted(sizes.items(), key=lambda s: s[0])),
    )


def diag(t: Tensor, context: Context, offset: object = 0) -> Tensor:
    """Return torch.diag: a vector becomes a diagonal matrix, a matrix gives its diagonal."""
    if t.rank == 1:
        return diag_embed(t, context, offset)
    if t.rank == 2:
        return diagonal(t, context, offset)
    axes = {a for _, m in t.motions for a in slots_of(m)}
    if axes <= {-1}:
        # Of unknown rank: what is put on a diagonal is nearly always a vector.
        return replace(diag_embed(t, context, offset), doubt=max(t.doubt, LIKELY), rank=2)
    return opaque([t], context, "diag")


def fused(base: Tensor, x: Tensor, y: Tensor, how: str, context: Context) -> Tensor:
    """Return base + the product of x and y (addmm, addmv, addr, baddbmm, addbmm)."""
    if how == "outer":
        made = outer(x, y, context)
    elif how == "sum":
        made = spec([x, y], "bij,bjk->ik", context) or opaque([x, y], context, "addbmm")
    else:
        made = matmul(x, y, context)
    return add(made, base, context)


def multi_dot(tensors: Sequence[Tensor], context: Context) -> Tensor:
    """Return the product of a chain of matrices."""
    made = tensors[0]
    for t in tensors[1:]:
        made = matmul(made, t, context)
    return made


def adjoint(t: Tensor, context: Context) -> Tensor:
    """Return the conjugate transpose of the last two axes."""
    return conj(swap(t, -2, -1), context)
