"""Every random state that a program may draw from: take it, set it, give it back."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor


class RandomState(NamedTuple):
    """The states of Python's, torch's and (where it was imported) NumPy's global generators."""

    python: object
    cpu: Tensor
    cuda: list[Tensor]
    numpy: dict[str, Any] | None


def take_random_state() -> RandomState:
    """Copy all global random states; a CUDA that nobody has used yet stays untouched."""
    used = bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
    cuda = torch.cuda.get_rng_state_all() if used else []
    numpy = sys.modules.get("numpy.random")
    return RandomState(random.getstate(), torch.get_rng_state(), cuda, numpy.get_state(legacy=False) if numpy else None)


def set_random_state(state: RandomState) -> None:
    """Set all global random states."""
    random.setstate(state.python)  # type: ignore[arg-type]
    torch.set_rng_state(state.cpu)
    if state.cuda:
        torch.cuda.set_rng_state_all(state.cuda)
    if state.numpy is not None:
        sys.modules["numpy.random"].set_state(state.numpy)


@contextmanager
def random_state_kept() -> Iterator[RandomState]:
    """Give all global random states back as they were."""
    state = take_random_state()
    try:
        yield state
    finally:
        set_random_state(state)
