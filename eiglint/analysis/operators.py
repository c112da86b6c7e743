"""Python's operators: folded on constants, handed to the algebra on tensors, named terms on unknown numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable

from eiglint import gauge
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import element_of, items_of
from eiglint.analysis.merge import merge_all
from eiglint.analysis.objects import class_attribute
from eiglint.analysis.plain import deep_tensors, plain, spread
from eiglint.analysis.truth import truth
from eiglint.analysis.values import (
    Bound,
    Choice,
    DictObject,
    InstanceObject,
    ListObject,
    Pointer,
    Reference,
    Sequence,
    Shape,
    Value,
    is_constant,
    is_tuple,
)
from eiglint.gauge import Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Unknown

ARITHMETIC: dict[str, Callable[..., object]] = {
    **{n: getattr(operator, n) for n in ("add", "sub", "mul", "truediv", "floordiv", "mod", "lshift", "rshift")},
    **{n: getattr(operator, n) for n in ("and_", "or_", "xor", "neg", "pos", "invert", "not_")},
    **{n: getattr(operator, n) for n in ("lt", "le", "gt", "ge", "eq", "ne", "is_", "is_not")},
    "pow": operator.pow,
    "contains": lambda a, b: a in b,
    "not_contains": lambda a, b: a not in b,
}
COMPARISONS = frozenset(("lt", "le", "gt", "ge", "eq", "ne", "is_", "is_not", "contains", "not_contains", "not_"))
WHOLE = frozenset(("add", "sub", "mul", "floordiv", "mod", "neg", "pos", "lshift", "rshift"))
LARGEST = 1 << 64


def apply(op: str, operands: list[Value], node: object, frame: Frame) -> Value:
    """Return the value of an operator applied to operands."""
    if op in ("is_", "is_not") and not all(isinstance(v, str) for v in operands):  # members of an Enum are strings
        return _identity(op, operands, node, frame)
    if op == "not_":
        known = truth(operands[0], frame)
        if known is not None:
            return not known
    return spread(operands, frame, node, lambda values: _apply(op, values, node, frame))


def _apply(op: str, operands: list[Value], node: object, frame: Frame) -> Value:
    if all(is_constant(v) for v in operands):
        return _folded(op, operands, node, frame)
    if any(isinstance(v, Pointer | Sequence | Shape) or is_tuple(v) for v in operands):
        made = _on_containers(op, operands, node, frame)
        if made is not NotImplemented:
            return made
    if any(isinstance(v, Tensor) for v in operands):
        return on_tensors(op, operands, node, frame)
    moving = deep_tensors(operands, frame)
    if moving:
        return gauge.opaque(moving, frame.context(node), op)
    return _on_numbers(op, [plain(v, frame, node) for v in operands], node, frame)


def _folded(op: str, operands: list[Value], node: object, frame: Frame) -> Value:
    """Compute with constants, as long as the result stays small."""
    large = any(isinstance(v, int) and abs(v) > LARGEST for v in operands)
    growing = op in ("pow", "lshift", "mul") and any(isinstance(v, int) and abs(v) > 4096 for v in operands)
    sized = any(isinstance(v, str | bytes | tuple) for v in operands)
    if large or (growing and (op != "mul" or sized)) or op not in ARITHMETIC:
        return frame.unknown(node)
    try:
        made = ARITHMETIC[op](*operands)
    except Exception:  # the program's own error: this point is not reached
        return frame.unknown(node)
    return made if is_constant(made) else frame.unknown(node)


def on_tensors(op: str, operands: list[Value], node: object, frame: Frame) -> Value:
    """Apply an operator of which at least one operand is a tensor."""
    name = f"operator.{op}"
    model = frame.world.models.get(name)
    if model is None and op == "not_":
        model = frame.world.models.get("torch.logical_not")
    if model is None:
        return gauge.opaque(deep_tensors(operands, frame), frame.context(node), name)
    return frame.apply(model, operands, {}, node, name)


def _on_numbers(op: str, operands: list[Value], node: object, frame: Frame) -> Value:
    """Compute with numbers of which only the provenance is known."""
    parts = [v.term if isinstance(v, Number | Unknown) else v for v in operands]
    try:
        label = term(op, *parts)
    except TypeError:
        return frame.unknown(node)
    if op in COMPARISONS or any(isinstance(v, Unknown) for v in operands):
        return Unknown(label)
    if not all(isinstance(v, Number | int | float) for v in operands):
        return Unknown(label)
    if len(operands) == 2:
        a, b = operands
        if (op in ("add", "sub") and b == 0) or (op in ("mul", "floordiv") and b == 1):
            return a
        if (op == "add" and a == 0) or (op == "mul" and a == 1):
            return b
        if op == "sub" and a == b:
            return 0
    integer = all(isinstance(v, int) or (isinstance(v, Number) and v.integer) for v in operands)
    return Number(label, integer=integer and op in WHOLE)


def _identity(op: str, operands: list[Value], node: object, frame: Frame) -> Value:
    """Return `a is b`: known where one side is None and the other certainly is or is not."""
    a, b = operands
    if a is None or b is None:
        other = b if a is None else a
        known = is_none(other, frame)
        if known is not None:
            return known is (op == "is_")
    if all(isinstance(v, bool | None) for v in operands):
        return (a is b) is (op == "is_")
    return frame.unknown(node)


def is_none(value: Value, frame: Frame) -> bool | None:
    """Whether a value is None; nobody knows of attributes that were never seen and of unknown results."""
    if value is None:
        return True
    if isinstance(value, Choice):
        known = {is_none(v, frame) for v in value.values}
        return known.pop() if len(known) == 1 else None
    if isinstance(value, Tensor):
        return None if value.term.op in ("attr", "opaque", "item") else False
    return None if isinstance(value, Unknown | Reference) else False


# --- containers and objects -------------------------------------------------------------------------------------

MOST_REPEATS = 16
DUNDERS = {"and_": "and", "or_": "or", "neg": "neg", "pos": "pos", "invert": "invert"}


def _on_containers(op: str, operands: list[Value], node: object, frame: Frame) -> Value:

    if op in ("contains", "not_contains"):
        return _membership(op, operands, node, frame)
    if op == "not_":
        return frame.unknown(node)
    method = _overloaded(op, operands, frame)
    if method is not None:
        return frame.call(method[0], method[1], {}, node)
    if op == "add" and all(_is_list(v, frame) for v in operands):
        return _end_to_end(operands[0], operands, node, frame)
    if op == "mul":
        for a, b in (operands, operands[::-1]):
            if _is_list(a, frame) and isinstance(b, int | Number) and not isinstance(b, bool):
                if isinstance(b, int) and b <= MOST_REPEATS:
                    return _end_to_end(a, [a] * b, node, frame)
                return _end_to_end(a, [Sequence(element_of(a, frame, node))], node, frame)
    if op in ("eq", "ne", "lt", "le", "gt", "ge") and not deep_tensors(operands, frame):
        return frame.unknown(node)
    return NotImplemented


def _is_list(value: Value, frame: Frame) -> bool:
    if isinstance(value, Pointer):
        return isinstance(frame.state.load(value.address), ListObject)
    return is_tuple(value) or isinstance(value, Sequence | Shape)


def _end_to_end(first: Value, parts: list[Value], node: object, frame: Frame) -> Value:
    """Return the items of all parts, as a list or a tuple like the first; of unknown length if a part is."""
    items: list[Value] = []
    known_from: int | None = None
    for part in parts:
        held = items_of(part, frame, node)
        items.extend([element_of(part, frame, node)] if held is None else held)
        known_from = len(items) if held is None else known_from
    listed = isinstance(first, Pointer)
    if known_from is None:
        return frame.allocate(ListObject(tuple(items))) if listed else tuple(items)
    element = merge_all(items, frame.merging(node, "concatenation"), ())
    return frame.allocate(ListObject(None, element)) if listed else Sequence(element, tuple(items[known_from:]))


def _membership(op: str, operands: list[Value], node: object, frame: Frame) -> Value:
    item, box = operands
    if isinstance(box, Pointer) and is_constant(item):
        obj = frame.state.load(box.address)
        if isinstance(obj, DictObject):
            if item in obj.items:
                return op == "contains"
            if not obj.has_rest:
                return op == "not_contains"
    among = _among_dtypes(item, box, node, frame)
    if among is not None:
        return among == (op == "contains")
    moving = [t for t in deep_tensors(operands, frame) if not t.neutral]
    if moving and not isinstance(item, str):
        return gauge.opaque(moving, frame.context(node), "in")
    return frame.unknown(node)


def _among_dtypes(item: Value, box: Value, node: object, frame: Frame) -> bool | None:
    """Say whether a dtype of which only the kind is known is one of those that are listed, as far as that tells."""
    held = items_of(box, frame, node) if isinstance(item, str) else None
    models = [frame.world.models.get(v.name) if isinstance(v, Reference) else None for v in held or ()]
    if not models or any(m is None or m.kind != "dtype" for m in models):
        return None
    precisions = {m.options.get("precision") for m in models if m is not None and m.options.get("to") == item}
    if not precisions:
        return False if item in ("real", "complex", "int", "bool") else None
    return True if item == "complex" and precisions >= {"single", "double"} else None


def _overloaded(op: str, operands: list[Value], frame: Frame) -> tuple[Value, list[Value]] | None:
    """Return the method that an instance of the project defines for an operator, with its arguments."""
    name = DUNDERS.get(op, op)
    for receiver, others, dunder in (
        (operands[0], operands[1:], f"__{name}__"),
        (operands[-1], operands[:-1], f"__r{name}__"),
    ):
        if not isinstance(receiver, Pointer):
            continue
        obj = frame.state.load(receiver.address)
        if isinstance(obj, InstanceObject) and obj.cls is not None:
            method = class_attribute(obj.cls, dunder, frame)
            if method is not None:
                return Bound(method, receiver), list(others)
    return None
