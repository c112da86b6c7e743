"""What functions can see in the scopes of the functions around them."""

from __future__ import annotations

from eiglint.analysis.contents import tensors_inside
from eiglint.analysis.state import State
from eiglint.analysis.values import Closure, Partial, Value
from eiglint.gauge import Tensor


def captured_tensors(values: list[Value], state: State) -> list[Tensor]:
    """The tensors that functions among values can see in the scopes of the functions around them."""
    return tensors_inside(captured(values, state))


def captured(values: list[Value], state: State) -> list[Value]:
    """What functions among values can see in the scopes of the functions around them."""
    found: list[Value] = []
    for value in values:
        closure = value.function if isinstance(value, Partial) else value
        if not isinstance(closure, Closure):
            continue
        for key in closure.scopes:
            if isinstance(key, tuple) and key[0] == "module":
                continue
            names = state.scope(key)
            for name in sorted(closure.function.mentions & names.keys()):
                found.append(names[name].value)
    return found
