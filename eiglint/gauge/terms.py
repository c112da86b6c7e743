"""Hash-consed symbolic values: two tensors with the same term hold the same numbers.

Terms carry what charges cannot: that an index came from the same eigenvalues, that `f(-x)` is `f` of the negated
`x`, that `x - x` is zero. A term is compared by identity, so building one is cheap and comparing two is free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")

_known: WeakValueDictionary[tuple[object, ...], Term] = WeakValueDictionary()


class Term:
    """An operator name with arguments that are terms or hashable constants.

    `ops` are all operators inside, its own included; `outputs` the outputs of decompositions that it is made of. Both
    are kept because they are asked for at every operation, and terms grow as long as a program does.
    """

    __slots__ = ("__weakref__", "_before", "args", "op", "ops")

    op: str
    args: tuple[object, ...]
    ops: frozenset[str]

    def __init__(self, op: str, args: tuple[object, ...]) -> None:
        self.op = op
        self.args = args
        inner = [a for a in args if isinstance(a, Term)]
        self.ops = _together([a.ops for a in inner], op)
        self._before = _together([a.outputs for a in inner])

    @property
    def outputs(self) -> frozenset[Term]:
        """The term itself is added here, not kept: a cycle would outlive its last use."""
        return self._before | {self} if self.op == "output" else self._before

    def __repr__(self) -> str:
        inner = ", ".join(map(repr, self.args))
        return f"{self.op}({inner})" if inner else self.op


def _together(sets: list[frozenset[T]], *more: T) -> frozenset[T]:
    """Return a union; the largest set itself where it holds all, so that long chains of terms share it."""
    largest = max(sets, key=len, default=frozenset[T]())
    union = largest.union(*sets, more)
    return largest if len(union) == len(largest) else union


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


def subterms(x: Term, *ops: str) -> Iterator[Term]:
    """Every term inside x, x included, each once; given operators, only the terms of these."""
    seen: set[int] = set()
    stack = [x]
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if ops and here.ops.isdisjoint(ops):
            continue
        if not ops or here.op in ops:
            yield here
        stack.extend(a for a in here.args if isinstance(a, Term))


def role_of(output: Term) -> str:
    """Return what an output of a decomposition is: values, vectors, left or right ones, a triangle."""
    return str(output.args[3])


def upright(t: Term) -> tuple[Term, bool, bool]:
    """Return a term without transposes of its last two axes and conjugates, and whether their number was odd."""
    flip = conjugate = False
    while (t.op == "swap" and t.args[1:] == (-2, -1)) or t.op == "conj":
        flip ^= t.op == "swap"
        conjugate ^= t.op == "conj"
        inner = t.args[0]
        if not isinstance(inner, Term):
            break
        t = inner
    return t, flip, conjugate


def contains(x: Term, inner: Term) -> bool:
    """Whether a term stands inside another, or is the same."""
    stack, seen = [x], set()
    while stack:
        here = stack.pop()
        if here is inner:
            return True
        if id(here) not in seen and inner.ops <= here.ops:
            seen.add(id(here))
            stack.extend(a for a in here.args if isinstance(a, Term))
    return False


def replaced(here: Term, table: Mapping[Term, Term]) -> Term:
    """Return a term with some of its subterms replaced."""
    made: dict[int, Term] = {id(old): new for old, new in table.items()}
    stack = [here]
    while stack:
        t = stack[-1]
        if id(t) in made:
            stack.pop()
            continue
        waiting = [a for a in t.args if isinstance(a, Term) and id(a) not in made]
        if waiting:
            stack.extend(waiting)
            continue
        args = tuple(made[id(a)] if isinstance(a, Term) else a for a in t.args)
        made[id(t)] = t if all(x is y for x, y in zip(args, t.args, strict=True)) else term(t.op, *args)
        stack.pop()
    return made[id(here)]


def cuts_in(x: Term) -> bool:
    """Whether a value is made of parts of a decomposition's outputs: slices, or positions taken."""
    stack, seen = [x], set()
    while stack:
        here = stack.pop()
        if id(here) in seen or here.op == "output" or here.ops.isdisjoint(("cut", "take")):
            continue
        seen.add(id(here))
        if here.op in ("cut", "take"):
            return True
        stack.extend(a for a in here.args if isinstance(a, Term))
    return False


