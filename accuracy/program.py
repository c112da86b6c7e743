"""A generated program: statements over the outputs of decompositions, and the tensors that it is called with."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch

from accuracy.inputs import Input

ENTRY = "program"
IMPORTS = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
_NAME = re.compile(r"[A-Za-z_]\w*")


class Statement(NamedTuple):
    """One step of the body: the name that it binds, and its lines."""

    name: str
    text: str

    @property
    def words(self) -> frozenset[str]:
        """Every name that the text mentions."""
        return frozenset(_NAME.findall(self.text))


class Program(NamedTuple):
    """The source in parts, so that a part can be dropped."""

    inputs: tuple[Input, ...]
    prelude: tuple[str, ...]
    opening: tuple[str, ...]
    body: tuple[Statement, ...]
    result: str

    @property
    def definition(self) -> str:
        """The program's functions and classes, without a call."""
        return f"{IMPORTS}{self.own}"

    @property
    def own(self) -> str:
        """The program without its imports."""
        names = ", ".join(given.name for given in self.inputs)
        lines = [*self.opening, *(line for step in self.body for line in step.text.splitlines())]
        body = "\n".join(f"    {line}" for line in [*lines, f"return {self.result}"])
        prelude = "".join(f"\n\n{text}\n" for text in self.prelude)
        return f"{prelude}\n\ndef {ENTRY}({names}):\n{body}\n"

    @property
    def source(self) -> str:
        """The whole file, with a call whose tensors require a gradient."""
        given = "".join(f"        {entry.name}={entry.text},\n" for entry in self.inputs)
        return f"{self.definition}\n\ndef example():\n    return {ENTRY}(\n{given}    )\n"

    def function(self) -> Callable[..., Any]:
        """Compile the definition and return the entry."""
        names: dict[str, Any] = {"__name__": "generated"}
        with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")
            torch.manual_seed(5)
            exec(compile(self.definition, "<generated>", "exec"), names)
            _train([value for value in names.values() if isinstance(value, torch.nn.Module)])
        entry: Callable[..., Any] = names[ENTRY]
        return entry

    def needed(self) -> Program:
        """Drop the statements, functions and arguments that the result does not need."""
        wanted = set(_NAME.findall(self.result))
        kept: list[Statement] = []
        for step in reversed(self.body):
            if step.name in wanted:
                wanted |= step.words
                kept.append(step)
        prelude = _used(self.prelude, wanted)
        opening = _used_lines(self.opening, wanted)
        words = {word for text in [*prelude, *opening] for word in _NAME.findall(text)} | wanted
        inputs = tuple(given for given in self.inputs if given.name in words)
        return Program(inputs, prelude, opening, tuple(reversed(kept)), self.result)


def _train(layers: Iterable[torch.nn.Module]) -> None:
    """Give layers generic numbers, as training does: a bias of 0 or a weight of 1 is none."""
    for layer in layers:
        for parameter in layer.parameters():
            with torch.no_grad():
                parameter += 0.3 * torch.randn_like(parameter)


def _used(prelude: Sequence[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Keep the definitions that are used, by the body or by one another."""
    wanted = set(wanted)
    kept: list[str] = []
    for text in reversed(prelude):
        first = text.splitlines()[0]
        name = _NAME.findall(first.removeprefix("def ").removeprefix("class "))[0]
        if name in wanted:
            wanted |= set(_NAME.findall(text))
            kept.append(text)
    return tuple(reversed(kept))


def _used_lines(opening: Sequence[str], wanted: set[str]) -> tuple[str, ...]:
    """Keep the decompositions whose outputs are used; what a kept one decomposes is needed too."""
    kept: list[str] = []
    for line in reversed(opening):
        targets = set(_NAME.findall(line.split(" = ")[0]))
        if targets & wanted:
            wanted |= set(_NAME.findall(line))
            kept.append(line)
    return tuple(reversed(kept))
