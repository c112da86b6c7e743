"""One recorded call, and what surrounded it: gradient mode, autocast, the random state that it drew from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from eiglint.runtime.callsite import CallSite


class Draws(NamedTuple):
    """The states of torch's generators that a random call found: the CPU's, and those of its tensors' devices."""

    cpu: Tensor
    cuda: tuple[tuple[torch.device, Tensor], ...]


class Surroundings(NamedTuple):
    """The modes that a call found."""

    grad: bool
    autocast: tuple[tuple[str, torch.dtype], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A call that depends on a decomposition, with the values that it read and made by their numbers.

    Values that share memory form a group; `writes` names the groups that the call changed. `origin` has a bit for
    each decomposition that came in. `numbers` are what the call handed to Python, `trouble` says why it cannot be
    made again.
    """

    place: int
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    site: CallSite
    surroundings: Surroundings
    draws: Draws | None
    uses: frozenset[int]
    given: frozenset[int]
    makes: tuple[int, ...]
    shapes: tuple[torch.Size, ...]
    writes: frozenset[int]
    origin: int
    numbers: Tensor | None
    precision: torch.dtype | None
    decomposes: bool
    trouble: str


def surroundings() -> Surroundings:
    """Read the modes of this thread."""
    devices = [name for name in ("cpu", "cuda") if torch.is_autocast_enabled(name)]
    return Surroundings(torch.is_grad_enabled(), tuple((name, torch.get_autocast_dtype(name)) for name in devices))


def draws(tensors: Sequence[Tensor]) -> Draws:
    """Copy the random states that a call on these tensors may draw from."""
    devices = {tensor.device for tensor in tensors if tensor.is_cuda}
    return Draws(torch.get_rng_state(), tuple((device, torch.cuda.get_rng_state(device)) for device in devices))


@contextmanager
def surrounded(step: Step) -> Iterator[None]:
    """Let a call find the modes and the random state that it found first; autocast is taken to be off outside."""
    with ExitStack() as stack:
        stack.enter_context(torch.set_grad_enabled(step.surroundings.grad))
        for device, dtype in step.surroundings.autocast:
            stack.enter_context(torch.autocast(device, dtype=dtype))
        if step.draws is not None:
            torch.set_rng_state(step.draws.cpu)
            for where, state in step.draws.cuda:
                torch.cuda.set_rng_state(state, where)
        yield


def in_words(site: CallSite) -> str:
    """Name a recorded call and its line."""
    return f"{site.call} at {site.path}:{site.line}"
