"""Vectors of length 1 and the angles between them."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context
from eiglint.gauge.elementwise import apply_map, power
from eiglint.gauge.products import inner_along
from eiglint.gauge.reduction import reduce
from eiglint.gauge.shape import axis_of, doubted, inserted
from eiglint.gauge.state import Live, Mode
from eiglint.gauge.tensor import Tensor, opaque, settle
from eiglint.gauge.terms import term
from eiglint.gauge.times import product


def normalize(t: Tensor, dim: object, context: Context) -> Tensor:
    """Return t divided by its norm along a dimension, which no phase changes."""
    axis, guess = axis_of(t, 1 if dim is None else dim)
    if axis is None:
        return opaque([t], context, "normalize")
    t = undiagonal(doubted(t, guess))
    size = reduce(t, axis, True, "norm", context)
    made = product(t, power(apply_map(size, context, "clamp", "none"), -1, context), context)
    return replace(made, term=term("normalize", t.term, axis), flags=t.flags & {"nonzero"})


def cosine(x: Tensor, y: Tensor, dim: object, context: Context) -> Tensor:
    """Return the cosine of the angle between x and y along a dimension."""
    chosen = 1 if dim is None else dim
    x, y = _compared(x, y, context), _compared(y, x, context)
    if x.rank is not None and y.rank is not None:
        widest = max(x.rank, y.rank)
        x, y = _widened(x, widest), _widened(y, widest)  # the dimension is counted in both together
    unit_x = normalize(x, chosen, context)
    unit_y = normalize(y, chosen, context)
    made = inner_along(unit_x, unit_y, chosen, context, conjugate=False)
    if x.term is y.term and x.dtype == "real" and not any(m.phase.mode is Mode.FUN for _, m in x.motions):
        made = replace(made, motions=(), live=Live.NO)  # the angle of a vector to itself is 0
    return replace(made, term=term("cosine", x.term, y.term))


def _widened(t: Tensor, rank: int) -> Tensor:
    """Return t with axes in front, as broadcasting adds them."""
    for _ in range(rank - (t.rank or 0)):
        t = inserted(t, -(t.rank or 0) - 1)
    return t


def _compared(x: Tensor, y: Tensor, context: Context) -> Tensor:
    """Note on the path of a vector that it is compared with something that knows nothing of its gauge."""
    note = "compared with a fixed value here"
    motions = {g: m if m.phase.neutral or g in y.gauges else m.noted(context.spot, note) for g, m in x.motions}
    return replace(x, motions=settle(motions))
