"""Calls into libraries that are modelled: what has no numbers in it is done here, the rest by the algebra."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from eiglint import gauge
from eiglint.analysis import aliases, departures, derivatives, homes, iteration, lengths, python, spoiled
from eiglint.analysis.captured import captured_tensors
from eiglint.analysis.decorators import gated
from eiglint.analysis.frame import Frame
from eiglint.analysis.items import items_of
from eiglint.analysis.keeping import save
from eiglint.analysis.many import join_of_many
from eiglint.analysis.plain import deep_tensors, plain, size_at, spread
from eiglint.analysis.unknown_calls import unknown_callee
from eiglint.analysis.values import (
    Choice,
    Derived,
    DictObject,
    Differentiation,
    Gate,
    Layer,
    ListObject,
    Pointer,
    Reference,
    Shape,
    Update,
    Value,
)
from eiglint.gauge import Live, Remark, Tensor
from eiglint.gauge.precision import PRECISIONS
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Unknown
from eiglint.models.schema import Model

Keywords = Mapping[str, Value]


def call_reference(
    reference: Reference, positional: list[Value], keywords: Keywords, node: object, frame: Frame, spill: Value = None
) -> Value:
    """Call something of a library, or something unknown, by its dotted name."""
    model = frame.world.models.get(reference.name)
    if model is not None:
        return apply_model(model, positional, keywords, node, frame, reference.name, spill)
    values = [*positional, *keywords.values(), *([spill] if spill is not None else [])]
    if spill is not None and any(not t.neutral for t in deep_tensors([spill], frame)):
        return _opaque(values, reference.name, node, frame)
    made = python.call(reference.name, positional, keywords, node, frame)
    if made is not NotImplemented:
        return made
    return unknown_callee(reference.name, values, node, frame)


def apply_model(
    model: Model,
    positional: list[Value],
    keywords: Keywords,
    node: object,
    frame: Frame,
    name: str,
    spill: Value = None,
) -> Value:
    """Return the result of a modelled call; `spill` stands for starred arguments of unknown number."""
    special = SPECIAL.get(model.kind)
    if model.removed_in or model.deprecated:
        _remark_old(model, positional, node, frame)
    if special is None and any(isinstance(v, Choice) for v in positional):
        return spread(
            list(positional), frame, node, lambda vs: apply_model(model, vs, keywords, node, frame, name, spill)
        )
    if spill is not None:
        positional = [*positional, spill]
    if model.kind == "decompose" and not model.gradient and not frame.world.settings.features:
        return replace(_opaque([*positional, *keywords.values()], name, node, frame), live=Live.NO)
    bound = frame.world.models.bind(model, list(positional), dict(keywords))
    if bound is None:
        return _opaque([*positional, *keywords.values()], name, node, frame)
    if spill is not None:  # starred arguments: their number is not known, so the tuple says nothing
        bound = {k: spill if type(v) is tuple and any(x is spill for x in v) else v for k, v in bound.items()}
    if special is not None:
        return special(model, bound, node, frame)
    return numeric(model, lengths.noted(model.kind, bound, frame), node, frame, name)


def numeric(model: Model, bound: Mapping[str, Value], node: object, frame: Frame, name: str) -> Value:
    """Hand a call to the algebra."""
    options: Mapping[str, object] = model.options
    if model.kind == "join":
        joined = join_of_many(model, bound, node, frame, name)
        if joined is not None:
            return joined
    arguments = {key: _argument(value, frame, node) for key, value in bound.items()}
    if model.kind == "cast" and isinstance(arguments.get("dtype"), str):
        arguments["to"] = arguments["dtype"]
    precision = _precision(bound.get("dtype"), frame)
    if precision is not None:
        options = {**options, "precision": precision}
    if model.fields and "fields" not in options:
        options = {**options, "fields": model.fields}
    context = frame.context(node)
    if model.kind == "decompose":
        context = replace(context, promised=promised(node, frame))
    if not model.gradient and not model.name.startswith(f"{homes.ARRAYS['numpy']}."):  # a method keeps what came in
        context = replace(context, recording=False)
    made = gauge.apply(model.kind, options, arguments, context, name)
    if isinstance(made, Tensor):
        frame.world.steps += len(made.motions)  # an operation costs the more, the more its result depends on
    if model.kind == "cast" and isinstance(made, Tensor) and isinstance(arguments.get("dtype"), Unknown | Tensor):
        frame.world.recast.add(made.term)
    made = departures.noted(model, bound, made, node, frame)
    made = aliases.copied(made, list(arguments.values()), name)
    base, last = arguments.get("input"), name.rpartition(".")[2]
    if isinstance(base, Tensor) and last in aliases.VIEWS:
        aliases.note(made, base, None, frame, counted=last not in spoiled.UNCOUNTED)
    if made is base and last in aliases.MAYBE_COPIED:
        spoiled.may_be_copied(made, frame)
    if model.kind == "decompose":
        spoiled.opened(model, made, frame)
    spoiled.saved_input(model, bound, made, frame)
    if bound.get("requires_grad") is True and isinstance(made, Tensor) and model.kind != "requires":
        made = gauge.apply("requires", {}, {"input": made}, frame.context(node), name)
    return frame.allocate(ListObject(made)) if model.options.get("list") and type(made) is tuple else made


def _argument(value: Value, frame: Frame, node: object) -> Value:
    """Return a value as an argument of the algebra; a function stands for what it can see, if that moves."""
    seen = [t for t in captured_tensors([value], frame.state) if not t.neutral]
    return gauge.opaque(seen, frame.context(node), "function") if seen else plain(value, frame, node)


def _precision(dtype: Value, frame: Frame) -> object:
    """Return the precision that a dtype stands for: "half", "single" or "double"."""
    model = frame.world.models.get(dtype.name) if isinstance(dtype, Reference) else None
    if isinstance(dtype, Tensor):  # another tensor in the place of the dtype
        return next(iter(dtype.flags & PRECISIONS), None)
    return model.options.get("precision") if model is not None else None


def promised(node: object, frame: Frame) -> frozenset[str]:
    """Return what comments promise of the decomposition at a node: those on its own lines, or else on its statement."""
    module = frame.world.modules.get(frame.space)
    if module is None or not module.promises:
        return frozenset()
    place = module.resolve([node]).get(id(node))
    if place is None:
        return frozenset()
    own = [p for p in module.promises if place.line <= p.line <= place.end_line]
    # A comment amid a statement speaks of its own line; one above the statement, or at its end, of all of it.
    around = [p for p in module.promises if p.first <= place.line <= p.last and not p.first < p.line < p.last]
    return frozenset(p.word for p in own or around)


def _opaque(values: list[Value], name: str, node: object, frame: Frame) -> Tensor:
    given = [v for value in values for v in (value if type(value) is tuple else (value,))]
    seen = captured_tensors(given, frame.state)
    return gauge.opaque([*deep_tensors(values, frame), *seen], frame.context(node), name)


def _remark_old(model: Model, positional: list[Value], node: object, frame: Frame) -> None:
    """Remark that a spelling is removed or deprecated, unless the program is prepared for its absence."""
    if frame.fallback:
        return
    tensors = deep_tensors(positional, frame)
    live = max([t.live for t in tensors], default=Live.MAYBE)
    library = model.name.partition(".")[0]
    state = f"gone from {library} {model.removed_in}" if model.removed_in else "deprecated"
    details = (("call", model.name), ("state", state), ("advice", model.deprecated or "its successor in torch.linalg"))
    frame.world.outcome.remarks.append(Remark("old api", frame.spot(node), None, live, 0, details))


# --- kinds that are not numbers ---------------------------------------------------------------------------------


def _context(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    grad = model.options.get("grad")
    if grad == "same":
        lowering = bound.get("enabled") is not False if model.options.get("lowers") else None
        return Gate(frame.state.recording, lowering, keeps=True)
    if grad == "mode":
        mode = bound.get("mode")
        made = Gate(mode if isinstance(mode, bool) else None)
        frame.state.recording = made.recording  # as a function; `with` restores what was before
        return made
    recording = grad == "true"
    if bound.get("mode") is False:
        recording = not recording
    function = bound.get("function")
    return Gate(recording) if function is None else gated(function, Gate(recording))


def _sink(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    return None


def _store(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    save(list(bound.values()), node, frame, model.options.get("severs") is True)
    return None


def _transform(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    """Look through a wrapper: what it returns behaves as the function it was given."""
    function = bound.get("func")
    rest = bound.get("arguments", ())
    arguments = list(rest) if isinstance(rest, tuple) else [rest]
    if function is None:
        return Reference("eiglint.identity")
    derives = model.options.get("gives") == "derivatives"
    how = Differentiation(model.name, real=bool(model.options.get("real")), aux=bound.get("has_aux") is True)
    how = how._replace(again=model.options.get("twice") is True, real=how.real and bound.get("holomorphic") is not True)
    if model.options.get("calls") == "now":
        if model.options.get("packed") and arguments:
            arguments = list(arguments[0]) if type(arguments[0]) is tuple else arguments[:1]
        if derives:
            return derivatives.derived(function, how, arguments, {}, node, frame)
        return frame.call(function, arguments, {}, node)
    if model.options.get("gives") == "first":
        return Derived(function, None)
    return Derived(function, how) if derives else function


def _parameter(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    data = plain(bound.get("input"), frame, node)
    trained = model.options.get("trained", True) and bound.get("requires_grad", True) is not False
    live = Live.YES if trained else Live.NO
    if isinstance(data, Tensor):
        cut = gauge.detached(data)
        if cut.neutral:
            return replace(cut, live=live, flags=cut.flags | {"parameter"})
        return replace(cut, term=term("trained", cut.term), live=live) if trained else cut
    return gauge.tensor(frame.term("parameter", node), live)


def _query(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    what = model.options.get("what")
    t = bound.get("input")
    if what == "object" or not isinstance(t, Tensor):
        given = list(bound.values())
        moving = any(not x.neutral for x in deep_tensors(given, frame))
        return _opaque(given, model.name, node, frame) if moving and what == "object" else frame.unknown(node)
    match what:
        case "shape":
            return Shape(t)
        case "size":
            dim = bound.get("dim")
            return Shape(t) if dim is None else _size(t, dim)
        case "ndim":
            return t.rank if t.rank is not None else Number(term("rank", t.term), integer=True)
        case "numel":
            return Number(term("numel", t.term), integer=True)
        case "dtype":
            return Unknown(term("dtype", t.term)) if t.known_dtype is None else t.known_dtype
        case "is_complex":
            return Unknown(term("is_complex", t.term)) if t.known_dtype is None else t.known_dtype == "complex"
        case "is_tensor":
            return True if t.term.op != "param" else frame.unknown(node)
        case "grad":
            return gauge.tensor(term("grad", t.term), Live.NO) if t.neutral else _opaque([t], "grad", node, frame)
    return Unknown(term("query", model.name, t.term))


def _size(t: Tensor, dim: Value) -> Value:
    if isinstance(dim, int):
        return size_at(t, dim)
    return Number(term("size", t.term, *([dim.term] if isinstance(dim, Number) else [])), integer=True)


def _module(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    moving = [t for t in deep_tensors(list(bound.values()), frame) if not t.neutral]
    if moving:
        return gauge.opaque(moving, frame.context(node), model.name)
    settings = tuple(sorted([(k, _setting(v)) for k, v in bound.items()]))
    return Layer(model, (model.name, frame.world.number(node), *frame.chain, *frame.turn), settings=settings)


def _setting(value: Value) -> Value:
    return value if isinstance(value, int | float | str | bool | None | Number) else None


def _container(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    """Make a container of modules: lists and dicts are those of Python, a Sequential can be called."""
    given = bound.get("modules", ())
    values: list[Value] = list(given) if type(given) is tuple else [given]
    how = model.options.get("how")
    if how in ("dict", "list"):
        return iteration.HANDLERS[f"builtins.{how}"](values, {}, node, frame)
    identity = (model.name, frame.world.number(node), *frame.chain, *frame.turn)
    held = _dict_values(values[0], frame) if len(values) == 1 else None
    parts = Pointer(frame.world.address(("parts", identity)))
    frame.state.heap[parts.address] = ListObject(tuple(values) if held is None else held)
    return Layer(model, identity, parts)


def _dict_values(value: Value, frame: Frame) -> tuple[Value, ...] | None:
    obj = frame.state.load(value.address) if isinstance(value, Pointer) else None
    return tuple(obj.items.values()) if isinstance(obj, DictObject) and not obj.has_rest else None


def _dtype(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    return Reference(model.name)


def _opaque_kind(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    departures.noted(model, bound, None, node, frame)
    return _opaque(list(bound.values()), model.name, node, frame)


def _at(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    t = bound.get("input")
    return Update(t) if isinstance(t, Tensor) else _opaque(list(bound.values()), model.name, node, frame)


Special = Callable[[Model, Mapping[str, Value], object, Frame], Value]

SPECIAL: dict[str, Special] = {
    "context": _context,
    "root": derivatives.root,
    "scaled": departures.scaled,
    "sink": _sink,
    "store": _store,
    "transform": _transform,
    "parameter": _parameter,
    "query": _query,
    "module": _module,
    "container": _container,
    "dtype": _dtype,
    "at": _at,
    "opaque": _opaque_kind,
}


def call_layer(layer: Layer, positional: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """Call an instance of a library class."""
    if layer.model.kind == "container":
        return _call_container(layer, positional, keywords, node, frame)
    instance = layer.model.instance
    if instance is None:
        return unknown_callee(layer.model.name, [*positional, *keywords.values()], node, frame)
    settings = {k: v for k, v in layer.settings if v is not None}
    given = [*positional, *keywords.values()]
    if any(isinstance(v, Choice) for v in given):
        return spread(list(positional), frame, node, lambda vs: call_layer(layer, vs, keywords, node, frame))
    bound = frame.world.models.bind(instance, list(positional), dict(keywords))
    if bound is None:
        return _opaque(given, layer.model.name, node, frame)
    weight = gauge.tensor(term("weight", repr(layer.identity)), Live.YES, flags=frozenset({"parameter"}))
    if instance.kind == "layer":
        settings = {"weight": weight, **({"bias": False} if settings.get("bias") is False else {})}
    made = {**settings, **bound}
    return numeric(instance, made, node, frame, layer.model.name)


def _call_container(layer: Layer, positional: list[Value], keywords: Keywords, node: object, frame: Frame) -> Value:
    """Call a Sequential: its parts in a row."""

    parts = items_of(layer.parts, frame, node)
    if parts is None or layer.model.options.get("how") != "row" or len(positional) != 1:
        values = [*positional, *keywords.values(), layer.parts]
        return unknown_callee(layer.model.name, values, node, frame)
    value = positional[0]
    for i, part in enumerate(parts):
        before, frame.turn = frame.turn, (*frame.turn, -100 - i)
        value = frame.call(part, [value], {}, node)
        frame.turn = before
    return value
