"""Normal forms of symbolic matrices, in which a matrix and its adjoint can be compared.

A term is laid out as a sum of numbers times products, with every transpose and every conjugate pushed down to what
nothing is known of: (A B)^H = B^H A^H, f(A)^T = f(A^T) for a function of each entry, inv(A)^H = inv(A^H), diagonal
matrices are their own transposes. What commutes is put in one order. Two terms with the same form hold the same values;
the converse is not claimed.
"""

from __future__ import annotations

from collections.abc import Callable

from eiglint.gauge.terms import Term, term
from eiglint.judge.forms import (
    MATRIX,
    ONE,
    Form,
    Swap,
    apart,
    exchanged,
    factors_of,
    is_diagonal,
    is_reduction,
    is_scalar,
    leaf,
    lifted,
    neighbours,
    one,
    ordered,
    parts_of,
    scaled,
    single,
    upright,
)
from eiglint.judge.index_sums import relettered
from eiglint.models import Models

DEEPEST = 120
ENTRYWISE = frozenset(("map", "modulus", "sgn", "power", "combine", "compare", "logical", "select", "cast"))
"""Kinds of operations that treat entries alone, so that exchanging axes before or after is the same."""


class Forms:
    """The normal forms of terms, each made once. `models` tells what the operations of libraries are."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._known: dict[tuple[Term, Swap | None, bool], Form] = {}
        self._depth = 0

    def adjoint(self, t: Term, conjugate: bool) -> Form:
        """Return the form of the transpose, or of the conjugate transpose."""
        return self.of(t, MATRIX, conjugate)

    def of(self, t: Term, swap: Swap | None = None, conj: bool = False) -> Form:
        """Return the form of a term with two of its axes exchanged, or conjugated."""
        key = (t, swap, conj)
        found = self._known.get(key)
        if found is None:
            self._depth += 1
            found = self._made(t, swap, conj) if self._depth < DEEPEST else leaf(t, swap, conj)
            self._depth -= 1
            self._known[key] = found
        return found

    def option(self, name: str, option: str) -> object:
        """Return what the tables say of a call."""
        model = self._models.get(name)
        return None if model is None else model.options.get(option)

    def kind(self, name: str) -> str:
        """Return the kind of a call by its dotted name; "" of what no table lists."""
        model = self._models.get(name) if "." in name else None
        return "" if model is None else model.kind

    def _made(self, t: Term, swap: Swap | None, conj: bool) -> Form:
        made = LAID_OUT.get(t.op)
        if is_scalar(t) and t.op != "constant":
            return leaf(t, None, conj)
        if made is not None and not _is_arithmetic_on_numbers(t):
            return made(self, t, swap, conj)
        if t.op == "opaque" and isinstance(t.args[0], str) and self.option(t.args[0], "symmetric"):
            return leaf(t, None if swap == MATRIX else swap, False)
        if is_reduction(t):
            return self._reduced(t, swap, conj)
        if t.args and isinstance(t.args[0], str) and "," in t.args[0]:
            return self._index_sum(t, swap, conj)
        kind = self.kind(t.op)
        if kind in ENTRYWISE:
            return self.entrywise(t, swap, conj)
        if kind == "triangle":
            return self._triangle(t, swap, conj)
        return leaf(t, swap, conj)

    def entrywise(self, t: Term, swap: Swap | None, conj: bool) -> Form:
        """Lay out a function of each entry; an even or odd one takes its argument up to its sign."""
        parity = "even" if t.op == "abs" else self.option(t.op, "parity")
        inner = [self.of(a, swap) if isinstance(a, Term) else a for a in t.args]
        sign = 1
        if parity in ("even", "odd") and isinstance(inner[0], tuple):
            positive, turned = upright(inner[0])
            inner[0] = positive
            sign = -1 if turned and parity == "odd" else 1
        made = term(t.op, *(one(a) if isinstance(a, tuple) else a for a in inner))
        return scaled(leaf(made, None, conj and t.op != "abs"), sign)

    def _triangle(self, t: Term, swap: Swap | None, conj: bool) -> Form:
        """Lay out one side of the diagonal as what lies strictly beside it and the diagonal itself."""
        inner, offset = t.args[0], t.args[1] if len(t.args) > 1 else None
        if swap not in (None, MATRIX) or not isinstance(inner, Term) or not isinstance(offset, int | None):
            return leaf(t, swap, conj)
        upper = (self.option(t.op, "how") == "upper") != (swap == MATRIX)
        held = one(self.of(inner, swap, conj))
        shift = (offset or 0) * (-1 if swap == MATRIX else 1)
        if shift:
            return ((term("beside", upper, shift, held), 1),)
        parts: dict[Term, complex] = {
            term("beside", upper, 1 if upper else -1, held): 1,
            term("on diagonal", one(self.of(inner, None, conj))): 1,
        }
        return ordered(parts)

    def _reduced(self, t: Term, swap: Swap | None, conj: bool) -> Form:
        """Lay out a reduction over known axes: what is exchanged after it is exchanged before it."""
        inner, axes, keep, *details = t.args
        assert isinstance(inner, Term)
        if not isinstance(axes, tuple):
            return leaf(t, None, conj)
        inside, kept = swap, axes
        if swap is not None and keep:
            kept = tuple(sorted(exchanged(a, swap) for a in axes))
        elif swap is not None:
            inside = (lifted(swap[0], axes), lifted(swap[1], axes))
            if inside[1] - inside[0] != 1:
                return leaf(t, swap, conj)
        held = self.of(inner, inside, conj and t.op in ("sum", "mean"))
        if t.op == "norm":
            held = upright(held)[0]
        made = term(t.op, one(held), kept, keep, *details)
        return leaf(made, None, conj and t.op not in ("sum", "mean", "norm"))

    def _index_sum(self, t: Term, swap: Swap | None, conj: bool) -> Form:
        """Lay out an einsum: the letters are renamed, the operands sorted."""
        operands = [one(self.of(a, None, conj)) for a in t.args[1:] if isinstance(a, Term)]
        made = relettered(str(t.args[0]), operands, swap)
        return leaf(t, swap, conj) if made is None else ((made, 1),)


# --- operations -------------------------------------------------------------------------------------------------


def _through(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    return forms.of(_first(t), swap, conj)


def _negated(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    return scaled(forms.of(_first(t), swap, conj), -1)


def _conjugated(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    return forms.of(_first(t), swap, not conj)


def _swapped(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    own = t.args[1:] if t.op == "swap" else neighbours(t.args[1]) if len(t.args) > 1 else None
    if own is None or (swap is not None and swap != own) or own[1] - own[0] != 1:  # type: ignore[operator]
        return leaf(t, swap, conj)
    return forms.of(_first(t), None if swap else own, conj)  # type: ignore[arg-type]


def _constant(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    value = t.args[0]
    assert isinstance(value, int | float | complex)
    return ((ONE, value.conjugate() if conj else value),) if value else ()


def _sum(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    total: dict[Term, complex] = {}
    for a in t.args:
        for product, number in forms.of(a, swap, conj) if isinstance(a, Term) else ():
            total[product] = total.get(product, 0) + number
    return ordered(total)


def _entry_product(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    """Lay out a product entry by entry; beside a diagonal matrix only the diagonal of the other counts."""
    x, y = t.args[:2]
    assert isinstance(x, Term)
    assert isinstance(y, Term)
    if is_diagonal(x) or is_diagonal(y):
        swap = None
    p, q = forms.of(x, swap, conj), forms.of(y, swap, conj)
    if not p or not q:
        return ()
    if t.op == "div":
        q = ((term("reciprocal", one(q)), 1),)
    for a, b in ((p, q), (q, p)):
        if len(a) == 1 and a[0][0] is ONE:
            return scaled(b, a[0][1])
    (m, c), (n, d) = single(p), single(q)
    factors = [*parts_of(m, "entries"), *parts_of(n, "entries")]
    return ((term("entries", *sorted(factors, key=id)), c * d),)


def _chain(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    """Lay out a product of matrices; the adjoint of a product is the product of the adjoints in reverse."""
    if t.op == "inverse" or len(t.args) != 2 or swap not in (None, MATRIX):
        if t.op == "inverse" and swap in (None, MATRIX):
            return ((term("inverse", one(forms.of(_first(t), swap, conj))), 1),)
        return leaf(t, swap, conj)
    x, y = t.args
    assert isinstance(x, Term)
    assert isinstance(y, Term)
    left, right = forms.of(x, swap, conj), forms.of(y, swap, conj)
    if not left or not right:
        return ()
    if t.op == "solve":
        left = ((term("inverse", one(left)), 1),)
    elif t.op == "solve right":  # the second argument divides the first from the right
        left, right = right, ((term("inverse", one(left)), 1),)
        x, y = y, x
    (m, c), (n, d) = single(left), single(right)
    if swap == MATRIX:
        m, n = n, m
    numbers: list[Term] = []
    factors: list[Term] = []
    for part in (m, n):
        scalars, matrix = apart(part)
        numbers += scalars
        factors += factors_of(matrix)
    kept = [f for f in factors if f.op != "eye"] or factors[:1]
    product = kept[0] if len(kept) == 1 else term("chain", *kept)
    return ((term("entries", *sorted([*numbers, product], key=id)) if numbers else product, c * d),)


def _diagonal_matrix(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    if swap not in (None, MATRIX):
        return leaf(t, swap, conj)
    return ((term("diag_embed", one(forms.of(_first(t), None, conj))), 1),)


def _identity(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    return ((t, 1),) if swap in (None, MATRIX) else leaf(t, swap, False)


def _power(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    """Lay out a power of each entry; an even one takes its base up to the sign."""
    if len(t.args) > 2:
        return _each_argument(forms, t, swap, conj)  # that of a matrix
    inner, exponent = forms.of(_first(t), swap, conj), t.args[1]
    if isinstance(exponent, complex | Term):
        return leaf(t, swap, conj)
    if exponent in (2, 4):
        inner = upright(inner)[0]
    return ((term("power", one(inner), exponent), 1),)


def _inserted(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    """Lay out a new axis: exchanged with its neighbour it is a new axis on the other side of that."""
    inner, axis = _first(t), t.args[1]
    if not isinstance(axis, int):
        return leaf(t, swap, conj)
    if swap is None or axis in swap:
        where = axis if swap is None else exchanged(axis, swap)
        return ((term("insert", one(forms.of(inner, None, conj)), where), 1),)
    inside = (swap[0] if swap[0] > axis else swap[0] + 1, swap[1] if swap[1] > axis else swap[1] + 1)
    return ((term("insert", one(forms.of(inner, inside, conj)), axis), 1),)


def _indexed(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    """Read `d[:, None]` of a value of unknown rank as a new axis, where every axis is spelled out."""
    inner, *items = t.args
    new = [k for k, item in enumerate(items) if item is None]
    whole = [isinstance(i, Term) and i.op == "range" and i.args == (None, None, None) for i in items if i is not None]
    if len(new) != 1 or not all(whole):
        return leaf(t, swap, conj)
    behind = max(len(items) - 1 - new[0], 1 if len(items) == 1 else 0)
    return _inserted(forms, term("insert", inner, -1 - behind), swap, conj)


def _literal(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    """Lay out a square matrix written as rows of numbers."""
    rows = t.args[0].args if isinstance(t.args[0], Term) else ()
    cells = [r.args for r in rows if isinstance(r, Term) and r.op == "tuple" and len(r.args) == len(rows)]
    flat = [x for row in cells for x in row]
    if (
        len(cells) != len(rows)
        or swap not in (None, MATRIX)
        or not all(isinstance(x, int | float | complex) for x in flat)
    ):
        return leaf(t, swap, conj)
    laid = list(zip(*cells, strict=True)) if swap else cells
    return ((term("rows", len(rows), *(complex(x).conjugate() if conj else complex(x) for r in laid for x in r)), 1),)  # type: ignore[arg-type]


def _stacked(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    """Lay out a square matrix stacked from rows that are stacked from entries."""
    axis, *rows = t.args
    cells = [r.args[1:] for r in rows if isinstance(r, Term) and r.op == "stack" and r.args[0] == -1]
    square = len(cells) == len(rows) and all(len(row) == len(rows) for row in cells)
    if axis != -2 or not square or swap not in (None, MATRIX):
        return leaf(t, swap, conj)
    laid = list(zip(*cells, strict=True)) if swap else cells
    entries = [one(forms.of(x, None, conj)) for row in laid for x in row if isinstance(x, Term)]
    return ((term("rows", len(rows), *entries), 1),)


def _each_argument(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    """Lay out what goes through to each argument: one of two values, a Kronecker product, a function of a matrix."""
    if swap not in (None, MATRIX):
        return leaf(t, swap, conj)
    return ((term(t.op, *(one(forms.of(a, swap, conj)) if isinstance(a, Term) else a for a in t.args)), 1),)


def _real_part(forms: Forms, t: Term, swap: Swap | None, conj: bool) -> Form:
    """Lay out a real part, which a number and its conjugate share."""
    both = sorted((one(forms.of(_first(t), swap, c)) for c in (False, True)), key=id)
    return ((term("real", *both), 1),)


def _is_arithmetic_on_numbers(t: Term) -> bool:
    """Whether a term was made of Python's numbers, which stand in it as they are."""
    many = t.op in ("add", "mul", "div", "matmul", "solve", "solve right")
    return t.op not in ("constant", "literal", "eye", "stack") and not all(
        isinstance(a, Term) for a in (t.args[:2] if many else t.args[:1])
    )


def _first(t: Term) -> Term:
    inner = t.args[0]
    assert isinstance(inner, Term)
    return inner


Layout = Callable[[Forms, Term, Swap | None, bool], Form]

LAID_OUT: dict[str, Layout] = {
    **dict.fromkeys(("detach", "trained"), _through),
    "neg": _negated,
    "conj": _conjugated,
    **dict.fromkeys(("swap", "permute"), _swapped),
    "constant": _constant,
    "add": _sum,
    **dict.fromkeys(("mul", "div"), _entry_product),
    **dict.fromkeys(("matmul", "solve", "solve right", "inverse"), _chain),
    "diag_embed": _diagonal_matrix,
    "eye": _identity,
    "power": _power,
    **dict.fromkeys(("abs", "sgn"), lambda forms, t, swap, conj: forms.entrywise(t, swap, conj)),
    "insert": _inserted,
    "index": _indexed,
    "literal": _literal,
    "stack": _stacked,
    **dict.fromkeys(("either", "kron", "exp", "sqrt", "inv_sqrt", "log"), _each_argument),
    **dict.fromkeys(("hermitian_exp", "hermitian_power", "psd", "projector"), _identity),
    "real": _real_part,
}
