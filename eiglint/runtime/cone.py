"""Which tensors depend on a decomposition, and which others their making needs.

Dependence goes by the identity of the tensor object, through weak references, and by shared memory where a call wrote
into a tensor from outside. Outside tensors that were read are held strongly, since a repetition reads them again;
before one of them is written to, its content is copied.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

from eiglint.runtime.callsite import CallSite

Edge = tuple[Any, int]
"""The node of autograd's graph that made a tensor, and which of its outputs it is."""


class Known(NamedTuple):
    """A tensor object that depends on a decomposition."""

    ref: weakref.ref[Tensor]
    value: int


@dataclass(slots=True)
class Outside:
    """A tensor that no decomposition has touched; `own` says that `tensor` is a copy that nobody else can change.

    `shared`: a call handed it out again, whole or in part, so that a repetition must not give it away itself.
    """

    tensor: Tensor
    version: int
    wants_grad: bool
    edge: Edge | None
    site: CallSite
    own: bool = False
    shared: bool = False
    changed: bool = False

    def was_changed(self) -> bool:
        """Tell whether it was changed, out of sight, after it was read."""
        return self.changed or (not self.own and version_of(self.tensor) != self.version)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A tensor from outside that a call wrote into: the value it became, and its content just before."""

    value: int
    start: Tensor
    wants_grad: bool
    edge: Edge | None
    memory: Any  # torch types no StorageWeakRef


class Cone:
    """The tensors that depend on decompositions, numbered as values, with their neighbours outside."""

    def __init__(self) -> None:
        self.known: dict[int, Known] = {}
        self.group: dict[int, int] = {}
        self.adopted: dict[int, Adopted] = {}
        self.outside: dict[int, Outside] = {}
        self._number: dict[int, int] = {}
        self._by_memory: dict[int, list[int]] = {}
        self._count = itertools.count()

    def value_of(self, tensor: Tensor) -> int | None:
        """Give the number of a tensor object that depends on a decomposition."""
        found = self.known.get(id(tensor))
        return found.value if found is not None and found.ref() is tensor else None

    def touches(self, tensors: Iterable[Tensor]) -> bool:
        """Tell whether one of the tensors depends on a decomposition."""
        for tensor in tensors:
            if self.value_of(tensor) is not None or (self.adopted and memory_of(tensor) in self.adopted):
                return True
        return False

    def note(self, tensor: Tensor, group: int | None = None) -> int:
        """Number a tensor object that depends on a decomposition; without a group it has memory of its own."""
        value = self.value_of(tensor)
        if value is None:
            value = next(self._count)
            self.known[id(tensor)] = Known(weakref.ref(tensor), value)
            self.group[value] = next(self._count) if group is None else group
        return value

    def give(self, tensor: Tensor, site: CallSite) -> int:
        """Hold an outside tensor and number it."""
        number, version = self._number.get(id(tensor)), version_of(tensor)
        if number is not None:
            held = self.outside[number]
            if held.version == version:
                return number
            held.changed = True
        number = next(self._count)
        self.outside[number] = Outside(tensor, version, tensor.requires_grad, edge_of(tensor), site)
        self._number[id(tensor)] = number
        self._by_memory.setdefault(memory_of(tensor), []).append(number)
        return number

    def share(self, memory: int) -> None:
        """Note that outside tensors in this memory were handed out again."""
        for number in self._by_memory.get(memory, ()):
            self.outside[number].shared = True

    def preserve(self, tensor: Tensor) -> None:
        """Copy what is held of the memory that is about to be written to."""
        for number in self._by_memory.pop(memory_of(tensor), ()):
            held = self.outside[number]
            self._number.pop(id(held.tensor), None)
            held.changed |= held.was_changed()
            held.tensor, held.own = held.tensor.detach().clone(), True

    def adopt(self, base: Tensor, start: Tensor, wants_grad: bool, edge: Edge | None) -> None:
        """Let a tensor from outside, and all that shares its memory, depend on a decomposition from now on."""
        value = self.note(base)
        memory = StorageWeakRef(base.untyped_storage())  # type: ignore[no-untyped-call]
        self.adopted[memory_of(base)] = Adopted(value, start, wants_grad, edge, memory)

    def living(self) -> set[int]:
        """List the values that the program can still reach."""
        alive = {known.value for known in self.known.values() if known.ref() is not None}
        return alive | {adopted.value for adopted in self.adopted.values() if not adopted.memory.expired()}

    def keep_only(self, values: set[int], numbers: set[int]) -> None:
        """Drop everything but these values and outside tensors."""
        self.known = {key: known for key, known in self.known.items() if known.value in values}
        self.group = {value: group for value, group in self.group.items() if value in values}
        self.adopted = {key: adopted for key, adopted in self.adopted.items() if adopted.value in values}
        self.outside = {number: held for number, held in self.outside.items() if number in numbers}
        self._number = {key: number for key, number in self._number.items() if number in numbers}
        left = {memory: [entry for entry in entries if entry in numbers] for memory, entries in self._by_memory.items()}
        self._by_memory = {memory: entries for memory, entries in left.items() if entries}


def memory_of(tensor: Tensor) -> int:
    """Name the memory of a tensor while it lives; what has no plain memory (sparse) stands for itself."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):
        return -id(tensor)


def edge_of(tensor: Tensor) -> Edge | None:
    """Give the place of a tensor in autograd's graph; leaves have none."""
    return None if tensor.grad_fn is None else (tensor.grad_fn, tensor.output_nr)


def version_of(tensor: Tensor) -> int:
    """Give the number of in-place changes; inference tensors do not count them."""
    return -1 if tensor.is_inference() else tensor._version
