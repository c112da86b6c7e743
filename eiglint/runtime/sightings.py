"""Know, when a backward reaches a decomposition, by which line it was computed."""

from __future__ import annotations

import sys
import threading
from typing import Any, NamedTuple

from torch import Tensor

from eiglint.evidence.records import Family
from eiglint.runtime import kernels
from eiglint.runtime.callsite import CallSite
from eiglint.runtime.content import unwrapped
from eiglint.runtime.forward import kept, note
from eiglint.runtime.incoming import is_readable
from eiglint.runtime.nodes import KEPT, NODE_KINDS, SITE, hooks_are_waiting, saved_is_readable
from eiglint.runtime.repeating import is_repeating
from eiglint.runtime.watching import guarded

_MOST_ADDRESSES = 100_000
_VALUES_AT: dict[Family, int] = {"eigh": 0, "eig": 0, "svd": 1, "qr": 1}


class _Fresh(NamedTuple):
    """A call whose node is not made yet, and whose outputs somebody's hook will pack."""

    thread: int
    site: CallSite
    family: Family
    outputs: tuple[Tensor, ...]


_addresses: dict[int, CallSite] = {}
_fresh: list[_Fresh] = []
_lock = threading.Lock()


def begin() -> None:
    """Remember decompositions from now on."""
    saved_is_readable()  # finds out with a decomposition of its own
    kernels.listen(_hear)


def end() -> None:
    """Forget everything."""
    kernels.leave(_hear)
    _addresses.clear()
    _fresh.clear()


def link(node: Any, values: Tensor | None) -> CallSite | None:
    """Give the line that computed what a node keeps, and write it on the node.

    Nothing else can have been written to that memory since, and no other node keeps it.
    """
    site = None if values is None else _addresses.pop(unwrapped(values).data_ptr(), None)
    if site is not None:
        node.metadata[SITE] = site
    return site


def link_fresh() -> None:
    """Write call sites on nodes that were not made yet when their call was seen."""
    here = threading.get_ident()
    with _lock:
        waiting = []
        for entry in _fresh:
            nodes: list[Any] = [out.grad_fn for out in entry.outputs if type(out.grad_fn).__name__ in NODE_KINDS]
            if nodes:
                nodes[0].metadata[SITE] = entry.site
                nodes[0].metadata[KEPT] = kept(entry.family, entry.outputs)
            elif entry.thread != here and entry.thread in sys._current_frames():
                waiting.append(entry)  # its thread may still be on the way to the node
        _fresh[:] = waiting


def _hear(family: Family, matrix: Tensor, outputs: tuple[Tensor, ...]) -> None:
    guarded(_see, family, matrix, outputs)


def _see(family: Family, matrix: Tensor, outputs: tuple[Tensor, ...]) -> None:
    if is_repeating() or not is_readable(matrix):
        return
    site = note(family, matrix, outputs)
    if _fresh:
        link_fresh()
    values = outputs[_VALUES_AT[family]]
    if not values.numel() or hooks_are_waiting() or not saved_is_readable():
        with _lock:
            _fresh.append(_Fresh(threading.get_ident(), site, family, outputs))
        return
    if len(_addresses) >= _MOST_ADDRESSES:
        _addresses.clear()
    _addresses[values.data_ptr()] = site