EVEN = frozenset({"abs", "norm", "square"})


def flipped_in(a: Term, b: Term) -> Term | None:
    """Return the x for which b is a with every x replaced by -x, or None.

    This recognises f(x) + f(-x), for any f whatever: the two terms have the same shape and differ only in that
    one of them negates the same inner value wherever it occurs. Under an even function the whole argument may be
    negated first: |x + y| is |-x - y|, so |x - y| beside |x + y| is a flip of x as well as of y.
    """
    return next((x for x in _flips(a, b) if _everywhere(a, b, x)), None)


def _flips(a: Term, b: Term) -> Iterator[Term]:
    """Propose what may have been flipped: wherever the two terms differ by a sign."""
    pairs, seen = [(a, b)], set()
    while pairs:
        p, q = pairs.pop()
        if p is q or (id(p), id(q)) in seen:
            continue
        seen.add((id(p), id(q)))
        if negated(p) is q:
            yield p if p.op != "neg" or not isinstance(p.args[0], Term) else p.args[0]
        pairs.extend(mirrored(p, q))
        if p.op != q.op or len(p.args) != len(q.args):
            continue
        inner = [(s, t) for s, t in zip(p.args, q.args, strict=True) if isinstance(s, Term) and isinstance(t, Term)]
        pairs.extend(inner)
        if is_even(p):
            pairs.extend((s, distributed(t)) for s, t in inner)


def is_even(x: Term) -> bool:
    """Whether a term is an even function of its first argument."""
    return x.op in EVEN or (x.op == "power" and isinstance(x.args[1], int) and x.args[1] % 2 == 0)


def distributed(x: Term) -> Term:
    """Return the term of -x with the sign moved into a sum."""
    if x.op == "add" and all(isinstance(a, Term) for a in x.args):
        return term("add", *(negated(a) for a in x.args if isinstance(a, Term)))
    return negated(x)


def addends(x: Term) -> list[Term]:
    """Return the parts of a sum, those of inner sums included."""
    parts, stack = [], [x]
    while stack:
        here = stack.pop()
        inner = [a for a in here.args if isinstance(a, Term)] if here.op == "add" else []
        if inner:
            stack.extend(reversed(inner))
        else:
            parts.append(here)
    return parts


def mirrored(p: Term, q: Term) -> list[tuple[Term, Term]]:
    """Return the pair (s, -t) where p is max(s) and q is -min(t), or the like: max(-s) is -min(s)."""
    for a, b, outside in ((p, q, True), (q, p, False)):
        inner = b.args[0] if b.op == "neg" else None
        if not isinstance(inner, Term) or {a.op, inner.op} != {"max", "min"} or a.args[1:] != inner.args[1:]:
            continue
        s, t = a.args[0], inner.args[0]
        if isinstance(s, Term) and isinstance(t, Term):
            return [(s, negated(t)) if outside else (negated(t), s)]
    return []


def _everywhere(a: Term, b: Term, x: Term) -> bool:
    """Whether b is a with x negated wherever it occurs."""
    known: dict[tuple[int, int], bool] = {}

    def flips(p: Term, q: Term) -> bool:
        key = (id(p), id(q))
        if key not in known:
            known[key] = False
            known[key] = step(p, q)
        return known[key]

    def step(p: Term, q: Term) -> bool:
        if p is x or q is x:
            return negated(p) is q
        if p.op == "neg" and p.args[0] is x:
            return q is x
        if p is q:
            return not contains(p, x)
        if any(flips(s, t) for s, t in mirrored(p, q)):
            return True
        if p.op != q.op or len(p.args) != len(q.args):
            return False
        if all(same(s, t) for s, t in zip(p.args, q.args, strict=True)):
            return True
        first = q.args[0]
        rest = zip(p.args[1:], q.args[1:], strict=True)
        even = is_even(p) and isinstance(p.args[0], Term) and isinstance(first, Term)
        return even and flips(p.args[0], distributed(first)) and all(same(s, t) for s, t in rest)  # type: ignore[arg-type]

    def same(s: object, t: object) -> bool:
        if isinstance(s, Term) and isinstance(t, Term):
            return flips(s, t)
        return not isinstance(s, Term) and not isinstance(t, Term) and s == t

    return flips(a, b)
