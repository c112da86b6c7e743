"""What the term of a matrix says of its eigenvalues: equal by construction, moved alike, or none below zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eiglint.gauge.terms import Term, upright
from eiglint.gauge.values import Range
from eiglint.judge.forms import is_scalar
from eiglint.models.load import Models

SMALL = 1e-2
"""A constant multiple of the identity up to here is read as a jitter; a larger one is part of the matrix."""
SCALED = frozenset(("mul", "div"))


def tied_by_construction(t: Term, sided: bool) -> str | None:
    """Name what makes eigenvalues (`sided`: singular values) equal, whatever the entries are; None if nothing does."""
    inner = _unscaled(t)
    if _multiple_of_identity(inner):
        return "a multiple of the identity"
    if _rank_one(inner):
        return "an outer product, of rank one"
    if inner.op == "add" and _identity_beside_rank_one(inner):
        return "the identity and an outer product"
    if _projector(inner):
        return "a projector"
    if sided and _skew(inner):
        return "a skew-symmetric matrix, whose singular values come in pairs"
    blocks = [a for a in inner.args if isinstance(a, Term)]
    if inner.op.endswith("block_diag") and len(blocks) > len(set(blocks)):
        return "a matrix with a repeated block"
    if inner.op == "kron" and any(a.op == "eye" for a in blocks):
        return "a Kronecker product with the identity"
    return None


def few_columns(t: Term, thin: Mapping[object, Mapping[str, object]]) -> str | None:
    """Name a product of so few columns that 0 is an eigenvalue twice, be it shifted by a multiple of the identity."""
    inner = _unscaled(t)
    if inner in thin:
        facts = thin[inner]
        return f"a product of {facts['size']} by {facts['rank']} and {facts['rank']} by {facts['size']} entries"
    parts = [a for a in inner.args if isinstance(a, Term)] if inner.op == "add" else []
    others = [p for p in parts if not _multiple_of_identity(_unscaled(p))]
    return few_columns(others[0], thin) if len(parts) > len(others) == 1 else None


def jitter_of(t: Term) -> str | None:
    """Return the size of the multiple of the identity that is added to a matrix, in words; None if there is none."""
    written = _added_to_diagonal(t)
    if written is not None:
        return _small_multiple(written)
    parts = [a for a in t.args if isinstance(a, Term)] if t.op == "add" else []
    for i, part in enumerate(parts):
        if part.op != "mul" or not _multiple_of_identity(part) or all(_multiple_of_identity(p) for p in parts):
            continue
        (factor,) = [a for a in part.args if isinstance(a, Term) and a.op != "eye"] or (None,)
        size = "a multiple of the identity" if factor is None else _small_multiple(factor)
        return size if size or len(parts) != 2 else jitter_of(parts[1 - i])
    return next((size for p in parts if (size := jitter_of(p)) is not None), None)


def _small_multiple(factor: Term) -> str | None:
    """Describe a number times the identity; None for one that is too large to be a jitter."""
    if factor.op != "constant":
        return "a multiple of the identity"
    value = factor.args[0]
    small = isinstance(value, int | float) and 0 < abs(value) <= SMALL
    return f"{value:g} times the identity" if small else None


def _added_to_diagonal(t: Term) -> Term | None:
    """Return the number that was added to the diagonal of a matrix in place, as by `A.diagonal().add_(eps)`."""
    parts = [a for a in t.args if isinstance(a, Term)] if t.op == "opaque" else []
    sums = [a.args for a in parts if a.op == "add" and len(a.args) == 2]
    for diagonal, number in (order for x, y in sums for order in ((x, y), (y, x))):
        own = isinstance(diagonal, Term) and diagonal.op == "diagonal" and diagonal.args[0] in parts
        if own and isinstance(number, Term) and _number(number):
            return number
    return None


def is_gram(t: object) -> bool:
    """Whether a matrix is X^H X, weighted or not, or a sum of such: its eigenvalues are not negative."""
    if not isinstance(t, Term):
        return False
    inner = _unscaled(t)
    parts = [a for a in inner.args if isinstance(a, Term)]
    if inner.op == "add":
        return all(_multiple_of_identity(p) or is_gram(p) for p in parts)
    if inner.op in ("sum", "mean"):
        return is_gram(parts[0])
    if inner.op == "matmul" and len(parts) == 2:
        (x, flip, _), (y, other, _) = upright(parts[0]), upright(parts[1])
        weighted = {a for a in x.args if isinstance(a, Term)} if x.op in SCALED else set()
        return (x is y or y in weighted) and flip != other
    return bool(inner.args) and _letters(inner.args[0]) is not None and len(parts) == 2 and parts[0] is parts[1]


def is_semidefinite(t: object, models: Models) -> bool:
    """Whether a matrix has no eigenvalue below zero by construction: a Gram matrix, or what a call made of its kind."""
    if not isinstance(t, Term):
        return False
    inner = _unscaled(t)
    if is_gram(inner):
        return True
    model = models.get(str(inner.args[0])) if inner.op == "opaque" else None
    return model is not None and bool(model.options.get("semidefinite"))


def _unscaled(t: Term) -> Term:
    """Return a matrix without numbers that it is multiplied with or divided by."""
    while True:
        plain = _scaled_alone(t)
        inner = plain.args[0] if plain.op in ("neg", "swap", "conj") else None
        if not isinstance(inner, Term):
            return plain
        t = inner


def _number(t: Term) -> bool:
    """Whether a term is certainly one number, or one for each matrix of a batch."""
    if is_scalar(t):
        return True
    if t.op in ("power", "neg", "abs", "add", *SCALED):
        return all(_number(a) for a in t.args if isinstance(a, Term))
    letters = _letters(t.args[0]) if t.args else None
    return letters is not None and letters[1] == ""


def _multiple_of_identity(t: Term) -> bool:
    """Whether a matrix is c I; a c of which nothing is known is taken for a number."""
    if t.op == "eye":
        return True
    parts = [a for a in t.args if isinstance(a, Term)] if t.op in SCALED else []
    others = [a for a in parts if a.op != "eye"]
    if len(parts) != 2 or len(others) != 1 or (t.op == "div" and others[0] is parts[0]):
        return False
    return _number(others[0]) or not any(isinstance(a, Term) for a in others[0].args)


def _rank_one(t: Term) -> bool:
    """Whether a matrix is x y^H: by its letters, or as a column times a row."""
    letters = _letters(t.args[0]) if t.args else None
    if letters is not None:
        return _separate(*letters)
    parts = [a for a in t.args if isinstance(a, Term)] if t.op in ("matmul", "mul") else []
    return len(parts) == 2 and (
        (_column(parts[0]) and _row(parts[1])) or (t.op == "mul" and _row(parts[0]) and _column(parts[1]))
    )


def _separate(inputs: Sequence[str], out: str) -> bool:
    """Whether rows and columns of a product come from different factors that share no summed letter."""
    if len(out) < 2 or len(inputs) < 2:
        return False
    row, column = out[-2], out[-1]
    rows = {x for one in inputs if row in one for x in one}
    columns = {x for one in inputs if column in one for x in one}
    return row not in columns and column not in rows and (rows & columns) <= set(out[:-2])


def _letters(text: object) -> tuple[list[str], str] | None:
    if not isinstance(text, str) or "->" not in text:
        return None
    before, _, out = text.partition("->")
    return before.split(","), out


def _scaled_alone(t: Term) -> Term:
    """Return a term without the numbers it is multiplied with, in whatever order, or divided by."""
    while t.op in SCALED and len(t.args) == 2:
        x, y = t.args
        if not isinstance(x, Term) or not isinstance(y, Term) or not (_number(y) or (t.op == "mul" and _number(x))):
            break
        t = x if _number(y) else y
    return t


def _column(t: Term) -> bool:
    """Whether a term is a vector as a column, of shape (..., n, 1), or a multiple of one."""
    t = _scaled_alone(t)
    if t.op in ("swap", "conj") and isinstance(t.args[0], Term):
        return (_row if t.op == "swap" else _column)(t.args[0])
    return (t.op == "insert" and t.args[1] == -1) or (t.op == "index" and len(t.args) > 2 and t.args[-1] is None)


def _row(t: Term) -> bool:
    """Whether a term is a vector as a row, of shape (..., 1, n), or a multiple of one."""
    t = _scaled_alone(t)
    if t.op in ("swap", "conj") and isinstance(t.args[0], Term):
        return (_column if t.op == "swap" else _row)(t.args[0])
    if t.op == "insert":
        return t.args[1] == -2
    items = t.args[1:] if t.op == "index" else ()
    return items == (None,) or (len(items) > 1 and items[-2] is None and _everything(items[-1]))


def _everything(item: object) -> bool:
    return item == Range() or (isinstance(item, Term) and item.op == "range" and item.args == (None, None, None))


def _identity_beside_rank_one(t: Term) -> bool:
    parts = [a for a in t.args if isinstance(a, Term)]
    unit = [p for p in parts if _multiple_of_identity(_unscaled(p))]
    return len(parts) == 2 and len(unit) == 1 and any(_rank_one(_unscaled(p)) for p in parts)


def _projector(t: Term) -> bool:
    """Whether a matrix is Q Q^H of some orthonormal columns."""
    if t.op != "matmul" or len(t.args) != 2:
        return False
    sides = [upright(a) for a in t.args if isinstance(a, Term)]
    if len(sides) != 2 or sides[0][0] is not sides[1][0] or sides[0][1] == sides[1][1]:
        return False
    base = sides[0][0]
    inner = base.args[0] if base.op == "cut" else None
    return isinstance(inner, Term) and inner.op == "output" and "orthogonal" in inner.args


def _skew(t: Term) -> bool:
    parts = [a for a in t.args if isinstance(a, Term)] if t.op == "add" else []
    if len(parts) != 2 or parts[1].op != "neg" or not isinstance(parts[1].args[0], Term):
        return False
    (x, flip, _), (y, other, _) = upright(parts[0]), upright(parts[1].args[0])
    return x is y and flip != other
