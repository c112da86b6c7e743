"""Products that are square and thin inside, n by k times k by n: n - k eigenvalues are 0, whatever the entries are."""

from __future__ import annotations

from math import prod

from eiglint.gauge.context import Context, Remark
from eiglint.gauge.letters import Contraction, Letter, Operand
from eiglint.gauge.terms import Term

THIN = "thin product"


def remark_thin(laid: Contraction, made: Term, context: Context) -> None:
    """Tell of a product of two operands that has two eigenvalues 0 at least, as far as the sizes are known."""
    if len(laid.operands) != 2 or len(laid.out) < 2 or laid.diagonal:
        return
    (row, column), (first, second) = laid.out[-2:], laid.operands
    if column in first.letters:
        first, second = second, first
    if row not in first.letters or column not in second.letters or row in second.letters or column in first.letters:
        return
    between = [_size(x, first, second) for x in set(first.letters) & set(second.letters) - set(laid.out)]
    rows, columns = _size(row, first), _size(column, second)
    inner = [x for x in between if x is not None]
    if rows is None or rows != columns or len(inner) < len(between) or not inner:
        return
    if prod(inner) + 2 <= rows:
        facts = (("made", made), ("size", rows), ("rank", prod(inner)))
        context.remarks.append(Remark(THIN, context.spot, None, 0, 0, facts))


def _size(letter: Letter, *operands: Operand) -> int | None:
    sizes = [o.tensor.size(a) for o in operands for a in o.axes(letter)]
    return next((s for s in sizes if isinstance(s, int)), None)
