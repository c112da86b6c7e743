"""Neighbours in a product of matrices that are inverse to one another: `inv(V) @ V @ W` is `W`."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.tensor import Tensor, Whole
from eiglint.gauge.terms import term

_IDENTITY = frozenset({"diagonal", "identity", "nonneg"})
CHAIN = "chain"


def cancelled(x: Tensor, y: Tensor) -> Tensor | None:
    """Return what is left of x @ y where neighbours cancel; None where they do not."""
    if _inverse_to(x, y):
        return replace(x, term=term("unit", x.term, y.term), motions=(), flags=_IDENTITY, value=None, whole=None)
    if (held := _ends(x)) is not None and _inverse_to(held[1], y):
        return held[0]
    if (held := _ends(y)) is not None and _inverse_to(x, held[0]):
        return held[1]
    return None


def with_factors(made: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Remember the factors of a product of two matrices."""
    if made.whole is not None or not (x.motions and y.motions) or min(x.rank or 0, y.rank or 0) < 2:
        return made
    return replace(made, whole=Whole(CHAIN, _plain(x), pieces=(_plain(y),)))


def _plain(t: Tensor) -> Tensor:
    """Return a factor without its own, so that a long product remembers the last two only."""
    return replace(t, whole=None) if t.whole is not None and t.whole.part == CHAIN else t


def _ends(t: Tensor) -> tuple[Tensor, Tensor] | None:
    if t.whole is None or t.whole.part != CHAIN:
        return None
    return t.whole.of, t.whole.pieces[0]


def _inverse_to(x: Tensor, y: Tensor) -> bool:
    """Whether one square matrix is the inverse of the other."""
    if not (x.motions and y.motions) or not (_is_square(x) or _is_square(y)):
        return False
    return any(a.term.op == "inverse" and a.term.args[0] is b.term for a, b in ((x, y), (y, x)))


def _is_square(t: Tensor) -> bool:
    if t.term.op == "output" and "eigenvectors" in t.term.args:
        return True
    return t.size(-1) is not None and t.size(-1) == t.size(-2)
