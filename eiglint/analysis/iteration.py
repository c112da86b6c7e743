"""Python's functions that make, walk and fold sequences: range, zip, sorted, list, sum, map, itertools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

from eiglint import gauge
from eiglint.analysis import members, operators, subscripts
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import element_of, items_of
from eiglint.analysis.merge import merge_all
from eiglint.analysis.plain import deep_tensors, plain
from eiglint.analysis.unknown_calls import unknown_callee
from eiglint.analysis.values import DictObject, Lazy, ListObject, Pointer, Sequence, Value
from eiglint.gauge import Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number

Keywords = Mapping[str, Value]
LONGEST_RANGE = 64


def _range(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    bounds = [a for a in args if isinstance(a, int)]
    if args and len(bounds) == len(args):
        try:
            span = range(*bounds)
        except (TypeError, ValueError):
            return Lazy("range")
        if len(span) <= LONGEST_RANGE:
            return tuple(span)
    return Lazy("range", tuple(args))


def _enumerate(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = items_of(args[0], frame, node)
    start = keywords.get("start", args[1] if len(args) > 1 else 0)
    if items is not None and isinstance(start, int):
        return tuple(enumerate(items, start))
    return Lazy("enumerate", (args[0],))


def _zip(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    columns = [items_of(a, frame, node) for a in args]
    known = [c for c in columns if c is not None]
    if len(known) == len(columns):
        return tuple(zip(*known, strict=False))
    return Lazy("zip", tuple(args))


def _reversed(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = items_of(args[0], frame, node)
    return tuple(items[::-1]) if items is not None else Lazy("reversed", (args[0],))


def _sorted(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """Sort: constants are sorted, anything else may come in any order."""
    items = items_of(args[0], frame, node)
    if items is not None and all(isinstance(i, int | float) for i in items) and not keywords:
        return frame.allocate(ListObject(tuple(sorted(items))))  # type: ignore[type-var]
    if items is not None and all(isinstance(i, str) for i in items) and not keywords:
        return frame.allocate(ListObject(tuple(sorted(items))))  # type: ignore[type-var]
    element = element_of(args[0], frame, node)
    moving = [t for t in deep_tensors([element], frame) if not t.neutral]
    if moving:
        element = gauge.opaque(moving, frame.context(node), "sorted")
    return frame.allocate(ListObject(None, element))


def _list(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if not args:
        return frame.allocate(ListObject(()))
    items = items_of(args[0], frame, node)
    if items is not None:
        return frame.allocate(ListObject(tuple(items)))
    return frame.allocate(ListObject(None, element_of(args[0], frame, node)))


def _set(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    made = _list(args, keywords, node, frame)
    assert isinstance(made, Pointer)
    obj = frame.state.load(made.address)
    assert isinstance(obj, ListObject)
    return frame.allocate(ListObject(obj.items, obj.element, "set"))


def _tuple(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    if not args:
        return ()
    items = items_of(args[0], frame, node)
    return tuple(items) if items is not None else Sequence(element_of(args[0], frame, node))


def _iter(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return args[0] if args else frame.unknown(node)


def _next(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    return element_of(args[0], frame, node) if args else frame.unknown(node)


def _dict(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    pointer = frame.allocate(DictObject({}))
    if args:
        pairs = None if _is_dict(args[0], frame) else items_of(args[0], frame, node)
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


def _sum(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = items_of(args[0], frame, node) if args else None
    start = keywords.get("start", args[1] if len(args) > 1 else 0)
    if items is not None and len(items) <= LONGEST_RANGE:
        made = start
        for item in items:
            made = operators.apply("add", [made, item], node, frame)
        return made
    if args and isinstance(args[0], Tensor):
        model = frame.world.models.get("torch.sum")
        if model is not None:
            return frame.apply(model, [args[0]], {"dim": 0}, node, "sum")
    element = element_of(args[0], frame, node) if args else None
    if isinstance(element, Tensor):
        other = gauge.age(element, element.gauges)
        return operators.apply("add", [element, other], node, frame)
    return frame.unknown(node, "sum")


def _extreme(name: str) -> Callable[[list[Value], Keywords, object, Frame], Value]:
    def run(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
        items = items_of(args[0], frame, node) if len(args) == 1 else args
        if items and all(isinstance(i, int | float) for i in items) and not keywords:
            return (max if name == "max" else min)(items)  # type: ignore[type-var]
        tensors = deep_tensors(args, frame)
        stack, fold = frame.world.models.get("torch.stack"), frame.world.models.get(f"torch.{name}")
        numbers = items and not keywords and all(isinstance(i, Tensor) and i.rank == 0 for i in items)
        if numbers and stack is not None and fold is not None:
            together = frame.apply(stack, [tuple(items or ())], {}, node, name)
            return frame.apply(fold, [together], {}, node, name)
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
    rows = items_of(columns, frame, node)
    if rows is not None and len(rows) <= 8:
        made: list[Value] = []
        outer = frame.turn
        for i, row in enumerate(rows):
            frame.turn = (*outer, -300 - i)
            made.append(frame.call(args[0], list(row), {}, node))  # type: ignore[call-overload]
        frame.turn = outer
        return tuple(made)
    element = element_of(columns, frame, node)
    before = len(frame.world.outcome.decomposed)
    value = frame.call(args[0], list(element) if type(element) is tuple else [element], {}, node)
    return Sequence(members.repeated(value, {o.gauge for o in frame.world.outcome.decomposed[before:]}))


def _filter(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    element = element_of(args[1], frame, node) if len(args) > 1 else frame.unknown(node)
    moving = [t for t in deep_tensors([element], frame) if not t.neutral]
    return Sequence(gauge.opaque(moving, frame.context(node), "filter") if moving else element)


def _reduce(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = items_of(args[1], frame, node) if len(args) > 1 else None
    if items is None or len(items) > 8:
        return unknown_callee("functools.reduce", args, node, frame)
    queue = [*args[2:3], *items]
    made = queue[0] if queue else frame.unknown(node)
    outer = frame.turn
    for i, item in enumerate(queue[1:]):
        frame.turn = (*outer, -400 - i)
        made = frame.call(args[0], [made, item], {}, node)
    frame.turn = outer
    return made


def _product(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """itertools.product, combinations, chain and the like: any of the items."""
    elements = [
        members.member(element_of(a, frame, node), i) if i else element_of(a, frame, node) for i, a in enumerate(args)
    ]
    repeat = keywords.get("repeat", 1)
    if isinstance(repeat, int) and 1 < repeat <= 4:
        elements = [members.member(v, (i, k)) for i in range(repeat) for k, v in enumerate(elements)]
    return Sequence(tuple(elements))


def _combinations(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    items = items_of(args[0], frame, node) if args else None
    count = args[1] if len(args) > 1 else keywords.get("r")
    if items is not None and isinstance(count, int) and len(items) <= 4 and count <= 4:
        return tuple(combinations(items, count))
    element = element_of(args[0], frame, node)
    older = gauge.age(element, element.gauges) if isinstance(element, Tensor) else element
    return Sequence((older,) + (element,) * (count - 1) if isinstance(count, int) and 0 < count <= 4 else element)


def _chain(args: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    columns = [items_of(a, frame, node) for a in args]
    if all(c is not None for c in columns):
        return tuple([v for c in columns if c is not None for v in c])
    elements = [element_of(a, frame, node) for a in args]
    return Sequence(merge_all(elements, frame.merging(node, "chain"), ()))


Handler = Callable[[list[Value], Keywords, object, Frame], Value]

HANDLERS: dict[str, Handler] = {
    "builtins.range": _range,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.reversed": _reversed,
    "builtins.sorted": _sorted,
    "builtins.list": _list,
    "collections.deque": _list,
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "builtins.tuple": _tuple,
    "builtins.iter": _iter,
    "builtins.next": _next,
    "builtins.sum": _sum,
    "builtins.any": _quantifier,
    "builtins.all": _quantifier,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "functools.reduce": _reduce,
    "itertools.product": _product,
    "itertools.combinations": _combinations,
    "itertools.permutations": _combinations,
    "itertools.chain": _chain,
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "builtins.max": _extreme("max"),
    "builtins.min": _extreme("min"),
    "collections.defaultdict": lambda a, k, n, f: _dict([], k, n, f),
}
