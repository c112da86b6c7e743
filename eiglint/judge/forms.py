"""Sums of numbers times products: the normal forms in which symbolic matrices are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eiglint.gauge.terms import Term, term

Swap = tuple[int, int]
"""Two neighbouring axes that are exchanged, counted from the right: (-2, -1) transposes."""

Form = tuple[tuple[Term, complex], ...]
"""A sum of numbers times products, the products in a fixed order."""

MATRIX: Swap = (-2, -1)
SCALARS = frozenset(("constant", "number", "numel", "rank", "size", "trace", "det"))
REDUCTIONS = frozenset(
    ("sum", "mean", "prod", "any", "all", "count", "max", "min", "norm", "variance", "logsumexp", "median", "quantile")
)
ARITHMETIC = frozenset(("add", "sub", "mul", "div", "truediv", "power", "pow", "neg", "abs", "entries", "reciprocal"))
DIAGONAL = frozenset(("diag_embed", "eye"))
ONE = term("constant", 1)


def leaf(t: Term, swap: Swap | None, conj: bool) -> Form:
    """Return the form of what nothing is known of."""
    made = t if swap is None else term("swapped", t, *swap)
    return ((term("conj", made) if conj else made, 1),)


def ordered(parts: dict[Term, complex]) -> Form:
    """Return a sum in its fixed order, without what cancels."""
    return tuple(sorted(((t, _tidy(c)) for t, c in parts.items() if _tidy(c)), key=lambda part: id(part[0])))


def _tidy(number: complex) -> complex:
    """Drop the rounding of sums that were added up in different orders."""
    return complex(round(complex(number).real, 12), round(complex(number).imag, 12))


def scaled(form: Form, factor: complex) -> Form:
    return ordered({t: c * factor for t, c in form})


def upright(form: Form) -> tuple[Form, bool]:
    """Return a form or its negative, whichever comes first in a fixed order, and whether it was turned."""
    turned = bool(form) and (lambda c: (complex(c).real, complex(c).imag))(form[0][1]) < (0, 0)
    return (scaled(form, -1), True) if turned else (form, False)


def one(form: Form) -> Term:
    """Return one term that stands for a form."""
    if len(form) == 1 and form[0][1] == 1:
        return form[0][0]
    return term("sum", *(x for part in ordered(dict(form)) for x in part))


def single(form: Form) -> tuple[Term, complex]:
    """Return a form as one product and its number; a sum is divided by the number of its first product."""
    if len(form) < 2:
        return form[0] if form else (one(form), 1)
    number = form[0][1]
    return one(scaled(form, 1 / number)), number


def parts_of(t: Term, op: str) -> Sequence[Term]:
    return [a for a in t.args if isinstance(a, Term)] if t.op == op else [t]


def apart(t: Term) -> tuple[list[Term], Term]:
    """Return the numbers in a product entry by entry, and what they scale."""
    parts = parts_of(t, "entries")
    numbers = [a for a in parts if is_scalar(a)]
    rest = [a for a in parts if a not in numbers]
    if not numbers or not rest:
        return [], t
    return numbers, rest[0] if len(rest) == 1 else term("entries", *sorted(rest, key=id))


def factors_of(t: Term) -> Iterable[Term]:
    """Return the factors of a product of matrices; rows or columns scaled by a vector are a diagonal factor."""
    if t.op != "entries":
        return parts_of(t, "chain")
    left = [a for a in parts_of(t, "entries") if a.op == "insert" and a.args[1] == -1]
    right = [a for a in parts_of(t, "entries") if a.op == "insert" and a.args[1] == -2]
    rest = [a for a in parts_of(t, "entries") if a not in left and a not in right]
    if not rest or not (left or right):
        return [t]
    middle = rest[0] if len(rest) == 1 else term("entries", *sorted(rest, key=id))
    return [*(term("diag_embed", a.args[0]) for a in left), middle, *(term("diag_embed", a.args[0]) for a in right)]


def exchanged(axis: int, swap: Swap) -> int:
    """Return where an axis lies once two are exchanged."""
    return swap[1] if axis == swap[0] else swap[0] if axis == swap[1] else axis


def lifted(axis: int, gone: Sequence[int]) -> int:
    """Return where an axis of a result lay before the axes that a reduction dropped were gone."""
    place = -1
    left = -axis
    while True:
        left -= place not in gone
        if not left:
            return place
        place -= 1


def neighbours(numbers: object) -> Swap | None:
    """Return the neighbouring axes that a permutation exchanges, if it does nothing else."""
    if not isinstance(numbers, tuple):
        return None
    n = len(numbers)
    moved = [k for k, number in enumerate(numbers) if number % n != k]
    return (moved[0] - n, moved[1] - n) if len(moved) == 2 and moved[1] - moved[0] == 1 else None


def is_reduction(t: Term) -> bool:
    """Whether a term is `how(x, axes, keepdim, ...)`."""
    return t.op in REDUCTIONS and len(t.args) >= 3 and isinstance(t.args[1], tuple | None)


def is_scalar(t: Term) -> bool:
    """Whether a value is certainly one number, or one a matrix of a batch."""
    if t.op in SCALARS or (is_reduction(t) and t.args[1] is None):
        return True
    inner = [a for a in t.args if isinstance(a, Term)]
    return bool(inner) and t.op in ARITHMETIC and all(map(is_scalar, inner))


def is_diagonal(t: Term) -> bool:
    """Whether a matrix has nothing beside its diagonal."""
    if t.op in DIAGONAL:
        return True
    inner = [a for a in t.args if isinstance(a, Term)]
    if t.op in ("neg", "conj", "swap", "detach", "power", "inverse", "div"):
        return is_diagonal(inner[0])
    if t.op == "mul":
        return any(map(is_diagonal, inner))
    return t.op in ("add", "matmul") and all(map(is_diagonal, inner))
