"""What a test that went one way says about the names in it: `x is None`, `x is not None`, `not x`, `x`."""

from __future__ import annotations

from eiglint.analysis import resolve
from eiglint.analysis.frame import Frame
from eiglint.analysis.state import Binding
from eiglint.analysis.truth import truth
from eiglint.analysis.values import Choice, Value
from eiglint.ir import instructions as ir


def refine(test: ir.Expression, holds: bool, frame: Frame) -> None:
    """Narrow the choices of names in the frame's state, given that the test holds or not."""
    match test:
        case ir.Operation(op="not_", operands=(inner,)):
            refine(inner, not holds, frame)
        case ir.Operation(op="and", operands=parts) if holds:
            for part in parts:
                refine(part, True, frame)
        case ir.Operation(op="or", operands=parts) if not holds:
            for part in parts:
                refine(part, False, frame)
        case ir.Operation(op=("is_" | "is_not") as op, operands=(ir.Name(id=name), ir.Constant(value=None))):
            wanted = holds if op == "is_" else not holds
            _narrow(name, lambda v: (v is None) is wanted, frame)
        case ir.Name(id=name):
            _narrow(name, lambda v: truth(v, frame) is not (not holds), frame)


def _narrow(name: str, keep, frame: Frame) -> None:  # type: ignore[no-untyped-def]
    for key in frame.scopes:
        binding = frame.state.scope(key).get(name)
        if binding is None:
            continue
        if isinstance(binding.value, Choice):
            kept: list[Value] = [v for v in binding.value.values if keep(v)]
            if kept and len(kept) < len(binding.value.values):
                value = kept[0] if len(kept) == 1 else Choice(tuple(kept))
                resolve.assign(name, Binding(value, binding.sites), frame)
        return
