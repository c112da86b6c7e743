"""`x.at[index].set(y)` of JAX: a copy of an array that differs from it at an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from eiglint import gauge
from eiglint.analysis import operators, subscripts
from eiglint.analysis.frame import Frame
from eiglint.analysis.plain import deep_tensors, plain
from eiglint.analysis.values import Update, Value, is_tuple
from eiglint.gauge import Tensor

OPERATORS = {
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "mul": "mul",
    "divide": "truediv",
    "power": "pow",
}
"""What is done to the entries there, by the operator that does the same."""
SETTINGS = frozenset(
    ("indices_are_sorted", "unique_indices", "mode", "fill_value", "out_sharding", "wrap_negative_indices")
)


def apply(
    update: Update, name: str, positional: list[Value], keywords: Mapping[str, Value], node: object, frame: Frame
) -> Value:
    """Return `x.at[index].name(...)`."""
    if name == "get":
        return subscripts.get(update.of, update.index, node, frame)
    given = [*positional, *[v for k, v in keywords.items() if k not in SETTINGS]]
    if len(given) != 1 or (name != "set" and name not in OPERATORS):
        return gauge.opaque(deep_tensors([update.of, update.index, *given], frame), frame.context(node), f"at.{name}")
    value = given[0]
    if name != "set":
        held = subscripts.get(update.of, update.index, node, frame)
        value = operators.apply(OPERATORS[name], [held, value], node, frame)
    parts = cast("tuple[Value, ...]", update.index) if is_tuple(update.index) else (update.index,)
    items = tuple([plain(i, frame, node) for i in parts])
    made: Tensor = gauge.store(update.of, items, plain(value, frame, node), frame.context(node))
    return made
