"""Draws programs: a decomposition or two, then steps whose forms fit the values at hand."""

from __future__ import annotations

import random
import re
import warnings
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from accuracy import modelled
from accuracy.grammar import BLOCKS, CLOSINGS, HELPERS, ONE, THREE, TWO, forms
from accuracy.inputs import SIZE, Input, draw_all
from accuracy.program import Program, Statement
from tests.models.sample_calls import Slot

_LARGEST = 300
_HIGHEST = 1e5
_FORMS = {rank: forms(text) for rank, text in ONE.items()}
_TWO, _THREE, _CLOSINGS = forms(TWO), forms(THREE), forms(CLOSINGS)
_CHOOSING = re.compile(r"argsort\(y|\by\.abs\(\) [<>]|\by\.abs\(\)\.arg|sorted_pairs")
_HOLE = re.compile(r"\b(x|y|z|out)\b")


class Opening(NamedTuple):
    """A decomposition: its text, what it binds, which of these are vectors, and its matrix."""

    text: str
    names: tuple[str, ...]
    vectors: tuple[str, ...]
    kind: str
    complex_: bool


OPENINGS = (
    (3, Opening("L, V = torch.linalg.eig(A)", ("L", "V"), ("V",), "square", False)),
    (3, Opening("L, V = torch.linalg.eig(A)", ("L", "V"), ("V",), "square", True)),
    (3, Opening("L, V = torch.linalg.eigh(A)", ("L", "V"), ("V",), "hermitian", False)),
    (3, Opening("L, V = torch.linalg.eigh(A)", ("L", "V"), ("V",), "hermitian", True)),
    (2, Opening("U, S, Vh = torch.linalg.svd(A)", ("U", "S", "Vh"), ("U", "Vh"), "singular", False)),
    (2, Opening("U, S, Vh = torch.linalg.svd(A)", ("U", "S", "Vh"), ("U", "Vh"), "singular", True)),
    (1, Opening("U, S, Vh = torch.linalg.svd(A, full_matrices=False)", ("U", "S", "Vh"), ("U", "Vh"), "tall", False)),
    (1, Opening("Q, R = torch.linalg.qr(A)", ("Q", "R"), ("Q", "R"), "singular", False)),
    (1, Opening("Q, R = torch.linalg.qr(A)", ("Q", "R"), ("Q", "R"), "singular", True)),
    (1, Opening("L, V = torch.linalg.eigh(A + A.mH)", ("L", "V"), ("V",), "hermitian", False)),
    (1, Opening("L = torch.linalg.eigvals(A)", ("L",), ("L",), "square", False)),
)


