"""Random entries whose distribution stays when each is multiplied by a sign, or a phase, of its own.

Vectors that only mix such entries move with their gauge for the draws of one seed; the distribution does not move.
"""

from __future__ import annotations

from collections.abc import Sequence

from eiglint.gauge.coins import NORMAL, random_signs
from eiglint.gauge.terms import Term, subterms

_MOVES = frozenset({"pick", "index", "cut", "insert", "squeeze", "reshape", "swap", "detach"})
"""What puts no draw in two places: a draw that several columns share turns for one of them alone."""
_ODD = frozenset({"neg", "sgn", "normalize"})


def drawn_within(t: Term, chain: Sequence[object]) -> bool:
    """Whether every draw inside a value was made where a chain of calls has led, or in a function called from there.

    What a caller draws and hands down stands for data, or for weights: there is nothing that draws it anew.
    """
    here = _calls(chain)
    made = [x.args[2] for x in subterms(t, "random")]
    return all(isinstance(x, tuple) and _calls(x)[: len(here)] == here for x in made)


def _calls(chain: Sequence[object]) -> list[object]:
    """Return the calls of a chain, without the turns of loops between them: negative, those of loops with a number."""
    calls: list[object] = []
    numbered = False
    for entry in chain:
        turn = isinstance(entry, int) and entry < 0
        if not turn and not numbered:
            calls.append(entry)
        numbered = turn and isinstance(entry, int) and entry <= -1000
    return calls


def is_even_in_law(t: Term, group: str) -> bool:
    """Whether factors of modulus 1 from a group, one for each entry, leave the distribution of a value as it is."""
    inner = t.args[0] if t.args else None
    match t.op:
        case "random" if t.args[-1] == NORMAL:
            return True
        case "either":
            _, by = inner if isinstance(inner, tuple) else (None, inner)
            apart = isinstance(by, Term) and "random" not in by.ops
            return apart and all(isinstance(a, Term) and is_even_in_law(a, group) for a in t.args[1:])
        case "mul" if len(t.args) == 2:
            drawn = [a for a in t.args if isinstance(a, Term) and a.op != "constant"]
            return len(drawn) == 1 and is_even_in_law(drawn[0], group)
        case "div":
            by = t.args[1]
            over = isinstance(by, Term) and (by.op == "constant" or (by.op == "norm" and by.args[0] is inner))
            return over and isinstance(inner, Term) and is_even_in_law(inner, group)
    if isinstance(inner, Term) and t.op in _MOVES | _ODD and is_even_in_law(inner, group):
        return True
    return group != "U1" and not t.ops & {"take", "expand"} and random_signs(t)
