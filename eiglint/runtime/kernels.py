"""Let others hear of each decomposition when it is computed, by whatever way it was called.

A kernel written in Python stands at the dispatch key BackendSelect, below autograd and above the devices, where torch
registers nothing for these operations. It sees calls from every thread, from C++ composites and from traced code, and
no other operation pays for it. Unlike a dispatch mode it leaves torch's own phase check on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from eiglint.evidence.records import Family

Listener = Callable[[Family, Tensor, tuple[Tensor, ...]], None]
"""Called with the family, the matrix and what was computed; it must not raise."""

_KEY = "BackendSelect"
_OPERATIONS: dict[str, Family] = {"_linalg_eigh": "eigh", "linalg_eig": "eig", "_linalg_svd": "svd", "linalg_qr": "qr"}

_lock = threading.Lock()
_listeners: tuple[Listener, ...] = ()
_library: Any = None


def is_reachable() -> bool:
    """Tell whether this torch lets a kernel stand there, and nobody else's stands there."""
    if _library is not None:
        return True
    has_kernel = getattr(torch._C, "_dispatch_has_kernel_for_dispatch_key", None)
    if has_kernel is None or not hasattr(torch._C, "_dispatch_keyset_full_after"):
        return False
    return not any(has_kernel(f"aten::{name}", _KEY) for name in _OPERATIONS)


def listen(listener: Listener) -> None:
    """Hear of every decomposition from now on; with the first listener the kernels are put in place."""
    global _listeners, _library
    with _lock:
        if _library is None:
            _library = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
            for name, family in _OPERATIONS.items():
                _library.impl(name, _kernel(getattr(torch.ops.aten, name).default, family), _KEY, with_keyset=True)
        _listeners = (*_listeners, listener)


def leave(listener: Listener) -> None:
    """Hear no more; with the last listener the kernels are taken away."""
    global _listeners, _library
    with _lock:
        _listeners = tuple(other for other in _listeners if other is not listener)
        if not _listeners and _library is not None:
            library, _library = _library, None
            library._destroy()


def _kernel(operation: Any, family: Family) -> Callable[..., Any]:
    below = torch._C._dispatch_keyset_full_after(torch._C.DispatchKey.BackendSelect)
    handle = getattr(operation, "_handle", None)  # without the Python around it, where this torch has it
    redispatch = getattr(handle, "redispatch_boxed", operation.redispatch)

    def compute(keyset: Any, matrix: Tensor, *args: Any, **kwargs: Any) -> Any:
        outputs = redispatch(keyset & below, matrix, *args, **kwargs)
        for listener in _listeners:
            listener(family, matrix, outputs)
        return outputs

    return compute
