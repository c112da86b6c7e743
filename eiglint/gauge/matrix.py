"""Operations on matrices as a whole: inverses, determinants, matrix functions (theory, section 4)."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.adjoint import remark_adjoint
from eiglint.gauge.arrangement import has_copies, spoiled
from eiglint.gauge.cancelling import with_factors
from eiglint.gauge.context import Context, Gauge, Remark
from eiglint.gauge.contract import joint_dtype
from eiglint.gauge.elementwise import apply_map, modulus, power
from eiglint.gauge.products import diagonal, matmul
from eiglint.gauge.reduction import reduce
from eiglint.gauge.shape import inserted, removed
from eiglint.gauge.state import (
    Cause,
    Mode,
    Motion,
    Order,
    Phase,
    Pick,
    Rotation,
    Slot,
    charges,
    is_dyad,
    lost,
    merge_last_two,
)
from eiglint.gauge.tensor import Record, Tensor, constant, everything, opaque, settle, slots_of
from eiglint.gauge.terms import Term, term
from eiglint.gauge.times import product


def flip_last_two(axis: int) -> int:
    """Exchange the names of rows and columns."""
    return -3 - axis if axis in (-1, -2) else axis


def inverse(t: Tensor, context: Context, pseudo: bool = False) -> Tensor:
    """Return the inverse (or pseudo-inverse): charges change sign and rows and columns trade places."""
    if "diagonal" in t:
        entries = replace(t, flags=t.flags - {"diagonal", "identity"})
        return replace(power(entries, -1, context), flags=t.flags & {"diagonal", "nonneg", "identity"})
    if not pseudo:
        _remark_inverse(t, context)
    remark_adjoint(t, context)

    def motion(g: Gauge, m: Motion) -> Motion:
        cause = Cause(context.spot, "inverse", g, m.live, t.doubt, m.trail)
        return replace(
            m,
            phase=_inverted(g, m.phase, m, cause),
            order=_inverted_order(m, cause),
            rotation=_inverted_rotation(g, m.rotation, cause),
        )

    return replace(
        t,
        term=t.term.args[0] if t.term.op == "inverse" else term("inverse", t.term),  # type: ignore[arg-type]
        motions=settle({g: motion(g, m) for g, m in t.motions}),
        flags=t.flags & {"hermitian"},
        sizes=tuple(sorted(((flip_last_two(a), s) for a, s in t.sizes), key=lambda s: s[0])),
        steady=t.steady - {-1, -2},
        live=t.live,
        value=None,
        whole=None,
    )


def _remark_inverse(t: Tensor, context: Context) -> None:
    """Tell of an inverse taken of the vectors themselves."""
    if t.term.op == "output":
        for g, m in t.motions:
            context.remarks.append(Remark("explicit inverse", context.spot, g, m.live, t.doubt, ()))


def _inverted(g: Gauge, phase: Phase, m: Motion, cause: Cause) -> Phase:
    if phase.neutral or phase.mode >= Mode.UNKNOWN:
        return phase
    if _mixes_batch(m):
        return Phase(Mode.BROKEN, cause=phase.cause or cause)
    if phase.mode is Mode.EXACT:
        return Phase(Mode.EXACT, charges(((_renamed(k), -q) for k, q in phase.charges), g.group))
    if phase.mode is Mode.FUN and not m.touches(-1) and not m.touches(-2):
        return replace(phase, centre=None)
    return lost(phase, cause)


def _mixes_batch(m: Motion) -> bool:
    """Whether the choices differ along what an operation takes for rows or columns."""
    return bool(m.batch & {-1, -2}) or (m.rest is not None and m.rest >= -2)


def _renamed(key: Slot | Pick) -> Slot | Pick:
    return Slot(flip_last_two(key.axis), key.cut) if isinstance(key, Slot) else key


def _inverted_order(m: Motion, cause: Cause) -> Order:
    order = m.order
    inside = any(s.axis in (-1, -2) for s in order.tags)
    if inside and (m.is_batch(-1) or m.is_batch(-2)):
        return Order(Mode.BROKEN, cause=cause._replace(reason="mingles the orders of batch elements"))
    if order.mode is Mode.EXACT and not order.pointer:
        return Order(tags=frozenset(Slot(flip_last_two(s.axis), s.cut) for s in order.tags))
    return _of_rearranged(order, cause)


def _of_rearranged(order: Order, cause: Cause) -> Order:
    """Return the order after a function of whole matrices, no linear one, of what has no order that it respects."""
    if order.summed:
        return spoiled(order, cause)  # V + C and P V + C with a permutation P have unlike inverses
    return order if order.mode >= Mode.UNKNOWN or order.mode is Mode.FUN else Order(Mode.UNKNOWN, cause=cause)


def _inverted_rotation(g: Gauge, rotation: Rotation, cause: Cause) -> Rotation:
    if rotation.mode is not Mode.EXACT:
        return rotation
    if any(is_dyad(k) and _renamed(k) != k for k, _ in rotation.charges):
        return Rotation(Mode.BROKEN, cause=cause)
    return Rotation(Mode.EXACT, charges(((_renamed(k), -q) for k, q in rotation.charges), g.group))


_IDENTITY = frozenset({"diagonal", "identity", "nonneg"})


def solve(a: Tensor, b: Tensor, context: Context, left: object = True, pseudo: bool = False) -> Tensor:
    """Return inv(a) @ b, or b @ inv(a); a vector on the right is solved as one column."""
    if a.term is b.term and a.motions and not pseudo:
        return replace(a, term=term("solve", a.term, b.term), motions=(), flags=_IDENTITY, value=None, whole=None)
    remark_adjoint(a, context)
    solver = inverse(a, Context(context.spot, context.recording, context.chain, context.complex_reading), pseudo)
    if left is False:
        name = term("solve right", a.term, b.term)
        return replace(matmul(b, solver, context, name), term=name)
    if b.rank == 1:
        column = matmul(solver, inserted(b, -1), context)
        return removed(column, -1, term("solve", a.term, b.term))
    name = term("solve", a.term, b.term)
    return with_factors(replace(matmul(solver, b, context, name), term=name), solver, b)


def det(t: Tensor, context: Context, how: str = "det") -> object:
    """Return the determinant: it collects every phase of the columns and of the rows."""
    if "diagonal" in t:
        plain: Tensor = reduce(diagonal(t, context), -1, False, "prod", context)
    else:
        plain = _determinant(t, context)
    if how == "det":
        return plain
    if how == "logdet":
        return apply_map(plain, context, "log", "none")
    sign = replace(plain, term=term("sign of det", plain.term), flags=frozenset({"unit"}))
    one = "unit" in plain
    size = (
        replace(constant(0.0), term=term("zero")) if one else apply_map(modulus(plain, context), context, "log", "none")
    )
    return Record(("sign", "logabsdet"), (sign, size))


def _determinant(t: Tensor, context: Context) -> Tensor:
    if t.whole is not None and t.whole.part == "factors":
        made = _determinant(t.whole.of, context)
        for x in t.whole.pieces:
            made = product(made, _determinant(x, context), context)
        return replace(made, term=term("det", t.term), flags=made.flags | {"nonzero"})

    def motion(g: Gauge, m: Motion) -> Motion:
        cause = Cause(context.spot, "determinant", g, m.live, t.doubt, m.trail)
        return replace(
            m,
            phase=_collected(g, m, cause, t),
            order=_parity(m.order, cause),
            rotation=_determined(g, m.rotation, cause, t),
            batch=frozenset(a + 2 for a in m.batch if a < -2),
            rest=min(m.rest + 2, -1) if m.rest is not None else None,
        )

    drop = {a + 2: s for a, s in t.sizes if a < -2}
    flags = {"nonzero"} if _never_singular(t) else set()
    if _is_unitary(t.term):
        flags |= {"unit"}
    return Tensor(
        term("det", t.term),
        settle({g: motion(g, m) for g, m in t.motions}),
        rank=t.rank - 2 if t.rank is not None else None,
        sizes=tuple(sorted(drop.items(), key=lambda s: s[0])),
        steady=frozenset(a + 2 for a in t.steady if a < -2),
        dtype=t.dtype,
        live=t.live if context.recording else t.live.NO,
        doubt=t.doubt,
        flags=frozenset(flags),
    )


def _is_unitary(t: Term) -> bool:
    """Whether a square matrix is an orthogonal factor."""
    while t.op in ("swap", "conj", "inverse") and isinstance(t.args[0], Term):
        t = t.args[0]
    return t.op == "output" and "orthogonal" in t.args


def _never_singular(t: Tensor) -> bool:
    """Whether a matrix is a product of orthogonal factors, whose determinant is never 0."""

    def orthogonal(here: object) -> bool:
        if not isinstance(here, Term):
            return False
        op, args = here.op, here.args
        if op == "output":
            return "orthogonal" in args
        if op in ("swap", "conj", "inverse", "det"):
            return orthogonal(args[0])
        return op == "matmul" and all(orthogonal(a) for a in args)

    return orthogonal(t.term)


def _collected(g: Gauge, m: Motion, cause: Cause, t: Tensor) -> Phase:
    phase = m.phase
    if phase.neutral or phase.mode >= Mode.UNKNOWN:
        return phase
    if _mixes_batch(m):
        return Phase(Mode.BROKEN, cause=phase.cause or cause)
    if phase.mode is Mode.FUN:
        hit = m.touches(-1) or m.touches(-2)
        return Phase(Mode.BROKEN, cause=phase.cause or cause) if hit else replace(phase, centre=None)
    if phase.mode is Mode.MIXED:
        return lost(phase, cause)
    n = t.size(-1) or t.size(-2)
    pairs: list[tuple[Slot | Pick, int]] = []
    for key, q in phase.charges:
        if isinstance(key, Slot) and key.axis in (-1, -2):
            pairs.append((Pick(everything(t), key.cut), q))
        elif isinstance(n, int):
            pairs.append((replace_axis(key), q * n))
        else:
            return Phase(Mode.MIXED, cause=cause)
    return Phase(Mode.EXACT, charges(pairs, g.group))


def replace_axis(key: Slot | Pick) -> Slot | Pick:
    """Move a batch axis to where it stands once rows and columns are gone."""
    return Slot(key.axis + 2, key.cut) if isinstance(key, Slot) else key


def _parity(order: Order, cause: Cause) -> Order:
    """A permutation of the rows or the columns alone changes the determinant's sign."""
    if order.mode is not Mode.EXACT or order.pointer:
        return _of_rearranged(order, cause)
    inside = {s.axis for s in order.tags if s.axis in (-1, -2)}
    cuts = {s.cut for s in order.tags if s.axis in inside}
    if any(has_copies(part) for part in cuts) and not (len(inside) == 2 and len(cuts) == 1):
        return Order(Mode.UNKNOWN, cause=cause)  # a row's permutation may be even where that of the pairs is odd
    if len(inside) == 1:
        return Order(Mode.MIXED, cause=cause, sign=True)
    return Order(tags=frozenset(Slot(s.axis + 2, s.cut) for s in order.tags if s.axis < -2))


