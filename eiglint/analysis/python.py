"""Python's own functions: builtins, math, functools, itertools, copy, typing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from eiglint import gauge
from eiglint.analysis import attributes, calls, library, operators, patterns, subscripts
from eiglint.analysis.events import Revealed
from eiglint.analysis.frame import Frame
from eiglint.analysis.merge import merge_all
from eiglint.analysis.plain import deep_tensors, plain, size_at
from eiglint.analysis.values import (
    Class,
    DictObject,
    InstanceObject,
    Lazy,
    ListObject,
    Partial,
    Pointer,
    Reference,
    Sequence,
    Shape,
    Space,
    Value,
    is_constant,
)
from eiglint.gauge import Record, Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number

Keywords = Mapping[str, Value]
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
        "vars",
        "dir",
        "globals",
        "locals",
        "bytes",
    ]
)
"""Builtins whose results say nothing of a tensor's values."""
MATH = frozenset(
    ["sqrt", "log", "exp", "sin", "cos", "tan", "floor", "ceil", "prod", "log2", "log10", "atan2", "isqrt"]
)
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
    **{f"math.{n}": getattr(math, n) for n in sorted(MATH)},
}


def call(name: str, positional: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """Call a function of Python itself; NotImplemented where it is not one that is known."""
    handler = HANDLERS.get(name)
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
        return library.apply_model(model, positional, {}, node, frame, name)
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
    items = patterns.items_of(args[0], frame, node) if args else None
    if items is not None:
        return len(items)
    if args and isinstance(args[0], Tensor):
        return size_at(args[0], 0)
    if args and isinstance(args[0], Shape):
        return Number(term("rank", args[0].of.term), integer=True)
    return frame.index(node, "len")


def _range(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    bounds = [a for a in args if isinstance(a, int)]
    if args and len(bounds) == len(args):
        try:
            span = range(*bounds)
        except (TypeError, ValueError):
            return Lazy("range")
        if len(span) <= LONGEST_RANGE:
            return tuple(span)
    return Lazy("range")


def _enumerate(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = patterns.items_of(args[0], frame, node)
    start = keywords.get("start", args[1] if len(args) > 1 else 0)
    if items is not None and isinstance(start, int):
        return tuple(enumerate(items, start))
    return Lazy("enumerate", (args[0],))


def _zip(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    columns = [patterns.items_of(a, frame, node) for a in args]
    known = [c for c in columns if c is not None]
    if len(known) == len(columns):
        return tuple(zip(*known, strict=False))
    return Lazy("zip", tuple(args))


def _reversed(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = patterns.items_of(args[0], frame, node)
    return tuple(items[::-1]) if items is not None else Lazy("reversed", (args[0],))


def _sorted(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """Sort: constants are sorted, anything else may come in any order."""
    items = patterns.items_of(args[0], frame, node)
    if items is not None and all(isinstance(i, int | float) for i in items) and not keywords:
        return frame.allocate(ListObject(tuple(sorted(items))))  # type: ignore[type-var]
    if items is not None and all(isinstance(i, str) for i in items) and not keywords:
        return frame.allocate(ListObject(tuple(sorted(items))))  # type: ignore[type-var]
    element = patterns.element_of(args[0], frame, node)
    moving = [t for t in deep_tensors([element], frame) if not t.neutral]
    if moving:
        element = gauge.opaque(moving, frame.context(node), "sorted")
    return frame.allocate(ListObject(None, element))


# --- containers -------------------------------------------------------------------------------------------------


def _list(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if not args:
        return frame.allocate(ListObject(()))
    items = patterns.items_of(args[0], frame, node)
    if items is not None:
        return frame.allocate(ListObject(tuple(items)))
    return frame.allocate(ListObject(None, patterns.element_of(args[0], frame, node)))


def _set(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    made = _list(args, keywords, node, frame)
    assert isinstance(made, Pointer)
    obj = frame.state.load(made.address)
    assert isinstance(obj, ListObject)
    return frame.allocate(ListObject(obj.items, obj.element, "set"))


def _tuple(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if not args:
        return ()
    items = patterns.items_of(args[0], frame, node)
    return tuple(items) if items is not None else Sequence(patterns.element_of(args[0], frame, node))


def _iter(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return args[0] if args else frame.unknown(node)


def _next(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return patterns.element_of(args[0], frame, node) if args else frame.unknown(node)


def _dict(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    pointer = frame.allocate(DictObject({}))
    if args:
        pairs = None if _is_dict(args[0], frame) else patterns.items_of(args[0], frame, node)
        known = [p for p in pairs or [] if isinstance(p, tuple) and len(p) == 2]
        if pairs is not None and len(known) == len(pairs):
            for key, value in known:
                subscripts.put(pointer, key, value, node, frame)
        else:
            subscripts.update(pointer, args[0], node, frame)
    for name, value in keywords.items():
        subscripts.put(pointer, name, value, node, frame)
    return pointer


def _is_dict(value: Value, frame: Frame) -> bool:
    return isinstance(value, Pointer) and isinstance(frame.state.load(value.address), DictObject)


# --- folds ------------------------------------------------------------------------------------------------------


def _sum(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = patterns.items_of(args[0], frame, node) if args else None
    start = keywords.get("start", args[1] if len(args) > 1 else 0)
    if items is not None and len(items) <= LONGEST_RANGE:
        made = start
        for item in items:
            made = operators.apply("add", [made, item], node, frame)
        return made
    if args and isinstance(args[0], Tensor):
        model = frame.world.models.get("torch.sum")
        if model is not None:
            return library.apply_model(model, [args[0]], {"dim": 0}, node, frame, "sum")
    element = patterns.element_of(args[0], frame, node) if args else None
    if isinstance(element, Tensor):
        other = gauge.age(element, element.gauges)
        return operators.apply("add", [element, other], node, frame)
    return frame.unknown(node, "sum")


def _extreme(name: str) -> Callable[[list[Value], Keywords, object, Frame], Value]:
    def run(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
        items = patterns.items_of(args[0], frame, node) if len(args) == 1 else args
        if items and all(isinstance(i, int | float) for i in items) and not keywords:
            return (max if name == "max" else min)(items)  # type: ignore[type-var]
        tensors = deep_tensors(args, frame)
        if tensors:
            return gauge.opaque(tensors, frame.context(node), name)
        values = [plain(i, frame, node) for i in items or []]
        parts = [v.term if isinstance(v, Number) else v for v in values if isinstance(v, Number | int | float)]
        if items and len(parts) == len(items):
            integer = all(isinstance(v, int) or (isinstance(v, Number) and v.integer) for v in values)
            return Number(term(name, *parts), integer=integer)
        return frame.unknown(node, name)

    return run


def _quantifier(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    moving = [t for t in deep_tensors(args, frame) if not t.neutral]
    return gauge.opaque(moving, frame.context(node), "all") if moving else frame.unknown(node, "all")


def _map(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    columns = _zip(args[1:], {}, node, frame) if len(args) > 1 else ()
    rows = patterns.items_of(columns, frame, node)
    if rows is not None and len(rows) <= 8:
        made: list[Value] = []
        outer = frame.turn
        for i, row in enumerate(rows):
            frame.turn = (*outer, -300 - i)
            made.append(calls.call(args[0], list(row), {}, node, frame))  # type: ignore[call-overload]
        frame.turn = outer
        return tuple(made)
    element = patterns.element_of(columns, frame, node)
    return Sequence(calls.call(args[0], list(element) if type(element) is tuple else [element], {}, node, frame))


def _filter(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    element = patterns.element_of(args[1], frame, node) if len(args) > 1 else frame.unknown(node)
    moving = [t for t in deep_tensors([element], frame) if not t.neutral]
    return Sequence(gauge.opaque(moving, frame.context(node), "filter") if moving else element)


def _reduce(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = patterns.items_of(args[1], frame, node) if len(args) > 1 else None
    if items is None or len(items) > 8:
        return calls.unknown_callee("functools.reduce", args, node, frame)
    queue = [*args[2:3], *items]
    made = queue[0] if queue else frame.unknown(node)
    outer = frame.turn
    for i, item in enumerate(queue[1:]):
        frame.turn = (*outer, -400 - i)
        made = calls.call(args[0], [made, item], {}, node, frame)
    frame.turn = outer
    return made


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
    return calls.unknown_callee("getattr", args, node, frame)


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


def _partial(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if not args:
        return frame.unknown(node)
    return Partial(args[0], tuple(args[1:]), tuple(keywords.items()))


def _identity(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return args[0] if args else Reference("eiglint.identity")


def _wraps(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return Reference("eiglint.identity")


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
    return args[0] if args else frame.unknown(node)


def _reveal(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    value = args[0] if args else None
    frame.world.outcome.revealed.append(Revealed(frame.spot(node), plain(value, frame, node)))
    return value


def _super(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    from eiglint.analysis.values import Ancestor

    if len(args) == 2 and isinstance(args[0], Class):
        return Ancestor(args[0], args[1])
    return frame.unknown(node, "super")


def _slice(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    from eiglint.gauge.values import Range

    bounds = [plain(a, frame, node) for a in args]
    if len(bounds) == 1:
        return Range(None, bounds[0])
    return Range(*bounds[:3])


def _product(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """itertools.product, combinations, chain and the like: any of the items."""
    elements = [patterns.element_of(a, frame, node) for a in args]
    repeat = keywords.get("repeat", 1)
    if isinstance(repeat, int) and 1 < repeat <= 4:
        elements = elements * repeat
    return Sequence(tuple(elements))


def _combinations(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = patterns.items_of(args[0], frame, node) if args else None
    count = args[1] if len(args) > 1 else keywords.get("r")
    if items is not None and isinstance(count, int) and len(items) <= 4 and count <= 4:
        from itertools import combinations

        return tuple(combinations(items, count))
    element = patterns.element_of(args[0], frame, node)
    older = gauge.age(element, element.gauges) if isinstance(element, Tensor) else element
    return Sequence((older,) + (element,) * (count - 1) if isinstance(count, int) and 0 < count <= 4 else element)


def _chain(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    columns = [patterns.items_of(a, frame, node) for a in args]
    if all(c is not None for c in columns):
        return tuple([v for c in columns if c is not None for v in c])
    elements = [patterns.element_of(a, frame, node) for a in args]
    return Sequence(merge_all(elements, frame.merging(node, "chain"), ()))


Handler = Callable[[list[Value], Keywords, object, Frame], Value]

HANDLERS: dict[str, Handler] = {
    "builtins.len": _len,
    "builtins.range": _range,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.reversed": _reversed,
    "builtins.sorted": _sorted,
    "builtins.list": _list,
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "builtins.tuple": _tuple,
    "builtins.iter": _iter,
    "builtins.next": _next,
    "builtins.dict": _dict,
    "builtins.sum": _sum,
    "builtins.max": _extreme("max"),
    "builtins.min": _extreme("min"),
    "builtins.any": _quantifier,
    "builtins.all": _quantifier,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "builtins.isinstance": _isinstance,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.setattr": _setattr,
    "builtins.super": _super,
    "builtins.slice": _slice,
    "functools.partial": _partial,
    "functools.reduce": _reduce,
    "functools.wraps": _wraps,
    "functools.lru_cache": _identity,
    "functools.cache": _identity,
    "eiglint.identity": _identity,
    "typing.cast": _cast,
    "copy.copy": _copied,
    "copy.deepcopy": _copied,
    "collections.OrderedDict": _dict,
    "collections.defaultdict": lambda a, k, n, f: _dict([], k, n, f),
    "collections.deque": _list,
    "itertools.product": _product,
    "itertools.combinations": _combinations,
    "itertools.permutations": _combinations,
    "itertools.chain": _chain,
    "tqdm.tqdm": _identity,
    "tqdm.auto.tqdm": _identity,
    "tqdm": _identity,
    "eiglint.reveal_gauge": _reveal,
    "reveal_gauge": _reveal,
}
