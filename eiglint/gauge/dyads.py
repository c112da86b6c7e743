"""Shares of a basis: one function of each vector in turn, added up or put side by side (theory, section 7).

A basis of equal eigenvalues may be another one, and so may each of its vectors. The sum of `v v^H` over all of them is
their projector and knows no basis; so is the sum of any other function that is linear in `v v^H`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eiglint.gauge.context import Gauge
from eiglint.gauge.state import Mode, Motion, Rotation, Shares, Slot, dyad, is_dyad, of_clusters
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import Term, contains, replaced, role_of, subterms, term

Degree = tuple[int, int]
"""How often a product has a vector as a factor, and how often its conjugate."""

_LINEAR = frozenset({"neg", "swap", "insert", "reshape", "squeeze", "sum", "mean", "detach", "permute"})
_PRODUCTS = frozenset({"mul", "matmul", "outer", "einsum", "product", "kron"})
_MODULI = frozenset({"abs", "modulus", "norm"})


def picked_share(rotation: Rotation, picked: Term, axis: int, position: object, size: object) -> Shares | None:
    """Return the share of one vector of a basis; None where anything else moves with it, or it is not known which."""
    here = [(k, q) for k, q in rotation.charges if isinstance(k, Slot) and k.axis == axis]
    if len(rotation.charges) != 1 or len(here) != 1 or not isinstance(position, int) or not isinstance(size, int):
        return None
    slot, charge = here[0]
    if is_dyad(slot) or abs(charge) != 1 or not 0 <= position < size:
        return None
    return Shares(size, slot.cut, frozenset((position,)), charge, picked)


def added_share(g: Gauge, x: Tensor, y: Tensor, label: Term) -> Rotation | None:
    """Return the rotation of a sum where one more vector's share is added; None where it is anything else."""
    a, b = _share(g, x), _share(g, y)
    if a is None or b is None or not _fit(a, b) or _kind(g, a) != "dyad":
        return None
    positions = a.positions | b.positions
    if len(positions) == a.size:
        return Rotation()
    return replace(x.motion(g).rotation, shares=a._replace(positions=positions, of=label))


def stacked_shares(g: Gauge, laid: Motion, pieces: Sequence[Tensor], axis: int) -> Motion | None:
    """Return the motion of pieces along a new axis, where these are the shares of all vectors in turn."""
    shares = [_share(g, t) for t in pieces]
    known = [s for s in shares if s is not None]
    if len(known) != len(pieces) or not known or any(not _fit(known[0], s) for s in known[1:]):
        return None
    if [s.positions for s in known] != [frozenset((k,)) for k in range(known[0].size)]:
        return None
    part, kind = known[0].part, _kind(g, known[0])
    if kind is None or laid.order.mode is not Mode.EXACT:
        return None
    charged = {
        "dyad": (Slot(axis, dyad(part)), 1),
        "vector": (Slot(axis, part), known[0].charge),
        "conjugate": (Slot(axis, part), -known[0].charge),
    }
    order = replace(laid.order, tags=laid.order.tags | {Slot(axis, part)})
    return replace(laid, rotation=Rotation(charges=frozenset({charged[kind]})), order=order)


def _share(g: Gauge, t: Tensor) -> Shares | None:
    """Return what a tensor is of a basis: a single vector's share, or the sum so far."""
    m = t.motion(g)
    shares = m.rotation.shares
    if shares is None or m.rotation.mode is not Mode.BROKEN:
        return None
    if (m.batch or m.rest is not None) and t.term is not shares.picked:
        return None  # the elements of a batch, each with a basis of its own, may have been mixed
    if shares.body is not None:
        return shares if shares.of is t.term else None
    (position,) = shares.positions
    alike = [p for p in subterms(t.term, "pick") if p.args[2] == position and any(g in o.args for o in p.outputs)]
    return shares._replace(body=replaced(t.term, {p: term("vector", *p.args[:2]) for p in alike}), of=t.term)


def _fit(a: Shares, b: Shares) -> bool:
    return a.body is b.body and a.size == b.size and a.part == b.part and not a.positions & b.positions


def _kind(g: Gauge, shares: Shares) -> str | None:
    """Return what a share is made like: a vector, its conjugate, or the product of both."""
    if not g.unitary or not of_clusters(shares.part, g) or shares.body is None:
        return None
    found = _degree(shares.body, term("vector", *shares.picked.args[:2]), g)
    if g.group != "U1" and found is not None:
        return {1: "vector", 2: "dyad"}.get(sum(found))
    return {(1, 0): "vector", (0, 1): "conjugate", (1, 1): "dyad"}.get(found) if found is not None else None


def _degree(t: Term, vector: Term, g: Gauge) -> Degree | None:
    """Return how a value depends on a vector, where it is a product of it, its conjugate and fixed values."""
    if t is vector:
        return 1, 0
    inner = [a for a in t.args if isinstance(a, Term)]
    if not contains(t, vector):
        return (0, 0) if all(role_of(o) == "values" for o in t.outputs if g in o.args) else None
    if t.op == "power":
        return _of_square(t, vector, g)
    parts = [_degree(a, vector, g) for a in inner]
    known = [p for p in parts if p is not None]
    if len(known) < len(parts):
        return _of_moduli(inner, vector, g) if t.op == "mul" else None
    if t.op == "conj":
        return known[0][1], known[0][0]
    if t.op.rpartition(".")[2] in _PRODUCTS:
        return sum(p[0] for p in known), sum(p[1] for p in known)
    if t.op == "real":
        return known[0] if known[0] == (1, 1) else None
    alone = sum(p != (0, 0) for p in known) == 1 and known[0] != (0, 0)
    if (t.op in _LINEAR or t.op == "div") and alone:
        return known[0]
    return known[0] if t.op == "add" and len(set(known)) == 1 else None


def _of_square(t: Term, vector: Term, g: Gauge) -> Degree | None:
    """Return the degree of a square: of a modulus, of a Euclidean norm, or of a real value."""
    inner = t.args[0]
    if t.args[1] != 2 or not isinstance(inner, Term):
        return None
    if _is_size(inner):
        return _of_moduli([inner, inner], vector, g)
    found = _degree(inner, vector, g)
    return (2 * found[0], 2 * found[1]) if found is not None else None


def _of_moduli(factors: Sequence[Term], vector: Term, g: Gauge) -> Degree | None:
    """Return the degree of |x| |x|: that of x times its conjugate."""
    x, *others = factors
    if len(others) != 1 or others[0] is not x or not _is_size(x) or not isinstance(x.args[0], Term):
        return None
    found = _degree(x.args[0], vector, g)
    return None if found is None else (sum(found), sum(found))


def _is_size(t: Term) -> bool:
    """Whether a value is a modulus, or a Euclidean norm."""
    return t.op in _MODULI and all(d in (2, "fro") for d in t.args[3:])
