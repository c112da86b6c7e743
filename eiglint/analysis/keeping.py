"""Where vectors are kept: saved, stored on something that lives on, handed out by a public function.

Told to the judge for the `features` profile alone: without a gradient there is no loss to wait for.
"""

from __future__ import annotations

from eiglint.analysis.events import Keeping, Kept
from eiglint.analysis.frame import Frame
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.values import InstanceObject, Pointer, Value
from eiglint.gauge import detached

ENTRANCES = frozenset(("__call__", "__getitem__", "__iter__", "__next__"))
"""Methods with a private name that anybody calls."""


def keep(how: Keeping, values: list[Value], node: object, frame: Frame, internal: bool = False) -> None:
    """Record that values are kept, each tensor with those that are kept beside it.

    What is `internal` matters where it is handed out too, and is then what to mend.
    """
    if not frame.world.settings.features:
        return
    tensors = deep_tensors(values, frame)
    for t in tensors:
        if not t.neutral:
            beside = tuple([other for other in tensors if other is not t])
            frame.world.outcome.kept.append(Kept(how, t, frame.spot(node), beside, internal))


def save(values: list[Value], node: object, frame: Frame, severed: bool) -> None:
    """Record that values are written somewhere; `severed` where the graph does not go along, as into a file."""
    tensors = deep_tensors(values, frame)
    frame.reach("stored", [detached(t) for t in tensors] if severed else tensors, node)
    keep("saved", values, node, frame)


def hand_out(value: Value, node: object, frame: Frame) -> None:
    """Record what a root returns or yields; what a private one returns is for the rest of its own file."""
    if is_public(frame):
        values = list(value) if type(value) is tuple else [value]
        keep("handed out", [v for v in values if not _was_there(v, frame)], node, frame)


def is_public(frame: Frame) -> bool:
    """Whether a root may be called from outside: no nested function, and no leading underscore on the way to it."""
    function = frame.function
    nested = any(isinstance(scope, tuple) and scope[0] != "module" for scope in frame.scopes[1:])
    if function is None or nested or (frame.owner is not None and frame.owner.name.startswith("_")):
        return False
    return not function.name.startswith("_") or function.name in ENTRANCES


def _was_there(value: Value, frame: Frame) -> bool:
    """Whether a value is an object of before, such as `self`: what it got is stored, not handed out."""
    obj = frame.state.load(value.address) if isinstance(value, Pointer) else None
    return isinstance(obj, InstanceObject) and obj.outlives
