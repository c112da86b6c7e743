"""Functions that stand behind an autograd.Function: its author wrote the backward that they need.

Such a function is private, an autograd.Function of its module calls it, and so does nobody else in sight, but for
private functions that nobody calls. What its operations would do in a backward of their own is no matter then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from eiglint.analysis.frame import Frame
from eiglint.analysis.objects import is_boundary
from eiglint.analysis.relevance import definitions_in
from eiglint.analysis.state import Binding
from eiglint.analysis.values import Class, Closure
from eiglint.ir import instructions as ir


class User(NamedTuple):
    """A statement of a module: the names that it mentions, and the private function that it defines, if it does."""

    mentions: frozenset[str]
    defines: str
    owns: bool
    """Whether it is a class with a backward of its own."""


def mark(body: tuple[ir.Statement, ...], frame: Frame) -> None:
    """Mark the functions of a module that stand behind an autograd.Function."""
    names = frame.state.scope(frame.scope)
    users = list(_users(body, frame))
    if not any(u.owns for u in users):
        return
    for name in _covered(users):
        binding = names.get(name)
        if binding is not None and isinstance(binding.value, Closure):
            frame.state.bind(frame.scope, name, Binding(replace(binding.value, covered=True), binding.sites))


def _users(body: tuple[ir.Statement, ...], frame: Frame) -> Iterator[User]:
    names = frame.state.scope(frame.scope)
    for statement in body:
        mentions = frozenset[str]().union(*[d.mentions | d.quoted for d in definitions_in((statement,))])
        match statement:
            case ir.Define(function=function) if function.name.startswith("_") and not function.name.endswith("__"):
                yield User(mentions, function.name, False)
            case ir.DefineClass(name=name):
                binding = names.get(name)
                owns = binding is not None and isinstance(binding.value, Class) and is_boundary(binding.value)
                yield User(mentions, "", owns)
            case _:
                yield User(mentions, "", False)


def _covered(users: list[User]) -> set[str]:
    """Return the private functions that are used by classes with a backward of their own, directly or not."""
    private = {u.defines for u in users if u.defines}
    callers = {name: [u for u in users if name in u.mentions and u.defines != name] for name in private}
    idle = {name for name in private if not callers[name]}
    found: set[str] = set()
    while True:
        more = {name for name in private - found if _stands_behind(callers[name], found, idle)}
        if not more:
            return found
        found |= more


def _stands_behind(callers: list[User], found: set[str], idle: set[str]) -> bool:
    owned = [u.owns or u.defines in found for u in callers]
    return any(owned) and all(o or u.defines in idle for o, u in zip(owned, callers, strict=True))
