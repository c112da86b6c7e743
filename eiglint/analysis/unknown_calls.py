"""Calls of what nobody knows: their arguments are followed no further."""

from __future__ import annotations

from eiglint import gauge
from eiglint.analysis.captured import captured_tensors
from eiglint.analysis.frame import Frame
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.values import Closure, Value
from eiglint.gauge import Tensor


def unknown_callee(name: str, values: list[Value], node: object, frame: Frame) -> Tensor:
    """Return the result of something that nobody knows, given values, and count it where they matter."""
    tensors = deep_tensors(values, frame)
    moving = [t for t in tensors if not t.neutral]
    for value in values:
        if isinstance(value, Closure) and frame.world.number(value.function) not in frame.world.entered:
            frame.world.handed_out.append((value, frame.state.copy()))
    captured = [t for t in captured_tensors(values, frame.state) if not t.neutral]
    if moving or captured:
        frame.world.outcome.unknown_callees[name] += 1
        frame.reach("argument", moving, node, name)
    frame.note_ends(tensors)
    return gauge.opaque([*tensors, *captured], frame.context(node), name)
