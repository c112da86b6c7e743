"""Which pairs a matrix function keeps, and what to write where it does not keep all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from eiglint.gauge import Gauge
from eiglint.gauge.terms import Term, role_of
from eiglint.judge.flow import is_vectors_of, unturned

Kept = Literal["all", "largest", "smallest", "some"]
"""All pairs, those at one end of the spectrum, or others."""

ENDS: dict[str, Kept] = {"gt": "largest", "ge": "largest", "lt": "smallest", "le": "smallest"}
"""Which values pass a test against a bound."""


def kept_pairs(terms: Iterable[Term], gauge: Gauge) -> Kept:
    """Return which pairs take part, given all terms of a function: read off how its vectors or values are cut."""
    found: set[Kept] = set()
    for here in terms:
        base = unturned(here.args[0]) if here.op in ("cut", "take") else None
        if isinstance(base, Term) and is_vectors_of(base, gauge):
            found.add(_kept(here, role_of(base) == "vectors"))
        if here.op == "store":
            found.add("some")  # values that are written to their places one by one
    return found.pop() if len(found) == 1 else "some" if found else "all"


def _kept(cut: Term, rising: bool) -> Kept:
    if cut.op == "take":
        test = cut.args[2]
        return ENDS.get(test.op, "some") if isinstance(test, Term) and _of_plain_values(test.args[0]) else "some"
    first, last = cut.args[2] in (0, None), cut.args[3] is None
    if first == last:
        return "some"
    return "smallest" if first == rising else "largest"


def _of_plain_values(t: object) -> bool:
    return isinstance(t, Term) and t.op == "output" and role_of(t) == "values"


def of_kept(kept: Kept, advice: str, gauge: Gauge, roles: Collection[str], plain: bool) -> str:
    """Return the advice for a function of which `advice` speaks (`plain`: it is the matrix itself), of kept pairs."""
    if kept == "all":
        return advice
    both = {"left", "right"} <= set(roles)
    # Without both sides it is a function of the Gram matrix whose vectors are in it.
    matrix = "A @ A.mH" if "left" in roles else "A.mH @ A" if "right" in roles else "A"
    if not gauge.unitary:
        return f"the spectral projector on what is kept, times {'A' if plain else advice}"
    if kept == "some":
        return f"`eiglint.linalg.projector({matrix}, k)` for the pairs that are kept, times a function of A"
    projector = f"eiglint.linalg.projector({matrix}, k{', largest=True' if kept == 'largest' else ''})"
    if plain and (both or matrix == "A"):
        return f"`{projector} @ A`"
    return f"P times F: `P = {projector}`, and F is {advice}"
