"""Which line of the user's program asked for a decomposition."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

import torch

_OURS = str(Path(__file__).parent) + os.sep
_TORCH = str(Path(torch.__file__).parent) + os.sep

# Python functions of torch that are decompositions themselves and call others inside.
COMPOSITES = frozenset({"svd_lowrank", "pca_lowrank"})


class CallSite(NamedTuple):
    """A line of the user's program and the decomposition that it calls."""

    path: str
    line: int
    call: str


def find_call_site(call: str) -> CallSite:
    """Name the innermost frame that belongs neither to torch nor to this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_OURS, _TORCH)):
        if frame.f_code.co_name in COMPOSITES and frame.f_code.co_filename.startswith(_TORCH):
            call = f"torch.{frame.f_code.co_name}"
        frame = frame.f_back
    return CallSite(frame.f_code.co_filename, frame.f_lineno, call)
