"""See each decomposition when it is computed, by whatever way it was called, and know its line in the backward.

A kernel written in Python stands at the dispatch key BackendSelect, below autograd and above the devices, where torch
registers nothing for these operations. It sees calls from every thread, from C++ composites and from traced code, and
no other operation pays for it. Unlike a dispatch mode it leaves torch's own phase check on.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from eiglint.evidence.records import Family
from eiglint.runtime.callsite import CallSite
from eiglint.runtime.content import unwrapped
from eiglint.runtime.forward import kept, note
from eiglint.runtime.incoming import is_readable
from eiglint.runtime.nodes import KEPT, NODE_KINDS, SITE, hooks_are_waiting, saved_is_readable
from eiglint.runtime.repeating import is_repeating
from eiglint.runtime.watching import guarded

_KEY = "BackendSelect"
_MOST_ADDRESSES = 100_000
_OPERATIONS: dict[str, Family] = {"_linalg_eigh": "eigh", "linalg_eig": "eig", "_linalg_svd": "svd", "linalg_qr": "qr"}
_VALUES_AT: dict[Family, int] = {"eigh": 0, "eig": 0, "svd": 1, "qr": 1}


class _Fresh(NamedTuple):
    """A call whose node is not made yet, and whose outputs somebody's hook will pack."""

    thread: int
    site: CallSite
    family: Family
    outputs: tuple[Tensor, ...]


_addresses: dict[int, CallSite] = {}
_fresh: list[_Fresh] = []
_library: Any = None
_lock = threading.Lock()


def is_reachable() -> bool:
    """Tell whether this torch lets a kernel stand there, and nobody else's stands there."""
    if _library is not None:
        return True
    has_kernel = getattr(torch._C, "_dispatch_has_kernel_for_dispatch_key", None)
    if has_kernel is None or not hasattr(torch._C, "_dispatch_keyset_full_after"):
        return False
    return not any(has_kernel(f"aten::{name}", _KEY) for name in _OPERATIONS)


def begin() -> None:
    """Put the kernels in place."""
    global _library
    saved_is_readable()  # finds out with a decomposition of its own
    _library = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    for name, family in _OPERATIONS.items():
        _library.impl(name, _kernel(getattr(torch.ops.aten, name).default, family), _KEY, with_keyset=True)


def end() -> None:
    """Take them away, with everything that they remember."""
    global _library
    library, _library = _library, None
    if library is not None:
        library._destroy()
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


def _kernel(operation: Any, family: Family) -> Callable[..., Any]:
    below = torch._C._dispatch_keyset_full_after(torch._C.DispatchKey.BackendSelect)

    handle = getattr(operation, "_handle", None)  # without the Python around it, where this torch has it
    redispatch = getattr(handle, "redispatch_boxed", operation.redispatch)

    def compute(keyset: Any, matrix: Tensor, *args: Any, **kwargs: Any) -> Any:
        outputs = redispatch(keyset & below, matrix, *args, **kwargs)
        guarded(_see, family, matrix, outputs)
        return outputs

    return compute


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
