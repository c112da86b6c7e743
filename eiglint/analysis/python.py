"""Python's own functions: numbers, attributes, types, copies, partial application."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from eiglint import gauge
from eiglint.analysis import attributes, iteration
from eiglint.analysis.events import Revealed
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import items_of
from eiglint.analysis.merge import merge_all
from eiglint.analysis.plain import deep_tensors, plain, size_at
from eiglint.analysis.unknown_calls import unknown_callee
from eiglint.analysis.values import (
    Ancestor,
    Class,
    Closure,
    DictObject,
    InstanceObject,
    ListObject,
    Partial,
    Pointer,
    Reference,
    Shape,
    Space,
    Value,
    is_constant,
)
from eiglint.gauge import Record, Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range

Keywords = Mapping[str, Value]
Handler = Callable[[list[Value], Keywords, object, Frame], Value]
LONGEST_RANGE = 64

SILENT = frozenset(
    [
        "print",
        "warn",
        "info",
        "debug",
        "warning",
        "error",
        "critical",
        "exception",
        "log",
        "input",
        "breakpoint",
        "exit",
    ]
)
"""Last parts of names of functions that show a value and return nothing of it."""
UNTOLD = frozenset(
    [
        "type",
        "id",
        "hash",
        "repr",
        "format",
        "callable",
        "issubclass",
        "object",
        "open",
        "chr",
        "ord",
        "hex",
        "bin",
        "ascii",
        "dir",
        "globals",
        "locals",
        "bytes",
    ]
)
"""Builtins whose results say nothing of a tensor's values."""
FOLDED = {
    "builtins.int": int,
    "builtins.float": float,
    "builtins.bool": bool,
    "builtins.complex": complex,
    "builtins.abs": abs,
    "builtins.round": round,
    "builtins.str": str,
    "builtins.divmod": divmod,
    "builtins.pow": pow,
    **{f"math.{n}": getattr(math, n) for n in dir(math) if callable(getattr(math, n)) and not n.startswith("_")},
}


