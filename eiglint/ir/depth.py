"""Room for deep trees: a sum of a thousand terms is a tree a thousand levels deep."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ROOM = 20_000


@contextmanager
def deep() -> Iterator[None]:
    """Allow deep recursion for a while.

    Python functions that call each other directly take no C stack (CPython 3.11 and later), so the limit is a
    safeguard only. LibCST's code generation takes some, and 10,000 of its levels fit into 8 MiB.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + _ROOM)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