def _determined(g: Gauge, rotation: Rotation, cause: Cause, t: Tensor) -> Rotation:
    """A basis gives its determinant the factor det(Q) of its change Q: a phase, if Q is unitary."""
    if rotation.mode is Mode.MIXED:
        return Rotation(Mode.UNKNOWN, cause=rotation.cause)
    if rotation.neutral or rotation.mode is not Mode.EXACT:
        return rotation
    merged = merge_last_two(rotation.charges, g.group)
    inside = all(isinstance(k, Slot) and k.axis == -1 and not is_dyad(k) for k, _ in merged)
    if not inside:
        return Rotation(Mode.BROKEN, cause=cause)
    return Rotation(charges=charges(((Pick(everything(t), k.cut), q) for k, q in merged), g.group))


def matrix_function(t: Tensor, context: Context, name: str, details: tuple[object, ...] = ()) -> Tensor:
    """Return f(t) of a square matrix: D^-1 t D goes to D^-1 f(t) D, anything else breaks."""
    if "diagonal" in t and name != "cholesky":
        return replace(apply_map(t, context, name, "none", zero=True, details=details), flags=t.flags & {"diagonal"})

    def motion(g: Gauge, m: Motion) -> Motion:
        cause = Cause(context.spot, "matrix function", g, m.live, t.doubt, m.trail)
        return replace(
            m,
            phase=_similar_phase(g, m, cause),
            order=_similar_order(m.order, name, cause),
            rotation=_similar_rotation(g, m.rotation, name, cause),
        )

    return replace(
        t,
        term=term(name, t.term, *details),
        motions=settle({g: motion(g, m) for g, m in t.motions}),
        flags=frozenset() if name == "cholesky" else t.flags & {"hermitian"},
        value=None,
        whole=None,
        live=t.live if context.recording else t.live.NO,
    )