def call(name: str, positional: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """Call a function of Python itself; NotImplemented where it is not one that is known."""
    handler = HANDLERS.get(name) or iteration.HANDLERS.get(name)
    if handler is not None:
        return handler(positional, keywords, node, frame)
    if name in FOLDED:
        return _folded(name, positional, node, frame)
    head, _, last = name.rpartition(".")
    if head.split(".")[-1] in ("builtins", "logging", "warnings", "logger", "log", "_logger") and last in SILENT:
        return None
    if head == "builtins" and last.endswith(("Error", "Exception", "Warning", "Iteration", "Exit", "Interrupt")):
        return frame.unknown(node, last)
    if head == "builtins" and last in UNTOLD:
        return frame.unknown(node, last)
    if head in ("typing", "typing_extensions") and last != "cast":
        return frame.unknown(node, last)
    return NotImplemented


def _folded(name: str, positional: list[Value], node: object, frame: Frame) -> Value:
    """Compute with constants; of a tensor, the number it holds."""
    if positional and all(is_constant(v) for v in positional):
        try:
            made: Value = FOLDED[name](*positional)
        except Exception:  # the program's own error
            return frame.unknown(node)
        return made if is_constant(made) else frame.unknown(node)
    last = name.rpartition(".")[2]
    model = None
    if any(isinstance(v, Tensor) for v in positional):
        wanted = {"int": "item", "float": "item", "bool": "item", "complex": "item"}.get(last, last)
        model = frame.world.models.get(f"torch.Tensor.{wanted}")
    if last == "str":
        return frame.unknown(node, "text")
    if model is not None:
        return frame.apply(model, positional, {}, node, name)
    tensors = deep_tensors(positional, frame)
    if tensors:
        return gauge.opaque(tensors, frame.context(node), name)
    operands = [plain(v, frame, node) for v in positional]
    integer = last in ("int", "floor", "ceil", "isqrt") or (
        last in ("abs", "round") and isinstance(operands[0], Number) and operands[0].integer and len(operands) == 1
    )
    parts = [v.term if isinstance(v, Number) else v for v in operands if isinstance(v, Number | int | float)]
    if len(parts) != len(operands):
        return frame.index(node) if integer else frame.unknown(node)
    if last == "int" and isinstance(operands[0], Number) and operands[0].integer:
        return operands[0]
    return Number(term(last, *parts), integer=integer)


# --- sizes and ranges -------------------------------------------------------------------------------------------


def _len(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = items_of(args[0], frame, node) if args else None
    if items is not None:
        return len(items)
    if args and isinstance(args[0], Tensor):
        return size_at(args[0], 0)
    if args and isinstance(args[0], Shape):
        return Number(term("rank", args[0].of.term), integer=True)
    return frame.index(node, "len")


# --- objects ----------------------------------------------------------------------------------------------------


def _isinstance(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if len(args) == 2 and args[0] is None:
        return False
    if len(args) == 2 and isinstance(args[1], Reference) and isinstance(args[0], Tensor | Record):
        name = args[1].name
        if name == "torch.Tensor" and isinstance(args[0], Tensor) and not args[0].neutral:
            return True
        if name.startswith("builtins.") and isinstance(args[0], Tensor) and not args[0].neutral:
            return False
    return frame.unknown(node, "isinstance")


def _getattr(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if len(args) >= 2 and isinstance(args[1], str):
        found = attributes.get(args[0], args[1], node, frame)
        if len(args) == 3 and not isinstance(args[0], Reference | Space):
            return merge_all([found, args[2]], frame.merging(node, "getattr"), ())
        return found
    return unknown_callee("getattr", args, node, frame)


def _hasattr(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if len(args) == 2 and isinstance(args[0], Reference) and isinstance(args[1], str):
        name = f"{args[0].name}.{args[1]}"
        model = frame.world.models.get(name)
        if frame.world.models.knows_module(name) or (model is not None and not model.removed_in):
            return True
    if len(args) == 2 and isinstance(args[0], Pointer) and isinstance(args[1], str):
        obj = frame.state.load(args[0].address)
        if isinstance(obj, InstanceObject) and args[1] in obj.attributes:
            return True
    return frame.unknown(node, "hasattr")


def _setattr(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if len(args) == 3:
        attributes.put(args[0], args[1] if isinstance(args[1], str) else "*", args[2], node, frame)
    return None


def _type(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    obj = frame.state.load(args[0].address) if len(args) == 1 and isinstance(args[0], Pointer) else None
    return obj.cls if isinstance(obj, InstanceObject) and obj.cls is not None else frame.unknown(node, "type")


def _partial(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if not args:
        return frame.unknown(node)
    return Partial(args[0], tuple(args[1:]), tuple(keywords.items()))


def _identity(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return args[0] if args else Reference("eiglint.identity")


def _wraps(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return Reference("eiglint.identity")


def _method_kind(kind: Literal["static", "class", "property"]) -> Handler:
    """staticmethod, classmethod and property as functions."""

    def run(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
        given = args[0] if args else keywords.get("fget")
        return replace(given, kind=kind) if isinstance(given, Closure) else given

    return run


def _namespace(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """types.SimpleNamespace: an object with these attributes."""
    if args:
        return unknown_callee("types.SimpleNamespace", [*args, *keywords.values()], node, frame)
    return frame.allocate(InstanceObject(None, keywords))


def _import_module(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    name = args[0] if len(args) == 1 and not keywords else None
    if not isinstance(name, str) or name.startswith("."):
        return unknown_callee("importlib.import_module", [*args, *keywords.values()], node, frame)
    return Space(name) if frame.world.module(name) is not None else Reference(name)


def _cast(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return args[1] if len(args) > 1 else frame.unknown(node)


def _copied(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if args and isinstance(args[0], Pointer):
        obj = frame.state.load(args[0].address)
        if isinstance(obj, ListObject):
            return frame.allocate(ListObject(obj.items, obj.element, obj.kind))
        if isinstance(obj, DictObject):
            return frame.allocate(DictObject(obj.items, obj.rest, obj.has_rest))
        return frame.allocate(InstanceObject(obj.cls, obj.attributes, obj.open))
    if args and isinstance(args[0], Tensor):
        return replace(args[0])
    return args[0] if args else frame.unknown(node)


def _replaced(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """dataclasses.replace: the same object with other values."""
    obj = frame.state.load(args[0].address) if args and isinstance(args[0], Pointer) else None
    if not isinstance(obj, InstanceObject):
        return unknown_callee("dataclasses.replace", [*args, *keywords.values()], node, frame)
    return frame.allocate(InstanceObject(obj.cls, {**obj.attributes, **keywords}, obj.open))


def _as_dictionary(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return attributes.get(args[0], "__dict__", node, frame) if len(args) == 1 else frame.unknown(node)


def _as_tuple(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    obj = frame.state.load(args[0].address) if args and isinstance(args[0], Pointer) else None
    if not isinstance(obj, InstanceObject) or obj.cls is None:
        return unknown_callee("dataclasses.astuple", args, node, frame)
    return tuple([obj.attributes.get(f) for f in obj.cls.fields])


def _named_tuple(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """collections.namedtuple: a class with these fields."""
    name, fields = (*args, None, None)[:2]
    if isinstance(fields, str):
        words: list[Value] = list(fields.replace(",", " ").split())
    else:
        words = items_of(fields, frame, node) or []
    if not isinstance(name, str) or not words or not all(isinstance(w, str) for w in words):
        return frame.unknown(node, "namedtuple")
    return Class(name, frame.space, (Reference("typing.NamedTuple"),), {}, tuple([str(w) for w in words]))


def _reveal(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    value = args[0] if args else None
    frame.world.outcome.revealed.append(Revealed(frame.spot(node), plain(value, frame, node)))
    return value


def _super(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if len(args) == 2 and isinstance(args[0], Class):
        return Ancestor(args[0], args[1])
    return frame.unknown(node, "super")


def _slice(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    bounds = [plain(a, frame, node) for a in args]
    if len(bounds) == 1:
        return Range(None, bounds[0])
    return Range(*bounds[:3])


HANDLERS: dict[str, Handler] = {
    "builtins.len": _len,
    "builtins.isinstance": _isinstance,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.setattr": _setattr,
    "builtins.object.__setattr__": _setattr,
    "builtins.type": _type,
    "builtins.super": _super,
    "builtins.slice": _slice,
    "builtins.staticmethod": _method_kind("static"),
    "builtins.classmethod": _method_kind("class"),
    "builtins.property": _method_kind("property"),
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "importlib.import_module": _import_module,
    "functools.partial": _partial,
    "functools.wraps": _wraps,
    "functools.lru_cache": _identity,
    "functools.cache": _identity,
    "eiglint.identity": _identity,
    "typing.cast": _cast,
    "collections.namedtuple": _named_tuple,
    "dataclasses.replace": _replaced,
    "dataclasses.asdict": _as_dictionary,
    "dataclasses.astuple": _as_tuple,
    "builtins.vars": _as_dictionary,
    "copy.copy": _copied,
    "copy.deepcopy": _copied,
    "tqdm.tqdm": _identity,
    "tqdm.auto.tqdm": _identity,
    "tqdm": _identity,
    "eiglint.reveal_gauge": _reveal,
    "reveal_gauge": _reveal,
}
