"""Several returns of one function, with the tests that decide between them."""

from __future__ import annotations

from eiglint import gauge
from eiglint.analysis.contents import map_tensors
from eiglint.analysis.frame import Frame
from eiglint.analysis.merge import merge_states, merge_values
from eiglint.analysis.merging import MISSING
from eiglint.analysis.plain import plain
from eiglint.analysis.state import Guard, State
from eiglint.analysis.values import Value
from eiglint.gauge import Tensor

Exits = list[tuple[State, Value]]


def merged_returns(exits: Exits, frame: Frame, node: object, depth: int = 0) -> tuple[State, Value]:
    """Return one state and one value that cover all exits.

    Exits that took the two sides of one test are merged under that test, so that an early
    `if v[0] < 0: return -v` is read like a where.
    """
    if len(exits) == 1:
        return exits[0]
    guard = _shared(exits, depth)
    if guard is not None:
        taken = [x for x in exits if x[0].guards[depth].side]
        others = [x for x in exits if not x[0].guards[depth].side]
        if not taken or not others:
            return merged_returns(exits, frame, node, depth + 1)
        first = merged_returns(taken, frame, node, depth + 1)
        second = merged_returns(others, frame, node, depth + 1)
        return _merged(first, second, plain(guard.test, frame, node), frame, node, (depth, guard.site))
    made = exits[0]
    for i, other in enumerate(exits[1:]):
        made = _merged(made, other, MISSING, frame, node, (depth, "exit", i))
    tests = moving_tests([g for state, _ in exits for g in state.guards[depth:]])
    if not tests:
        return made
    value = map_tensors(made[1], lambda t: gauge.opaque([*tests, t], frame.context(node), "return"))
    return made[0], value


def _shared(exits: Exits, depth: int) -> Guard | None:
    """Return the guard that all exits have at a depth, whichever side they took."""
    if any(len(state.guards) <= depth for state, _ in exits):
        return None
    first = exits[0][0].guards[depth]
    return first if all(x[0].guards[depth].site == first.site for x in exits) else None


def _merged(
    a: tuple[State, Value], b: tuple[State, Value], test: Value, frame: Frame, node: object, key: tuple[object, ...]
) -> tuple[State, Value]:
    m = frame.merging(node, "return", test, frame.opened)
    m.key = (*m.key, repr(key))
    state = merge_states(a[0], b[0], m, (a[1], b[1]))
    return state, merge_values(a[1], b[1], m, ("value",))


def moving_tests(guards: list[Guard]) -> list[Tensor]:
    """The tests that themselves depend on a decomposition."""
    return [g.test for g in guards if isinstance(g.test, Tensor) and not g.test.neutral]
