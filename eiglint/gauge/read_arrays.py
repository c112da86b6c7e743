"""Rules for what NumPy, JAX and TensorFlow spell otherwise than torch."""

from __future__ import annotations

from eiglint.gauge import create, elementwise, ordering, parts, pieces, products, reduction, shape
from eiglint.gauge.arguments import Arguments, NoRuleError, Options, integers, need
from eiglint.gauge.context import Context
from eiglint.gauge.join import put_together
from eiglint.gauge.state import Live
from eiglint.gauge.tensor import Record, Tensor, as_tensor, tensors_in
from eiglint.gauge.values import Number, Range


def read_matmul(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a product of matrices, each transposed or adjoined first where the call says so."""
    x, y = (_laid(need(a, key), a, letter, c) for key, letter in (("input", "a"), ("other", "b")))
    if o.get("flat") and any(t.rank is not None and t.rank > 2 for t in (x, y)):
        raise NoRuleError(name)
    if not o.get("vector"):
        return products.matmul(x, y, c)
    column = products.matmul(x, shape.inserted(y, -1), c)
    return shape.squeeze(column, -1, c)


def _laid(t: Tensor, a: Arguments, letter: str, c: Context) -> Tensor:
    transposed, adjoined = a.get(f"transpose_{letter}", False), a.get(f"adjoint_{letter}", False)
    if not isinstance(transposed, bool) or not isinstance(adjoined, bool):
        raise NoRuleError(f"transpose_{letter}")
    return shape.transpose(t, c, -2, -1, adjoined) if transposed or adjoined else t


def read_trace(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the sum of the diagonal of two axes: the first two in NumPy, where there are more."""
    t = need(a, "input")
    if a.get("offset", 0) == 0 and (t.rank in (None, 2) or "dim1" not in a):
        return products.trace(t, c)
    diagonal = products.diagonal(t, c, a.get("offset", 0), a.get("dim1", -2), a.get("dim2", -1))
    return reduction.reduce(diagonal, -1, False, "sum", c)


def read_permute(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the axes in another order; in reverse where the call names none."""
    t = need(a, "input")
    conjugate = a.get("conjugate", False)
    if not isinstance(conjugate, bool):
        raise NoRuleError("conjugate")
    dims = a.get("dims")
    if o.get("last"):
        made = shape.transpose(t, c)
    elif dims is None or dims == ():
        made = _reversed(t, c)
    else:
        numbers = integers(dims)
        if numbers is None:
            raise NoRuleError("dims")
        made = shape.permute(t, numbers, c)
    return elementwise.conj(made, c) if conjugate else made


def _reversed(t: Tensor, c: Context) -> Tensor:
    if t.rank is None:
        # What is transposed without a word is nearly always a matrix.
        return shape.transpose(shape.doubted(t, assumed=True), c)
    return t if t.rank < 2 else shape.permute(t, tuple(range(t.rank - 1, -1, -1)), c)


def read_flip(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the axes reversed that the call names; all of them where it names none."""
    t = need(a, "input")
    dims = integers(a.get("dims"))
    if dims is None and a.get("dims") is None and t.rank is not None:
        dims = tuple(range(-t.rank, 0))
    return pieces.flip(t, dims, c)


def read_sort(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return what sorting gives: values and places, one of them, or the largest values."""
    how = str(o.get("how", "sort"))
    kept = "sort" if how == "values" else how
    made = ordering.sort(need(a, "input"), a.get("dim", -1), kept, a.get("k"), o, c)
    return made.values[0] if how == "values" and isinstance(made, Record) else made


def read_array(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return an array made of data: an array as it is, a list of arrays as a stack of them, with their gradient."""
    made = _array(a.get("data"), a, c, name)
    dtype = create.dtype_of(a.get("dtype"))
    if dtype in ("real", "complex") and isinstance(made, Tensor) and made.motions:
        return parts.cast(made, dtype, c, name)
    return made


def _array(data: object, a: Arguments, c: Context, name: str) -> object:
    if isinstance(data, Tensor):
        return data
    if isinstance(data, tuple) and not isinstance(data, Number | Range) and any(t.motions for t in tensors_in([data])):
        rows = [_array(item, {}, c, name) for item in data]
        found = [t for t in map(as_tensor, rows) if t is not None]
        if len(found) != len(data) or found[0].rank is None:
            raise NoRuleError(name)
        return put_together(found, -1 - found[0].rank, True, c, "stack")
    return create.literal(data, Live.NO, create.dtype_of(a.get("dtype")), c, name)
