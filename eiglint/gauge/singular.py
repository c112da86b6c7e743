"""What is remarked of functions that are singular somewhere, for the judge to ask whether their arguments get there."""

from __future__ import annotations

from eiglint.gauge.context import Context, Remark
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import upright

TELLING = frozenset({"values", "undefined"})
"""The marks of outputs of which it matters what is taken out: values, and factors that have columns without a
derivative."""

GUARDED = "guarded"
"""The flag of a value that a test has replaced wherever it is almost zero."""


def is_singular_power(exponent: object) -> bool:
    """Whether a power, or its derivative, is infinite at zero."""
    real = isinstance(exponent, int | float) and not isinstance(exponent, bool)
    return real and (exponent < 0 or 0 < exponent < 1)  # type: ignore[operator]


def remark_singular(function: str, of: Tensor, made: Tensor, context: Context) -> None:
    """Tell of a function of eigenvalues, or of what is made of them, that is singular where its argument is zero.

    `reciprocal` is singular itself there, which no gradient is needed for.
    """
    if "output" not in of.term.ops or GUARDED in of or _tested(of, context):
        return
    details = (("function", function), ("of", of.term), ("made", made.term))
    context.remarks.append(Remark("singular at zero", context.spot, None, made.live, of.doubt, details))


def _tested(t: Tensor, context: Context) -> bool:
    """Whether a test on the way here asked about the same outputs: `if gap > eps:`."""
    return any(not test.outputs.isdisjoint(t.term.outputs) for test in context.tests)


def remark_taken(t: Tensor, made: Tensor, context: Context) -> None:
    """Tell of what is taken straight out of an output of a decomposition: a position, a slice, the largest entry."""
    inner, *_ = upright(t.term)
    if inner.op == "output" and not TELLING.isdisjoint(inner.args[3:]):
        details = (("of", t.term), ("made", made.term))
        context.remarks.append(Remark("taken out", context.spot, None, made.live, made.doubt, details))


def remark_masked(test: Tensor, chosen: Tensor, context: Context) -> None:
    """Tell of what is replaced where a test of the values finds them almost zero; its term stays what it was."""
    if "output" in test.term.ops and "output" in chosen.term.ops:
        context.remarks.append(Remark("masked", context.spot, None, chosen.live, chosen.doubt, (("of", chosen.term),)))
