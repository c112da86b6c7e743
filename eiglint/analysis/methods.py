"""Methods by name: of tensors, containers, strings and library objects."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

from eiglint import gauge
from eiglint.analysis import attributes, containers, homes, library, subscripts, updates
from eiglint.analysis.frame import Frame
from eiglint.analysis.objects import freeze
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.unknown_calls import unknown_callee
from eiglint.analysis.values import (
    DictObject,
    Gate,
    InstanceObject,
    Layer,
    ListObject,
    Pointer,
    Shape,
    Update,
    Value,
    is_constant,
    is_tuple,
)
from eiglint.gauge import Live, Record, Tensor
from eiglint.gauge.terms import Term, term
from eiglint.gauge.values import Number, Unknown
from eiglint.models.schema import Model

STRINGS = frozenset(
    [
        "lower",
        "upper",
        "strip",
        "lstrip",
        "rstrip",
        "split",
        "replace",
        "startswith",
        "endswith",
        "join",
        "format",
        "capitalize",
    ]
)
"""Methods of known strings that are carried out; what the others return is text too, or tells something of it."""
TAPE = "tensorflow.GradientTape"
UNPROVED = frozenset(("param", "attr", "item", "opaque", "element"))
"""Terms of values that were only assumed to be tensors."""
FORGOTTEN = frozenset(("loop", "starred", "missing", "earlier"))
OPERATORS = frozenset(("add", "mul", "div", "neg", "matmul", "pick", "cut"))
SHAPES = frozenset(("swap", "permute", "insert", "squeeze", "expand", "reshape"))
PASSING = OPERATORS | SHAPES | {"either", "detach", "real", "conj"}
"""Terms of what any class may define for itself (operators, casts, other shapes), or of one of several values."""


def call_method(
    receiver: Value,
    name: str,
    positional: list[Value],
    keywords: Mapping[str, Value],
    node: object,
    frame: Frame,
    spill: Value = None,
    spelled: str = "",
) -> Value:
    """Call a method by name."""
    rest = [] if spill is None else [spill]
    if isinstance(receiver, Tensor):
        return _of_tensor(receiver, name, positional, keywords, node, frame, spill, spelled)
    if isinstance(receiver, Update):
        return updates.apply(receiver, name, positional, keywords, node, frame)
    if isinstance(receiver, Gate) and (model := frame.world.models.get(f"{TAPE}.{name}")) is not None:
        return frame.apply(model, [receiver, *positional], keywords, node, model.name, spill)
    if isinstance(receiver, Pointer):
        obj = frame.state.load(receiver.address)
        made: Value = NotImplemented
        if isinstance(obj, ListObject):
            made = containers.list_method(receiver, obj, name, [*positional, *rest], node, frame)
        elif isinstance(obj, DictObject):
            made = containers.dict_method(receiver, obj, name, [*positional, *rest], keywords, node, frame)
        elif isinstance(obj, InstanceObject):
            made = _of_instance(receiver, obj, name, positional, keywords, node, frame)
        if made is not NotImplemented:
            return made
    if isinstance(receiver, str) and hasattr(str, name):
        known = name in STRINGS and is_constant(tuple(positional)) and not keywords and not rest
        return _of_string(receiver, name, positional, node, frame) if known else frame.unknown(node, name)
    if isinstance(receiver, Record) and name in ("_replace", "_asdict"):
        named: dict[Hashable, Value] = dict(zip(receiver.fields, receiver.values, strict=True))
        named.update(keywords)
        if name == "_asdict":
            return frame.allocate(DictObject(named))
        return Record(receiver.fields, tuple([named[f] for f in receiver.fields]))
    if isinstance(receiver, Layer):
        return _of_layer(receiver, name, positional, keywords, node, frame)
    if isinstance(receiver, Shape) and name == "numel":
        return Number(term("numel", receiver.of.term), integer=True)
    if isinstance(receiver, Number | Unknown | int | float | complex) and not [*positional, *keywords.values(), *rest]:
        return frame.unknown(node, name)
    if is_tuple(receiver) and name in ("index", "count"):
        return frame.index(node, name)
    values = [receiver, *positional, *keywords.values(), *rest]
    return unknown_callee(spelled or name, values, node, frame)


def _may_be_anothers(model: Model, t: Tensor) -> bool:
    """Whether a method that tells something may be that of another class, which has one of the same name."""
    if model.kind == "decompose":
        return t.neutral and t.term.op in UNPROVED
    old = bool(model.removed_in or model.deprecated)
    return old and (t.neutral or t.term.op in ("opaque", "either")) and not _is_proved(t)


def _is_proved(t: Tensor) -> bool:
    """Whether a value is certainly a tensor: operators and branches tell no more of it than their operands do."""
    stack: list[object] = [t.term]
    while stack:
        label = stack.pop()
        if isinstance(label, Term):
            if label.op in UNPROVED or label.op in FORGOTTEN:
                return False
            if label.op in PASSING:
                stack += label.args
    return True


def _of_tensor(
    t: Tensor,
    name: str,
    positional: list[Value],
    keywords: Mapping[str, Value],
    node: object,
    frame: Frame,
    spill: Value,
    spelled: str,
) -> Value:
    full = homes.full_name(t, name, frame)
    model = frame.world.models.get(full)
    unproved = model is not None and _may_be_anothers(model, t)
    if model is not None and not model.attribute and not unproved:
        return frame.apply(model, [t, *positional], keywords, node, full, spill)
    if t.neutral and name in ("get", "pop", "setdefault", "items", "values", "keys", "copy", "update", "append", "add"):
        return _as_container(t, name, positional, node, frame)
    values = [t, *positional, *keywords.values(), *([] if spill is None else [spill])]
    return unknown_callee(spelled or full, values, node, frame)


def _as_container(t: Tensor, name: str, positional: list[Value], node: object, frame: Frame) -> Value:
    """Treat a parameter that is asked for items, keys or values as a container of neutral tensors."""
    if name in ("append", "add", "update", "setdefault"):
        frame.reach("stored", deep_tensors(positional, frame), node)
    if name in ("get", "pop", "setdefault") and positional and isinstance(positional[0], str):
        return subscripts.get(t, positional[0], node, frame)
    if name == "copy":
        return t
    return gauge.opaque([t, *deep_tensors(positional, frame)], frame.context(node), name)


def _of_string(receiver: str, name: str, positional: list[Value], node: object, frame: Frame) -> Value:
    try:
        made = getattr(receiver, name)(*positional)
    except Exception:  # the program's own error
        return frame.unknown(node)
    if isinstance(made, list):
        return frame.allocate(ListObject(tuple(made)))
    return made if is_constant(made) else frame.unknown(node)


# --- modules ----------------------------------------------------------------------------------------------------

FLUENT = frozenset(
    [
        "to",
        "cuda",
        "cpu",
        "double",
        "float",
        "half",
        "eval",
        "train",
        "requires_grad_",
        "apply",
        "type",
        "share_memory",
        "compile",
        "xpu",
        "to_empty",
    ]
)
"""Methods of torch.nn.Module that return the module itself."""


def _of_instance(
    pointer: Pointer,
    obj: InstanceObject,
    name: str,
    positional: list[Value],
    keywords: Mapping[str, Value],
    node: object,
    frame: Frame,
) -> Value:
    """Call an inherited method of a library class on an instance of the project."""
    if name == "register_buffer" and len(positional) >= 2 and isinstance(positional[0], str):
        attributes.put(pointer, positional[0], positional[1], node, frame)
        return None
    if name == "save_for_backward":
        attributes.put(pointer, "saved_tensors", tuple(positional), node, frame)
        return None
    if name in ("register_parameter", "add_module", "register_module") and len(positional) == 2:
        if isinstance(positional[0], str):
            attributes.put(pointer, positional[0], positional[1], node, frame)
        return None
    if name in ("_replace", "_asdict") and obj.cls is not None and obj.cls.fields:
        if name == "_asdict":
            return frame.allocate(DictObject({f: obj.attributes.get(f) for f in obj.cls.fields}))
        return frame.allocate(replace(obj, attributes={**obj.attributes, **keywords}))
    if name == "requires_grad_" and obj.cls is not None:
        freeze(pointer, positional[0] if positional else keywords.get("requires_grad", True), frame)
    if name in FLUENT and obj.cls is not None:
        return pointer
    if name in ("parameters", "named_parameters", "buffers", "modules", "children", "state_dict", "zero_grad"):
        return gauge.tensor(frame.term("parameters", node), Live.YES)
    if name == "__init__":
        moving = [t for t in deep_tensors([*positional, *keywords.values()], frame) if not t.neutral]
        if moving:
            held = {**obj.attributes, "*": tuple(moving)}
            frame.state.heap[pointer.address] = replace(obj, attributes=held, open=True)
        return None
    return NotImplemented


def _of_layer(
    layer: Layer,
    name: str,
    positional: list[Value],
    keywords: Mapping[str, Value],
    node: object,
    frame: Frame,
) -> Value:
    if name in FLUENT:
        return layer
    if name == "forward":
        return library.call_layer(layer, positional, keywords, node, frame)
    if isinstance(layer.parts, Pointer) and name in ("append", "extend", "insert", "add_module", "register_module"):
        held = frame.state.load(layer.parts.address)
        if isinstance(held, ListObject):
            grow = name if name in ("extend", "insert") else "append"
            containers.list_method(layer.parts, held, grow, positional, node, frame)
        return layer
    if name in ("parameters", "named_parameters", "state_dict", "children", "modules", "buffers"):
        return gauge.tensor(term("parameters", repr(layer.identity)), Live.YES)
    full = f"{layer.model.name}.{name}"
    if (model := frame.world.models.get(full)) is not None:
        return frame.apply(model, [layer, *positional], keywords, node, full)
    values = [*positional, *keywords.values(), layer.parts]
    return unknown_callee(full, values, node, frame)
