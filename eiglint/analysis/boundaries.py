"""Classes that bring their own backward: they are read for what is wrong in any of its uses, and for nothing else."""

from __future__ import annotations

from eiglint.analysis.events import Outcome
from eiglint.analysis.frame import World
from eiglint.analysis.roots import methods, run_function
from eiglint.analysis.state import State
from eiglint.analysis.values import Class, Closure, InstanceObject, Method, Pointer

OWN = frozenset(("handwritten adjoint",))
"""Remarks that hold whoever owns the gradient; the rest is kept apart."""
PARTS = ("forward", "backward", "vjp", "jvp")


def run_boundary(cls: Class, world: World) -> None:
    """Interpret forward and backward with one context between them; but for remarks, it is as if they had not been run.

    The author owns the gradient, so what reaches the results of such a class is no matter of symmetry.
    """
    outcome, seen, entered, written = world.outcome, world.seen, world.entered, world.written
    handed_out = world.handed_out
    world.outcome, world.seen, world.entered, world.written, world.handed_out = Outcome(), set(), set(entered), {}, []
    world.bounded = True
    state = State(world.store)
    context = Pointer(world.fresh())
    saving = {"save_for_backward": Method(context, "save_for_backward")}
    state.heap[context.address] = InstanceObject(None, saving, open=True)
    found = {m.function.name: m for m in methods(cls)}
    try:
        for name in PARTS:
            method = found.get(name)
            if isinstance(method, Closure):
                state = run_function(method, world, state, context).state
    finally:
        outcome.remarks += [r for r in world.outcome.remarks if r.kind in OWN]
        outcome.handmade += world.outcome.remarks
        world.outcome, world.seen, world.entered, world.written = outcome, seen, entered, written
        world.handed_out, world.bounded = handed_out, False
