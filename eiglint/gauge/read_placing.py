"""How the arguments of operations that look up, or add at, positions are read."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge import combine, ordering, pieces, reduction, shape, taking
from eiglint.gauge.arguments import Arguments, NoRuleError, Options, need
from eiglint.gauge.context import Context
from eiglint.gauge.indexing import subscript
from eiglint.gauge.tensor import Record


def read_lookup(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the rows of a table that an index of any shape names."""
    return subscript(need(a, "input"), (need(a, "index"),), c)


def read_msort(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return the values sorted along the first axis."""
    made = ordering.sort(need(a, "input"), 0, "sort", None, {}, c)
    return made.values[0] if isinstance(made, Record) else made[0] if isinstance(made, tuple) else made


def read_hsplit(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return pieces along the second axis, of a vector along its only one."""
    t = need(a, "input")
    return pieces.split(t, a.get("sizes"), 0 if shape.assumed_rank(t) == 1 else 1, "tensor_split", c)


def read_index_add(o: Options, a: Arguments, c: Context, name: str) -> object:
    """Return a tensor with slices added to some of its own: which ones does not matter where they all move alike."""
    t, src, index = need(a, "input"), need(a, "src"), need(a, "index")
    axis, guess = shape.axis_of(src, a.get("dim"))
    moving = [m for tensor in (src, t) for _, m in tensor.motions]
    if axis is None or not index.neutral:
        raise NoRuleError("dim")
    if src.neutral and all(g.ordered or m.order.neutral for g, m in t.motions):
        # Some entries become functions of their phase, and an exact one is a function of its phase too.
        return combine.combine([t, replace(src, sizes=(), steady=frozenset())], c, "index_add")
    if any(taking.touched(m, axis) for m in moving):
        raise NoRuleError("dim")
    one = reduction.reduce(shape.doubted(src, guess), axis, True, "sum", c)
    made = combine.add(t, one, c)
    return replace(made, steady=made.steady - {axis})
