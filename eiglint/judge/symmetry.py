"""Whether a matrix is Hermitian by construction, or certainly not, and by what: read from its term."""

from __future__ import annotations

from typing import Literal, NamedTuple

from eiglint.gauge import Tensor
from eiglint.gauge.terms import Term, addends, contains
from eiglint.judge.adjoints import Forms
from eiglint.judge.forms import Form, is_diagonal, is_reduction, scaled


class Built(NamedTuple):
    """How a matrix is built: Hermitian or lopsided, by which construction, and whether its dtype had to be assumed."""

    shape: Literal["hermitian", "lopsided"]
    why: str
    assumed: bool = False


def built(matrix: Tensor, forms: Forms) -> Built | None:
    """Return what the construction of a matrix says of its symmetry; None where it says nothing.

    A real matrix is Hermitian if it is its own transpose. Where the dtype is not known, that much is assumed, unless
    its own conjugate transpose it is.
    """
    t = matrix.term
    own = forms.of(t)
    if not own:
        return None
    transposed, adjoint = forms.adjoint(t, False), forms.adjoint(t, True)
    real = matrix.dtype in ("real", "int") or "widened" in matrix
    if own == adjoint or (own == transposed and real):
        return Built("hermitian", _how(t))
    if own == transposed:
        if _has_imaginary(own):
            return Built("lopsided", "equal to its transpose, not to its conjugate transpose")
        return None if matrix.dtype == "complex" else Built("hermitian", _how(t), assumed=True)
    plain = matrix.dtype != "complex" and not _has_imaginary(own)
    if own == scaled(adjoint, -1) or (plain and own == scaled(transposed, -1)):
        return Built("lopsided", "the negative of its own transpose", assumed=matrix.dtype is None)
    why = _one_sided(t, forms)
    return None if why is None else Built("lopsided", why)


def _has_imaginary(form: Form) -> bool:
    """Whether the imaginary unit stands in a form as a factor, so that a conjugate differs."""
    return any(complex(number).imag or _is_complex(product) for product, number in form)


def _is_complex(t: Term) -> bool:
    if t.op not in ("sum", "chain", "entries", "rows"):
        return False
    return any(_is_complex(a) if isinstance(a, Term) else isinstance(a, complex) and a.imag != 0 for a in t.args)


def _how(t: Term) -> str:
    """Say in a word what makes a matrix Hermitian."""
    while t.op in ("detach", "neg", "mul", "div") and isinstance(t.args[0], Term):
        numbers = [a for a in t.args if isinstance(a, Term) and a.op != "constant"]
        if len(numbers) != 1:
            break
        t = numbers[0]
    return HOW.get(t.op, "Hermitian by construction")


HOW = {
    "add": "a sum that is its own conjugate transpose",
    "matmul": "a product with its own conjugate transpose",
    "einsum": "a product with its own conjugate transpose",
    "literal": "written down symmetric",
    "stack": "written down symmetric",
    "opaque": "a covariance matrix",
    "diag_embed": "diagonal",
}


def _one_sided(t: Term, forms: Forms) -> str | None:
    """Return what makes a sum lopsided: one part of it is, and nothing beside it can make up for that."""
    rest, found = [], []
    for part in addends(t):
        inner = _unscaled(part)
        why = _part(inner, forms)
        if why is not None:
            found.append(why)
        else:
            rest.append(inner)
    balanced = all(forms.of(x) == forms.adjoint(x, False) for x in rest)
    return found[0] if len(found) == 1 and balanced else None


def _unscaled(t: Term) -> Term:
    while t.op in ("neg", "detach", "conj") or (t.op == "swap" and t.args[1:] == (-2, -1)):
        t = t.args[0]  # type: ignore[assignment]
    if t.op in ("mul", "div"):
        inner = [a for a in t.args if isinstance(a, Term) and a.op != "constant"]
        if len(inner) == 1:
            return _unscaled(inner[0])
    return t


def _part(t: Term, forms: Forms) -> str | None:
    """Return why one part of a sum is not symmetric, where that is certain."""
    if t.op == "cholesky":
        return "a Cholesky factor"
    if forms.kind(t.op) == "triangle":
        inner = t.args[0]
        empty = not isinstance(inner, Term) or is_diagonal(inner) or not forms.of(inner)
        cut = isinstance(inner, Term) and any(forms.kind(op) == "triangle" for op in inner.ops)
        return None if empty or cut else "a triangle"
    if t.op in ("softmax", "normalize"):
        return "normalised along one axis"
    if t.op == "literal":
        form = forms.of(t)
        numbers = len(form) == 1 and form[0][0].op == "rows"
        return "written down with unlike halves" if numbers and form != forms.adjoint(t, True) else None
    return _scaled_on_one_side(t, forms)


def _scaled_on_one_side(t: Term, forms: Forms) -> str | None:
    """Recognise D^-1 W and W / W.sum(-1, keepdim=True): rows scaled by what differs from row to row."""
    inner = [a for a in t.args if isinstance(a, Term)]
    if len(inner) != 2 or t.op not in ("matmul", "mul", "div"):
        return None
    for scale, matrix in (inner, reversed(inner)):
        own = forms.of(matrix) == forms.adjoint(matrix, False) and matrix.op not in ("eye", "constant")
        if is_diagonal(matrix) or not (own or contains(scale, matrix)):
            continue
        along = is_reduction(scale) and isinstance(scale.args[1], tuple) and len(scale.args[1]) == 1 and scale.args[2]
        side = (scale.op == "insert" and scale.args[1] in (-1, -2)) or (scale.op == "index" and None in scale.args)
        if (t.op == "matmul" and _varies(scale)) or (t.op != "matmul" and (along or side)):
            return "scaled along one axis alone"
    return None


def _varies(t: Term) -> bool:
    """Whether a matrix is diagonal with entries that differ."""
    while t.op in ("neg", "power", "inverse", "detach"):
        t = t.args[0]  # type: ignore[assignment]
    inner = t.args[0] if t.op == "diag_embed" else None
    return isinstance(inner, Term) and inner.op not in ("ones", "full", "zeros", "constant")
