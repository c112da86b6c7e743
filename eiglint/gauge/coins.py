"""Signs that are drawn at random: which values a random number may take, read from its term."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.context import Context
from eiglint.gauge.tensor import Tensor, settle
from eiglint.gauge.terms import Term

TURNED = "turned at random here"
NORMAL = "normal"
"""Marks independent draws of mean 0 that are as likely with either sign, and in any basis."""
COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_MOVES = frozenset({"take", "pick", "cut", "insert", "squeeze", "expand", "reshape", "swap", "detach"})
_BOTH = frozenset({-1.0, 1.0})


def noted_turn(made: Tensor, vectors: Tensor, context: Context) -> Tensor:
    """Note on the path of vectors that random signs turned them; under a flag the program can switch that off."""
    moving = [g for g, m in vectors.motions if not m.phase.neutral]
    if context.gated or not moving:
        return made
    motions = dict(made.motions)
    motions.update({g: motions[g].noted(context.spot, TURNED) for g in moving if g in motions})
    return replace(made, motions=settle(motions))


def random_signs(t: Term) -> bool:
    """Whether a value is drawn from -1 and 1."""
    return outcomes(t) == _BOTH and _drawn(t)


def coin(t: Term) -> bool:
    """Whether a value is drawn from false and true."""
    return outcomes(t) == frozenset({0.0, 1.0}) and _drawn(t)


def _drawn(t: Term) -> bool:
    return "random" in t.ops


def outcomes(t: Term) -> frozenset[float] | None:
    """Return the values that the entries of a term may have, where they are few; None where nobody knows."""
    inner = [a for a in t.args if isinstance(a, Term)]
    match t.op:
        case "constant":
            value = t.args[0]
            return frozenset({float(value)}) if isinstance(value, int | float) else None
        case "literal" | "tuple":
            return _listed(t)
        case "random":
            return t.args[-1] if isinstance(t.args[-1], frozenset) else None
        case "sgn":
            return _BOTH if inner and inner[0].op == "random" else None
        case "neg":
            known = outcomes(inner[0])
            return None if known is None else frozenset(-v for v in known)
        case "add" | "mul" | "power" | "operator.pow" if len(inner) == 2:
            return _combined(t.op, outcomes(inner[0]), outcomes(inner[1]))
        case "either" | "signs":
            known_sides = [outcomes(a) for a in inner[-2:]]
            return None if None in known_sides else frozenset().union(*(s for s in known_sides if s is not None))
        case "store":
            return _overwritten(t)
    if t.op in COMPARISONS:
        return frozenset({0.0, 1.0})
    return outcomes(inner[0]) if t.op in _MOVES and inner else None


def _listed(t: Term) -> frozenset[float] | None:
    """Return the numbers of a list of numbers."""
    found: set[float] = set()
    for a in t.args:
        if isinstance(a, Term):
            inner = outcomes(a)
            if inner is None:
                return None
            found |= inner
        elif isinstance(a, int | float) and t.op == "tuple":
            found.add(float(a))
    return frozenset(found)


def _combined(op: str, x: frozenset[float] | None, y: frozenset[float] | None) -> frozenset[float] | None:
    if x is None or y is None or len(x) * len(y) > 4:
        return None
    if op == "add":
        return frozenset(a + b for a in x for b in y)
    if op == "mul":
        return frozenset(a * b for a in x for b in y)
    return frozenset(a**b for a in x for b in y) if 0.0 not in x else None


def _overwritten(t: Term) -> frozenset[float] | None:
    """Return the values written over random ones: `s[s >= 0.5] = 1; s[s < 0.5] = -1` leaves none of those drawn."""
    written: set[float] = set()
    while t.op == "store":
        base, value = t.args[0], t.args[-1]
        known = outcomes(value) if isinstance(value, Term) else None
        if known is None or not isinstance(base, Term):
            return None
        written |= known
        t = base
    return frozenset(written) if t.op == "random" and len(written) > 1 else None
