"""`value.attr`, read and written, for everything a value can be."""

from __future__ import annotations

import math
from dataclasses import replace

from eiglint import gauge
from eiglint.analysis import homes, resolve
from eiglint.analysis.frame import Frame
from eiglint.analysis.merging import MISSING
from eiglint.analysis.objects import (
    ancestors,
    bind_to,
    class_attribute,
    either,
    escape,
    is_boundary,
    is_internal,
    library_bases,
    set_attribute,
    unknown_base,
)
from eiglint.analysis.plain import deep_tensors, spread
from eiglint.analysis.state import Binding
from eiglint.analysis.toplevel import scope_of
from eiglint.analysis.values import (
    Ancestor,
    Bound,
    Choice,
    Class,
    Closure,
    DictObject,
    InstanceObject,
    Layer,
    Method,
    Pointer,
    Reference,
    Sequence,
    Space,
    Value,
)
from eiglint.gauge import Live, Record, Tensor
from eiglint.gauge.terms import subterms, term
from eiglint.gauge.values import Number, Unknown

CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "tau": math.tau, "newaxis": None}
CONSTANT_HOMES = frozenset(("math", "torch", "numpy", "np", "cmath", "scipy"))
FLAGS = frozenset(("training", "requires_grad", "device", "dtype", "name", "__class__"))
"""Attributes that are never tensors, whatever their object is."""


def get(value: Value, attr: str, node: object, frame: Frame) -> Value:
    """Return an attribute of a value."""
    if isinstance(value, Choice):
        return spread([value], frame, node, lambda vs: get(vs[0], attr, node, frame))
    match value:
        case Reference():
            return _of_reference(value, attr, frame)
        case Space():
            return resolve.space_attribute(value, attr, frame)
        case Tensor():
            return _of_tensor(value, attr, node, frame)
        case Record():
            return value.values[value.fields.index(attr)] if attr in value.fields else Method(value, attr)
        case Pointer():
            return _of_object(value, attr, node, frame)
        case Class():
            return _of_class(value, attr)
        case Ancestor():
            found = class_attribute(_class_of(value.receiver, frame) or value.of, attr, frame, after=value.of)
            return Method(value, attr) if found is None else bind_to(found, value.receiver, value.of)
        case Layer():
            return _of_layer(value, attr)
        case Unknown():
            return Unknown(term("attr", value.term, attr))
        case Closure() | Bound():
            return frame.unknown(node, attr)
    return Method(value, attr)


def _of_reference(reference: Reference, attr: str, frame: Frame) -> Value:
    model = frame.world.models.get(f"{reference.name}.{attr}")
    if model is not None and model.kind == "constant":
        return model.options.get("value")
    if attr in CONSTANTS and reference.name in CONSTANT_HOMES:
        return CONSTANTS[attr]
    return resolve.settle_reference(Reference(f"{reference.name}.{attr}"), frame)


def open_address(t: Tensor, frame: Frame) -> int:
    """Return the address of the object that keeps what is stored on a parameter or another nameless thing."""
    return frame.world.address(("open", t.term))


def stored_on(t: Tensor, attr: str, frame: Frame) -> Value:
    """Return what was stored under a name on a nameless thing, or MISSING."""
    address = open_address(t, frame)
    if frame.state.holds(address):
        obj = frame.state.load(address)
        if isinstance(obj, InstanceObject) and attr in obj.attributes:
            return obj.attributes[attr]
    return MISSING


def _of_tensor(t: Tensor, attr: str, node: object, frame: Frame) -> Value:
    stored = stored_on(t, attr, frame)
    if stored is not MISSING:
        return stored
    model = homes.method(t, attr, frame)
    if model is not None:
        if model.attribute:
            return frame.apply(model, [t], {}, node, model.name)
        return Method(t, attr)
    if attr in FLAGS:
        return Unknown(term("flag", t.term, attr))
    if t.neutral:
        return gauge.tensor(term("attr", t.term, attr), Live.MAYBE)
    return gauge.opaque([t], frame.context(node), attr)


def _of_object(pointer: Pointer, attr: str, node: object, frame: Frame) -> Value:
    obj = frame.state.load(pointer.address)
    if not isinstance(obj, InstanceObject):
        return Method(pointer, attr)
    if attr in obj.attributes:
        return obj.attributes[attr]
    if attr == "__dict__":
        return frame.allocate(DictObject({k: v for k, v in obj.attributes.items() if k != "*"}, None, obj.open))
    if obj.cls is not None:
        if attr == "__class__":
            return obj.cls
        found = class_attribute(obj.cls, attr, frame)
        if isinstance(found, Closure) and found.kind in ("property", "cached"):
            made = frame.call(Bound(found, pointer), [], {}, node)
            if found.kind == "cached":
                set_attribute(pointer.address, attr, made, node, frame)
            return made
        if found is not None:
            return bind_to(found, pointer, obj.cls)
    return _missing(pointer, obj, attr, node, frame)