def _similar_phase(g: Gauge, m: Motion, cause: Cause) -> Phase:
    phase = m.phase
    if phase.neutral or phase.mode >= Mode.UNKNOWN:
        return phase
    if _mixes_batch(m):
        return Phase(Mode.BROKEN, cause=phase.cause or cause)
    inside = m.touches(-1) or m.touches(-2)
    if phase.mode is Mode.FUN and not inside:
        return replace(phase, centre=None)
    if phase.mode is Mode.EXACT:
        merged = merge_last_two(phase.charges, g.group)
        if not any(isinstance(k, Pick) or k.axis in (-1, -2) for k, _ in merged):
            return phase
        if not any(isinstance(k, Slot) and k.axis in (-1, -2) for k, _ in phase.charges):
            return Phase(Mode.FUN, phase.charges, cause)
    return lost(phase, cause)


def _similar_order(order: Order, name: str, cause: Cause) -> Order:
    if order.neutral or order.mode >= Mode.UNKNOWN or order.mode is Mode.FUN:
        return order
    inside = {s.axis for s in order.tags if s.axis in (-1, -2)}
    alike = len(inside) == 2 and len({s.cut for s in order.tags if s.axis in inside}) == 1
    if order.mode is Mode.EXACT and not order.pointer and (not inside or (alike and name != "cholesky")):
        return order
    return Order(Mode.BROKEN, cause=cause)


