"""The arguments of a call with its tensors taken out, so that others can be put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Use:
    """A value that depends on a decomposition."""

    value: int
    wants_grad: bool


@dataclass(frozen=True, slots=True)
class View:
    """Part of the memory of such a value, as another tensor sees it."""

    value: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    wants_grad: bool


@dataclass(frozen=True, slots=True)
class Given:
    """A tensor that no decomposition has touched, by its number."""

    number: int


@dataclass(frozen=True, slots=True)
class Seeded:
    """A generator of the program, by its state when it was used."""

    device: torch.device
    state: Tensor


PLACES = (Use, View, Given, Seeded)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Walk through tuples, lists, dictionaries and slices, and yield the tensors in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for entry in value:
            yield from tensors_in(entry)
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from tensors_in(entry)
    elif isinstance(value, slice):
        yield from tensors_in((value.start, value.stop, value.step))


def exchanged(value: Any, kinds: tuple[type, ...], change: Callable[[Any], Any]) -> Any:
    """Copy the containers of a value; what is of one of the kinds is replaced."""
    if isinstance(value, kinds):
        return change(value)
    if isinstance(value, torch.Size):
        return value
    if isinstance(value, (tuple, list)):
        entries = [exchanged(entry, kinds, change) for entry in value]
        if isinstance(value, list):
            return entries
        return type(value)(*entries) if hasattr(value, "_make") else type(value)(entries)
    if isinstance(value, Mapping):
        return {name: exchanged(entry, kinds, change) for name, entry in value.items()}
    if isinstance(value, slice):
        return slice(*(exchanged(entry, kinds, change) for entry in (value.start, value.stop, value.step)))
    return value
