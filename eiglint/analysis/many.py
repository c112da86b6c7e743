"""Tensors of unknown number that are joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from eiglint import gauge
from eiglint.analysis.frame import Frame
from eiglint.analysis.plain import plain
from eiglint.analysis.values import ListObject, Pointer, Sequence, Value
from eiglint.gauge import Tensor
from eiglint.gauge.terms import term
from eiglint.models.schema import Model


def join_of_many(model: Model, bound: Mapping[str, Value], node: object, frame: Frame, name: str) -> Value | None:
    """Join tensors of unknown number: what two and three of them have in common, each from a run of its own."""
    many = bound.get("tensors")
    if isinstance(many, tuple) and len(many) == 1:
        many = many[0]
    element = _element(many, frame)
    if element is None:
        return None
    t = gauge.as_tensor(plain(element, frame, node))
    if t is None:
        return None
    older = gauge.age(t, t.gauges)
    oldest = gauge.age(older, older.gauges)
    rest = {key: plain(v, frame, node) for key, v in bound.items() if key != "tensors"}
    context = frame.context(node)
    made = [
        gauge.apply(model.kind, model.options, {**rest, "tensors": some}, context, name)
        for some in ((t, older), (t, older, oldest))
    ]
    if all(isinstance(m, Tensor) for m in made):
        joined = gauge.join(cast(Tensor, made[0]), cast(Tensor, made[1]), context)
        return replace(joined, term=term("join", name, t.term))
    return made[0]


def _element(many: Value, frame: Frame) -> Value | None:
    if isinstance(many, Sequence):
        return many.element
    if isinstance(many, Pointer):
        obj = frame.state.load(many.address)
        if isinstance(obj, ListObject) and obj.items is None:
            return obj.element
    return None
