"""Classes and instances of the project: where an attribute is found, and how it is set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eiglint.analysis.frame import Frame
from eiglint.analysis.keeping import keep
from eiglint.analysis.merge import merge_objects, merge_values
from eiglint.analysis.merge_walk import parts
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.values import (
    Bound,
    Choice,
    Class,
    Closure,
    DictObject,
    HeapObject,
    InstanceObject,
    ListObject,
    Pointer,
    Reference,
    Value,
)
from eiglint.gauge import Live, Tensor

AUTOGRAD_FUNCTIONS = frozenset(
    ("torch.autograd.Function", "torch.autograd.function.Function", "torch.autograd.function.InplaceFunction")
)
MODULES = frozenset(("torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module"))
TUPLES = frozenset(("typing.NamedTuple", "NamedTuple", "builtins.tuple"))
HARMLESS_BASES = frozenset(
    ("builtins.object", "abc.ABC", "typing.Protocol", "typing.Generic", "typing.NamedTuple", "enum.Enum")
)


def ancestors(cls: Class) -> Iterator[Value]:
    """The class, its bases and theirs, in the order in which Python looks attributes up."""
    yield from _linearised(cls, frozenset())


def _linearised(cls: Class, below: frozenset[int]) -> list[Value]:
    """Merge the orders of the bases (C3); where that fails, as it cannot in code that runs, the first one wins."""
    below |= {id(cls)}
    bases = [b for b in cls.bases if not (isinstance(b, Class) and id(b) in below)]
    rows = [_linearised(b, below) if isinstance(b, Class) else [b] for b in bases]
    rows = [r for r in [*rows, bases] if r]
    order: list[Value] = [cls]
    while rows:
        heads = [r[0] for r in rows]
        chosen = next((h for h in heads if not any(_is_among(h, r[1:]) for r in rows)), heads[0])
        order.append(chosen)
        rows = [kept for r in rows if (kept := [v for v in r if not _is_same(v, chosen)])]
    return order


def _is_among(value: Value, row: list[Value]) -> bool:
    return any(_is_same(value, v) for v in row)


def _is_same(a: Value, b: Value) -> bool:
    return a is b or (isinstance(a, Reference) and a == b)


def library_bases(cls: Class) -> frozenset[str]:
    """The names of the library classes that a class descends from."""
    return frozenset(a.name for a in ancestors(cls) if isinstance(a, Reference))


def unknown_base(cls: Class) -> bool:
    """Whether a class may have attributes that are not in sight."""
    return any(not isinstance(a, Class) and not _harmless(a) for a in ancestors(cls))


def _harmless(value: Value) -> bool:
    return isinstance(value, Reference) and value.name in HARMLESS_BASES


def is_boundary(cls: Class) -> bool:
    """Whether a class is an autograd.Function, whose author owns the gradient."""
    return bool(library_bases(cls) & AUTOGRAD_FUNCTIONS)


def is_module(cls: Class) -> bool:
    """Whether a class descends from torch.nn.Module."""
    return any(b in MODULES or b.startswith("torch.nn.") for b in library_bases(cls))


def class_attribute(cls: Class, name: str, frame: Frame, after: Class | None = None) -> Value | None:
    """Return what the class or its nearest ancestor binds a name to; after a given class for super()."""
    passed = after is None
    for here in ancestors(cls):
        if isinstance(here, Class):
            if passed and name in here.body:
                return here.body[name]
            passed = passed or here is after
    del frame
    return None


def bind_to(value: Value, receiver: Value, cls: Class) -> Value:
    """Return a class attribute as it is seen through an instance."""
    if not isinstance(value, Closure):
        return value
    if value.kind == "static":
        return value
    return Bound(value, cls if value.kind == "class" else receiver)


# --- changes ----------------------------------------------------------------------------------------------------


def replace_object(address: int, obj: HeapObject, node: object, frame: Frame) -> None:
    """Overwrite an object; where it stands for one of several, those may have changed too."""
    old = frame.state.load(address)
    frame.state.heap[address] = obj
    m = frame.merging(node, "alias")
    m.left = m.right = m.out = frame.state
    for origin in old.origins:
        if frame.state.holds(origin):
            mine = frame.state.load(origin)
            if type(mine) is type(obj):
                frame.state.heap[origin] = replace(merge_objects(mine, obj, m, (origin,)), origins=mine.origins)


def set_attribute(address: int, attr: str, value: Value, node: object, frame: Frame) -> None:
    """Give an object's attribute a value."""
    obj = frame.state.load(address)
    assert isinstance(obj, InstanceObject)
    replace_object(address, replace(obj, attributes={**obj.attributes, attr: value}), node, frame)
    if obj.outlives:
        escape(value, node, frame, internal=is_internal(obj.cls, attr, frame))
    elif obj.cls is not None:
        keep("stored", [value], node, frame, internal=True)


