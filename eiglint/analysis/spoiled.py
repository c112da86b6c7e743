"""Decompositions whose outputs were written to in place: a backward through them raises, so no gradient flows.

A library that needs the outputs in its backward keeps them, and refuses to go on where they are no longer what they
were. Whatever is made of them, before the write or after it, is differentiated by nobody. Writes are counted by the
memory: one through a view counts, one to a copy or through `.data` does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from eiglint.analysis.frame import Frame
from eiglint.analysis.values import Value
from eiglint.gauge import Gauge, Tensor, detached
from eiglint.gauge.tensor import tensors_in
from eiglint.models.schema import Model

UNCOUNTED = frozenset(("data", "reshape", "flatten", "ravel", "view_as_real", "view_as_complex"))
"""Of the operations whose results share memory, those that may make a copy, or whose writes are counted apart."""

COUNTED = frozenset(("T", "H", "mT", "mH", "real", "imag"))
"""Attributes through which a write is counted."""


def opened(model: Model, made: Value, frame: Frame) -> None:
    """Remember the outputs of a decomposition that its backward needs."""
    if model.options.get("saved") is not True:
        return
    for t in tensors_in([made]):
        if t.term.op == "output":
            frame.world.saved[id(t)] = t
            frame.state.intact |= _owner(t)
            frame.state.spoiled -= _owner(t)


def may_be_copied(t: object, frame: Frame) -> None:
    """Forget an output that passes for its own copy."""
    frame.world.saved.pop(id(t), None)


def saved_input(model: Model, bound: Mapping[str, Value], made: Value, frame: Frame) -> None:
    """Remember what a reduction was made of, where its backward needs that as it was; not so some norms of matrices."""
    given, p = bound.get("input"), bound.get("p")
    if model.options.get("saves_input") is not True or frame.state.recording is not True:
        return
    entrywise = p in (None, "fro") or not (isinstance(p, str) or model.options.get("matrix"))
    if entrywise and isinstance(made, Tensor) and isinstance(given, Tensor):
        frame.world.needed[id(made)] = (made, given)


def updated(old: Value, operand: Value, made: Value, frame: Frame) -> Value:
    """Return what `old op= operand` gives: no gradient comes back from it where the operand needs the old value."""
    known = frame.world.needed.get(id(operand))
    return detached(made) if known is not None and known[1] is old and isinstance(made, Tensor) else made


def written(t: Tensor, frame: Frame) -> None:
    """Note what a write in place does to the decomposition whose output it changes, be it through a view."""
    views = frame.world.views
    while id(t) not in frame.world.saved:
        link = views.get(id(t))
        if link is None or not link.counted:
            return
        t = link.base
    frame.state.spoiled |= _owner(t)
    frame.state.intact -= _owner(t)


def _owner(t: Tensor) -> frozenset[Gauge]:
    gauge = t.term.args[0]
    return frozenset([gauge] if isinstance(gauge, Gauge) else [])
