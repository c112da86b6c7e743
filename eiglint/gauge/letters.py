"""Axes under letters: the bookkeeping behind every product.

An operand's last axes carry the letters of a specification; axes further left belong to the ellipsis and are
aligned from the right, as broadcasting does. A diagonal matrix has one index, so its two letters become one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eiglint.gauge.state import Slot
from eiglint.gauge.tensor import Tensor, slots_of

Letter = object


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor whose trailing axes are called by letters."""

    tensor: Tensor
    letters: tuple[Letter, ...]

    def letter(self, axis: int) -> Letter:
        """Return the letter of an axis; axes left of the named ones are ellipsis letters, counted from the right."""
        k = len(self.letters)
        return self.letters[axis] if -axis <= k else ("...", -axis - k)

    def axes(self, letter: Letter) -> list[int]:
        """Return every axis that carries the letter."""
        if isinstance(letter, tuple) and letter and letter[0] == "...":
            return [-(len(self.letters) + int(letter[1]))]
        k = len(self.letters)
        return [i - k for i, letter_ in enumerate(self.letters) if letter_ == letter]

    def has(self, letter: Letter) -> bool:
        """Whether the operand may vary along the letter at all."""
        return any(not self.tensor.absent(a) for a in self.axes(letter))

    def still(self, letter: Letter) -> bool:
        """Whether the operand is certainly constant along the letter; of a diagonal, its entries count."""
        axes = self.axes(letter)
        if "diagonal" in self.tensor and {-2, -1} <= set(axes):
            axes.remove(-2)
        return all(self.tensor.still_along(a) for a in axes)


@dataclass(frozen=True, slots=True)
class Contraction:
    """Operands, the letters of the result, and what became of letters that a diagonal identified."""

    operands: tuple[Operand, ...]
    out: tuple[Letter, ...]
    diagonal: bool

    def position(self, letter: Letter) -> int | None:
        """Return the axis of the result that carries the letter, the last one if it appears twice."""
        if isinstance(letter, tuple) and letter and letter[0] == "...":
            return -(len(self.out) + int(letter[1]))
        for i in range(len(self.out) - 1, -1, -1):
            if self.out[i] == letter:
                return i - len(self.out)
        return None

    def letters(self) -> list[Letter]:
        """Every explicit letter, once."""
        return list(dict.fromkeys(letter_ for o in self.operands for letter_ in o.letters))

    def contracted(self) -> list[Letter]:
        """The letters that are summed over."""
        return [letter_ for letter_ in self.letters() if letter_ not in self.out]


def lay_out(operands: Sequence[tuple[Tensor, Sequence[Letter]]], out: Sequence[Letter]) -> Contraction:
    """Identify the letters of diagonal operands and return the contraction that remains."""
    parent: dict[Letter, Letter] = {}

    def find(x: Letter) -> Letter:
        while parent.get(x, x) != x:
            x = parent[x]
        return x

    for t, letters in operands:
        if "diagonal" in t and len(letters) >= 2 and letters[-1] != letters[-2]:
            parent[find(letters[-2])] = find(letters[-1])
    made = tuple(Operand(t, tuple(find(letter_) for letter_ in letters)) for t, letters in operands)
    result = tuple(find(letter_) for letter_ in out)
    doubled = len(result) >= 2 and result[-1] == result[-2] and out[-1] != out[-2]
    return Contraction(made, result, doubled)


def elementwise(tensors: Iterable[Tensor]) -> Contraction:
    """Lay tensors over each other as broadcasting does."""
    listed = list(tensors)
    width = max((len(_axes(t)) for t in listed), default=0)
    letters = tuple(("axis", i) for i in range(width, 0, -1))
    return lay_out([(t, letters) for t in listed], letters)


def _axes(t: Tensor) -> range:
    """Return the axes that anything is known of, at least the last two."""
    named = {a for _, m in t.motions for a in slots_of(m)} | t.steady | {a for a, _ in t.sizes}
    deepest = max([2, *(-a for a in named), *([t.rank] if t.rank is not None else [])])
    return range(-deepest, 0)


def moved(slot: Slot, operand: Operand) -> tuple[Letter, object]:
    """Return a slot under its letter."""
    return operand.letter(slot.axis), slot.cut
