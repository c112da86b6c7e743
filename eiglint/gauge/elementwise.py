"""Functions of one tensor, entry by entry (theory, section 4)."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.changes import cause_at, changed, drop_rotation, only_order, undiagonal
from eiglint.gauge.context import Context, Gauge, Remark
from eiglint.gauge.contract import contract
from eiglint.gauge.letters import elementwise
from eiglint.gauge.singular import GUARDED, is_singular_power, remark_singular
from eiglint.gauge.state import (
    Cause,
    Mode,
    Motion,
    Order,
    Phase,
    Pick,
    Rotation,
    charges,
    is_dyad,
    lost,
    of_moduli,
    squared,
)
from eiglint.gauge.tensor import Tensor, Whole, named, settle
from eiglint.gauge.terms import negated, term
from eiglint.gauge.ties import without_ties
from eiglint.gauge.unlike import sign_of_total
from eiglint.gauge.zeros import sign_at_zero

PARTS = frozenset({"real", "imag", "pair"})
SQUARED = frozenset({"real2", "imag2", "pair2"})
"""What is real of a complex value, as `Whole` calls it; a pair is both parts along a last axis."""


NEVER_ZERO = frozenset(
    ("output", "input", "param", "random", "conj", "swap", "insert", "mul", "div", "pick", "cut", "abs", "sgn", "power")
) | {"matmul", "einsum", "permute", "reshape", "product", "constant", "outer", "kron", "exp", "cos", "expand"}
"""Operators of values of which no entry is 0 for generic inputs, so that their phase factors have modulus 1."""


def apply_map(
    t: Tensor,
    context: Context,
    name: str,
    parity: str = "none",
    zero: bool = False,
    details: tuple[object, ...] = (),
) -> Tensor:
    """Apply a function to every entry: odd, even, or neither; `zero` says that it maps 0 to 0."""
    t = t if zero else undiagonal(t)

    def change(g: Gauge, m: Motion) -> Motion:
        cause = cause_at(context, "nonlinear", g, m, t.doubt)
        order = only_order(m.order, cause)
        if order.sign and parity == "even":
            order = replace(order, mode=Mode.EXACT, cause=None, sign=False)
        elif order.sign and parity != "odd":
            order = Order(Mode.BROKEN, cause=cause)
        return replace(m, phase=mapped(m.phase, g, parity, cause), order=order, rotation=drop_rotation(m, cause))

    flags = t.flags & {"random", GUARDED}
    if zero:
        flags |= t.flags & {"diagonal"}
    if parity == "odd":
        flags |= t.flags & {"nonzero"}
    dtype = t.dtype
    return changed(t, change, context, name, *details, flags=frozenset(flags), dtype=dtype)


def exponential(t: Tensor, context: Context, name: str) -> Tensor:
    """Return exp of every entry."""
    turned = _turned_back(t, context)
    return apply_map(t, context, name) if turned is None else turned


def _turned_back(t: Tensor, context: Context) -> Tensor | None:
    """Recognise exp(i angle(x)) and exp(-i angle(x)): the phase of x itself, or its conjugate."""
    if t.whole is None or t.whole.part != "angle" or t.whole.factor not in (1j, -1j):
        return None
    phase = sgn(t.whole.of, context, "sgn", "one")
    return phase if t.whole.factor == 1j else conj(phase, context)


def mapped(phase: Phase, gauge: Gauge, parity: str, cause: Cause) -> Phase:
    """Return the phase after a function of every entry, be it odd, even or neither."""
    if phase.neutral or phase.mode >= Mode.UNKNOWN:
        return phase
    real = gauge.group == "Z2"
    if phase.mode is Mode.FUN:
        return replace(phase, centre=None)
    if real and parity == "odd":
        return phase
    if real and parity == "even":
        return of_moduli(phase, cause)
    if phase.mode is Mode.MIXED:
        # Whatever the phases of laden entries are, a function of each of these moves with them.
        return Phase(Mode.BROKEN, cause=cause) if phase.laden else lost(phase, cause)
    return Phase(Mode.FUN, phase.charges, cause)


def modulus(t: Tensor, context: Context, name: str = "abs") -> Tensor:
    """Return |t|: the phase is gone, order and a basis of equal eigenvalues are not."""
    if "nonneg" in t:
        return replace(t, dtype="real") if t.dtype == "complex" else t  # what is not negative is its own modulus
    if t.whole is not None and t.whole.part == "crossed":
        root = apply_map(t.whole.of, context, "sqrt", "none", zero=True)  # |x + i y| is that of x**2 + y**2
        return replace(root, flags=root.flags | {"nonneg"})
    if t.whole is not None and t.whole.part == "turned":
        return modulus(turned_back(t, t.whole.of), context, name)
    if t.whole is not None and t.whole.part == "sized":
        return t.whole.of
    if t.whole is not None and t.whole.part == "tied":
        return modulus(t.whole.of, context, name)  # conjugates have one modulus
    t = without_ties(t)
    if t.whole is not None and t.whole.part == "scaled":
        sizes = [modulus(x, context) for x in (t.whole.of, *t.whole.pieces)]  # |x y| is |x| |y|
        return contract(elementwise(sizes), context, term(name, t.term))
    if t.whole is not None and t.whole.part == "power":
        return power(modulus(t.whole.of, context), t.whole.factor, context)  # |z**p| is |z|**p for every real p

    def change(g: Gauge, m: Motion) -> Motion:
        cause = cause_at(context, "entrywise", g, m, t.doubt)
        phase = of_moduli(m.phase, cause) if m.phase.mode in (Mode.EXACT, Mode.MIXED) else replace(m.phase, centre=None)
        order = only_order(m.order, cause, linear="nonneg" in t)  # what is not negative is its own modulus
        if order.sign:
            order = replace(order, mode=Mode.EXACT, cause=None, sign=False)
        if phases:
            phase, order = Phase(), Order()
        return replace(m, phase=phase, order=order, rotation=_modulus_rotation(g, m, t, cause))

    phases = has_modulus_one(t)
    flags = frozenset({"nonneg"} | (t.flags & {"diagonal", "nonzero", "unit", "zero", "identity"}))
    made = changed(t, change, context, name, flags=flags, dtype="real" if t.dtype == "complex" else t.dtype)
    if phases:
        made = replace(made, term=term("ones", t.term), steady=frozenset(range(-(t.rank or 6), 0)))
    if t.whole is not None and t.whole.part == "sorted":
        return replace(made, whole=t.whole._replace(of=modulus(t.whole.of, context, name)))
    return replace(made, whole=Whole("abs", t) if t.motions else None)


def has_modulus_one(t: Tensor) -> bool:
    """Whether every entry is a phase factor, since what it is the phase factor of is nowhere 0."""
    return "unit" in t and t.term.ops <= NEVER_ZERO


def turned_back(t: Tensor, of: Tensor) -> Tensor:
    """Return what was multiplied by numbers of modulus 1, for the moduli's sake.

    The sign of an entry that is 0 is 0, and in a block of equal eigenvalues some basis has such an entry: where the
    sign knows the basis, what is known of the rotation is that of the product.
    """
    turns = t.whole.pieces if t.whole is not None else ()
    fixed = {g for g in of.gauges if turns and all(g not in x.gauges for x in turns)}
    motions = {g: m if g in fixed else replace(m, rotation=t.motion(g).rotation) for g, m in of.motions}
    return replace(of, motions=settle(motions))


def _modulus_rotation(g: Gauge, m: Motion, t: Tensor, cause: Cause) -> Rotation:
    """A modulus is not linear, except of what is not negative; of a determinant it drops that of the rotation."""
    if "nonneg" in t:
        return m.rotation
    if g.unitary and m.rotation.mode is Mode.EXACT and all(isinstance(k, Pick) for k, _ in m.rotation.charges):
        return Rotation()
    return drop_rotation(m, cause)


def conj(t: Tensor, context: Context, name: str = "conj") -> Tensor:
    """Return the complex conjugate: every phase charge changes sign."""
    if t.dtype in ("real", "int", "bool"):
        return t

    def change(g: Gauge, m: Motion) -> Motion:
        phase = replace(m.phase, charges=charges(((k, -q) for k, q in m.phase.charges), g.group))
        turned = ((k, q if is_dyad(k) else -q) for k, q in m.rotation.charges)
        rotation = replace(m.rotation, charges=charges(turned, g.group))
        if not g.unitary and not all(is_dyad(k) for k, _ in m.rotation.charges):
            # The vectors of a general matrix are dual to the inverse's rows, not to their own conjugates.
            cause = cause_at(context, "conjugate is not the inverse", g, m, t.doubt)
            rotation = Rotation(Mode.BROKEN, cause=cause)
        return replace(m, phase=phase, rotation=rotation)

    label = t.term.args[0] if t.term.op == "conj" else term("conj", t.term)
    flags = t.flags - {"nonneg"} if t.dtype == "complex" else t.flags
    value = t.value.conjugate() if isinstance(t.value, complex) else t.value
    kept = t.whole is not None and t.whole.part in ("tied", "turned", "sized")
    whole = t.whole._replace(of=conj(t.whole.of, context, name)) if t.whole is not None and kept else None
    return changed(t, change, context, name, term=label, flags=flags, value=value, whole=whole)


def neg(t: Tensor, context: Context) -> Tensor:
    """Return -t, which every linear fact survives."""

    def change(g: Gauge, m: Motion) -> Motion:
        centre = -m.phase.centre if m.phase.centre is not None else None
        cause = cause_at(context, "computes with positions of pairs", g, m, t.doubt)
        return replace(m, phase=replace(m.phase, centre=centre), order=only_order(m.order, cause, linear=True))

    value = -t.value if t.value is not None else None
    if t.term.op == "matmul" and t.rank != 0:
        details = (("term", negated(t.term)),)
        context.remarks.append(Remark("negated factor", context.spot, None, t.live, t.doubt, details))
    whole = None
    if t.whole is not None and t.whole.part == "angle":
        whole = t.whole._replace(factor=-t.whole.factor)
    elif t.whole is not None and t.whole.part in PARTS | {"turned"}:
        whole = t.whole._replace(of=neg(t.whole.of, context))
    elif t.whole is not None and t.whole.part == "sized":
        whole = t.whole
    flags = t.flags - {"nonneg", "identity"}
    return changed(t, change, context, "neg", term=negated(t.term), flags=flags, value=value, whole=whole)


def power(t: Tensor, exponent: object, context: Context) -> Tensor:
    """Return t**exponent; an integer exponent multiplies the charges."""
    if exponent == 1:
        return t
    if exponent == 2 and (signed := signed_part(t)) is not None:
        made = power(signed, exponent, context)
        return replace(made, flags=made.flags | {"nonneg"})
    if exponent == 2 and t.whole is not None and t.whole.part == "root":
        return t.whole.of
    whole = _power_of_part(t, exponent, context)
    if whole is not None:
        return whole
    if exponent == 2 and t.whole is not None and t.whole.part == "turned" and t.whole.factor == -1:
        return power(turned_back(t, t.whole.of), exponent, context)
    integer = isinstance(exponent, int | float) and float(exponent).is_integer()
    p = int(exponent) if integer else 0  # type: ignore[call-overload]
    vanishes = isinstance(exponent, int | float) and exponent > 0
    base = t if vanishes else undiagonal(t)
    doubled_at: list[Gauge] = []

    def change(g: Gauge, m: Motion) -> Motion:
        cause = cause_at(context, "nonlinear", g, m, t.doubt)
        phase = _powered(m.phase, g, p if integer else None, cause)
        grows = g.group == "U1" and phase.mode is Mode.EXACT and abs(p) > 1 and bool(m.phase.charges)
        made = replace(m, phase=phase, order=only_order(m.order, cause), rotation=_powered_rotation(g, m, t, p, cause))
        if integer and p % 2 == 0 and made.order.sign:
            made = replace(made, order=replace(made.order, mode=Mode.EXACT, cause=None, sign=False))
        if grows:
            doubled_at.append(g)
            made = replace(made, doubled=m.doubled or context.spot).noted(context.spot, "charge doubled here")
        return made

    flags = (base.flags & {"diagonal"}) if vanishes else frozenset[str]()
    flags |= base.flags & {"nonzero", "unit", "random", "nonneg", GUARDED}
    if integer and p % 2 == 0 and t.dtype == "real":
        flags |= {"nonneg"}
    value = t.value**exponent if t.value and isinstance(exponent, int | float) else None
    label = named(exponent)
    made = changed(base, change, context, "power", label, flags=frozenset(flags), value=value)
    if is_singular_power(exponent):
        remark_singular("power", t, made, context)
    if isinstance(exponent, int | float) and t.dtype == "complex":
        return replace(made, whole=Whole("power", t, exponent))
    return made


def _powered_rotation(g: Gauge, m: Motion, t: Tensor, p: int, cause: Cause) -> Rotation:
    """Return the rotation of a square: that of |x|**2 is seen, be it written as such or the square of a real x."""
    inner = t.whole.of.motion(g).rotation if t.whole is not None and t.whole.part == "abs" else None
    if inner is None and g.group == "Z2":
        inner = m.rotation
    made = squared(inner, g) if p == 2 and inner is not None else None
    return made if made is not None else drop_rotation(m, cause)


def _powered(phase: Phase, gauge: Gauge, p: int | None, cause: Cause) -> Phase:
    if phase.neutral or phase.mode >= Mode.UNKNOWN:
        return phase
    if p is None:
        return mapped(phase, gauge, "none", cause)
    scaled = charges(((k, p * q) for k, q in phase.charges), gauge.group)
    if phase.mode is Mode.EXACT:
        return Phase(Mode.EXACT, scaled)
    if phase.mode is Mode.FUN:
        return replace(phase, centre=None)
    return of_moduli(phase, cause) if gauge.group == "Z2" and p % 2 == 0 else phase


def signed_part(t: Tensor) -> Tensor | None:
    """Return the real or imaginary part (or both) whose modulus a tensor is: its square is that of the part."""
    inner = t.whole.of if t.whole is not None and t.whole.part == "abs" else None
    return inner if inner is not None and inner.whole is not None and inner.whole.part in PARTS else None


def _power_of_part(t: Tensor, exponent: object, context: Context) -> Tensor | None:
    """Square the real or imaginary part, remembering whose part it was."""
    if t.whole is None or exponent != 2 or t.whole.part not in {*PARTS, "sorted"}:
        return None
    plain = power(replace(t, whole=None), exponent, context)
    if t.whole.part == "sorted":
        return replace(plain, whole=t.whole._replace(of=power(t.whole.of, exponent, context)))
    return replace(plain, whole=Whole(t.whole.part + "2", t.whole.of), flags=plain.flags | {"nonneg"})


def sgn(t: Tensor, context: Context, name: str, zero: str = "zero") -> Tensor:
    """Return t / |t|: the charges stay and the modulus is known. `zero` is what an entry 0 becomes."""

    def change(g: Gauge, m: Motion) -> Motion:
        cause = cause_at(context, "entrywise", g, m, t.doubt)
        return replace(m, order=only_order(m.order, cause), rotation=drop_rotation(m, cause))

    if "near-sign" in t:
        return _settled_sign(t, context, name)
    if t.term.op == "det" and "nonzero" not in t:
        context.remarks.append(Remark("sign of det", context.spot, None, t.live, t.doubt, (("input", t.term.args[0]),)))
    flags = {"unit"} | (t.flags & {"nonzero", "diagonal"})
    if zero == "zero" and "nonzero" not in t and "diagonal" not in t:
        flags.add("sign")
    elif "diagonal" not in t:
        flags.add("nonzero")
    made = sign_of_total(t, changed(t, change, context, "sgn", flags=frozenset(flags)))
    return made if zero == "zero" else sign_at_zero(made, t.term, context)


def _settled_sign(t: Tensor, context: Context, name: str) -> Tensor:
    """Return sign(sign(x) + c) with |c| < 1: the sign of x, with a value of its own where x is 0."""

    def change(g: Gauge, m: Motion) -> Motion:
        if m.phase.mode is Mode.FUN and m.phase.centre is not None:
            return replace(m, phase=Phase(Mode.EXACT, m.phase.charges))
        return m

    made = changed(t, change, context, name, flags=frozenset({"unit", "nonzero"}))
    return sign_at_zero(made, t.term, context)
