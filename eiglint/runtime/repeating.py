"""Whether this thread repeats a loss for a probe; whoever watches torch's calls must look away then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _PerThread(threading.local):
    now = False


_here = _PerThread()


def is_repeating() -> bool:
    """Tell whether the torch calls of this thread are a probe's, not the program's."""
    return _here.now


@contextmanager
def repeating() -> Iterator[None]:
    """Mark this thread's torch calls as a probe's."""
    before, _here.now = _here.now, True
    try:
        yield
    finally:
        _here.now = before
