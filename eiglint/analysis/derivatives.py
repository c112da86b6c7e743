"""What starts a differentiation: a backward, a gradient, a function that returns the derivatives of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eiglint import gauge
from eiglint.analysis.contents import map_tensors
from eiglint.analysis.events import Differentiated
from eiglint.analysis.frame import Frame
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.values import Differentiation, Sequence, Value
from eiglint.gauge import Gauge, Live, Tensor
from eiglint.gauge.tensor import detached
from eiglint.gauge.terms import contains, role_of, subterms
from eiglint.models.schema import Model

FIRST = "first of its results"


def root(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    """Start a backward, or return the gradients that a call computes."""
    tensors = deep_tensors([bound.get("tensors")], frame)
    frame.reach("backward", tensors, node)
    how = Differentiation(
        model.name,
        real=bool(model.options.get("real")) and bound.get("cotangent") is None,
        again=bound.get("create_graph") is True,
    )
    _record(tensors, how, deep_tensors([bound.get("inputs")], frame), node, frame)
    if model.options.get("gives") == "nothing":
        return None
    made = gauge.opaque(tensors, frame.context(node), model.name)
    if bound.get("create_graph") is False:  # the gradients are constants: no graph leads back from them
        made = detached(made)
    return Sequence(made) if model.options.get("gives") == "each" else made


def derived(
    function: Value,
    how: Differentiation | None,
    positional: list[Value],
    keywords: Mapping[str, Value],
    node: object,
    frame: Frame,
    spill: Value = None,
    name: str = "",
) -> Value:
    """Call a function and return the derivatives of its result, or (how is None) what it returns first.

    What a function returns beside its value (`aux`) is not differentiated.
    """
    if how is None:
        return _first(frame.call(function, positional, keywords, node, spill, name), node, frame)
    inputs = [map_tensors(v, lambda t: replace(t, live=Live.YES)) for v in positional]
    frame.world.deriving += 1
    made = frame.call(function, inputs, keywords, node, spill, name)
    frame.world.deriving -= 1
    loss = made[0] if how.aux and type(made) is tuple and len(made) == 2 else made
    tensors = deep_tensors([loss], frame)
    frame.reach("backward", tensors, node)
    _record(tensors, how, [], node, frame)
    return gauge.opaque(deep_tensors([made], frame), frame.context(node), how.call)


def _first(made: Value, node: object, frame: Frame) -> Value:
    """Return what a function returns first; the gradient that it returns beside is its author's."""
    if type(made) is tuple and made:
        return made[0]
    return gauge.opaque(deep_tensors([made], frame), frame.context(node), FIRST)


def _record(tensors: list[Tensor], how: Differentiation, inputs: list[Tensor], node: object, frame: Frame) -> None:
    """Note what is differentiated, where it is made of decompositions."""
    inside = frozenset(g for t in inputs for g in gauges_of(t))
    again = how.again or frame.world.deriving > 0
    for t in tensors:
        roles = _roles(t)
        if roles:
            growing = _exponents(t, frame)
            real = how.real and not any(contains(t.term, other) for other in frame.world.recast)
            made = Differentiated(t, frame.spot(node), how.call, roles, real, again, inside, growing)
            frame.world.outcome.differentiated.append(made)


def gauges_of(t: Tensor) -> frozenset[Gauge]:
    """Return the decompositions that a value is made of, those on which it does not depend included."""
    return frozenset(x.args[0] for x in t.term.outputs if isinstance(x.args[0], Gauge))


def _exponents(t: Tensor, frame: Frame) -> frozenset[Gauge]:
    """Return the decompositions whose outputs stand in an exponential."""
    models = frame.world.models
    names = [op for op in t.term.ops if (m := models.get(op)) is not None and m.options.get("exponential")]
    found = [o.args[0] for x in subterms(t.term, *names) for o in x.outputs] if names else []
    return frozenset(g for g in found if isinstance(g, Gauge))


def _roles(t: Tensor) -> tuple[tuple[Gauge, frozenset[str]], ...]:
    """Return for each decomposition that a value is made of which kinds of its outputs: values, vectors."""
    found: dict[Gauge, set[str]] = {}
    for x in t.term.outputs:
        g = x.args[0]
        if isinstance(g, Gauge):
            found.setdefault(g, set()).add(role_of(x))
    return tuple([(g, frozenset(roles)) for g, roles in found.items()])
