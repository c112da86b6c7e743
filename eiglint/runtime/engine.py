"""One door to torch's backward engine: whoever must stand around a backward enters here, in whatever order.

Torch calls its engine by two names. Both are replaced while at least one wrapper is registered, and put back with the
last one, so that wrappers may be removed in another order than they came.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch


class Start(NamedTuple):
    """What a backward starts from: tensors or graph edges, their gradients, and whether the graph is kept."""

    outputs: Sequence[Any]
    gradients: Sequence[Any] = ()
    keeps_graph: bool = False


Run = Callable[[], Any]
Wrapper = Callable[[Start, Run], Any]
"""Called with what the backward starts from, and with the function that goes on."""

_NAME = "_engine_run_backward"
_lock = threading.Lock()
_wrappers: tuple[Wrapper, ...] = ()
_engine: Callable[..., Any] | None = None


def is_reachable() -> bool:
    """Tell whether this torch calls its engine by the names that are known here."""
    inner = getattr(torch.autograd.graph, _NAME, None)
    return inner is not None and getattr(torch.autograd, _NAME, None) is not None


def register(wrapper: Wrapper) -> None:
    """Let a wrapper stand around every backward of every thread; the last one registered stands outermost."""
    global _wrappers, _engine
    with _lock:
        if not _wrappers:
            _engine = getattr(torch.autograd.graph, _NAME)
            _set(_through_wrappers)
        _wrappers = (*_wrappers, wrapper)


def unregister(wrapper: Wrapper) -> None:
    """Remove a wrapper, and with the last one every trace of this module."""
    global _wrappers
    with _lock:
        if wrapper not in _wrappers:
            return
        at = len(_wrappers) - 1 - _wrappers[::-1].index(wrapper)
        _wrappers = _wrappers[:at] + _wrappers[at + 1 :]
        if not _wrappers and _engine is not None:
            _set(_engine)


def _set(function: Callable[..., Any]) -> None:
    setattr(torch.autograd.graph, _NAME, function)
    setattr(torch.autograd, _NAME, function)


def _through_wrappers(outputs: Any, *args: Any, **kwargs: Any) -> Any:
    assert _engine is not None
    run: Run = functools.partial(_engine, outputs, *args, **kwargs)
    start = Start(outputs, args[0] if args else (), bool(args[1]) if len(args) > 1 else False)
    for wrapper in _wrappers:
        run = functools.partial(wrapper, start, run)
    return run()
