"""Loops: a few known turns one by one, all others to a fixpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from eiglint.analysis import patterns
from eiglint.analysis.contents import tensors_inside
from eiglint.analysis.frame import MOST_TURNS, Frame, LoopExits
from eiglint.analysis.items import element_of, items_of, walked
from eiglint.analysis.merge import merge_states
from eiglint.analysis.merge_walk import is_calm
from eiglint.analysis.merging import MISSING
from eiglint.analysis.passes import aged, settled
from eiglint.analysis.plain import plain
from eiglint.analysis.refine import refine
from eiglint.analysis.returns import merged_returns, moving_tests
from eiglint.analysis.state import State
from eiglint.analysis.truth import truth
from eiglint.analysis.values import ListObject, Pointer, Sequence, Value
from eiglint.gauge import Gauge, Tensor
from eiglint.ir import instructions as ir

MOST_PASSES = 5

Enter = Callable[[int], bool]
"""Prepares one pass: binds the target or evaluates the test. False if the body certainly does not run."""


def run_loop(s: ir.Loop, frame: Frame) -> None:
    """Run a for or while loop."""
    if s.test is not None:
        _run_while(s, s.test, frame)
        return
    assert s.iterable is not None
    assert s.target is not None
    iterable = walked(frame.evaluate(s.iterable), frame, s.at)
    items = items_of(iterable, frame, s.at)
    if items is not None and len(items) <= MOST_TURNS:
        _unroll(s, items, frame)
        return
    target = s.target
    own: set[Gauge] = set()
    if isinstance(iterable, Sequence) or _is_endless(iterable, frame):
        own = {g for t in tensors_inside([element_of(iterable, frame, s.at)]) for g in t.gauges}

    def enter(turn: int) -> bool:
        index = frame.index(s.at, min(turn, 1))
        patterns.assign(target, element_of(iterable, frame, s.at, index), frame)
        return True

    _to_fixpoint(s, enter, own, MISSING, frame)


def _is_endless(iterable: Value, frame: Frame) -> bool:
    if not isinstance(iterable, Pointer):
        return False
    obj = frame.state.load(iterable.address)
    return isinstance(obj, ListObject) and obj.items is None


def _unroll(s: ir.Loop, items: list[Value], frame: Frame) -> None:
    """Run the body once per item, each turn with gauges of its own."""
    assert s.target is not None
    breaks: list[State] = []
    outer = frame.turn
    number = frame.world.number(s.at)
    for i, item in enumerate(items):
        frame.turn = (*outer, -1000 - number, i)
        patterns.assign(s.target, item, frame)
        if not _turn(s, breaks, frame):
            break
    frame.turn = outer
    _leave(s, breaks, frame)


def _turn(s: ir.Loop, breaks: list[State], frame: Frame) -> bool:
    """Run the body once; False if no path through it comes to its end."""
    frame.loops.append(LoopExits())
    frame.execute(s.body)
    exits = frame.loops.pop()
    breaks += exits.breaks
    ends = [*exits.continues, *([] if frame.dead else [frame.state])]
    frame.dead = not ends
    if ends:
        frame.state = _together(ends, s.at, frame)
    return bool(ends)


def _together(ends: list[State], node: object, frame: Frame) -> State:
    """Merge the ends of one turn, under the tests that decided between them."""
    return ends[0] if len(ends) == 1 else merged_returns([(e, None) for e in ends], frame, node)[0]


def _leave(s: ir.Loop, breaks: list[State], frame: Frame) -> None:
    """Run `else` where the loop ended by itself, and merge with the states in which it was left."""
    before = frame.state.guards
    if not frame.dead:
        frame.execute(s.orelse)
    made: State | None = None if frame.dead else frame.state
    for state in breaks:
        if made is None:
            made = state
            continue
        tests = moving_tests(list(state.guards[len(before) :]))
        made = merge_states(made, state, frame.merging(s.at, "break", tests[0] if tests else MISSING))
    frame.dead = made is None
    if made is not None:
        frame.state = made


def _run_while(s: ir.Loop, test: ir.Expression, frame: Frame) -> None:
    breaks: list[State] = []
    outer = frame.turn
    known = _counted(s, test, breaks, frame) if not isinstance(test, ir.Constant) else None
    frame.turn = outer
    if known is False:
        _leave(s, breaks, frame)
        return
    seen: list[Value] = []

    def enter(turn: int) -> bool:
        value = frame.evaluate(test)
        seen[:] = [plain(value, frame, s.at)]
        refine(test, True, frame)
        return truth(value, frame) is not False

    _to_fixpoint(s, enter, set(), seen, frame, breaks)
    if not frame.dead:
        refine(test, False, frame)


def _counted(s: ir.Loop, test: ir.Expression, breaks: list[State], frame: Frame) -> bool | None:
    """Run a loop that counts for as long as its test is known; False once it has come to its end."""
    outer = frame.turn
    number = frame.world.number(s.at)
    for i in range(MOST_TURNS + 1):
        known = truth(frame.evaluate(test), frame)
        if known is not True or i == MOST_TURNS:
            return known
        frame.turn = (*outer, -1000 - number, i)
        if not _turn(s, breaks, frame):
            return False
    return None


def _to_fixpoint(
    s: ir.Loop, enter: Enter, own: set[Gauge], seen: object, frame: Frame, left: Iterable[State] = ()
) -> None:
    """Run passes until the state at the loop's head does not change any more; the last pass forgets what still does."""
    head = frame.state
    breaks: list[State] = []
    for turn in range(MOST_PASSES):
        frame.state, frame.dead = head.copy(), False
        opened = len(frame.world.outcome.decomposed)
        frame.loops.append(LoopExits())
        runs = enter(turn)
        if runs:
            frame.execute(s.body)
        exits = frame.loops.pop()
        if not runs:
            break
        breaks = exits.breaks
        ends = [*exits.continues, *([] if frame.dead else [frame.state])]
        if not ends:
            break
        back = _together(ends, s.at, frame)
        fresh = {o.gauge for o in frame.world.outcome.decomposed[opened:]}
        aged(back, head, fresh | own)
        m = frame.merging(s.at, "loop", _moving(seen))
        m.retire, m.widen = True, turn >= MOST_PASSES - 2
        new = merge_states(back, head, m) if m.test is not MISSING else merge_states(head, back, m)
        if settled(head, new):
            break
        calm = not fresh and is_calm(head, back)
        head = new
        if calm:
            break
    frame.state, frame.dead = head, _endless(s)
    _leave(s, [*left, *breaks], frame)


def _moving(seen: object) -> Value:
    """Return the test of a while loop where it depends on a decomposition."""
    if isinstance(seen, list) and seen and isinstance(seen[0], Tensor) and not seen[0].neutral:
        return seen[0]
    return MISSING


def _endless(s: ir.Loop) -> bool:
    """Whether a loop ends by break or return only: `while True`."""
    return isinstance(s.test, ir.Constant) and bool(s.test.value)
