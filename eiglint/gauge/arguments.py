"""How rules read their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eiglint.gauge.context import Context
from eiglint.gauge.tensor import Tensor, as_tensor
from eiglint.gauge.values import Number, Range, Unknown

Options = Mapping[str, object]
Arguments = Mapping[str, object]
Rule = Callable[[Options, Arguments, Context, str], object]


class NoRuleError(Exception):
    """The arguments have a form for which the kind has no rule."""


def names(options: Options, key: str) -> tuple[str, ...]:
    """Return an option that is a list of names; empty where it is not set."""
    value = options.get(key)
    return tuple(map(str, value)) if isinstance(value, tuple | list) else ()


def need(args: Arguments, key: str) -> Tensor:
    """Return a tensor argument."""
    value = args.get(key)
    found = as_tensor(value)
    if found is None:
        raise NoRuleError(key)
    return found


def maybe(args: Arguments, key: str) -> Tensor | None:
    """Return a tensor argument that may be left out."""
    return as_tensor(args[key]) if args.get(key) is not None else None


def listed(args: Arguments, key: str) -> list[Tensor]:
    """Return an argument that is a sequence of tensors."""
    value = args.get(key)
    if isinstance(value, tuple) and not isinstance(value, Number | Range):
        if len(value) == 1 and isinstance(value[0], tuple) and not isinstance(value[0], Number | Range):
            value = value[0]
        found = [as_tensor(v) for v in value]
        if all(t is not None for t in found) and found:
            return [t for t in found if t is not None]
    raise NoRuleError(key)


def last_of(value: object) -> tuple[object, ...]:
    """Return the last items of a sequence that begins with something unknown, also when it was passed as one tuple."""
    if isinstance(value, tuple) and not isinstance(value, Unknown) and len(value) == 1:
        value = value[0]
    return value.last if isinstance(value, Unknown) else ()


def integers(value: object) -> tuple[object, ...] | None:
    """Return a sequence of sizes or dimensions, also when it was passed as one tuple or one number."""
    if isinstance(value, tuple) and not isinstance(value, Number | Range):
        if len(value) == 1 and isinstance(value[0], tuple) and not isinstance(value[0], Number | Range):
            return integers(value[0])
        return tuple(value) if all(isinstance(v, int | Number) for v in value) else None
    return (value,) if isinstance(value, int | Number) else None


def sizes(value: object) -> tuple[object, ...] | None:
    """Return the sizes of a shape; of several, one that nothing is known of is a number."""
    if isinstance(value, tuple) and not isinstance(value, Number | Range | Unknown) and len(value) > 1:
        return integers(tuple(_size(v) for v in value))
    return integers(value)


def _size(value: object) -> object:
    if isinstance(value, Unknown) and not value.last:
        return Number(value.term, integer=True)
    if isinstance(value, Tensor) and not value.motions and value.value is None:
        return Number(value.term, integer=True)
    return value
