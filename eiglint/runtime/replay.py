"""Make recorded calls again, as a function of the tensors from outside that carry a gradient.

Matrices that are decomposed and parameters are its leaves in earnest. Other tensors stand for calls that were not
recorded, and may have a structure that the symmetry needs: in `V @ torch.diag(w) @ V.mT` the derivative by the zeros
beside w changes sign with V, and never reaches w.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from eiglint.runtime.callsite import CallSite, called_at
from eiglint.runtime.effects import numbers_of
from eiglint.runtime.pattern import PLACES, Given, Seeded, Use, View, exchanged, tensors_in
from eiglint.runtime.step import Step, in_words, surrounded
from eiglint.runtime.tape import Cut


class UnrepeatableError(RuntimeError):
    """A recorded call cannot be made again as it was."""


@dataclass(frozen=True, slots=True)
class Root:
    """What is differentiated: a value, and the gradient that is given with it, itself a value or plain."""

    value: int
    loss: Tensor
    weight: Tensor | None
    weight_value: int | None

    def values(self) -> list[int]:
        """List the values that must be made."""
        return [self.value] if self.weight_value is None else [self.value, self.weight_value]


@dataclass(slots=True)
class Course:
    """What one repetition handed to Python, and the calls whose results had another size than they had first."""

    numbers: list[tuple[Step, Tensor]] = field(default_factory=list)
    resized: list[CallSite] = field(default_factory=list)


class Replay:
    """The function that leads from the leaves to the losses; `courses` has what each run met on its way."""

    def __init__(self, cut: Cut, roots: Sequence[Root]) -> None:
        self.cut, self.roots = cut, roots
        self.courses: list[Course] = []
        matrices = {number for step in cut.steps if step.decomposes for number in _first(step)}
        held = [(number, entry) for number, entry in cut.outside.items() if entry.wants_grad]
        begun = [entry for entry in cut.adopted.values() if entry.wants_grad]
        made = [number for number, entry in held if entry.edge is not None]
        self.leaves = (*(entry.tensor for _, entry in held), *(entry.start for entry in begun))
        """The tensors that carry a gradient, in the order in which a run takes them."""
        for entry in begun:
            entry.start.requires_grad_()
        self.in_earnest = frozenset(
            place for place, (number, entry) in enumerate(held) if entry.edge is None or number in matrices
        )
        """The places of those whose gradient is the program's, or comes before all the rest of it."""
        self.is_partial = len(made) + len(begun) > 1
        """Whether tensors that may depend on one another were cut off from what they were made of."""

    def __call__(self, *leaves: Tensor) -> tuple[Tensor, ...]:
        """Make the calls again and give the losses, each contracted with the gradient that came with it."""
        course = Course()
        self.courses.append(course)
        run = _Run(self.cut, iter(leaves))
        for step in self.cut.steps:
            run.make(step, course)
        return tuple(contracted(run.loss(root), run.weight(root)) for root in self.roots)


def contracted(loss: Tensor, weight: Tensor | None) -> Tensor:
    """Give the number whose gradient a backward from `loss` with the gradient `weight` computes."""
    if weight is None or weight.shape != loss.shape:
        return loss
    return (loss * weight.detach().conj()).sum().real


class _Run:
    """The values of one repetition."""

    def __init__(self, cut: Cut, leaves: Iterator[Tensor]) -> None:
        self._held: dict[int, Tensor] = {}
        for number, held in cut.outside.items():
            plain = held.tensor.clone() if held.shared and not held.wants_grad else held.tensor
            self._held[number] = next(leaves) if held.wants_grad else plain
        self._values: dict[int, Tensor] = {  # copies, because calls will write to them
            value: next(leaves).clone() if adopted.wants_grad else adopted.start.clone()
            for value, adopted in cut.adopted.items()
        }

    def make(self, step: Step, course: Course) -> None:
        """Make one call again and keep its results."""
        args, kwargs = exchanged((step.args, step.kwargs), PLACES, lambda place: self._filled(place, step))
        with surrounded(step), called_at(step.site):
            result = step.function(*args, **kwargs)
        if step.numbers is not None:
            numbers = numbers_of(result)
            course.numbers.append((step, torch.empty(0) if numbers is None else numbers))
        outputs = list(tensors_in(list(result) if isinstance(result, Iterator) else result))
        if len(outputs) != len(step.makes):
            raise UnrepeatableError(f"{in_words(step.site)} gave another number of tensors when it was repeated")
        if any(output.shape != shape for output, shape in zip(outputs, step.shapes, strict=True)):
            course.resized.append(step.site)
        self._values.update(zip(step.makes, outputs, strict=True))

    def loss(self, root: Root) -> Tensor:
        """Give what is differentiated."""
        loss = self._values[root.value]
        if loss.requires_grad != root.loss.requires_grad:
            raise UnrepeatableError("the loss carries its gradient in a way that torch's function calls do not show")
        return loss

    def weight(self, root: Root) -> Tensor | None:
        """Give the gradient that came with a loss."""
        return root.weight if root.weight_value is None else self._values[root.weight_value]

    def _filled(self, place: Any, step: Step) -> Any:
        match place:
            case Given(number):
                return self._held[number]
            case Seeded(device, state):
                return torch.Generator(device).set_state(state.clone())
            case Use(value, wants_grad):
                tensor = self._values[value]
            case View(value, size, stride, offset, wants_grad):
                tensor = self._values[value].as_strided(size, stride, offset)
                tensor = tensor.detach() if tensor.requires_grad and not wants_grad else tensor
        if tensor.requires_grad != wants_grad:
            raise UnrepeatableError(
                f"{in_words(step.site)} read a tensor that carries its gradient in a way that torch's function calls "
                "do not show (an autograd.Function, or a checkpoint with use_reentrant=True)"
            )
        return tensor


def _first(step: Step) -> Iterator[int]:
    """Name the tensor from outside that a decomposition was given."""
    matrix = step.args[0] if step.args else step.kwargs.get("A", step.kwargs.get("input"))
    if isinstance(matrix, Given):
        yield matrix.number
