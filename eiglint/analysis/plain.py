"""From values of the interpreter to those that the algebra understands, and choices spread over an operation."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod

from eiglint import gauge
from eiglint.analysis.contents import elements_of, tensors_inside
from eiglint.analysis.frame import Frame
from eiglint.analysis.merge import merge_all
from eiglint.analysis.values import (
    CONSTANT,
    Choice,
    Class,
    Closure,
    DictObject,
    InstanceObject,
    Layer,
    Lazy,
    ListObject,
    Partial,
    Pointer,
    Reference,
    Sequence,
    Shape,
    Update,
    Value,
    is_tuple,
)
from eiglint.gauge import Record, Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range, Unknown

MOST_COMBINATIONS = 16

DTYPES = frozenset(
    [
        "float16",
        "half",
        "bfloat16",
        "float32",
        "float",
        "float64",
        "double",
        "complex32",
        "chalf",
        "complex64",
        "cfloat",
        "complex128",
        "cdouble",
        "int8",
        "uint8",
        "int16",
        "short",
        "int32",
        "int",
        "int64",
        "long",
        "bool",
    ]
)
"""The last parts of names that stand for a dtype, `torch.float64` for instance."""


def plain(value: Value, frame: Frame, node: object) -> Value:
    """Return a value as an argument of the algebra; what it cannot name becomes unknown or opaque."""
    match value:
        case Tensor() | Number() | Unknown() | Range():
            return value
        case Record():
            return tuple([plain(v, frame, node) for v in value.values])
        case Reference():
            return _plain_reference(value, frame)
        case Shape():
            return shape_items(value.of) or Unknown(term("shape", value.of.term))
        case Choice():
            return _plain_choice(value, frame, node)
        case Pointer():
            return _plain_object(value, frame, node)
        case Lazy(kind="range", parts=(int() | Number() as count,)):
            return gauge.apply("create", {"value": "range"}, {"end": count}, frame.context(node), "range")
        case Sequence() if value.last and not _moving(value, frame):
            return Unknown(frame.term("plain", node), tuple([plain(v, frame, node) for v in value.last]))
        case Sequence() | Lazy():
            return _unclear(value, frame, node)
    if isinstance(value, tuple) and is_tuple(value):
        return tuple([plain(v, frame, node) for v in value])
    return value if isinstance(value, CONSTANT) else _unclear(value, frame, node)


def _plain_reference(reference: Reference, frame: Frame) -> Value:
    model = frame.world.models.get(reference.name)
    if model is not None and model.kind == "dtype":
        return model.options.get("to", reference.name)
    head, _, last = reference.name.rpartition(".")
    if last in DTYPES or (head == "builtins" and last == "complex"):
        return last if head == "builtins" else reference.name
    return Unknown(term("global", reference.name))


def _plain_choice(value: Choice, frame: Frame, node: object) -> Value:
    kept = [v for v in value.values if v is not None]
    if len(kept) == 1:
        return plain(kept[0], frame, node)
    return _unclear(value, frame, node)


def _plain_object(pointer: Pointer, frame: Frame, node: object) -> Value:
    obj = frame.state.load(pointer.address)
    if isinstance(obj, ListObject) and obj.items is not None:
        return tuple([plain(v, frame, node) for v in obj.items])
    return _unclear(pointer, frame, node)


def _unclear(value: Value, frame: Frame, node: object) -> Value:
    if moving := _moving(value, frame):
        return gauge.opaque(moving, frame.context(node), "container")
    if isinstance(value, Pointer):
        return Unknown(term("object", value.address))
    return frame.unknown(node, "plain")


def _moving(value: Value, frame: Frame) -> list[Tensor]:
    return [t for t in deep_tensors([value], frame) if not t.neutral]


def shape_items(t: Tensor) -> tuple[Value, ...] | None:
    """Return the sizes of a tensor whose rank is known."""
    if t.rank is None:
        return None
    return tuple([size_at(t, axis) for axis in range(-t.rank, 0)])


def size_at(t: Tensor, axis: int) -> Value:
    """Return the length of an axis: an int where it is known, else a number named after the tensor and the axis."""
    if axis >= 0 and t.rank is not None:
        axis -= t.rank
    known = t.size(axis) if axis < 0 else None
    if isinstance(known, int):
        return known
    return Number(term("size", t.term, axis) if known is None else known, integer=True)  # type: ignore[arg-type]


def spread(values: list[Value], frame: Frame, node: object, act: Callable[[list[Value]], Value]) -> Value:
    """Apply an operation to every combination of the choices among its operands and merge what comes out."""
    choices = [_alternatives(v) for v in values]
    if all(len(c) == 1 for c in choices):
        return act([c[0] for c in choices])
    if prod([len(c) for c in choices]) > MOST_COMBINATIONS:
        return act([plain(v, frame, node) for v in values])
    made = [act(list(combination)) for combination in product(*choices)]
    return merge_all(made, frame.merging(node, "choices"), ())


def _alternatives(value: Value) -> tuple[Value, ...]:
    """The values of a choice; None cannot be operated on, so it is left out where there is anything else."""
    if not isinstance(value, Choice):
        return (value,)
    return tuple([v for v in value.values if v is not None])


def deep_tensors(values: list[Value], frame: Frame) -> list[Tensor]:
    """Every tensor inside values, containers and objects on the heap included, each once."""
    found: list[Tensor] = []
    seen: set[int] = set()
    stack: list[Value] = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, Pointer):
            if value.address not in seen:
                seen.add(value.address)
                stack.extend(contents(value, frame))
        elif isinstance(value, Partial):
            stack.extend(value.positional)
            stack.extend([v for _, v in value.keywords])
        elif isinstance(value, Layer):
            stack.append(value.parts)
        elif isinstance(value, Sequence):
            stack.append(value.element)
        elif isinstance(value, Lazy):
            stack.extend(value.parts)
        elif isinstance(value, Update):
            stack.append(value.of)
        elif isinstance(value, Choice | Record):
            stack.extend(value.values)
        elif isinstance(value, tuple) and is_tuple(value):
            stack.extend(value)
        elif isinstance(value, Closure | Class):
            continue
        else:
            found.extend([t for t in tensors_inside([value]) if not any(t is f for f in found)])
    return found


def contents(pointer: Pointer, frame: Frame) -> list[Value]:
    """Everything that an object on the heap holds."""
    obj = frame.state.load(pointer.address)
    if isinstance(obj, ListObject):
        return list(elements_of(obj))
    if isinstance(obj, DictObject):
        return [*obj.items.values(), *([obj.rest] if obj.has_rest else [])]
    assert isinstance(obj, InstanceObject)
    return list(obj.attributes.values())
