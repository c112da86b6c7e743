"""Classes that bring their own backward: they are read for what is wrong in any of its uses, and for nothing else."""

from __future__ import annotations

from eiglint.analysis.frame import World
from eiglint.analysis.roots import methods, run_function
from eiglint.analysis.state import State
from eiglint.analysis.values import Class, Closure, InstanceObject, Method, Pointer

OWN = frozenset(("handwritten adjoint", "unguarded gap"))
"""Remarks that hold whoever owns the gradient."""
PARTS = ("forward", "backward", "vjp", "jvp")


def run_boundary(cls: Class, world: World) -> None:
    """Interpret forward and backward with one context between them; only remarks of certain kinds are kept.

    The author owns the gradient, so what reaches the results of such a class is no matter of symmetry.
    """
    outcome = world.outcome
    fields = [getattr(outcome, name) for name in outcome.__slots__]
    before = [len(f) if isinstance(f, list) else 0 for f in fields]
    state = State(world.store)
    context = Pointer(world.fresh())
    saving = {"save_for_backward": Method(context, "save_for_backward")}
    state.heap[context.address] = InstanceObject(None, saving, open=True)
    found = {m.function.name: m for m in methods(cls)}
    for name in PARTS:
        method = found.get(name)
        if isinstance(method, Closure):
            state = run_function(method, world, state, context).state
    for held, length in zip(fields, before, strict=True):
        if isinstance(held, list):
            late = held[length:] if held is outcome.remarks else []
            held[length:] = [r for r in late if r.kind in OWN]