def _missing(pointer: Pointer, obj: InstanceObject, attr: str, node: object, frame: Frame) -> Value:
    """Return an attribute that was never seen set: that of an open object may be anything, and no decomposition's."""
    if attr in FLAGS:
        return Unknown(term("attr", "object", pointer.address, attr))
    hidden = [t for t in deep_tensors([obj.attributes.get("*")], frame) if not t.neutral]
    if hidden:
        return gauge.opaque(hidden, frame.context(node), attr)
    if obj.cls is not None and frame.world.models.get(f"torch.nn.Module.{attr}") is not None:
        return Method(pointer, attr)
    if obj.open or obj.cls is None or unknown_base(obj.cls):
        return gauge.tensor(term("attr", "object", pointer.address, attr), Live.MAYBE)
    return Method(pointer, attr)


def _of_class(cls: Class, attr: str) -> Value:
    for here in ancestors(cls):
        if isinstance(here, Class) and attr in here.body:
            found = here.body[attr]
            return Bound(found, cls) if isinstance(found, Closure) and found.kind == "class" else found
    if attr == "apply" and is_boundary(cls):
        return Reference(f"{cls.name}.apply")
    bases = sorted(library_bases(cls))
    return Reference(f"{bases[0]}.{attr}") if bases else Method(cls, attr)


def _of_layer(layer: Layer, attr: str) -> Value:
    if attr in ("weight", "bias", "in_proj_weight", "running_mean", "running_var"):
        label = term("attr", repr(layer.identity), attr)
        return gauge.tensor(label, Live.YES if not attr.startswith("running") else Live.NO)
    return Method(layer, attr)


def _class_of(receiver: Value, frame: Frame) -> Class | None:
    if isinstance(receiver, Pointer):
        obj = frame.state.load(receiver.address)
        return obj.cls if isinstance(obj, InstanceObject) else None
    return receiver if isinstance(receiver, Class) else None


# --- written ----------------------------------------------------------------------------------------------------


def put(base: Value, attr: str, value: Value, node: object, frame: Frame) -> None:
    """Carry out `base.attr = value`."""
    match base:
        case Choice():
            for one in base.values:
                put(one, attr, _old_or_new(one, attr, value, node, frame), node, frame)
        case Pointer():
            obj = frame.state.load(base.address)
            if isinstance(obj, InstanceObject):
                known = None if obj.cls is None else class_attribute(obj.cls, attr, frame)
                if isinstance(known, Closure) and known.kind == "property" and known.setter is not None:
                    frame.call(Bound(known.setter, base), [value], {}, node)
                    return
                set_attribute(base.address, attr, value, node, frame)
            else:
                escape(value, node, frame)
        case Tensor():
            _put_on_tensor(base, attr, value, node, frame)
        case Space():
            frame.state.bind(scope_of(base.name), attr, Binding(value))
            escape(value, node, frame)
        case Sequence():
            put(base.element, attr, _old_or_new(base.element, attr, value, node, frame), node, frame)
        case None | Number():
            return
        case _:
            escape(value, node, frame)


def _old_or_new(base: Value, attr: str, value: Value, node: object, frame: Frame) -> Value:
    if isinstance(base, Pointer):
        obj = frame.state.load(base.address)
        if isinstance(obj, InstanceObject) and attr in obj.attributes:
            return either(obj.attributes[attr], value, node, "attribute", frame)
    return value


def _put_on_tensor(t: Tensor, attr: str, value: Value, node: object, frame: Frame) -> None:
    if attr in FLAGS:
        return
    address = open_address(t, frame)
    if not frame.state.holds(address):
        frame.state.heap[address] = InstanceObject(None, {}, open=True, outlives=True)
    obj = frame.state.load(address)
    assert isinstance(obj, InstanceObject)
    frame.state.heap[address] = replace(obj, attributes={**obj.attributes, attr: value})
    path = [x.args for x in subterms(t.term, "attr")]
    private = any(isinstance(name, str) and name.startswith("_") for *_, name in path)
    own = any(holder == "object" for holder, *_ in path) and is_internal(frame.owner, attr.strip("[]"), frame)
    escape(value, node, frame, internal=private or own)