def is_internal(cls: Class | None, name: str, frame: Frame) -> bool:
    """Whether what an object keeps under a name is its own affair.

    Where another method of its class reads it, the result is what that one makes of it; and nobody else reads what
    has a private name.
    """
    if cls is None:
        return False
    bodies = [one.body for one in ancestors(cls) if isinstance(one, Class)]
    others = {m.function for body in bodies for m in body.values() if isinstance(m, Closure)} - {frame.function}
    read = any(name in f.mentions or name in f.quoted for f in others if f.name != "__init__")
    return read or name.startswith("_")


def escape(value: Value, node: object, frame: Frame, internal: bool = False) -> None:
    """Record that a value is stored where the function's end does not destroy it."""
    frame.reach("stored", deep_tensors([value], frame), node)
    keep("stored", [value], node, frame, internal)
    outlive([value], frame)


def freeze(pointer: Pointer, flag: Value, frame: Frame) -> None:
    """Switch the gradient of a module's parameters, and of the modules' inside it, on or off."""
    live = {True: Live.YES, False: Live.NO}.get(flag, Live.MAYBE) if isinstance(flag, bool) else Live.MAYBE
    seen, stack = set[int](), [pointer]
    while stack:
        address = stack.pop().address
        obj = frame.state.load(address)
        if address in seen or not isinstance(obj, InstanceObject):
            continue
        seen.add(address)
        stack += [v for v in obj.attributes.values() if isinstance(v, Pointer)]
        held = {
            name: replace(v, live=live) if isinstance(v, Tensor) and "parameter" in v.flags else v
            for name, v in obj.attributes.items()
        }
        frame.state.heap[address] = replace(obj, attributes=held)


def outlive(values: list[Value], frame: Frame) -> None:
    """Mark the containers and objects inside values as living on."""
    seen: set[int] = set()
    stack = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, Pointer) and value.address not in seen:
            seen.add(value.address)
            obj = frame.state.load(value.address)
            if not obj.outlives:
                frame.state.heap[value.address] = replace(obj, outlives=True)
            stack.extend(parts(obj))
        elif isinstance(value, Choice):
            stack.extend(value.values)
        elif type(value) is tuple:
            stack.extend(value)


def either(a: Value, b: Value, node: object, label: str, frame: Frame) -> Value:
    """Return a value that covers both."""
    return merge_values(a, b, frame.merging(node, label), ())


def extended(obj: ListObject, more: list[Value] | None, element: Value, node: object, frame: Frame) -> ListObject:
    """Return a list with more items behind it; `more` is None where their number is not known."""
    if obj.items is not None and more is not None:
        return replace(obj, items=(*obj.items, *more))
    values: list[Value] = [*(obj.items if obj.items is not None else [obj.element])]
    values += more if more is not None else [element]
    made = values[0]
    for value in values[1:]:
        made = either(made, value, node, "list", frame)
    return replace(obj, items=None, element=made)


def with_key(obj: DictObject, key: Value, value: Value, node: object, frame: Frame) -> DictObject:
    """Return a dict with one more entry; a key that is not known may be any."""
    if is_key(key):
        return replace(obj, items={**obj.items, key: value})
    rest = either(obj.rest, value, node, "dict", frame) if obj.has_rest else value
    return replace(obj, rest=rest, has_rest=True)


def is_key(key: Value) -> bool:
    """Whether a value can serve as a known dict key."""
    return isinstance(key, str | int | float | bytes | bool | None) or (
        type(key) is tuple and all(is_key(k) for k in key)
    )
