"""A region in which measuring leaves no trace: not in the graph, not in dispatch modes, not in autocast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch


@contextmanager
def quiet(device: torch.device) -> Iterator[None]:
    """Compute without gradient, and unseen by dispatch modes and autocast."""
    with torch.no_grad():
        if not _modes_are_active() and not torch.is_autocast_enabled(device.type):
            yield
            return
        with ExitStack() as stack:
            stack.enter_context(torch.autocast(device.type, enabled=False))
            if _modes_are_active():
                from torch.utils._python_dispatch import _disable_current_modes

                stack.enter_context(_disable_current_modes())
            yield


def _modes_are_active() -> bool:
    return bool(torch._C._len_torch_dispatch_stack())
