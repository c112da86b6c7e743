"""Recognises `A - diag(L)`: not the matrix of any eigenvalue equation, but often solved as if it were."""

from __future__ import annotations

from eiglint.gauge.context import Context, Gauge, Remark
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import Term, addends, contains

ENTRYWISE = frozenset(("real", "conj", "neg", "detach", "earlier", "severed", "clone"))
"""What may be done to eigenvalues, or to the matrix, without making it another equation."""
REARRANGING = ENTRYWISE | {"swap", "permute"}


def remark_adjoint(t: Tensor, context: Context) -> None:
    """Tell of a system of equations whose matrix is A - diag(L).

    The derivative of the vector v_j solves (A - L_j I)^H x = (1 - v_j v_j^H) g_j, a singular system of its own for each
    pair (Magnus 1985, Econometric Theory 1; Boeddeker et al. 2017, eq. 4.77). One solve with all values on the diagonal
    of A solves none of them.
    """
    g = subtracted_values(t.term)
    if g is not None:
        context.remarks.append(Remark("handwritten adjoint", context.spot, g, t.motion(g).live, t.doubt, ()))


def subtracted_values(x: Term) -> Gauge | None:
    """Return the decomposition of a matrix all of whose eigenvalues were subtracted along its diagonal."""
    parts = addends(x)
    if len(parts) != 2 or sum(p.op == "neg" for p in parts) != 1:
        return None
    for diagonal, matrix in (parts, parts[::-1]):
        values = _inside(diagonal, ENTRYWISE | {"diag_embed", "diag"})
        if values.op != "output" or ("diag_embed" not in diagonal.ops and "diag" not in diagonal.ops):
            continue
        g, decomposed = values.args[0], values.args[2]
        if isinstance(g, Gauge) and isinstance(decomposed, Term) and _is_of(matrix, decomposed):
            return g
    return None


def _inside(x: Term, ops: frozenset[str]) -> Term:
    while x.op in ops and x.args and isinstance(x.args[0], Term):
        x = x.args[0]
    return x


def _is_of(matrix: Term, decomposed: Term) -> bool:
    """Whether a matrix is the decomposed one, transposed or not, or what that was made of."""
    own, other = _inside(matrix, REARRANGING), _inside(decomposed, REARRANGING)
    return contains(own, other) or contains(other, own)
