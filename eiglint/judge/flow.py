"""Which values a gradient comes back through, read off the terms of what reaches results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from eiglint.gauge import Gauge
from eiglint.gauge.terms import Term, role_of
from eiglint.judge.singularities import TESTS

STOPS = TESTS | {"detach", "argmax", "argmin", "argsort", "count", "sign of det"}
"""What has no derivative: a detached value, a comparison, a position, a count, a sign."""
INDEXED = frozenset(("take", "gather", "pick"))
"""Of these, the first argument alone carries a gradient: the others say where it is taken."""
PLACED = INDEXED | {"cut"}
VECTORS = frozenset(("vectors", "left", "right"))
SIGNS = frozenset(("sgn", "sign", "signs", "torch.sign", "torch.sgn"))

Carried = Mapping[Term, Iterable[Term]]
"""For each name that a loop gave a value, the values that went under it."""


class Alive:
    """The values that a gradient comes back through, all the way to the decompositions that they are made of."""

    def __init__(self, ends: Mapping[Term, frozenset[Gauge]], carried: Carried) -> None:
        """`ends` says for each value that a gradient may start from through which decompositions none comes back."""
        groups: dict[frozenset[Gauge], list[Term]] = {}
        for end, spoiled in ends.items():
            groups.setdefault(spoiled, []).append(end)
        self._reached = {spoiled: flowing(some, carried) for spoiled, some in groups.items()}

    def __iter__(self) -> Iterator[Term]:
        return iter(frozenset[Term]().union(*self._reached.values()))

    def __contains__(self, t: object) -> bool:
        if not isinstance(t, Term):
            return False
        return any(t in here and not _is_spoiled(t, spoiled) for spoiled, here in self._reached.items())


def _is_spoiled(t: Term, spoiled: frozenset[Gauge]) -> bool:
    owners = _owners(t) if spoiled else frozenset()
    return bool(owners) and owners <= spoiled


def _owners(t: Term) -> frozenset[Gauge]:
    """Return the decompositions whose outputs a value is made of; not those that the matrices of these are made of."""
    found, stack, seen = set[Gauge](), [t], set[Term]()
    while stack:
        here = stack.pop()
        if here.op == "output" and isinstance(here.args[0], Gauge):
            found.add(here.args[0])
        elif here not in seen:
            seen.add(here)
            stack.extend(a for a in here.args if isinstance(a, Term) and "output" in a.ops)
    return frozenset(found)


def flowing(roots: Iterable[Term], carried: Carried) -> frozenset[Term]:
    """Return the terms inside that a gradient reaches; the determinant of an orthogonal matrix is constant."""
    seen: set[Term] = set()
    stack = list(roots)
    while stack:
        here = stack.pop()
        if here in seen or here.op in STOPS or (here.op == "det" and orthogonal(here.args[0])):
            continue
        seen.add(here)
        inner = here.args[:1] if here.op in INDEXED else here.args
        stack.extend(a for a in inner if isinstance(a, Term) and not a.ops.isdisjoint(("output", "loop")))
        stack.extend(carried.get(here, ()))
    return frozenset(seen)


def orthogonal(here: object) -> bool:
    """Whether a matrix is a product of orthogonal factors, or such a determinant."""
    if not isinstance(here, Term):
        return False
    if here.op == "output":
        return "orthogonal" in here.args
    if here.op in ("swap", "conj", "inverse", "det"):
        return orthogonal(here.args[0])
    return here.op in ("matmul", "mul") and all(orthogonal(a) for a in here.args)


def is_output_of(here: object, gauge: Gauge) -> bool:
    """Whether a term is an output of a decomposition, in whatever call or iteration."""
    owner = here.args[0] if isinstance(here, Term) and here.op == "output" else None
    return isinstance(owner, Gauge) and owner.spot == gauge.spot


def is_vectors_of(here: Term, gauge: Gauge) -> bool:
    """Whether a term is the vectors of a decomposition."""
    return is_output_of(here, gauge) and role_of(here) in VECTORS


def unturned(here: object) -> object:
    """Return a term without transposes, conjugates and inverses around it."""
    while isinstance(here, Term) and here.op in ("swap", "conj", "inverse"):
        here = here.args[0]
    return here


def branches(here: object) -> list[Term]:
    """Return what a value is without transposes, conjugates and inverses: one term for each branch it comes from."""
    inner = unturned(here)
    if isinstance(inner, Term) and inner.op == "either":
        return [b for a in inner.args[-2:] for b in branches(a)]
    return [inner] if isinstance(inner, Term) else []
