"""What decorators do to a function: those that are known are looked through, the others leave a doubt."""

from __future__ import annotations

from dataclasses import replace

from eiglint.analysis import resolve
from eiglint.analysis.frame import Frame
from eiglint.analysis.state import Binding
from eiglint.analysis.values import (
    Bound,
    Choice,
    Closure,
    Derived,
    Gate,
    Layer,
    Partial,
    Pointer,
    Reference,
    Value,
)
from eiglint.gauge import Tensor
from eiglint.gauge.values import Unknown
from eiglint.ir import instructions as ir

KINDS = {
    "builtins.staticmethod": "static",
    "builtins.classmethod": "class",
    "builtins.property": "property",
    "functools.cached_property": "cached",
    "abc.abstractproperty": "property",
}
TRANSPARENT = frozenset(
    [
        "eiglint.identity",
        "abc.abstractmethod",
        "functools.cache",
        "functools.lru_cache",
        "functools.wraps",
        "functools.singledispatch",
        "contextlib.contextmanager",
        "typing.overload",
        "typing.final",
        "typing.override",
        "typing.no_type_check",
        "typing_extensions.override",
        "typing_extensions.deprecated",
        "warnings.deprecated",
        "atexit.register",
        "pytest.fixture",
        "pytest.mark",
        "jaxtyping.jaxtyped",
        "beartype.beartype",
        "typeguard.typechecked",
        "typechecked",
        "beartype",
        "numba.njit",
        "numba.jit",
    ]
)


def decorated(value: Value, expressions_of: tuple[ir.Expression, ...], frame: Frame) -> Value:
    """Apply decorators, innermost first."""
    for expression in reversed(expressions_of):
        value = _apply(expression, value, frame)
    return value


def _apply(expression: ir.Expression, value: Value, frame: Frame) -> Value:
    if isinstance(expression, ir.Attribute) and expression.attr in ("setter", "deleter", "getter"):
        return _accessor(expression, value, frame)
    if _registers_overload(expression, value, frame):
        return value
    name = _reference(expression, frame)
    if name is not None and name in KINDS and isinstance(value, Closure):
        return replace(value, kind=KINDS[name])  # type: ignore[arg-type]
    if name is not None and (name in TRANSPARENT or name.startswith("pytest.mark.")):
        return value
    decorator = frame.evaluate(expression)
    at = expression.at
    if isinstance(decorator, Gate):
        return gated(value, decorator)
    if isinstance(decorator, Reference) and decorator.name in TRANSPARENT:
        return value
    if isinstance(decorator, Reference) and frame.world.models.get(decorator.name) is None:
        return doubted(value)
    if isinstance(decorator, Tensor | Unknown | None):
        return doubted(value)
    made = frame.call(decorator, [value], {}, at)
    if isinstance(made, Closure | Bound | Partial | Layer | Choice | Pointer | Derived):
        return made
    return doubted(value)


def _accessor(expression: ir.Attribute, value: Value, frame: Frame) -> Value:
    """Return the property that `@name.setter` and its like make."""
    known = frame.evaluate(expression.value)
    if not isinstance(known, Closure) or not isinstance(value, Closure) or known.kind != "property":
        return value
    match expression.attr:
        case "setter":
            return replace(known, setter=value)
        case "getter":
            return replace(value, kind="property", setter=known.setter)
    return known


def _registers_overload(expression: ir.Expression, value: Value, frame: Frame) -> bool:
    """Let `@name.register` of a function add what may run when it is called (functools.singledispatch)."""
    target = expression.func if isinstance(expression, ir.Call) else expression
    if not (isinstance(target, ir.Attribute) and target.attr == "register" and isinstance(target.value, ir.Name)):
        return False
    name = target.value.id
    known = frame.evaluate(target.value)
    several = known.values if isinstance(known, Choice) else (known,)
    if not all(isinstance(v, Closure) for v in several):
        return False
    resolve.assign(name, Binding(Choice((*several, value))), frame)
    return True


def _reference(expression: ir.Expression, frame: Frame) -> str | None:
    """Return the dotted name of a decorator, of its callee where it is a call."""
    target = expression.func if isinstance(expression, ir.Call) else expression
    if not isinstance(target, ir.Name | ir.Attribute):
        return None
    value = frame.evaluate(target)
    return value.name if isinstance(value, Reference) else None


def doubted(value: Value) -> Value:
    """Mark a function whose calls may return something else than its body says."""
    return replace(value, doubtful=True) if isinstance(value, Closure) else value


def gated(function: Value, gate: Gate) -> Value:
    """Return a function that always runs with gradients on or off, or its products in one precision."""
    if isinstance(function, Closure):
        recording = function.recording if gate.keeps else gate.recording
        lowering = function.lowering if gate.lowering is None else gate.lowering
        return replace(function, recording=recording, lowering=lowering)
    if isinstance(function, Bound):
        return replace(function, function=gated(function.function, gate))
    return function
