"""Products and quotients entry by entry, and the signs and reflections that are worth a remark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eiglint.gauge.coins import noted_turn, random_signs
from eiglint.gauge.context import Context, Gauge, Remark
from eiglint.gauge.contract import contract
from eiglint.gauge.elementwise import NEVER_ZERO, PARTS, has_modulus_one, modulus, power, signed_part, turned_back
from eiglint.gauge.letters import elementwise
from eiglint.gauge.mirrors import even_in_sign
from eiglint.gauge.shape import suggested_rank
from eiglint.gauge.singular import remark_singular
from eiglint.gauge.state import Mode, Phase, squared
from eiglint.gauge.tensor import Tensor, Whole, constant, settle
from eiglint.gauge.terms import Term, negated, subterms, term

SIMPLER_MODULI = frozenset({"power", "turned", "scaled", "sized", "tied"})
"""What is known of values whose moduli are those of something simpler."""
_PLACED = frozenset({"store", "overwritten", "scattered", "cat", "stack", "pad", "diag_embed"})
"""What these are made of stands at some entries only."""


def product(x: Tensor, y: Tensor, context: Context) -> Tensor:
    """Return x * y, entry by entry."""
    x, y = _along_a_row(x, y, context), _along_a_row(y, x, context)
    part = x.whole.part if x.whole is not None else ""
    if (
        part == "turned"
        and x.whole is not None
        and (x.whole.factor == -1 or y.term.op == "conj" or x.term.op == "conj")
    ):
        if x.term is y.term and x.whole.factor == -1:
            return power(x, 2, context)
        if y.whole is not None and y.whole.part == "turned" and _are_conjugate(x, y):
            return product(turned_back(x, x.whole.of), turned_back(y, y.whole.of), context)
    if x.term is y.term and (signed_part(x) is not None or part in {*PARTS, "sorted", "root"}):
        return power(x, 2, context)
    if any(a.term.op == "conj" and a.term.args[0] is b.term and _has_simpler_modulus(b) for a, b in ((x, y), (y, x))):
        return replace(power(modulus(x, context), 2, context), dtype=x.dtype)  # z conj(z) is |z|**2
    for a, b in ((x, y), (y, x)):
        if a.dtype == "real" and b.term is term("sgn", a.term):
            return modulus(a, context)
    made = contract(elementwise([x, y]), context, term("mul", x.term, y.term))
    made = _square(_without_even(made, x, y), x, y)
    if x.value is not None and y.value is not None:
        return constant(x.value * y.value)
    for a, b in ((x, y), (y, x)):
        if a.rank == 0 or a.rank is None:
            remark_reflection(b, a, context)
        if a.neutral and b.motions and random_signs(a.term):
            made = noted_turn(made, b, context)
        if a.value == -1:
            return replace(made, term=negated(b.term))
        if a.value is not None:
            made = _scaled_centres(made, b, a.value)
            if b.whole is not None and b.whole.part == "angle":
                made = replace(made, whole=b.whole._replace(factor=b.whole.factor * a.value))
            if b.whole is not None and b.whole.part in PARTS and not isinstance(a.value, complex):
                made = replace(made, whole=b.whole._replace(of=product(b.whole.of, a, context)))
            if a.value != 0:
                made = replace(made, flags=made.flags | (b.flags & {"zero", "diagonal", "nonzero"}))
        if "unit" in a and made.rank == b.rank is not None and dict(made.sizes) == dict(b.sizes):
            made = replace(made, whole=Whole("turned", b, pieces=(a,)))
        if "sign" in a and _cancels(a, b, made):
            _remark_zero_sign(a, b, context)
    return _of_simpler_modulus(made, x, y)


def _along_a_row(t: Tensor, other: Tensor, context: Context) -> Tensor:
    """Return a factor of unknown rank, read as a row where the other one is a column that was made of a vector."""
    beside_column = other.rank is not None and other.rank > 1 and other.size(-1) == 1 and other.size(-2) != 1
    unknown = t.rank is None and not t.motions and t.value is None
    return suggested_rank(t, 1, context) if unknown and beside_column and other.motions else t


def _has_simpler_modulus(t: Tensor) -> bool:
    return t.whole is not None and t.whole.part in SIMPLER_MODULI


def _of_simpler_modulus(made: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Remember the factors where the modulus of one is that of something simpler: |x y| is |x| |y|."""
    simple = any(t.whole is not None and t.whole.part in SIMPLER_MODULI for t in (x, y))
    simple |= any(has_modulus_one(t) for t in (x, y))
    return replace(made, whole=Whole("scaled", x, pieces=(y,))) if simple and made.whole is None else made


