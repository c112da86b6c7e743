"""Which lines run between a decomposition and its backward: a finding whose line never ran cannot be refuted.

Python's own line events tell, for the user's code alone, and only after some calls of each way to a decomposition. A
thread that a debugger or a coverage tool traces already is left to it.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from eiglint.runtime.callsite import CallSite, Point, is_foreign, is_library
from eiglint.runtime.ledger import is_due
from eiglint.runtime.watching import active

_Tracer = Callable[[FrameType, str, Any], Any]

_CALLERS = 4
_MOST_WAYS = 10_000
_ways: dict[tuple[int, ...], int] = {}
"""How often each way to a decomposition was taken: the codes and lines of the innermost frames of the user."""


_MOST_OUTLIVED = 3


class _PerThread(threading.local):
    points: set[Point] | None = None
    era = 0
    outlived = 0

    def __init__(self) -> None:
        self.awaited: Counter[CallSite] = Counter()


_here = _PerThread()
_era = 0
"""Counts the times when nobody watched any more: a thread that was followed then finds out here, when it next runs."""


def consider(site: CallSite) -> None:
    """Follow this thread from here on, if the way by which it came is new or has not been looked at for long.

    A probe wants to know of every loss what led to it.
    """
    _begin_if_due()
    if _here.points is not None:
        _here.awaited[site] += 1


def reached(sites: Iterable[CallSite]) -> frozenset[Point] | None:
    """Give the files and lines that ran before a backward that reaches these sites, None if they were not followed.

    A backward may run inside the forward of another one: the thread is followed on while a decomposition is still to
    be reached, though not for ever, since some never are.
    """
    points = _here.points
    if points is None:
        return None
    found = frozenset(points)
    _here.awaited -= Counter(sites)
    if not _here.awaited or _here.outlived >= _MOST_OUTLIVED:
        end()
    _here.outlived += 1
    return found


def _begin_if_due() -> None:
    for watch in active():
        if watch.prober is not None:
            begin()
            return
    way = _way()
    if len(_ways) >= _MOST_WAYS:
        _ways.clear()
    taken = _ways[way] = _ways.get(way, 0) + 1
    if is_due(taken - 1, taken):
        begin()


def forget() -> None:
    """Forget the ways, and let every thread that is still followed go."""
    global _era
    _era += 1
    _ways.clear()


def _way() -> tuple[int, ...]:
    frame: FrameType | None = sys._getframe(2)
    found: list[int] = []
    room = _CALLERS
    while frame is not None and room:
        code = frame.f_code
        if not is_foreign(code):
            found.append(id(code))
            found.append(frame.f_lasti)
            room -= 1
        frame = frame.f_back
    return tuple(found)


def begin() -> None:
    """Follow this thread from here on."""
    if _here.era != _era:
        end()
    tracer = sys.gettrace()
    if tracer is _enter and _here.points is not None:
        return
    if tracer is not None:
        for watch in active():
            watch.followed = False
        return
    _here.points, _here.era, _here.outlived = set(), _era, 0
    _here.awaited.clear()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _concerns(frame) and frame.f_trace is None:
            frame.f_trace = _line
            _record(frame)
        frame = frame.f_back
    sys.settrace(_enter)


def end() -> None:
    """Stop following this thread."""
    _here.points = None
    if sys.gettrace() is not _enter:
        return
    sys.settrace(None)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_trace is _line:
            frame.f_trace = None
        frame = frame.f_back


def _enter(frame: FrameType, event: str, argument: Any) -> _Tracer | None:
    if _here.era != _era:
        end()
        return None
    return _line if _concerns(frame) else None


def _concerns(frame: FrameType) -> bool:
    return not is_foreign(frame.f_code) and not is_library(frame.f_code)


def _line(frame: FrameType, event: str, argument: Any) -> _Tracer:
    if event == "line":
        _record(frame)
    return _line


def _record(frame: FrameType) -> None:
    if _here.points is not None:
        _here.points.add((frame.f_code.co_filename, frame.f_lineno))
