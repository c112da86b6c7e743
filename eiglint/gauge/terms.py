"""Hash-consed symbolic values: two tensors with the same term hold the same numbers.

Terms carry what charges cannot: that an index came from the same eigenvalues, that `f(-x)` is `f` of the negated
`x`, that `x - x` is zero. A term is compared by identity, so building one is cheap and comparing two is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakValueDictionary

_known: WeakValueDictionary[tuple[object, ...], Term] = WeakValueDictionary()


class Term:
    """An operator name with arguments that are terms or hashable constants."""

    __slots__ = ("__weakref__", "args", "op")

    op: str
    args: tuple[object, ...]

    def __init__(self, op: str, args: tuple[object, ...]) -> None:
        self.op = op
        self.args = args

    def __repr__(self) -> str:
        inner = ", ".join(map(repr, self.args))
        return f"{self.op}({inner})" if inner else self.op


def term(op: str, *args: object) -> Term:
    """Return the one term with this operator and these arguments (terms, or hashable constants)."""
    key = (op, *((id(a) if isinstance(a, Term) else (type(a), a)) for a in args))
    found = _known.get(key)
    if found is None:
        found = Term(op, args)
        _known[key] = found
    return found


def negated(x: Term) -> Term:
    """Return the term of -x; the negation of a negation is the value itself."""
    if x.op == "neg" and isinstance(x.args[0], Term):
        return x.args[0]
    return term("neg", x)


def subterms(x: Term) -> Iterator[Term]:
    """Every term inside x, x included, each once."""
    seen: set[int] = set()
    stack = [x]
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        stack.extend(a for a in here.args if isinstance(a, Term))


def cuts_in(x: Term) -> bool:
    """Whether a value is made of parts of a decomposition's outputs: slices, or positions taken."""
    stack, seen = [x], set()
    while stack:
        here = stack.pop()
        if id(here) in seen or here.op == "output":
            continue
        seen.add(id(here))
        if here.op in ("cut", "take"):
            return True
        stack.extend(a for a in here.args if isinstance(a, Term))
    return False


def flipped_in(a: Term, b: Term) -> Term | None:
    """Return the x for which b is a with every x replaced by -x, or None.

    This recognises f(x) + f(-x), for any f whatever: the two terms have the same shape and differ only in that
    one of them negates the same inner value wherever it occurs.
    """
    pairs = [(a, b)]
    flipped: Term | None = None
    equal: list[Term] = []
    seen: set[tuple[int, int]] = set()
    while pairs:
        p, q = pairs.pop()
        if (id(p), id(q)) in seen:
            continue
        seen.add((id(p), id(q)))
        if p is q:
            equal.append(p)
        elif negated(p) is q:
            inner = p.args[0] if p.op == "neg" and isinstance(p.args[0], Term) else p
            if flipped is not None and flipped is not inner:
                return None
            flipped = inner
        elif p.op == q.op and len(p.args) == len(q.args):
            for s, t in zip(p.args, q.args, strict=True):
                if isinstance(s, Term) and isinstance(t, Term):
                    pairs.append((s, t))
                elif isinstance(s, Term) or isinstance(t, Term) or s != t:
                    return None
        else:
            return None
    if flipped is None or any(flipped is t for x in equal for t in subterms(x)):
        return None
    return flipped