def _square(made: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Recognise |v| |v| and v conj(v): not negative, and the diagonal of a dyad where v is a basis."""
    if x.term is y.term and x.whole is not None and x.whole.part == "abs":
        motions = dict(made.motions)
        for g, m in x.whole.of.motions:
            rotation = squared(m.rotation, g)
            if rotation is not None and g in motions:
                motions[g] = replace(motions[g], rotation=rotation)
        return replace(made, motions=settle(motions), flags=made.flags | {"nonneg"})
    real = x.term is y.term and x.dtype == "real"
    return replace(made, flags=made.flags | {"nonneg"}) if _are_conjugate(x, y) or real else made


def _are_conjugate(x: Tensor, y: Tensor) -> bool:
    return any(a.term.op == "conj" and a.term.args[0] is b.term for a, b in ((x, y), (y, x)))


def _without_even(made: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Drop the sign from f(v) f(-v)."""
    even = [g for g, m in made.motions if m.phase.mode is Mode.FUN and even_in_sign(g, x, y)]
    if not even:
        return made
    motions = dict(made.motions)
    motions.update({g: replace(motions[g], phase=Phase()) for g in even})
    return replace(made, motions=settle(motions))


def _scaled_centres(made: Tensor, t: Tensor, factor: float | complex) -> Tensor:
    if isinstance(factor, complex):
        return made
    motions = dict(made.motions)
    for g, m in t.motions:
        if m.phase.mode is Mode.FUN and m.phase.centre is not None and g in motions:
            centred = replace(motions[g].phase, centre=m.phase.centre * factor)
            motions[g] = replace(motions[g], phase=centred)
    return replace(made, motions=settle(motions))


def _cancels(a: Tensor, b: Tensor, made: Tensor) -> bool:
    return any(
        not m.phase.neutral and not b.motion(g).phase.neutral and made.motion(g).phase.neutral for g, m in a.motions
    )


def _remark_zero_sign(a: Tensor, b: Tensor, context: Context) -> None:
    for g, m in a.motions:
        if not m.phase.neutral and not b.motion(g).phase.neutral:
            live = max(m.live, b.motion(g).live)
            context.remarks.append(Remark("zero sign", context.spot, g, live, max(a.doubt, b.doubt), ()))
            return


def divide(x: Tensor, y: Tensor, context: Context) -> Tensor:
    """Return x / y, entry by entry; equal values give the constant 1."""
    if x.term is y.term and x.motions and "diagonal" not in x:
        ones = replace(constant(1.0), rank=x.rank, live=x.live, steady=frozenset(range(-(x.rank or 6), 0)))
        return ones if x.rank == 0 else replace(ones, term=term("ones", x.term), value=None)
    if y.value is not None and y.value != 0:
        return product(x, constant(1 / y.value), context)
    x, y = _along_a_row(x, y, context), _along_a_row(y, x, context)
    inverse = power(y, -1, replace(context, remarks=[]))
    made = contract(elementwise([x, inverse]), context, term("div", x.term, y.term))
    remark_singular("reciprocal", y, made, context)
    if y.term.op in ("abs", "modulus") and y.term.args[0] is x.term and made.term.ops <= NEVER_ZERO:
        made = replace(made, flags=made.flags | {"unit"})  # x / |x| is the phase factor of x
    return _of_simpler_modulus(made, x, inverse)


def remark_reflection(factor: Tensor, decider: Tensor, context: Context) -> None:
    """Tell of a polar factor that is negated as a whole where its determinant is negative."""
    gauge = polar_gauge(factor.term)
    asked = list(_determined(decider.term))
    if gauge is not None and any(x is factor.term for x in asked):
        details = (("negated", negated(factor.term)),)
        context.remarks.append(Remark("reflection fix", context.spot, gauge, factor.live, factor.doubt, details))
    turned = _leading_vectors(factor.term)
    if turned is not None and any(isinstance(x, Term) and polar_gauge(x) == turned for x in asked):
        context.remarks.append(Remark("reflection fix", context.spot, turned, factor.live, factor.doubt, ()))


def _determined(t: Term) -> Iterator[object]:
    """Return the matrices whose determinants decide every entry alike: none of those written at single places."""
    stack = [t]
    while stack:
        here = stack.pop()
        if here.op == "det":
            yield attached(here.args[0])
        elif here.op not in _PLACED:
            stack.extend(a for a in here.args if isinstance(a, Term) and "det" in a.ops)


def attached(t: object) -> object:
    """Return the value that a term is a detached copy of."""
    return t.args[0] if isinstance(t, Term) and t.op == "detach" else t


def _leading_vectors(t: Term, along: object = None) -> Gauge | None:
    """Return the gauge of singular vectors taken together, or of the first of them: not the last one alone.

    `along` is the axis from whose beginning entries were taken.
    """
    inner = t.args[0] if t.args else None
    if t.op in ("swap", "conj") and isinstance(inner, Term):
        return _leading_vectors(inner, {-1: -2, -2: -1}.get(along) if t.op == "swap" else along)  # type: ignore[call-overload]
    if t.op in ("cut", "pick") and t.args[2] == 0 and isinstance(inner, Term):
        return _leading_vectors(inner, t.args[1])
    if t.op != "output" or "orthogonal" not in t.args or not isinstance(inner, Gauge):
        return None
    pairs = -2 if t.args[1] == "Vh" else -1
    return inner if inner.call.endswith("svd") and along in (None, pairs) else None


def polar_gauge(t: Term) -> Gauge | None:
    """Return the gauge of a product of the two orthogonal factors of one singular value decomposition."""
    if t.op == "swap":
        inner = t.args[0]
        return polar_gauge(inner) if isinstance(inner, Term) else None
    if t.op != "matmul" or len(t.args) != 2:
        return None
    if len(t.outputs) != 2:
        return None
    found = [x for side in t.args if isinstance(side, Term) for x in side.outputs]
    gauges = {x.args[0] for x in found}
    plain = all(
        x.op in ("output", "swap", "conj")
        for side in t.args
        if isinstance(side, Term)
        for x in subterms(side)
        if not any(x is inner for o in found for inner in subterms(o) if inner is not o)
    )
    if len(gauges) == 1 and len(found) == 2 and plain and found[0] is not found[1]:
        gauge = found[0].args[0]
        return gauge if isinstance(gauge, Gauge) else None
    return None
