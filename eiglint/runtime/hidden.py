"""Decompositions that a function mode does not see: those of scripted functions, and of threads that ran before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from eiglint.evidence.records import Family
from eiglint.runtime import kernels
from eiglint.runtime.callsite import CallSite, find_call_site


class _PerThread(threading.local):
    calls = 0


_here = _PerThread()


@contextmanager
def in_sight() -> Iterator[None]:
    """Mark what this thread computes as part of a call that a mode has seen."""
    _here.calls += 1
    try:
        yield
    finally:
        _here.calls -= 1


@contextmanager
def noticed() -> Iterator[dict[CallSite, None]]:
    """Collect the lines under which something was decomposed out of sight; none where torch does not let us hear."""
    found: dict[CallSite, None] = {}

    def hear(family: Family, matrix: Tensor, outputs: tuple[Tensor, ...]) -> None:
        if not _here.calls and outputs[0].numel():
            found[find_call_site(f"torch.linalg.{family}")] = None

    if not kernels.is_reachable():
        yield found
        return
    kernels.listen(hear)
    try:
        yield found
    finally:
        kernels.leave(hear)
