"""Carry a function mode to where torch does not take it: into threads, into backward, and around lobpcg.

Torch keeps its modes per thread, and takes them off while a function is handled. So a forward pass in another thread,
or the second forward pass of a checkpoint during backward, would meet the library's own gauge. lobpcg shows a mode the
small problems of its iteration and not itself; re-drawing those would only stir its rounding. While a mode is being
carried, `Thread.start`, torch's engine and the name by which torch calls its lobpcg are wrapped; the wrappers act on
threads inside a mode alone, and are put back when the last mode ends.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol, Self

import torch
from torch.overrides import _get_current_function_mode_stack

from eiglint.runtime import engine


class Mode(Protocol):
    """A context that can be entered again, also by another thread."""

    def __enter__(self) -> Self:
        """Enter."""

    def __exit__(self, *details: Any) -> None:
        """Leave."""

    def iterated(self, solve: Callable[..., Any], matrix: Any, *args: Any) -> Any:
        """Answer for a solver that iterates in Python."""


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.active: tuple[Mode, ...] = ()


_here = _PerThread()
_lock = threading.Lock()
_carried = 0
_start = threading.Thread.start
_lobpcg: Callable[..., Any] = torch._lobpcg._lobpcg


@contextmanager
def carried(mode: Mode) -> Iterator[None]:
    """Let threads that are started inside, and what backward passes run in Python, take the mode along."""
    before = _here.active
    _install()
    _here.active = (*before, mode)
    try:
        yield
    finally:
        _here.active = before
        _remove()


def _install() -> None:
    global _carried, _start, _lobpcg
    with _lock:
        if not _carried:
            _start, _lobpcg = threading.Thread.start, torch._lobpcg._lobpcg
            _set_lobpcg(_iterate_under_mode)
            threading.Thread.start = _start_under_modes  # type: ignore[method-assign, assignment]
            if engine.is_reachable():
                engine.register(_run_under_modes)
        _carried += 1


def _remove() -> None:
    global _carried
    with _lock:
        _carried -= 1
        if not _carried:
            threading.Thread.start = _start  # type: ignore[method-assign]
            _set_lobpcg(_lobpcg)
            engine.unregister(_run_under_modes)


def _set_lobpcg(function: Callable[..., Any]) -> None:
    torch._lobpcg._lobpcg = function


def _start_under_modes(thread: threading.Thread) -> None:
    if _here.active:
        thread.run = functools.partial(_run_thread, _here.active, thread.run)  # type: ignore[method-assign]
    _start(thread)


def _run_thread(modes: tuple[Mode, ...], run: Callable[[], None]) -> None:
    _here.active = modes
    with ExitStack() as stack:
        for mode in modes:
            stack.enter_context(mode)
        run()


def _run_under_modes(_: engine.Start, run: engine.Run) -> Any:
    """Enter the modes again that torch took off to hand them the call of the backward."""
    if not _here.active:
        return run()
    standing = _get_current_function_mode_stack()  # type: ignore[no-untyped-call]
    with ExitStack() as stack:
        for mode in _here.active:
            if not any(mode is other for other in standing):
                stack.enter_context(mode)
        return run()


def _iterate_under_mode(matrix: Any, *args: Any) -> Any:
    solve = _lobpcg
    for mode in _here.active:
        solve = functools.partial(mode.iterated, solve)
    return solve(matrix, *args)
