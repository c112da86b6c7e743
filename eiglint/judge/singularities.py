"""What is made of eigenvalues and singular values, read off a term: where it can be zero, and what keeps it away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from eiglint.gauge.terms import Term, negated

LAYOUT = frozenset({
    "insert", "swap", "permute", "movedim", "squeeze", "expand", "reshape", "diag_embed", "diag", "cut", "pick", "take",
    "gather", "index", "real", "conj",
})  # fmt: skip
"""Operations whose entries are entries of their first argument, or their conjugates."""

TESTS = frozenset({"gt", "ge", "lt", "le", "ne", "eq"})
KEEPING = frozenset({"abs", "neg", "power", "mul", "div", "min"})
"""Operations that are zero where their first argument is; a product, where one of its factors is."""

ENTRYWISE = frozenset({"abs", "neg", "power", "mul", "div", "add", "exp"})
"""Functions of each entry; those that the tables list bear the names of their calls, which have dots."""


class Chain(NamedTuple):
    """Values of one decomposition, the functions that were applied to them, and the layout in which they lie."""

    root: Term
    functions: tuple[object, ...]
    layout: tuple[object, ...]


def chain(t: object) -> Chain | None:
    """Follow a term down to the values that it is a function of, zero with zero; None where it is not one."""
    functions: list[object] = []
    layout: list[object] = []
    while isinstance(t, Term):
        if t.op == "output":
            return Chain(t, tuple(functions), tuple(layout)) if "values" in t.args[3:] else None
        if t.op in LAYOUT:
            if _is_tested(t):
                return None
            layout.append((t.op, *t.args[1:]))
            t = t.args[0]
        elif t.op in KEEPING:
            inner = _kept(t)
            functions += [] if t.op == "neg" else [(t.op, *(a for a in t.args if a is not inner))]
            t = inner
        else:
            return None
    return None


def _kept(t: Term) -> object:
    """Return the argument with which a term becomes zero, None where there is none to follow."""
    if t.op == "power":
        exponent = t.args[1]
        return t.args[0] if isinstance(exponent, int | float) and exponent > 0 else None
    if t.op == "mul":
        moving = [a for a in t.args if isinstance(a, Term) and "output" in a.ops]
        return moving[0] if len(moving) == 1 else None
    return t.args[0]


def _is_tested(t: Term) -> bool:
    """Whether entries are taken out where a test holds."""
    return t.op in ("take", "index", "gather") and any(
        isinstance(a, Term) and not TESTS.isdisjoint(a.ops) for a in t.args[1:]
    )


def reaches_zero(t: Term) -> Term | None:
    """Return the values that bring a term to zero, where nothing keeps them from it."""
    found = chain(t)
    if found is None or _keeps_the_largest(found) or bounded_below(found.root.args[2]):
        return None
    return found.root


def _keeps_the_largest(values: Chain) -> bool:
    """Whether only the largest values are left: a rank was chosen, and the largest is zero for the zero matrix only."""
    if "largest" in values.root.args[3:]:
        return True
    rising = is_rising(values.root)
    for step in values.layout:
        match step:
            case ("pick", -1, place) if place == (-1 if rising else 0):
                return True
            case ("cut", -1, first, upper, 1) if first not in (0, None) if rising else upper is not None:
                return True
    return False


def is_rising(values: Term) -> bool:
    """Whether values are eigenvalues, the smallest first, and not singular values, the largest first."""
    return "square" in values.args[3:]


def bounded_below(matrix: object) -> bool:
    """Whether a matrix is the identity, was shifted by a multiple of it, or by what was written to its entries."""
    if not isinstance(matrix, Term):
        return False
    if matrix.op == "add":
        return any(_is_diagonal(a) or bounded_below(a) for a in matrix.args)
    if matrix.op in ("eye", "store", "overwritten") or _is_written_through_a_view(matrix):
        return True
    if matrix.op in ("mul", "div", "either", *LAYOUT):
        return any(bounded_below(a) for a in matrix.args)
    return False


def _is_written_through_a_view(t: Term) -> bool:
    return t.op == "opaque" and str(t.args[0]).startswith("a write through")


def _is_diagonal(t: object) -> bool:
    """Whether a term is a diagonal matrix that depends on no decomposition: eps * I."""
    if not isinstance(t, Term) or "output" in t.ops:
        return False
    if t.op in ("eye", "diag", "diag_embed"):
        return True
    return t.op in ("mul", "div", *LAYOUT) and any(_is_diagonal(a) for a in t.args)


def open_gap(t: Term) -> Term | None:
    """Return the values whose differences bring a term to zero, where nothing keeps them from it.

    What is written on the diagonal, or added to it, is no bound for the other entries.
    """
    while True:
        if t.op == "diff":
            found = chain(t.args[0])
            return found.root if found is not None else None
        if t.op in ("add", "overwritten"):
            if t.op == "add" and (root := _difference(*t.args)) is not None:
                return root
            rest = [a for a in t.args if not _is_diagonal(a) and not _is_written(a)]
            if len(rest) != 1:
                return None
            inner: object = rest[0]
        elif t.op in LAYOUT or t.op in KEEPING - {"min", "div", "mul"}:
            if _is_tested(t):
                return None
            inner = _kept(t) if t.op in KEEPING else t.args[0]
        elif t.op == "opaque":
            base = _beside_its_diagonal(t)
            if base is None:
                return None
            inner = base
        elif t.op == "either":
            held = [a for a in t.args if isinstance(a, Term) and "output" in a.ops]
            if len(held) != 1:
                return None
            inner = held[0]
        elif t.op == "mul":
            return next((root for a in t.args if isinstance(a, Term) and (root := open_gap(a)) is not None), None)
        else:
            return None
        if not isinstance(inner, Term):
            return None
        t = inner


def _is_written(t: object) -> bool:
    return isinstance(t, Term) and t.op == "laid over" and "fill_diagonal" in str(t.args[-1])


def _beside_its_diagonal(t: Term) -> Term | None:
    """Return a matrix whose diagonal was written to through a view: its other entries are what they were."""
    parts = [a for a in t.args if isinstance(a, Term)]
    held = [x for x in _inside(t.args) if x.op == "diagonal"]
    return next((a for a in parts for x in held if x.args[0] is a), None)


def _inside(args: tuple[object, ...]) -> Iterator[Term]:
    """Yield the terms among arguments, and among the options of calls, that lead to something written."""
    for a in args:
        if isinstance(a, Term):
            yield a
            if a.op in ("full", "zeros", "ones"):
                yield from _inside(a.args)
        elif isinstance(a, tuple):
            yield from _inside(a)


def _difference(x: object, y: object) -> Term | None:
    """Return the values whose entries are subtracted from each other: f(L) in one layout from f(L) in another."""
    if not isinstance(x, Term) or not isinstance(y, Term):
        return None
    if (x.op == "neg") == (y.op == "neg"):
        return None
    plus, minus = (y, negated(x)) if x.op == "neg" else (x, negated(y))
    a, b = _placed(plus), _placed(minus)
    if a is None or b is None or a.root is not b.root or a.functions != b.functions or a.layout == b.layout:
        return None
    ends = {step[2] for c in (a, b) for step in c.layout if step[0] == "pick"}  # type: ignore[index]
    return None if ends == {0, -1} else a.root  # their difference is zero only where all values are equal


def _placed(t: Term) -> Chain | None:
    """Follow a term down to the values that it is any one function of, entry by entry."""
    functions: list[object] = []
    layout: list[object] = []
    while t.op != "output":
        inner = [a for a in t.args if isinstance(a, Term) and "output" in a.ops]
        if len(inner) != 1 or not (t.op in LAYOUT or t.op in ENTRYWISE or "." in t.op):
            return None
        if t.op in LAYOUT:
            layout.append((t.op, *(a for a in t.args if a is not inner[0])))
        else:
            functions.append((t.op, *(a for a in t.args if a is not inner[0])))
        t = inner[0]
    return Chain(t, tuple(functions), tuple(layout)) if "values" in t.args[3:] else None
