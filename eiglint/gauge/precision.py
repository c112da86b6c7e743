"""How many digits a tensor has, as far as the program says: by a cast, or by what it is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eiglint.gauge.arguments import Options
from eiglint.gauge.context import Context, Gauge, Remark
from eiglint.gauge.tensor import Record, Tensor
from eiglint.gauge.terms import Term
from eiglint.gauge.values import Number, Range

PRECISIONS = frozenset(("half", "single", "double"))
PARTS = frozenset(("cut", "take", "pick", "swap", "conj", "insert", "sorted", "gather", "index"))
"""What picks or rearranges the entries of a value, and computes nothing."""


def with_precision(kind: str, options: Options, made: object, inputs: Sequence[Tensor], context: Context) -> object:
    """Note the precision of a result: that which its cast names, or that which its operands have in common.

    Where autocast is at work, a matrix product that is not of double-precision tensors is computed in half precision.
    """
    told = options.get("precision")
    if context.lowering and options.get("lowered") and joint(inputs) != "double":
        return _noted(made, "half")
    if told is None and all(t.flags.isdisjoint(PRECISIONS) for t in inputs):
        return made
    if kind in ("cast", "create", "array", "reshape"):
        unchanged = kind != "cast" or options.get("to") == "unchanged"
        kept = joint(inputs) if told is None and unchanged else None
        return _noted(made, told if told in PRECISIONS else kept)
    return _noted(made, joint(inputs))


def joint(inputs: Sequence[Tensor]) -> str | None:
    """Return the precision of a result; numbers and integers do not change that of a tensor."""
    found = [t.flags & PRECISIONS for t in inputs if t.rank != 0 and t.dtype not in ("int", "bool")]
    if any("double" in flags for flags in found):
        return "double"
    common = frozenset.intersection(*found) if found else frozenset()
    return next(iter(common), None)


def _noted(made: object, precision: object) -> object:
    match made:
        case Tensor():
            flags = made.flags - PRECISIONS | ({str(precision)} if precision is not None else frozenset())
            return made if flags == made.flags else replace(made, flags=flags)
        case Record():
            return Record(made.fields, tuple(_noted(v, precision) for v in made.values))
        case tuple() if not isinstance(made, Number | Range):
            return tuple(_noted(v, precision) for v in made)
        case _:
            return made


def remark_late(t: Tensor, options: Options, context: Context) -> None:
    """Tell of a cast to double of what a decomposition returned in a lower precision.

    Where that precision is not known, a cast that does nothing else has no other use.
    """
    here = t.term
    while here.op in PARTS and isinstance(here.args[0], Term):
        here = here.args[0]
    gauge = here.args[0] if here.op == "output" else None
    widened = options.get("kind") == "complex" and t.dtype != "complex"
    if options.get("precision") != "double" or not isinstance(gauge, Gauge) or "double" in t:
        return
    if not widened or not t.flags.isdisjoint(PRECISIONS):
        context.remarks.append(Remark("late upcast", context.spot, gauge, t.live, t.doubt, ()))


def remark_low(t: Tensor, gauge: Gauge, context: Context) -> None:
    """Tell of a decomposition of a matrix in half precision."""
    if "half" in t:
        live = t.live if context.recording else t.live.NO
        context.remarks.append(Remark("low precision", context.spot, gauge, live, t.doubt, ()))
