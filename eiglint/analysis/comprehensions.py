"""Comprehensions and the turns of loops: exact over a few known items, one stand-in for all the others."""

from __future__ import annotations

from eiglint import gauge
from eiglint.analysis import members, patterns, subscripts
from eiglint.analysis.frame import MOST_TURNS, Frame
from eiglint.analysis.items import element_of, items_of, walked
from eiglint.analysis.merge import merge_all, merge_states
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.refine import refine
from eiglint.analysis.truth import truth
from eiglint.analysis.values import DictObject, ListObject, Sequence, Value
from eiglint.gauge import Tensor
from eiglint.ir import instructions as ir


def evaluate_comprehension(e: ir.Comprehension, frame: Frame) -> Value:
    """Return the list, set, dict or generator that a comprehension makes."""
    key = ("comprehension", frame.world.number(e.at), *frame.chain, *frame.turn)
    outer = frame.scope, frame.scopes, frame.turn
    captured, frame.captured = frame.captured, False
    before = len(frame.world.outcome.decomposed)
    frame.scope, frame.scopes = key, (key, *frame.scopes)
    made: list[Value] = []
    exact = _run(e, 0, made, frame)
    frame.scope, frame.scopes, frame.turn = outer
    if not frame.captured:  # otherwise functions that were made inside live on in that scope
        frame.state.forget(key)
    frame.captured |= captured
    if e.kind == "dict":
        return _dictionary(e, made, exact, frame)
    if exact and e.kind in ("list", "set"):
        return frame.allocate(ListObject(tuple(made), kind="set" if e.kind == "set" else "list"))
    if exact:
        return tuple(made)
    element = merge_all(made, frame.merging(e.at, "comprehension"), ())
    element = members.repeated(element, {o.gauge for o in frame.world.outcome.decomposed[before:]})
    if e.kind == "generator":
        return Sequence(element)
    return frame.allocate(ListObject(None, element, "set" if e.kind == "set" else "list"))


def _run(e: ir.Comprehension, level: int, made: list[Value], frame: Frame) -> bool:
    """Run the generators from `level` on; False if the number of elements is not known."""
    if level == len(e.generators):
        value = frame.evaluate(e.element)
        if e.value is not None:
            value = (value, frame.evaluate(e.value))
        made.append(value)
        return True
    generator = e.generators[level]
    iterable = walked(frame.evaluate(generator.iterable), frame, e.at)
    items = items_of(iterable, frame, e.at)
    if items is not None and len(items) <= MOST_TURNS:
        exact = True
        before = frame.turn
        for i, item in enumerate(items):
            frame.turn = (*before, -1 - i)
            exact = _turn(e, level, item, made, frame) and exact
        frame.turn = before
        return exact
    element = element_of(iterable, frame, generator.target, frame.index(e.at, level))
    if level:
        element = members.member(element, level)
    _turn(e, level, element, made, frame)
    return False


def _turn(e: ir.Comprehension, level: int, item: Value, made: list[Value], frame: Frame) -> bool:
    """Run one turn; False if it is not known whether its conditions hold."""
    generator = e.generators[level]
    patterns.assign(generator.target, item, frame)
    certain = True
    tests: list[Value] = []
    for condition in generator.conditions:
        test = frame.evaluate(condition)
        known = truth(test, frame)
        if known is False:
            return True
        if known is None:
            certain = False
            tests.append(test)
            refine(condition, True, frame)
    count = len(made)
    state = frame.state.copy()
    exact = _run(e, level + 1, made, frame)
    if not certain:
        frame.state = merge_states(state, frame.state, frame.merging(e.at, "filtered"))
    moving = [t for t in deep_tensors(tests, frame) if not t.neutral]
    if moving:
        made[count:] = [_chosen_by(moving, v, e, frame) for v in made[count:]]
    return exact and certain


def _chosen_by(tests: list[Tensor], value: Value, e: ir.Comprehension, frame: Frame) -> Value:
    """Return an element whose presence depends on a decomposition's choices."""
    return gauge.opaque([*tests, *deep_tensors([value], frame)], frame.context(e.at), "a filter")


def _dictionary(e: ir.Comprehension, made: list[Value], exact: bool, frame: Frame) -> Value:
    pointer = frame.allocate(DictObject({}))
    for pair in made:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            pair = (frame.unknown(e.at), pair)
        key = pair[0] if exact else frame.unknown(e.at)
        subscripts.put(pointer, key, pair[1], e.at, frame)
    return pointer
