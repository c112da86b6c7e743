"""Rules for operations on several tensors."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge import combine as sums
from eiglint.gauge import elementwise as maps
from eiglint.gauge import matrix, parts, products, shape, times
from eiglint.gauge import select as choices
from eiglint.gauge.arguments import Arguments, NoRuleError, Options, listed, names, need
from eiglint.gauge.context import Context
from eiglint.gauge.layers import loss
from eiglint.gauge.state import Mode
from eiglint.gauge.tensor import Record, Tensor, as_tensor, named, opaque, settle
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range
from eiglint.gauge.zeros import may_be_zero


def read_add(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a sum or difference, scaled by `alpha`."""
    x, y = need(a, "input"), need(a, "other")
    alpha = a.get("alpha", 1)
    if alpha not in (1, None):
        scale = as_tensor(alpha)
        if scale is None:
            raise NoRuleError("alpha")
        y = times.product(y, scale, c)
    if o.get("reflected"):
        x, y = y, x
    return sums.add(x, y, c, -1 if o.get("sign") == -1 else 1)


def read_product(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a product: of the factors, of x and 2**y (ldexp), or of |x| and the sign of y (copysign)."""
    x, y = need(a, "input"), need(a, "other")
    match o.get("how"):
        case "by power of two":
            return times.product(x, maps.apply_map(y, c, "exp2"), c)
        case "modulus by sign":
            return times.product(maps.modulus(x, c), maps.sgn(y, c, "sgn", "one"), c)
        case _:
            return times.product(x, y, c)


def read_divide(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a quotient, rounded where the call says so."""
    x, y = need(a, "input"), need(a, "other")
    if o.get("reflected"):
        x, y = y, x
    if a.get("rounding_mode") or o.get("rounding_mode"):
        return sums.combine([x, y], c, name)
    return times.divide(x, y, c)


def read_combine(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return an arbitrary function of all tensors given."""
    found: list[Tensor] = []
    for value in a.values():
        if isinstance(value, tuple) and not isinstance(value, Number | Range):
            found.extend(t for v in value if (t := as_tensor(v)) is not None)
        elif (t := as_tensor(value)) is not None:
            found.append(t)
    if not found:
        raise NoRuleError(name)
    if len(found) == 1:
        return maps.apply_map(found[0], c, name)
    if o.get("idempotent") and found[0].term is found[1].term and all(t.rank == 0 for t in found[2:]):
        return found[0]  # the larger of x and x, or what lies between them
    degree = a.get("n")
    if o.get("parity") == "degree" and isinstance(degree, int):
        return maps.apply_map(need(a, "input"), c, name, "odd" if degree % 2 else "even", details=(degree,))
    if o.get("parity") == "even":
        # Even in every argument: a function of the moduli.
        found = [t if t.neutral else maps.modulus(t, c) for t in found]
    if o.get("even_in_second") and len(found) > 1:
        found[1] = maps.modulus(found[1], c)
    made = sums.combine(found, c, name, commutes=bool(o.get("commutes")))
    if o.get("rounds"):
        return replace(made, motions=found[0].motions)  # the first argument, but for rounding
    return _odd_in_first(made, found) if o.get("odd_in_first") else made


def _odd_in_first(made: Tensor, found: list[Tensor]) -> Tensor:
    """atan2(-y, x) is -atan2(y, x): the sign of y is that of the angle, where x has none.

    An entry that is 0 has no sign: atan2(0, -1) is pi, whatever the entry was made of.
    """
    y, x = found[0], found[-1]
    if "nonzero" not in y and may_be_zero(y.term):
        return made
    motions = {
        g: replace(m, phase=y.motion(g).phase)
        if g.group == "Z2" and y.motion(g).phase.mode is Mode.EXACT and x.motion(g).phase.neutral
        else m
        for g, m in made.motions
    }
    return replace(made, motions=settle(motions))


def read_compare(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a comparison of entries."""
    return choices.compare(need(a, "input"), need(a, "other"), c, str(o.get("how", name)))


def read_logical(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a logical function of entries, which carries no gradient; one of their truth asks which are 0."""
    made = read_combine({**o, "parity": "even"} if o.get("truth") else o, a, c, name)
    return replace(parts.detach(made), dtype="bool") if isinstance(made, Tensor) else made


def read_select(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return entries chosen by a condition."""
    if a.get("input") is None and a.get("other") is None:
        raise NoRuleError(name)
    return choices.select(need(a, "condition"), need(a, "input"), need(a, "other"), c)


def read_contract(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a product whose letters the table spells out."""
    operands = [t for v in a.values() if (t := as_tensor(v)) is not None]
    if o.get("along") or "dim" in a:
        return products.inner_along(operands[0], operands[1], a.get("dim", -1), c, o.get("conj") == "first")
    if o.get("conj") == "first":
        operands[0] = maps.conj(operands[0], c)
    if o.get("conj") == "second":
        operands[1] = maps.conj(operands[1], c)
    made = products.spec(operands, str(o["spec"]), c, name)
    if made is None:
        raise NoRuleError(name)
    return made


def read_einsum(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a product whose letters the program spells out."""
    return products.einsum(a.get("equation"), listed(a, "operands"), c)


def read_fused(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a base plus a product, each scaled."""
    keys = list(a)
    base, x, y = (need(a, k) for k in keys[:3])
    for scale, which in (("beta", "base"), ("alpha", "x")):
        factor = as_tensor(a.get(scale))
        if factor is not None and factor.value != 1:
            base, x = (times.product(base, factor, c), x) if which == "base" else (base, times.product(x, factor, c))
    return products.fused(base, x, y, str(o.get("how", "matmul")), c)


def read_solve(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the solution of a linear system."""
    left = a.get("left", o.get("left", True))
    if o.get("triangular"):
        a = {**a, "A": shape.triangle(need(a, "A"), term(name, need(a, "A").term, named(a.get("upper"))), c)}
    made = matrix.solve(need(a, "A"), need(a, "B"), c, left, bool(o.get("pinv")))
    fields = names(o, "fields")
    if fields:
        rest = opaque([need(a, "A"), need(a, "B")], c, name)
        return Record(fields, (made, *(rest for _ in fields[1:])))
    return made


def read_loss(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a loss against a target."""
    return loss(
        need(a, "input"), need(a, "target"), str(o.get("how", "other")), a.get("reduction"), bool(o.get("even")), c
    )
