"""Which line of the user's program asked for a decomposition."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import CodeType
from typing import NamedTuple

import torch

_OURS = str(Path(__file__).parent) + os.sep
_TORCH = str(Path(torch.__file__).parent) + os.sep

_STANDARD = sysconfig.get_path("stdlib") + os.sep

_foreign: dict[str, bool] = {}
"""What is known of files already: this is asked for every frame above a decomposition."""

# Python functions of torch that are decompositions themselves and call others inside.
COMPOSITES = frozenset({"svd_lowrank", "pca_lowrank", "lobpcg"})


def is_foreign(code: CodeType) -> bool:
    """Tell whether code belongs to torch or to this package, not to the user."""
    name = code.co_filename
    known = _foreign.get(name)
    if known is None:
        known = _foreign[name] = name.startswith((_OURS, _TORCH))
    return known


def is_library(code: CodeType) -> bool:
    """Tell whether code belongs to Python's standard library, or was made from no file."""
    name = code.co_filename
    return name.startswith("<") or (name.startswith(_STANDARD) and "site-packages" not in name)


Point = tuple[str, int]
"""A file and a line of it."""


class CallSite(NamedTuple):
    """A line of the user's program and the decomposition that it calls."""

    path: str
    line: int
    call: str


def is_inner(family: str, site: CallSite) -> bool:
    """Tell a qr of the iteration inside svd_lowrank, whose last svd alone hands out vectors."""
    return family == "qr" and site.call.rpartition(".")[2] in COMPOSITES


_first: ContextVar[CallSite | None] = ContextVar("first", default=None)


@contextmanager
def called_at(site: CallSite) -> Iterator[None]:
    """Let a call that is made again be known by the line that made it first."""
    token = _first.set(site)
    try:
        yield
    finally:
        _first.reset(token)


def find_call_site(call: str) -> CallSite:
    """Name the innermost frame that belongs neither to torch nor to this package."""
    if (first := _first.get()) is not None:
        return first
    frame = sys._getframe(1)
    while frame.f_back is not None and is_foreign(frame.f_code):
        if frame.f_code.co_name in COMPOSITES and frame.f_code.co_filename.startswith(_TORCH):
            call = f"torch.{frame.f_code.co_name}"
        frame = frame.f_back
    return CallSite(frame.f_code.co_filename, frame.f_lineno, call)
