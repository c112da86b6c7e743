"""Which lines run between a decomposition and its backward: a finding whose line never ran cannot be refuted.

Python's own line events tell, for the user's code alone and only after calls that are measured in full. A thread that
a debugger or a coverage tool traces already is left to it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from eiglint.runtime.callsite import is_foreign, is_library
from eiglint.runtime.watching import Watching, active

_Tracer = Callable[[FrameType, str, Any], Any]


def begin() -> None:
    """Follow this thread from here on."""
    tracer = sys.gettrace()
    if tracer is _enter:
        return
    if tracer is not None:
        for watch in active():
            watch.followed = False
        return
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _concerns(frame) and frame.f_trace is None:
            frame.f_trace = _line
            _record(frame)
        frame = frame.f_back
    sys.settrace(_enter)


def end() -> None:
    """Stop following this thread."""
    if sys.gettrace() is not _enter:
        return
    sys.settrace(None)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_trace is _line:
            frame.f_trace = None
        frame = frame.f_back


def _enter(frame: FrameType, event: str, argument: Any) -> _Tracer | None:
    return _line if _concerns(frame) else None


def _concerns(frame: FrameType) -> bool:
    return not is_foreign(frame.f_code) and not is_library(frame.f_code)


def _line(frame: FrameType, event: str, argument: Any) -> _Tracer:
    if event == "line":
        _record(frame)
    return _line


def _record(frame: FrameType) -> None:
    point = (frame.f_code.co_filename, frame.f_lineno)
    watches: tuple[Watching, ...] = active()
    for watch in watches:
        watch.points.add(point)
