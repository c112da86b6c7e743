"""Carry a function mode to where torch does not take it: into threads, into backward, and around lobpcg.

Torch keeps its modes per thread, and takes them off while a function is handled. So a forward pass in another thread,
or the second forward pass of a checkpoint during backward, would meet the library's own gauge. lobpcg shows a mode the
small problems of its iteration and not itself; re-drawing those would only stir its rounding. While a mode is being
carried, `Thread.start` and the names by which torch calls its engine and its lobpcg are wrapped; the wrappers act on
threads inside a mode alone, and are put back when the last mode ends.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, Self

import torch


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
        self.active: list[Mode] = []
        self.into_engine: Mode | None = None


_here = _PerThread()
_lock = threading.Lock()
_carried = 0
_start = threading.Thread.start
_engine: Callable[..., Any] = torch.autograd.graph._engine_run_backward
_lobpcg: Callable[..., Any] = torch._lobpcg._lobpcg


@contextmanager
def carried(mode: Mode) -> Iterator[None]:
    """Let threads that are started inside take the mode along."""
    _install()
    _here.active.append(mode)
    try:
        yield
    finally:
        _here.active.pop()
        _remove()


@contextmanager
def into_backward(mode: Mode) -> Iterator[None]:
    """Let the next backward of this thread run under the mode."""
    before, _here.into_engine = _here.into_engine, mode
    try:
        yield
    finally:
        _here.into_engine = before


def _install() -> None:
    global _carried, _start, _engine, _lobpcg
    with _lock:
        if not _carried:
            _start, _engine = threading.Thread.start, torch.autograd.graph._engine_run_backward
            _lobpcg = torch._lobpcg._lobpcg
            _set_lobpcg(_iterate_under_mode)
            threading.Thread.start = _start_under_mode  # type: ignore[method-assign, assignment]
            _set_engine(_run_under_mode)
        _carried += 1


def _remove() -> None:
    global _carried
    with _lock:
        _carried -= 1
        if not _carried:
            threading.Thread.start = _start  # type: ignore[method-assign]
            _set_lobpcg(_lobpcg)
            _set_engine(_engine)


def _set_engine(function: Callable[..., Any]) -> None:
    torch.autograd.graph._engine_run_backward = function
    torch.autograd._engine_run_backward = function  # type: ignore[attr-defined]


def _set_lobpcg(function: Callable[..., Any]) -> None:
    torch._lobpcg._lobpcg = function


def _start_under_mode(thread: threading.Thread) -> None:
    if _here.active:
        thread.run = functools.partial(_run_thread, _here.active[-1], thread.run)  # type: ignore[method-assign]
    _start(thread)


def _run_thread(mode: Mode, run: Callable[[], None]) -> None:
    _here.active.append(mode)
    with mode:
        run()


def _run_under_mode(*args: Any, **kwargs: Any) -> Any:
    mode, _here.into_engine = _here.into_engine, None
    if mode is None:
        return _engine(*args, **kwargs)
    with mode:
        return _engine(*args, **kwargs)


def _iterate_under_mode(matrix: Any, *args: Any) -> Any:
    return _here.active[-1].iterated(_lobpcg, matrix, *args) if _here.active else _lobpcg(matrix, *args)
