"""Arguments of a root that serve as lengths: whatever they are, they are whole numbers, through which nothing flows."""

from __future__ import annotations

from collections.abc import Mapping

from eiglint.analysis.aliases import replace_everywhere
from eiglint.analysis.frame import Frame
from eiglint.analysis.values import Value
from eiglint.gauge import Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number

LISTS = ("shape", "size", "sizes")
"""Arguments that are lists of lengths; of a list with one item nobody knows whether that is a list itself."""
SINGLE = ("n", "m")
"""Arguments of `create` that are one length."""


def noted(kind: str, bound: Mapping[str, Value], frame: Frame) -> Mapping[str, Value]:
    """Take the lengths among the arguments of a call for whole numbers, there and in all variables."""
    made = dict(bound)
    for key in LISTS:
        given = bound.get(key)
        if type(given) is tuple and len(given) > 1:
            made[key] = tuple([_number(v, frame) for v in given])
    if kind == "create":
        made |= {key: _number(bound[key], frame) for key in SINGLE if key in bound}
    return made


def _number(value: Value, frame: Frame) -> Value:
    if not isinstance(value, Tensor) or value.term.op != "param":
        return value
    number = Number(term("number", value.term), integer=True)
    replace_everywhere(value, number, frame)
    return number
