"""Other legal outputs of the decompositions of NumPy, SciPy, JAX, TensorFlow and autograd, as the tables have it.

`redrawn(library, ...)` puts wrappers in the place of the library's functions: while it lasts, columns come with other
phases or signs, and unordered pairs in another order. Nothing else of the library is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from eiglint.models import Model, bind, load

MODELS = load()
TOGETHER = {"numpy": ("numpy", "scipy")}
"""Libraries whose functions a program of the first calls too."""


def decompositions(library: str) -> list[str]:
    """Return the decompositions of a library that the tables model and the installed release has."""
    roots = [root for root in TOGETHER.get(library, (library,)) if find_spec(root) is not None]
    return sorted(n for n in MODELS.decompositions if n.partition(".")[0] in roots and not _model(n).removed_in)


def _model(name: str) -> Model:
    model = MODELS.get(name)
    assert model is not None
    return model


@cache
def home_of(name: str) -> tuple[Any, str]:
    """Return the module that holds a function, and its name there."""
    head, _, last = name.rpartition(".")
    parts = head.split(".")
    module = import_module(parts[0])
    for i, part in enumerate(parts[1:], 2):
        module = getattr(module, part, None) or import_module(".".join(parts[:i]))
    return module, last


def variants(model: Model, bound: Mapping[str, object]) -> list[Mapping[str, Any]]:
    """Return the variants of a decomposition that its flags ask for."""
    listed: Sequence[Mapping[str, Any]] = model.options.get("variants", ())  # type: ignore[assignment]
    return [v for v in listed if v["flag"] in bound and bound[v["flag"]] == v["value"]]


def outputs(model: Model, bound: Mapping[str, object]) -> list[Mapping[str, Any]] | None:
    """Return what the tables say of each output of a call; None where they say nothing."""
    chosen = variants(model, bound)
    if any(v.get("unknown") for v in chosen):
        return None
    specs: Sequence[Mapping[str, Any]] = model.options["outputs"]  # type: ignore[assignment]
    only = next((v["only"] for v in chosen if "only" in v), None)
    empty = {field for v in chosen for field in v.get("empty", ())}
    return [{**s, "empty": s["field"] in empty} for s in specs if only is None or s["field"] in only]


class Draw:
    """One choice of phases, signs and order, the same for a whole run."""

    def __init__(self, seed: int, phases: bool, order: bool) -> None:
        """Draw from a generator of its own."""
        self.generator = np.random.default_rng(seed)
        self.phases = phases
        self.order = order

    def columns(self, complex_: bool, count: int, batch: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """Return a phase, or a sign, for every column of every matrix; never 1 for all."""
        if not self.phases:
            return np.ones((*batch, count))
        if complex_:
            return np.exp(2j * np.pi * self.generator.random((*batch, count)))
        signs = np.where(self.generator.random((*batch, count)) < 0.5, -1.0, 1.0)
        signs[..., 0] = -1.0
        return signs

    def positions(self, count: int) -> np.ndarray[Any, Any]:
        """Return another order: a rotation by at least one."""
        shift = int(self.generator.integers(1, max(count, 2))) if self.order else 0
        return np.roll(np.arange(count), shift)


def regauged(model: Model, made: Any, specs: Sequence[Mapping[str, Any]], draw: Draw, library: str) -> Any:
    """Return outputs that are as good as those given."""
    single = len(specs) == 1 and not isinstance(made, tuple)
    parts = [made] if single else list(made)
    carriers = [p for p, s in zip(parts, specs, strict=True) if s.get("charge") and not s["empty"]]
    sizes = [
        p.shape[s["charge"]["axis"]] for p, s in zip(parts, specs, strict=True) if s.get("charge") and not s["empty"]
    ]
    if carriers:
        batch = tuple(int(n) for n in carriers[0].shape[:-2])
        is_complex = any(_is_complex(p) for p in carriers)
        phases = draw.columns(is_complex, int(max(sizes)), batch)
    ordered = model.options.get("ordered", True)
    new = []
    for part, spec in zip(parts, specs, strict=True):
        charge = None if spec["empty"] else spec.get("charge")
        if charge is not None:
            axis, q = int(charge["axis"]), int(charge["q"])
            by = phases[..., : int(part.shape[axis])] ** q
            part = part * _like(np.expand_dims(by, -2 if axis == -1 else -1), part, library)
        if not ordered and not spec["empty"]:
            axis = int(spec["index"])
            if part is parts[0] or "shuffle" not in locals():
                shuffle = draw.positions(int(part.shape[axis]))
            part = _reordered(part, shuffle, axis, library)
        new.append(part)
    if single:
        return new[0]
    return type(made)(*new) if hasattr(made, "_fields") else tuple(new)


def _is_complex(part: Any) -> bool:
    return "complex" in str(part.dtype)


def _like(by: np.ndarray[Any, Any], part: Any, library: str) -> Any:
    if library == "tensorflow":
        import tensorflow as tf

        return tf.cast(tf.constant(by), part.dtype)
    return by.astype(str(part.dtype))


def _reordered(part: Any, order: np.ndarray[Any, Any], axis: int, library: str) -> Any:
    if library == "tensorflow":
        import tensorflow as tf

        return tf.gather(part, order, axis=axis % len(part.shape))
    return part[..., order] if axis == -1 else part[..., order, :]


def _wrapped(name: str, real: Callable[..., Any], draw: Draw, library: str) -> Callable[..., Any]:
    model = _model(name)

    def call(*args: Any, **settings: Any) -> Any:
        made = real(*args, **settings)
        bound = bind(model, args, settings)
        specs = None if bound is None else outputs(model, bound)
        return made if specs is None else regauged(model, made, specs, draw, library)

    return call


@contextmanager
def redrawn(library: str, seed: int, *, phases: bool = False, order: bool = False) -> Iterator[None]:
    """Let the decompositions of a library return other legal outputs."""
    draw = Draw(seed, phases, order)
    held = []
    for name in decompositions(library):
        module, last = home_of(name)
        real = getattr(module, last)
        held.append((module, last, real))
        setattr(module, last, _wrapped(name, real, draw, library))
    try:
        yield
    finally:
        for module, last, real in held:
            setattr(module, last, real)
