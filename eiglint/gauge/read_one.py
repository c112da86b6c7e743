"""Rules for operations on one tensor: arguments in, transfer function, result out."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge import combine as sums
from eiglint.gauge import elementwise as maps
from eiglint.gauge import matrix, parts, reduction, scans, shape, times
from eiglint.gauge.arguments import Arguments, NoRuleError, Options, integers, names, need
from eiglint.gauge.context import Context
from eiglint.gauge.parts import LOGARITHM
from eiglint.gauge.precision import remark_late
from eiglint.gauge.singular import remark_singular
from eiglint.gauge.state import (
    Live,
)
from eiglint.gauge.tensor import Record, Tensor, Whole, as_tensor, constant, detached, named
from eiglint.gauge.zeros import FLAT


def read_map(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a function of each entry."""
    details = tuple(named(v) for k, v in sorted(a.items()) if k != "input" and v is not None)
    bounds = [t for k in ("min", "max") if (t := as_tensor(a.get(k))) is not None and t.motions]
    if bounds:
        return sums.combine([need(a, "input"), *bounds], c, name)
    if o.get("exponential"):
        return maps.exponential(need(a, "input"), c, name)
    parity = str(o.get("parity", "none"))
    if o.get("clamps") and (a.get("min") is not None or a.get("max") is not None):
        parity = "odd" if _symmetric(a) else "none"
    if o.get("flat") or (o.get("clamps") and 0 in (a.get("min"), a.get("max"))):
        details = (*details, FLAT)
    made = maps.apply_map(need(a, "input"), c, name, parity, bool(o.get("zero")), details)
    if o.get("singular"):
        remark_singular(name, need(a, "input"), made, c)
    if o.get("logarithm") and need(a, "input").dtype == "complex":
        made = replace(made, whole=Whole(LOGARITHM, need(a, "input")))
    return made


def read_power(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a power, by a known or a computed exponent."""
    exponent = o.get("exponent", a.get("exponent"))
    if isinstance(exponent, Tensor) and exponent.value is not None:
        exponent = exponent.value
    base = as_tensor(a.get("input"))
    if isinstance(exponent, Tensor) or base is None:
        return sums.combine([need(a, "input"), need(a, "exponent")], c, name)
    return maps.power(base, exponent, c)


def read_part(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the real or imaginary part, the angle, or both parts as a last axis."""
    which = str(o.get("part", "real"))
    t = need(a, "input")
    if which in ("pair", "view_as_real"):
        made = parts.part(t, "view_as_real", c)
        laid = shape.inserted(made, -1)
        sized = replace(laid, steady=laid.steady - {-1}, sizes=tuple(s for s in laid.sizes if s[0] != -1))
        return replace(sized, whole=Whole("pair", t)) if t.motions else sized
    return parts.part(t, which, c)


def read_complex(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a complex tensor made of two real ones."""
    if o.get("how") == "view":
        t = need(a, "input")
        if t.whole is not None and t.whole.part == "pair":
            return t.whole.of
        raise NoRuleError(name)
    real, imag = need(a, "real"), need(a, "imag")
    if o.get("how") == "polar" and imag.whole is not None and imag.whole.part == "angle" and imag.motions:
        exponent = times.product(imag, constant(1j), c)
        return times.product(real, maps.exponential(exponent, c, "exp"), c)
    if o.get("how") == "polar":
        made = sums.combine([real, imag], c, name)
        return replace(made, dtype="complex")
    if real.whole and imag.whole and (real.whole.part, imag.whole.part) == ("real", "imag"):
        same = real.whole.of.term is imag.whole.of.term
        if same:
            return real.whole.of
    real, imag = parts.known_real(real), parts.known_real(imag)
    turned = times.product(replace(imag, dtype="complex"), constant(1j), c)
    made = replace(sums.add(real, turned, c), dtype="complex")
    quiet = replace(c, remarks=[])
    square = sums.add(maps.power(real, 2, quiet), maps.power(imag, 2, quiet), quiet)
    both_real = real.dtype == imag.dtype == "real"
    return replace(made, whole=Whole("crossed", square)) if both_real and made.motions else made


def read_cast(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the values under another dtype."""
    t, to = need(a, "input"), str(a.get("to") or o.get("to", "unchanged"))
    remark_late(t, {**o, "kind": to}, c)
    return parts.cast(t, to, c, name)


def read_requires(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the input as a leaf of the graph, or as one that is not differentiated."""
    t = need(a, "input")
    match a.get("requires_grad", True):
        case True:
            return replace(t, live=Live.YES)
        case False:
            return replace(detached(t), term=t.term)
    return replace(t, live=Live.MAYBE)


def read_reduce(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a reduction over some or all dimensions, with the positions where the call returns them."""
    how = str(o.get("how", "other"))
    t = need(a, "input")
    other = a.get("dim")
    if isinstance(other, Tensor) and how in ("max", "min"):
        return sums.combine([t, other], c, name, commutes=True)
    dim: object = other
    if isinstance(dim, tuple):
        dim = integers(dim)
        if dim is None:
            raise NoRuleError("dim")
    keep = a.get("keepdim", False)
    fields = names(o, "fields")
    if fields and dim is not None:
        first = reduction.reduce(t, dim, keep, how, c)
        which = {"max": "argmax", "min": "argmin"}.get(how, "argother")
        place = reduction.reduce(t, dim, keep, which, c)
        return Record(fields, (first, place))
    if o.get("matrix") and isinstance(dim, tuple) and len(dim) == 2 and a.get("p") not in (None, "fro"):
        return matrix.matrix_number(t, c, name)
    details = tuple(named(a[k]) for k in ("p", "k", "q") if a.get(k) is not None)
    return reduction.reduce(t, dim, keep, how, c, details)


def read_matrix_norm(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a norm of matrices: that of Frobenius runs over all entries, the others do not see unitary factors."""
    dim = integers(a.get("dim", (-2, -1)))
    if a.get("ord", o.get("ord")) in (None, "fro") and dim is not None and len(dim) == 2:
        return reduction.reduce(need(a, "input"), dim, a.get("keepdim", False), "norm", c)
    return matrix.matrix_number(need(a, "input"), c, name)


def read_scan(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a running sum, a softmax, or another operation along an axis that stays."""
    return scans.scan(need(a, "input"), a.get("dim"), str(o.get("how", name)), c)


def _symmetric(a: Arguments) -> bool:
    low, high = a.get("min"), a.get("max")
    return isinstance(low, int | float) and isinstance(high, int | float) and low == -high