class _Growth:
    """A program while it is being drawn: what was written and what it computes on example tensors."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        weights, openings = zip(*OPENINGS, strict=True)
        first = rng.choices(openings, weights)[0]
        batched = rng.random() < 0.15
        shape: tuple[int, ...] = (6, SIZE) if first.kind == "tall" else (SIZE, SIZE)
        shape = (3, *shape) if batched else shape
        self.inputs = [Input("A", shape, first.complex_, first.kind)]
        self.opening = [first.text]
        self.names, vectors = list(first.names), set(first.vectors)
        if rng.random() < 0.1:
            self.inputs.append(Input("B", shape, first.complex_, first.kind))
            second = re.sub(r"\b(L|V|U|S|Vh|Q|R)\b", r"\g<1>2", first.text).replace("(A", "(B").replace("A.mH", "B.mH")
            self.opening.append(second)
            self.names += [f"{name}2" for name in first.names]
            vectors |= {f"{name}2" for name in first.vectors}
        self.inputs += [
            Input("M", (SIZE, SIZE), first.complex_),
            Input("b", (SIZE,), first.complex_),
            Input("W", (SIZE, SIZE)),
            Input("w", (SIZE,)),
        ]
        self.names += ["A", "M", "b", "W", "w"]
        self.moving = vectors
        self.body: list[Statement] = []
        self.prelude: list[str] = []
        self.globals: dict[str, Any] = {"torch": torch, "nn": nn, "F": functional}
        examples = draw_all(tuple(self.inputs), rng.randrange(2**20))
        self.locals: dict[str, Any] = dict(zip([i.name for i in self.inputs], examples, strict=True))
        for line in self.opening:
            exec(line, self.globals, self.locals)

    def reachable(self) -> list[str]:
        return [name for name in self.names if isinstance(self.locals.get(name), Tensor)]

    def pick(self, recent: float = 0.6) -> str:
        """Choose a value, mostly one that depends on the vectors and was computed last."""
        reachable = self.reachable()
        moving = [name for name in reachable if name in self.moving]
        if moving and self.rng.random() < recent:
            return self.rng.choice(moving[-3:])
        return self.rng.choice(moving if moving and self.rng.random() < 0.5 else reachable)

    def partner(self, x: str) -> str:
        """Choose a second operand, often one whose shape fits."""
        shape = self.locals[x].shape
        fitting = [n for n in self.reachable() if self.locals[n].shape[-1:] == shape[-1:] or not self.locals[n].shape]
        return self.rng.choice(fitting) if fitting and self.rng.random() < 0.7 else self.rng.choice(self.reachable())

    def slot(self, slot: Slot) -> str | None:
        """Choose a tensor for a modelled call's argument."""
        fitting = [name for name in self.reachable() if tuple(self.locals[name].shape) == slot.shape]
        moving = [name for name in fitting if name in self.moving]
        if moving and self.rng.random() < 0.75:
            return self.rng.choice(moving)
        return self.rng.choice(fitting) if fitting else None

    def drawn(self) -> tuple[str, str]:
        """Draw one step: its text with holes filled except `out`, and a definition that it needs."""
        x, die = self.pick(), self.rng.random()
        y = self.partner(x)
        z, rank = self.partner(y), str(self.locals[x].dim())
        definition = ""
        if die < 0.4:
            form = "out = " + self.rng.choice(_FORMS[rank if rank in _FORMS and self.rng.random() < 0.75 else "*"])
        elif die < 0.63:
            form = "out = " + self.rng.choice(_TWO)
            if self.rng.random() < 0.3:
                x, y = y, x
        elif die < 0.68:
            form = "out = " + self.rng.choice(_THREE)
        elif die < 0.78:
            form = self.rng.choice(BLOCKS)
        elif die < 0.85:
            helper = self.rng.choice(HELPERS)
            form, definition = f"out = {helper.call}", helper.definition
        else:
            return modelled.call(self.rng, self.slot), ""
        if _CHOOSING.search(form) and self.locals[y].dim() != 1:
            return "", ""  # columns are chosen by a value for each of them
        holes = {"x": x, "y": y, "z": z}
        return _HOLE.sub(lambda m: holes.get(m[0], m[0]), form), definition

    def step(self) -> None:
        """Add one step, or none where the form drawn does not fit."""
        text, definition = self.drawn()
        name = f"t{len(self.body)}"
        if not text or (definition and self._clashes(definition)):
            return
        text = re.sub(r"\bout\b", name, text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kept = dict(self.locals)
            try:
                if definition:
                    exec(definition, self.globals)
                # Nested functions see the names of the program as globals here.
                torch.manual_seed(5)
                made = _executed(text, self.globals, kept, name)
            except Exception:
                return
        if not isinstance(made, Tensor) or not _sensible(made):
            return
        step = Statement(name, text)
        if not (step.words & self.moving) and self.rng.random() < 0.8:
            return
        if definition and definition not in self.prelude:
            self.prelude.append(definition)
        self.body.append(step)
        self.names.append(name)
        self.locals = kept | {name: made}
        if step.words & self.moving:
            self.moving.add(name)

    def _clashes(self, definition: str) -> bool:
        first = re.split(r"[\s(:=]+", definition.removeprefix("def ").removeprefix("class "))[0]
        return any(
            re.split(r"[\s(:=]+", d.removeprefix("def ").removeprefix("class "))[0] == first and d != definition
            for d in self.prelude
        )

    def closing(self) -> str:
        """Choose what is returned."""
        x = self.pick(recent=0.95)
        y = self.partner(x)
        form = self.rng.choice(_CLOSINGS)
        holes = {"x": x, "y": y}
        return _HOLE.sub(lambda m: holes.get(m[0], m[0]), form)


def _executed(text: str, functions: dict[str, Any], values: dict[str, Any], name: str) -> object:
    scope = functions | values
    exec(text, scope)
    return scope.get(name)


def _sensible(made: Tensor) -> bool:
    if made.numel() == 0 or made.numel() > _LARGEST or made.is_sparse or made.is_quantized:
        return False
    numbers = made.detach().to(torch.complex128)
    return bool(torch.isfinite(numbers).all()) and float(numbers.abs().max()) < _HIGHEST


def generate(seed: int, number: int) -> Program | None:
    """Return one program; None where what was drawn does not run."""
    rng = random.Random(f"{seed}-{number}")
    growth = _Growth(rng)
    wanted = rng.randint(2, 12) - 1
    for _ in range(wanted * 12):
        if len(growth.body) >= wanted:
            break
        growth.step()
    result = growth.closing()
    if not (_words(result) & growth.moving) or not growth.body:
        return None
    program = Program(
        tuple(growth.inputs), tuple(growth.prelude), tuple(growth.opening), tuple(growth.body), result
    ).needed()
    return program if program.body and program.opening else None


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))