def _similar_rotation(g: Gauge, rotation: Rotation, name: str, cause: Cause) -> Rotation:
    if rotation.neutral or rotation.mode is not Mode.EXACT:
        return rotation
    inside = [k for k, _ in rotation.charges if isinstance(k, Slot) and k.axis in (-1, -2)]
    if not merge_last_two(rotation.charges, g.group) and not any(map(is_dyad, inside)) and name != "cholesky":
        return rotation
    return Rotation(Mode.BROKEN, cause=cause)


def _unitary(g: Gauge, rotation: Rotation) -> bool:
    """Whether equal eigenvalues change a matrix by unitary factors: those of a general matrix mix in any way."""
    return g.unitary and not any(is_dyad(k) for k, _ in rotation.charges)


def matrix_number(t: Tensor, context: Context, name: str) -> Tensor:
    """Return a number that unitary factors do not change: a norm, a condition number, a rank."""

    def motion(g: Gauge, m: Motion) -> Motion:
        cause = Cause(context.spot, name, g, m.live, t.doubt, m.trail)
        phase = m.phase
        if phase.mode is Mode.EXACT and not any(m.is_batch(a) for a in (-1, -2)):
            phase = Phase()
        elif phase.mode is not Mode.EXACT and phase.mode < Mode.UNKNOWN:
            phase = lost(phase, phase.cause or cause)
        order = Order() if m.order.mode is Mode.EXACT and all(s.axis in (-1, -2) for s in m.order.tags) else m.order
        if order.mode is Mode.MIXED:
            order = Order(Mode.UNKNOWN, cause=order.cause)
        rotation = m.rotation
        if rotation.mode is Mode.EXACT and not rotation.neutral:
            rotation = Rotation() if _unitary(g, rotation) else Rotation(Mode.BROKEN, cause=cause)
        if rotation.mode is Mode.MIXED:
            rotation = Rotation(Mode.UNKNOWN, cause=rotation.cause)
        batch = frozenset(a + 2 for a in m.batch if a < -2)
        rest = min(m.rest + 2, -1) if m.rest is not None else None
        return replace(m, phase=phase, order=order, rotation=rotation, batch=batch, rest=rest)

    if any(a < -2 for _, m in t.motions for a in slots_of(m) - m.batch):
        return opaque([t], context, name)
    return Tensor(
        term(name, t.term),
        settle({g: motion(g, m) for g, m in t.motions}),
        rank=t.rank - 2 if t.rank is not None else None,
        dtype="real" if t.dtype == "complex" else joint_dtype([t]),
        live=t.live if context.recording else t.live.NO,
        doubt=t.doubt,
        flags=frozenset({"nonneg"}),
    )
