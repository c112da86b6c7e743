"""Class statements."""

from __future__ import annotations

from dataclasses import replace

from eiglint.analysis import construct, resolve
from eiglint.analysis.frame import Frame
from eiglint.analysis.objects import library_bases
from eiglint.analysis.state import Binding
from eiglint.analysis.values import Class, Closure, Reference, Value
from eiglint.ir import instructions as ir

KNOWN_DECORATORS = frozenset(
    [
        "dataclass",
        "dataclasses.dataclass",
        "typing.final",
        "typing.runtime_checkable",
        "functools.total_ordering",
        "enum.unique",
    ]
)


def run_class(s: ir.DefineClass, frame: Frame) -> None:
    """Run a class body and bind the class."""
    bases: list[Value] = [frame.evaluate(b) for b in s.bases]
    for keyword in s.keywords:
        frame.evaluate(keyword.value)
    names, known = _decorators(s, frame)
    body: dict[str, Value] = {}
    fields = construct.class_fields(_annotated(s.body), tuple(bases), names)
    cls = Class(s.name, frame.space, tuple(bases), body, fields, doubtful=not known)
    key = ("class", frame.world.number(s.at), *frame.chain)
    inner = Frame(
        world=frame.world,
        space=frame.space,
        path=frame.path,
        scope=key,
        scopes=(key, *frame.scopes),
        state=frame.state,
        chain=frame.chain,
        owner=cls,
        depth=frame.depth,
        active=frame.active,
    )
    frame.state.scopes[key] = {}
    inner.execute(s.body)
    frame.state = inner.state
    silent = _unrecorded(cls, frame)
    for name, binding in frame.state.scope(key).items():
        value = _owned(binding.value, cls)
        quiet = name in silent and isinstance(value, Closure)
        body[name] = replace(value, silent=True) if quiet else value  # type: ignore[type-var]
    frame.state.forget(key)
    resolve.assign(s.name, Binding(cls), frame)


def _unrecorded(cls: Class, frame: Frame) -> frozenset[str]:
    """The methods that the library a class descends from calls where no gradient is asked for."""
    names = [name.rpartition(".") for name in frame.world.models.unrecorded]
    bases = library_bases(cls)
    return frozenset(method for home, _, method in names if home in bases)


def _owned(value: Value, cls: Class) -> Value:
    return replace(value, owner=cls) if isinstance(value, Closure) and value.owner is None else value


def _annotated(body: tuple[ir.Statement, ...]) -> list[str]:
    """The annotated names of a class body, in order: the fields of a dataclass."""
    found: list[str] = []
    for statement in body:
        if isinstance(statement, ir.Assign) and statement.annotation is not None:
            target = statement.targets[0]
            if isinstance(target, ir.Name):
                found.append(target.id)
    return found


def _decorators(s: ir.DefineClass, frame: Frame) -> tuple[list[str], bool]:
    """Return the names of a class's decorators, and whether all are known to keep it what it is."""
    names: list[str] = []
    known = True
    for decorator in s.decorators:
        target = decorator.func if isinstance(decorator, ir.Call) else decorator
        value = frame.evaluate(target)
        name = value.name if isinstance(value, Reference) else ""
        names.append(name)
        model = frame.world.models.get(name)
        wraps = model is not None and model.kind == "transform"
        known = known and (wraps or name in KNOWN_DECORATORS)
    return names, known
