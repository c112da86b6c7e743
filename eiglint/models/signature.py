"""Signatures as the tables write them, and the binding of a call's arguments to them."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from eiglint.models.kinds import KINDS
from eiglint.models.schema import Model


class Signature(NamedTuple):
    """Parameter names in order, stars included, and the values of those that may be left out."""

    params: tuple[str, ...]
    defaults: Mapping[str, object]


@cache
def signature(text: str) -> Signature:
    """Read a signature such as `input, dim=-1, *, keepdim=False`; raises ValueError where it makes no sense."""
    params: list[str] = []
    defaults: dict[str, object] = {}
    for part in _parts(text):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not (name == "*" or name.lstrip("*").isidentifier()) or name in params:
            raise ValueError(f"{part!r} is no parameter")
        params.append(name)
        if equals:
            try:
                defaults[name] = literal_eval(value.strip())
            except (ValueError, SyntaxError):
                raise ValueError(f"the default of {part!r} is no literal") from None
    return Signature(tuple(params), defaults)


def _parts(text: str) -> list[str]:
    """Split at the commas that stand outside brackets."""
    parts: list[str] = []
    depth, start = 0, 0
    for i, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and not depth:
            parts.append(text[start:i])
            start = i + 1
    return [p for part in (*parts, text[start:]) if (p := part.strip())]


def bind(model: Model, positional: Sequence[object], keywords: Mapping[str, object]) -> dict[str, object] | None:
    """Return the arguments of a call by the algebra's names, in the order of its parameters; None if they do not fit.

    What the call leaves out has its default, except None, which is left out here too. A parameter `*name` is a tuple
    of the rest, or whatever was passed to the keyword `name`. Of several signatures the first that fits counts.
    """
    for form in (model, *model.forms):
        bound = _bound(form, positional, keywords)
        if bound is not None:
            return bound
    return None


def _bound(model: Model, positional: Sequence[object], keywords: Mapping[str, object]) -> dict[str, object] | None:
    values = _matched(model, positional, keywords)
    if values is None:
        return None
    for name, value in model.defaults.items():
        if name not in values and value is not None:
            values[name] = value
    order = {p.lstrip("*"): i for i, p in enumerate(model.params)}
    bound = {model.rename.get(k, k): values[k] for k in sorted(values, key=lambda k: order.get(k, len(order)))}
    fixed = KINDS[model.kind].arguments & model.options.keys()
    bound.update((name, model.options[name]) for name in sorted(fixed))
    return bound


def _matched(model: Model, positional: Sequence[object], keywords: Mapping[str, object]) -> dict[str, object] | None:
    """Match positional arguments and keywords with parameter names; None where one has no place or one is missing."""
    values: dict[str, object] = {}
    rest = list(positional)
    named_only = anything = False
    required: list[str] = []
    for param in model.params:
        if param == "*":
            named_only = True
        elif param.startswith("**"):
            anything = True
        elif param.startswith("*"):
            if rest or param[1:] not in keywords:
                values[param[1:]] = tuple(rest)
            rest, named_only = [], True
        elif rest and not named_only:
            values[param] = rest.pop(0)
        elif param not in model.defaults:
            required.append(param)
    if rest:
        return None
    names = {p.lstrip("*") for p in model.params}
    common = {keyword for keyword, meant in model.keywords.items() if keyword == meant}
    for keyword, value in keywords.items():
        name = keyword if keyword in names or anything else model.keywords.get(keyword)
        if name == "":
            continue
        if name is None or name in values or not (anything or name in names or name in common):
            return None
        values[name] = value
    return None if any(name not in values for name in required) else values
