"""Values that an odd permutation of the pairs multiplies by -1, such as determinants (theory, section 5)."""

from __future__ import annotations

from eiglint.gauge.context import Gauge
from eiglint.gauge.state import Mode, Motion, Order, Why
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import flipped_in


def is_signed(order: Order) -> bool:
    """Whether a value is known up to the sign of a permutation."""
    return order.mode is Mode.MIXED and order.sign


def sum_of_signed(g: Gauge, x: Tensor, y: Tensor, guard: bool, cause: Why) -> Order | None:
    """Return the order of x + y where one of them has such a sign; None where neither has. `guard`: y is tiny."""
    a, b = x.motion(g), y.motion(g)
    if not (is_signed(a.order) or is_signed(b.order)):
        return Order() if _both_signs(a, b, x, y) else None
    if is_signed(a.order) and is_signed(b.order):
        return a.order if a.batch == b.batch else Order(Mode.UNKNOWN, cause=cause("combines rearranged values"))
    other = b.order if is_signed(a.order) else a.order
    if other.mode is Mode.EXACT and not guard:
        return Order(Mode.BROKEN, cause=cause("added to a fixed value"))
    return None


def _both_signs(a: Motion, b: Motion, x: Tensor, y: Tensor) -> bool:
    """Recognise f(d) + f(-d) of a determinant d."""
    lost = a.order.mode is Mode.BROKEN and b.order.mode is Mode.BROKEN
    inner = flipped_in(x.term, y.term) if lost else None
    return inner is not None and inner.op == "det" and x.term.outputs == inner.outputs
