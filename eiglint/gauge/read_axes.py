"""Rules for operations on axes and entries."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge import parts, positions, shape, taking
from eiglint.gauge.arguments import Arguments, NoRuleError, Options, integers, last_of, listed, need, sizes
from eiglint.gauge.context import Context
from eiglint.gauge.join import put_together
from eiglint.gauge.reshaping import flattened, reshape
from eiglint.gauge.state import Motion
from eiglint.gauge.tensor import Tensor, named, slots_of
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range
from eiglint.gauge.zeros import FLAT


def read_transpose(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return two axes exchanged, conjugated for the adjoint spellings."""
    t = need(a, "input")
    how = str(o.get("how", "transpose"))
    conjugate = bool(o.get("conj")) or how in ("mH", "H", "adjoint")
    if how in ("T", "t") and t.rank is None and not o.get("any_rank"):
        # Only a matrix (or less, which transposing leaves alone) has a plain transpose.
        t = replace(shape.doubted(t, assumed=True), rank=2, doubt=t.doubt)
    if "dim0" in a:
        return shape.transpose(t, c, a["dim0"], a.get("dim1"), conjugate)
    if how == "T" and t.rank not in (None, 2) and (t.rank or 0) > 2:
        return shape.permute(t, tuple(range(-1, -(t.rank or 0) - 1, -1)), c)
    return shape.transpose(t, c, -2, -1, conjugate)


def read_expand(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the input broadcast to larger sizes."""
    return shape.expand(need(a, "input"), integers(a.get("sizes")))


def read_repeat(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return copies laid side by side; along axes of size one they are a broadcast."""
    sizes = integers(a.get("sizes"))
    t = need(a, "input")
    if sizes is None:
        last = last_of(a.get("sizes"))
        once = t.rank is not None and len(last) >= t.rank and all(n == 1 for n in last[len(last) - t.rank :])
        return shape.expand(t, None) if once else shape.scrambled(t, c, name)
    long = [k - len(sizes) for k, n in enumerate(sizes) if n != 1]
    if all(t.absent(axis) or t.size(axis) == 1 for axis in long):
        made = shape.expand(t, tuple(-1 if n == 1 else n for n in sizes))
        return replace(made, rank=len(sizes) if t.rank is None else max(len(sizes), t.rank))
    if t.rank == len(sizes) and all(isinstance(n, int) and 0 < n < 9 for n in sizes):
        for axis in long:
            t = put_together([t] * int(sizes[axis]), axis, False, c, "repeat")  # type: ignore[call-overload]
        return t
    made = shape.scrambled(t, c, name)
    rank = max(len(sizes), t.rank) if t.rank is not None else None
    return shape.spread_as(replace(made, rank=rank), t)


def read_reshape(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the input in another shape, or under another dtype for `view(dtype)`."""
    if a.get("dtype") is not None:
        return parts.cast(need(a, "input"), str(a["dtype"]), c, name)
    t = need(a, "input")
    if o.get("how") == "flatten":
        first, last = a.get("start_dim", 0), a.get("end_dim", -1)
        alone = isinstance(first, int) and isinstance(last, int) and t.rank and first % t.rank == last % t.rank
        if t.rank == 1 or alone:
            return t
        whole = a.get("start_dim", 0) == 0 and a.get("end_dim", -1) == -1
        if not t.motions or all(not _spread_out(m) for _, m in t.motions):
            plain = replace(t, rank=None, sizes=(), steady=frozenset(), flags=t.flags - {"diagonal", "identity"})
            return replace(plain, rank=1 if whole else None, term=term("flatten", t.term, named(a.get("start_dim"))))
        first, last = a.get("start_dim", 0), a.get("end_dim", -1)
        merged = flattened(t, first, last, c) if isinstance(first, int) and isinstance(last, int) else None
        if merged is not None:
            return merged
        made = shape.scrambled(t, c, name)
        return replace(made, rank=1) if whole else made
    return reshape(t, sizes(a.get("shape")), c)


def _spread_out(m: Motion) -> bool:
    return bool(slots_of(m)) or m.rest is not None


def read_triangle(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return one side of the diagonal."""
    t = need(a, "input")
    return shape.triangle(t, term(name, t.term, named(a.get("diagonal")), FLAT), c)


def read_join(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return several tensors put together along an axis."""
    how = str(o.get("how", "cat"))
    tensors = listed(a, "tensors")
    if how == "stack":
        extra = 1
        axis, guess = shape.axis_of(tensors[0], a.get("dim", 0), extra)
        if all(t.rank == 0 for t in tensors):
            axis = -1
        return put_together([shape.doubted(t, guess) for t in tensors], axis, True, c, "stack")
    if how == "block_diag":  # along both axes at once, with zeros beside
        return replace(put_together(tensors, None, False, c, how), rank=None, sizes=())
    if how != "cat":
        return _side_by_side(tensors, how, c)
    axis, guess = shape.axis_of(tensors[0], a.get("dim", 0))
    return put_together([shape.doubted(t, guess) for t in tensors], axis, False, c, "cat")


_PLACES = {"vstack": 0, "hstack": 1, "column_stack": 1, "dstack": 2}
"""The dimension along which a spelling joins matrices."""


def _side_by_side(tensors: list[Tensor], how: str, context: Context) -> Tensor:
    """Return tensors joined along the axis that the spelling stands for: second, first, third or as columns."""
    ranks = {t.rank for t in tensors}
    rank = ranks.pop() if len(ranks) == 1 else None
    if not rank or how not in _PLACES:
        return replace(put_together(tensors, None, False, context, how), rank=None)
    place = _PLACES[how]
    if how == "hstack" and rank == 1:
        return put_together(tensors, -1, False, context, "cat")
    if rank == 1 or (rank == 2 and place == 2):
        along = -2 if how == "vstack" else -1
        laid = [shape.inserted(t, -2) if place == 2 and rank == 1 else t for t in tensors]
        return put_together([shape.inserted(t, along) for t in laid], along, False, context, "cat")
    return put_together(tensors, place - rank, False, context, "cat")


def read_index_select(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the positions that an index names along one axis."""
    t = need(a, "input")
    axis, guess = shape.axis_of(t, a.get("dim"))
    if axis is None:
        raise NoRuleError("dim")
    return taking.take(shape.doubted(t, guess), axis, need(a, "index"), c)


def read_narrow(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a slice given by its start and its length."""
    t = need(a, "input")
    axis, guess = shape.axis_of(t, a.get("dim"))
    start, length = a.get("start"), a.get("length")
    if axis is None or not isinstance(start, int | Number):
        raise NoRuleError("dim")
    upper: object = start + length if isinstance(start, int) and isinstance(length, int) else None
    upper = length if start == 0 else upper
    if upper is None:
        raise NoRuleError("length")
    return positions.cut(shape.doubted(t, guess), axis, Range(start, upper, None), c)


def read_select_axis(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return one position of an axis."""
    t = need(a, "input")
    axis, guess = shape.axis_of(t, a.get("dim"))
    key = a.get("index")
    if axis is None or not isinstance(key, int | Number):
        raise NoRuleError("dim")
    return positions.pick(shape.doubted(t, guess), axis, key.term if isinstance(key, Number) else key, c)
