"""Let compiled functions run uncompiled for a while, also those that are compiled meanwhile.

What torch is told is one setting of the process. It is changed with the first of those who want it and put back with
the last, so that they may end in any order and in any thread.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

_lock = threading.Lock()
_wanted = 0
_changed = ExitStack()
_compile: Callable[..., Any] = torch.compile


@contextmanager
def uncompiled() -> Iterator[None]:
    """Let compiled functions run uncompiled."""
    global _wanted
    with _lock:
        if not _wanted:
            _begin()
        _wanted += 1
    try:
        yield
    finally:
        with _lock:
            _wanted -= 1
            if not _wanted:
                _changed.close()


def _begin() -> None:
    """Tell torch, or wait until somebody compiles: the compiler takes seconds to load."""
    global _compile
    if "torch._dynamo" in sys.modules:
        _changed.enter_context(torch.compiler.set_stance("force_eager"))
        return
    _compile = torch.compile
    torch.compile = _compile_later
    _changed.callback(_put_back)


@functools.wraps(_compile)
def _compile_later(*args: Any, **kwargs: Any) -> Any:
    with _lock:
        if torch.compile is _compile_later:
            torch.compile = _compile
            if _wanted:
                _changed.enter_context(torch.compiler.set_stance("force_eager"))
    return _compile(*args, **kwargs)


def _put_back() -> None:
    if torch.compile is _compile_later:
        torch.compile = _compile
