"""Calls of every modelled operation as source text."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from eiglint.models import Model, load
from tests.models.sample_calls import Sample, Slot, filled, last, sample, sampled

_LITERALS = {
    "index": "torch.randint(0, 2, {shape}, generator=torch.Generator().manual_seed(3))",
    "distinct": "torch.arange({last}).expand({shape}).clone()",
    "mask": "(torch.arange({count}).reshape({shape}) % 3 == 0)",
    "unit": "torch.linspace(0.1, 0.9, {count}, dtype=torch.float64).reshape({shape})",
    "sign": "torch.tensor([1.0, -1.0], dtype=torch.float64).repeat({count})[:{count}].reshape({shape})",
    "definite": "torch.eye({last}, dtype=torch.float64) * 3",
    "complex": "torch.linspace(0.1, 0.9, {count}, dtype=torch.complex128).reshape({shape})",
    "real": "torch.linspace(-0.7, 0.9, {count}, dtype=torch.float64).reshape({shape})",
}


class Text(str):
    """A piece of source among the arguments."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@cache
def modelled() -> tuple[Model, ...]:
    """List the operations of torch that can be called on tensors."""
    models = load()
    found = (models.get(name) for name in models if name.startswith("torch."))
    return tuple(
        m for m in found if m is not None and sampled(m) and m.kind != "decompose" and not m.options.get("stochastic")
    )


def call(rng: random.Random, value_of: Callable[[Slot], str | None]) -> str:
    """Return a statement that applies one operation, binding `out`; `value_of` gives tensors in reach."""
    model = rng.choice(modelled())
    held = False

    def give(slot: Slot) -> Text:
        nonlocal held
        name = value_of(slot) if slot.domain in ("real", "complex") and (not held or rng.random() < 0.6) else None
        held |= name is not None
        if name is not None:
            return Text(name)
        count = 1
        for size in slot.shape:
            count *= size
        end = slot.shape[-1] if slot.shape else 1
        return Text(_LITERALS[slot.domain].format(shape=slot.shape, count=count, last=end))

    made = filled(sample(model), give)
    return _written(model, made) if held else ""


def _written(model: Model, made: Sample) -> str:
    positional = list(made.positional)
    before = ""
    name = model.name
    if model.inplace and positional:
        before, positional[0] = f"out = {positional[0]!r}.clone()\n", Text("out")
    receiver = ""
    if name.startswith("torch.Tensor."):
        receiver, name = f"{positional.pop(0)!r}.", last(name)
    name = name.replace("torch.nn.functional.", "F.") if not receiver else name
    arguments = ", ".join([*map(repr, positional), *(f"{key}={value!r}" for key, value in made.keywords.items())])
    expression = f"{receiver}{name}" if model.attribute else f"{receiver}{name}({arguments})"
    result = f"{before}{expression}" if before else f"out = {expression}"
    return f"{result}.{model.fields[0]}" if model.fields and not before else result
