"""Record the torch calls that lead from decompositions to results while a program runs, so that they can be repeated.

Only calls that depend on a decomposition are kept. The tape holds their other arguments strongly, and copies of those
that are written to: until `forget`, or until nothing that was made of them can be reached any more, that memory is not
freed. Results are held weakly.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from eiglint.runtime.callsite import CallSite, find_call_site
from eiglint.runtime.cone import Adopted, Cone, Edge, Outside, edge_of, memory_of, version_of
from eiglint.runtime.content import unwrapped
from eiglint.runtime.effects import is_random, is_silent, name_of, numbers_of, targets, writes
from eiglint.runtime.kinds import KINDS
from eiglint.runtime.pattern import Given, Seeded, Use, View, exchanged, tensors_in
from eiglint.runtime.repeating import is_repeating
from eiglint.runtime.step import Draws, Step, Surroundings, draws, in_words, surroundings

_MOST_CALLS = 100_000
_FIRST_CLEARING = 1024


class Seen(NamedTuple):
    """A tensor among the arguments, as the call found it."""

    tensor: Tensor
    version: int
    wants_grad: bool
    memory: int
    geometry: tuple[tuple[int, ...], tuple[int, ...], int]


@dataclass(slots=True)
class Pending:
    """A call that is about to run. `targets`: the memory that it may write to; `bases`: copies of what is outside."""

    function: Callable[..., Any]
    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    site: CallSite
    decomposes: bool
    seen: dict[int, Seen]
    surroundings: Surroundings
    draws: Draws | None
    generators: dict[int, Tensor]
    targets: set[int] = field(default_factory=set)
    bases: dict[int, tuple[Tensor, Tensor, bool, Edge | None]] = field(default_factory=dict)
    trouble: str = ""


class Cut(NamedTuple):
    """The part of a tape that some values depend on."""

    steps: tuple[Step, ...]
    outside: Mapping[int, Outside]
    adopted: Mapping[int, Adopted]


class Tape:
    """The torch calls that lead from decompositions to results, as far as they were seen."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.forget()

    def forget(self) -> None:
        """Drop everything."""
        with self._lock:
            self.failure = ""
            self.cone = Cone()
            self._steps: list[Step] = []
            self._origins: dict[int, int] = {}
            self._places, self._bits = itertools.count(), itertools.count()
            self._clear_at = _FIRST_CLEARING

    def record(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], run: Callable[[], Any]
    ) -> Any:
        """Run a call and keep it if it depends on a decomposition; what fails here ends the tape, not the program."""
        if self.failure or not (self.cone.known or func in KINDS) or is_repeating() or torch.compiler.is_compiling():
            return run()
        pending = None
        with self._lock:
            try:
                with torch._C.DisableTorchFunction():
                    pending = self._look(func, args, kwargs)
            except Exception as error:
                self._stop(f"the recording failed before {_label(func)}: {type(error).__name__}: {error}")
        result = run()
        if pending is None:
            return result
        if isinstance(result, Iterator):
            result = list(result)
            return self._kept(pending, result, iter(result))
        return self._kept(pending, result, result)

    def conceal(self, name: str, tensors: Sequence[Tensor]) -> None:
        """Say that a call on these tensors is not recorded; if they depend on a decomposition, the tape ends."""
        with self._lock, torch._C.DisableTorchFunction():
            if not self.failure and self.cone.touches(tensors):
                self._stop(f"{in_words(find_call_site(name))} cannot be repeated")

    def cut(self, values: Sequence[int]) -> Cut:
        """Pick the calls that some values depend on, with the numbers that the program read on the way to them."""
        with self._lock:
            steps = self._needed(set(values), frozenset())
            origin = _together(step.origin for step in steps)
            last = max((step.place for step in steps), default=-1)
            read = frozenset(
                step.place
                for step in self._steps
                if step.numbers is not None and step.place < last and step.origin & origin
            )
            steps = self._needed(set(values), read)
            numbers = {number for step in steps for number in step.given}
            used = {value for step in steps for value in step.uses} | set(values)
            return Cut(
                tuple(steps),
                {number: self.cone.outside[number] for number in sorted(numbers)},
                {adopted.value: adopted for adopted in self.cone.adopted.values() if adopted.value in used},
            )

    def _stop(self, reason: str) -> None:
        self.forget()
        self.failure = reason

    def _look(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Pending | None:
        decomposes = func in KINDS
        tensors = list(tensors_in(args))
        if kwargs:
            tensors.extend(tensors_in(kwargs))
        if torch._C._functorch.peek_interpreter_stack() is not None:
            if decomposes or self.cone.touches([unwrapped(tensor) for tensor in tensors]):
                self._stop(f"{in_words(find_call_site(_label(func)))} runs inside a transform of torch.func")
            return None
        if not decomposes and not self.cone.touches(tensors):
            self._preserve(func, args, kwargs)
            return None
        name = name_of(func)
        if is_silent(func, name) or any(tensor.is_meta or type(tensor).__name__ == "FakeTensor" for tensor in tensors):
            return None
        site = find_call_site(KINDS[func].call if decomposes else name)
        seen = {id(tensor): _seen(tensor) for tensor in tensors}
        drawn = draws(tensors) if is_random(name) else None
        own = {
            id(entry): entry.get_state() for entry in (*args, *kwargs.values()) if isinstance(entry, torch.Generator)
        }
        if name == "__deepcopy__":  # its second argument collects what was copied
            args = (args[0], {})
        pending = Pending(func, name, args, kwargs, site, decomposes, seen, surroundings(), drawn, own)
        inside = (tensor for tensor in tensors if self.cone.value_of(tensor) is not None)
        pending.trouble = next(filter(None, map(own_backward, inside)), "")
        for target in tensors_in(list(targets(func, name, args, kwargs))):
            self._prepare(pending, target)
        return pending

    def _preserve(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Copy what the tape holds before a call that does not concern it writes there."""
        if self.cone.outside and ("out" in kwargs or writes(name_of(func))):
            for target in tensors_in(list(targets(func, name_of(func), args, kwargs))):
                self.cone.preserve(target)

    def _prepare(self, pending: Pending, target: Tensor) -> None:
        """Copy memory from outside that a call may fill with what depends on a decomposition."""
        memory = memory_of(target)
        pending.targets.add(memory)
        if self.cone.value_of(target) is not None or memory in self.cone.adopted or memory in pending.bases:
            return
        self.cone.preserve(target)
        base = target if target._base is None else target._base
        start = base.detach().clone()
        whole = base.storage_offset() == 0 and start.stride() == base.stride() and start.dtype == target.dtype
        if target is not base and not (whole and self.cone.value_of(base) is None):
            pending.trouble = f"{in_words(pending.site)} writes to memory that other tensors see in another way"
        pending.bases[memory] = (base, start, base.requires_grad, edge_of(base))

    def _kept(self, pending: Pending, result: Any, handed: Any) -> Any:
        """Write a call that ran on the tape and give back what is handed to the program."""
        with self._lock:
            try:
                if not self.failure:
                    with torch._C.DisableTorchFunction():
                        self._keep(pending, result)
            except Exception as error:
                self._stop(f"the recording of {in_words(pending.site)} failed: {type(error).__name__}: {error}")
        return handed

    def _keep(self, pending: Pending, result: Any) -> None:
        outputs = list(tensors_in(result))
        numbers = None if outputs else numbers_of(result)
        written = [seen for seen in pending.seen.values() if _was_written(pending, seen)]
        leaves = pending.name.startswith("__dlpack")
        if not (outputs or written or leaves or numbers is not None):
            return
        if leaves:
            pending.trouble = f"its numbers leave torch by {in_words(pending.site)}"
        for seen in written:
            self._adopt(pending, seen)
        args, kwargs, uses, given = self._taken_out(pending)
        groups = {seen.memory: group for seen in pending.seen.values() if (group := self._group(seen)) is not None}
        makes = []
        for output in outputs:
            memory = memory_of(output)
            if memory not in groups:
                self.cone.share(memory)
            makes.append(self.cone.note(output, groups.get(memory)))
        touched = {self.cone.group[value] for value in makes} | {groups[seen.memory] for seen in written}
        origin = _together(self._origins.get(self.cone.group[value], 0) for value in uses)
        origin |= 1 << next(self._bits) if pending.decomposes else 0
        for group in touched:
            self._origins[group] = self._origins.get(group, 0) | origin
        self._append(
            Step(
                next(self._places),
                pending.function,
                args,
                kwargs,
                pending.site,
                pending.surroundings,
                pending.draws,
                uses,
                given,
                tuple(makes),
                tuple(output.shape for output in outputs),
                frozenset(groups[seen.memory] for seen in written),
                origin,
                torch.empty(0) if leaves else numbers,
                next((seen.tensor.dtype for seen in pending.seen.values()), None),
                pending.decomposes,
                pending.trouble,
            )
        )

    def _adopt(self, pending: Pending, seen: Seen) -> None:
        if self.cone.value_of(seen.tensor) is not None or seen.memory in self.cone.adopted:
            return
        if seen.memory not in pending.bases:
            pending.trouble = f"{in_words(pending.site)} changes an argument in place, which its name does not say"
            self._prepare(pending, seen.tensor)
        self.cone.adopt(*pending.bases[seen.memory])

    def _taken_out(self, pending: Pending) -> tuple[tuple[Any, ...], Any, frozenset[int], frozenset[int]]:
        """Give the arguments with places for their tensors, and which values and outside tensors stand there."""
        uses, given = set(), set()

        def place(entry: Any) -> Use | View | Given | Seeded:
            if isinstance(entry, torch.Generator):
                return Seeded(entry.device, pending.generators[id(entry)])
            seen = pending.seen.get(id(entry)) or _seen(entry)
            value = self.cone.value_of(entry)
            if value is not None:
                uses.add(value)
                return Use(value, seen.wants_grad)
            if self.cone.adopted and (adopted := self.cone.adopted.get(seen.memory)) is not None:
                uses.add(adopted.value)
                if adopted.start.dtype != entry.dtype:
                    pending.trouble = f"{in_words(pending.site)} reads memory that was written to as another dtype"
                return View(adopted.value, *seen.geometry, seen.wants_grad)
            number = self.cone.give(entry, pending.site)
            given.add(number)
            return Given(number)

        args, kwargs = exchanged((pending.args, pending.kwargs), (Tensor, torch.Generator), place)
        return args, kwargs, frozenset(uses), frozenset(given)

    def _group(self, seen: Seen) -> int | None:
        value = self.cone.value_of(seen.tensor)
        if value is None and seen.memory in self.cone.adopted:
            value = self.cone.adopted[seen.memory].value
        return None if value is None else self.cone.group[value]

    def _append(self, step: Step) -> None:
        self._steps.append(step)
        if len(self._steps) < self._clear_at:
            return
        self._clear()
        if len(self._steps) >= _MOST_CALLS:
            self._stop(f"more than {_MOST_CALLS:,} calls depend on decompositions; the last is {in_words(step.site)}")

    def _clear(self) -> None:
        """Drop what nothing in the program's reach depends on."""
        living = self.cone.living()
        steps = self._needed(living, frozenset())
        origin = _together(step.origin for step in steps)
        read = frozenset(step.place for step in self._steps if step.numbers is not None and step.origin & origin)
        self._steps = self._needed(living, read)
        values = living | {value for step in self._steps for value in (*step.uses, *step.makes)}
        self.cone.keep_only(values, {number for step in self._steps for number in step.given})
        groups = set(self.cone.group.values())
        self._origins = {group: origin for group, origin in self._origins.items() if group in groups}
        self._clear_at = min(max(_FIRST_CLEARING, 2 * len(self._steps)), _MOST_CALLS)

    def _needed(self, values: set[int], places: frozenset[int]) -> list[Step]:
        """List the calls, those at `places` among them, that make values or write to their memory before it is read."""
        needed, groups, steps = set(values), {self.cone.group[value] for value in values}, []
        for step in reversed(self._steps):
            if step.place in places or not needed.isdisjoint(step.makes) or not groups.isdisjoint(step.writes):
                steps.append(step)
                needed |= step.uses
                groups.update(self.cone.group[value] for value in step.uses)
        return steps[::-1]


def _seen(tensor: Tensor) -> Seen:
    strided = tensor.layout is torch.strided
    offset = int(tensor.storage_offset()) if strided else 0
    geometry = (tuple(tensor.shape), tensor.stride() if strided else (), offset)
    return Seen(tensor, version_of(tensor), tensor.requires_grad, memory_of(tensor), geometry)


def _was_written(pending: Pending, seen: Seen) -> bool:
    """Go by the version counter, and by the name of the call: running statistics and set properties are not counted."""
    return seen.memory in pending.targets or seen.version != version_of(seen.tensor)


def own_backward(tensor: Tensor) -> str:
    """Say that a tensor's derivative is the program's own, if it is."""
    node: Any = tensor.grad_fn
    if not isinstance(node, torch.autograd.function.BackwardCFunction):
        return ""
    name = type(node).__name__.removesuffix("Backward")
    return f"the autograd.Function {name} has a backward of its own, which repeating its forward would miss"


def _together(bits: Any) -> int:
    total = 0
    for each in bits:
        total |= each
    return total


def _label(func: Callable[..., Any]) -> str:
    return getattr(func, "__name__", type(func).__name__)
