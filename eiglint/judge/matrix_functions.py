"""What to write for a matrix function that was written out with vectors, by what its function is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from eiglint.gauge import Gauge, Spot
from eiglint.gauge.terms import Term, role_of
from eiglint.judge.flow import PLACED, STOPS


class Function(NamedTuple):
    """The functions that were applied to the values: their names, and the exponents of powers."""

    names: frozenset[str]
    exponents: frozenset[float]

    @property
    def plain(self) -> bool:
        return not self.names and not self.exponents


def roles_in(factors: Iterable[Term], gauge: Gauge, exclusive: frozenset[Spot], done: frozenset[Term]) -> set[str]:
    """Return which outputs of a decomposition are in the factors; what is in `done` has met its partner before.

    What is only compared weights by 0 and 1: V diag(L > c) V^H is a projector.
    """
    found: set[str] = set()
    for here in walk(factors, done, STOPS):
        owner = here.args[0] if here.op == "output" else None
        if isinstance(owner, Gauge) and (owner.spot == gauge.spot or owner.spot in exclusive):
            found.add(role_of(here))
    return found


def walk(factors: Iterable[Term], done: frozenset[Term], stops: Collection[str] = ()) -> Iterable[Term]:
    """Yield all that factors are made of, back to the decompositions, to what is in `done`, and to ops in `stops`."""
    seen: set[Term] = set()
    stack = list(factors)
    while stack:
        here = stack.pop()
        if here in seen or here in done or here.op in stops:
            continue
        seen.add(here)
        yield here
        if here.op != "output":
            inner = here.args[:1] if here.op in PLACED else here.args
            stack.extend(a for a in inner if isinstance(a, Term))


def function_in(factors: Iterable[Term], gauge: Gauge, done: frozenset[Term]) -> Function:
    """Return the functions that stand between the values and the factors."""
    names: set[str] = set()
    exponents: set[float] = set()
    for here in walk(factors, done):
        if here.op == "div" and any(isinstance(a, Term) and _made_of_values(a, gauge) for a in here.args[1:]):
            exponents.add(-1.0)
        if here.op == "output" or not _made_of_values(here, gauge):
            continue
        op = here.op.rpartition(".")[2].rstrip("_")
        if op == "power" and isinstance(here.args[1], int | float):
            exponents.add(float(here.args[1]))
        elif op not in STRUCTURE and not (op == "add" and _shifts(here)):
            names.add(op)
    return Function(frozenset(names), frozenset(exponents))


def acts_on_pairs(factors: Iterable[Term], gauge: Gauge, done: frozenset[Term]) -> bool:
    """Whether values meet each other in a table of all pairs, as L_i + L_j in the solution of A X + X A = Q."""
    tables = (x for x in walk(factors, done) if x.op in ("add", "mul", "power") and _made_of_values(x, gauge))
    return any({"column", "row"} <= {_laid(a) for a in x.args if isinstance(a, Term)} for x in tables)


def _laid(t: Term) -> str:
    """Say how values lie in a table: down its rows or along its columns."""
    while t.op in ("neg", "power", "mul"):
        inner = next((a for a in t.args if isinstance(a, Term) and a.outputs), None)  # a number may stand before it
        if inner is None:
            return ""
        t = inner
    if t.op == "insert":
        return "column" if t.args[1] == -1 else "row" if t.args[1] == -2 else ""
    return ""


def _shifts(here: Term) -> bool:
    """Whether something else is added to values: f(L + c) is the same function of A + c I."""
    return any(isinstance(a, Term) and not a.outputs for a in here.args)


def _made_of_values(here: Term, gauge: Gauge) -> bool:
    """Whether a term is a function of the values alone, vectors aside."""
    own = [x for x in here.outputs if isinstance(x.args[0], Gauge) and x.args[0].spot == gauge.spot]
    return any(role_of(x) == "values" for x in own) and all(role_of(x) == "values" for x in own)


ANY = Function(frozenset({"any"}), frozenset())
"""Stands for functions that differ from caller to caller."""
STRUCTURE = frozenset(
    ("mul", "div", "matmul", "product", "neg", "swap", "conj", "detach", "real", "either", "earlier", "loop")
) | {"diag_embed", "diagonal", "insert", "squeeze", "expand", "reshape", "permute", "pick", "cut", "take", "sum"}
"""Through these a function of the values goes on being the function that it was, or a multiple of it."""
CLAMPS = frozenset(("clamp", "clamp_min", "relu", "maximum", "clip", "max"))
SINGULAR = frozenset(("log", "sqrt", "rsqrt", "reciprocal"))


def needs_positive(f: Function) -> bool:
    """Whether a function has a bad point at zero, away from which an added identity keeps the values."""
    return bool(f.names & SINGULAR) or any(p < 1 for p in f.exponents)


def replacement(f: Function, gauge: Gauge, roles: set[str]) -> str:
    """Return the advice for a function of a matrix A that was decomposed as `roles` say."""
    if not gauge.call.startswith("torch."):
        return "a matrix function of the library, or one with a derivative of its own (Daleckii-Krein)"
    if {"left", "right"} <= roles:
        return _of_both_sides(f)
    if roles & {"left", "right"}:
        gram = "A @ A.mH" if "left" in roles else "A.mH @ A"
        if not f.names and f.exponents == {2.0}:
            return f"`{gram}`"
        return f"`eiglint.linalg.funm({gram}, f)`, with f written for the squares of the singular values"
    return _of_hermitian(f) if gauge.unitary else _of_general(f)


def _of_hermitian(f: Function) -> str:
    names, exponents = f.names - CLAMPS, f.exponents
    if f.plain:
        return "A itself"
    if not names and not exponents:
        return "`eiglint.linalg.psd_project(A)` for a floor at zero, `eiglint.linalg.funm(A, f)` for another"
    if names == {"exp"} and not exponents:
        return "`torch.linalg.matrix_exp(A)` or `eiglint.linalg.expm(A)`"
    if names == {"log"} and not exponents:
        return "`eiglint.linalg.logm(A)`"
    if _is_power(names, exponents, 0.5):
        return "`eiglint.linalg.sqrtm(A)`, or a Cholesky factor where any root will do"
    if _is_power(names, exponents, -0.5):
        return "`eiglint.linalg.inv_sqrtm(A)`"
    if _is_power(names, exponents, -1.0):
        return "`torch.linalg.solve(A, x)`, or Cholesky"
    if not names and len(exponents) == 1:
        (p,) = exponents
        return f"`torch.linalg.matrix_power(A, {p:g})`" if p.is_integer() else f"`eiglint.linalg.powm(A, {p:g})`"
    return "`eiglint.linalg.funm(A, f)`"


def _of_general(f: Function) -> str:
    names, exponents = f.names, f.exponents
    if f.plain:
        return "A itself"
    if names == {"exp"} and not exponents:
        return "`torch.linalg.matrix_exp(A)`, or `eiglint.linalg.linear_flow(A, t, x)` for many times"
    if _is_power(names, exponents, -1.0):
        return "`torch.linalg.solve(A, x)`"
    if not names and len(exponents) == 1 and all(p.is_integer() for p in exponents):
        return f"`torch.linalg.matrix_power(A, {min(exponents):g})`"
    return "products and solves with A, or eigh and `eiglint.linalg.funm(A, f)` where A is Hermitian"


def _of_both_sides(f: Function) -> str:
    if f.plain:
        return "A itself"
    if _is_power(f.names, f.exponents, -1.0):
        return "`torch.linalg.pinv(A)`, `solve` or `lstsq`"
    return "`A @ eiglint.linalg.funm(A.mH @ A, g)` with g(s**2) = f(s) / s"


def _is_power(names: frozenset[str], exponents: frozenset[float], p: float) -> bool:
    """Whether a function is one power: by its exponents, whose product counts, or by its name."""
    total = 1.0
    for exponent in exponents:
        total *= exponent
    for name in names:
        total *= {"sqrt": 0.5, "rsqrt": -0.5, "reciprocal": -1.0}.get(name, float("nan"))
    return total == p and bool(names or exponents)
