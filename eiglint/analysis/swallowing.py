"""Handlers that drop the error of a spectral computation, and go on as if nothing had happened."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import NamedTuple

from eiglint.analysis.events import Swallowed
from eiglint.analysis.frame import Frame
from eiglint.analysis.values import Reference, Value
from eiglint.gauge import Live
from eiglint.ir import instructions as ir

CAUGHT = frozenset(
    (
        *("builtins.RuntimeError", "builtins.Exception", "builtins.BaseException", "builtins.ArithmeticError"),
        "builtins.FloatingPointError",
    )
)
"""Python's classes of the errors by which a decomposition or its backward gives up; the tables list the libraries'."""
TELLING = frozenset(
    (
        *("print", "warn", "warning", "info", "debug", "error", "exception", "critical", "log", "write"),
        *("print_exc", "zero_grad", "set_postfix", "update"),
    )
)
"""Last names of calls that mend nothing: they tell of the error, or drop the gradient that there was."""


class Seen(NamedTuple):
    """What had happened before a `try` was entered, and whether it sets names that had no value before."""

    differentiated: int
    decomposed: int
    fresh: bool


def seen_so_far(s: ir.Try, frame: Frame) -> Seen:
    """Take down what has happened so far."""
    names = _bound(s.body)
    known = any(name in frame.state.scope(frame.scope) for name in names)
    return Seen(len(frame.world.outcome.differentiated), len(frame.world.outcome.decomposed), not known)


def note(s: ir.Try, seen: Seen, frame: Frame) -> None:
    """Record the handlers of a `try` that drop what its body computed.

    Where success raises an error (`else: raise`), the failure is what the program waits for.
    """
    if any(isinstance(x, ir.Raise) for x in s.orelse):
        return
    outcome = frame.world.outcome
    if (len(outcome.differentiated), len(outcome.decomposed)) == (seen.differentiated, seen.decomposed):
        return
    lives = {o.gauge: Live(o.live) for o in outcome.decomposed}
    started = outcome.differentiated[seen.differentiated :]
    losses = [g for d in started for g, _ in d.roles if lives.get(g, Live.NO)]
    results = [o.gauge for o in outcome.decomposed[seen.decomposed :] if o.live != Live.NO]
    if not (losses or results) or (frame.loops and _leaves(s.body + s.orelse)):
        return
    for handler in s.handlers:
        if not _catches(handler, frame) or not _falls(handler.body):
            continue
        if losses:
            outcome.swallowed.append(Swallowed("gradient", losses[0], lives[losses[0]], frame.spot(handler.at)))
        elif seen.fresh and not _leaves(s.body):
            outcome.swallowed.append(Swallowed("result", results[0], lives[results[0]], frame.spot(handler.at)))


def _catches(handler: ir.Handler, frame: Frame) -> bool:
    if handler.type is None:
        return True
    kinds = frame.evaluate(handler.type)
    return any(_gives_up(kind, frame) for kind in (kinds if type(kinds) is tuple else (kinds,)))


def _gives_up(kind: Value, frame: Frame) -> bool:
    """Whether a class of errors holds those of decompositions."""
    if not isinstance(kind, Reference):
        return False
    model = frame.world.models.get(kind.name)
    return kind.name in CAUGHT or (model is not None and model.kind == "error")


def _falls(body: tuple[ir.Statement, ...]) -> bool:
    """Whether some way through a handler neither raises, nor computes anything instead, nor says that it failed."""
    for statement in body:
        match statement:
            case ir.Jump(kind="continue"):
                return True
            case ir.Jump(kind="pass") | ir.Augment():
                continue
            case ir.Evaluate(value=ir.Call(func=func)) if _last(func) in TELLING:
                continue
            case ir.Evaluate(value=ir.Constant() | ir.Text()):
                continue
            case ir.Assign(targets=targets, value=ir.Constant()) if all(isinstance(t, ir.Attribute) for t in targets):
                continue
            case ir.If(body=first, orelse=second):
                if not _falls(first) and not _falls(second):
                    return False
            case _:
                return False
    return True


def _last(func: ir.Expression) -> str:
    match func:
        case ir.Name(id=name) | ir.Attribute(attr=name):
            return name
    return ""


def _leaves(body: tuple[ir.Statement, ...]) -> bool:
    """Whether a body ends the loop or the function around it once it has gone well."""
    return any(isinstance(x, ir.Return) or (isinstance(x, ir.Jump) and x.kind == "break") for x in _all(body))


def _bound(body: tuple[ir.Statement, ...]) -> set[str]:
    """Return the names that statements bind to something new; what a name is added to was there before."""
    found: set[str] = set()
    for statement in _all(body):
        if not isinstance(statement, ir.Assign):
            continue
        stack = list(statement.targets)
        while stack:
            match stack.pop():
                case ir.Name(id=name) if not _reads(statement.value, name):
                    found.add(name)
                case ir.Sequence(items=items):
                    stack.extend(items)
                case ir.Starred(value=value):
                    stack.append(value)
    return found


def _reads(value: object, name: str) -> bool:
    """Whether an expression reads a name."""
    stack = [value]
    while stack:
        here = stack.pop()
        if isinstance(here, ir.Name) and here.id == name:
            return True
        if isinstance(here, tuple):
            stack.extend(here)
        elif is_dataclass(here):
            stack.extend(getattr(here, f.name) for f in fields(here) if f.name != "at")
    return False


def _all(body: tuple[ir.Statement, ...]) -> list[ir.Statement]:
    """Return statements with those inside them, the bodies of definitions left out."""
    found: list[ir.Statement] = []
    stack = list(body)
    while stack:
        here = stack.pop()
        found.append(here)
        match here:
            case ir.If(body=first, orelse=second) | ir.Loop(body=first, orelse=second):
                stack += [*first, *second]
            case ir.With(body=inner):
                stack += inner
            case ir.Try(body=inner, handlers=handlers, orelse=orelse):
                stack += [*inner, *orelse, *[x for h in handlers for x in h.body]]
    return found
