"""Which library an array comes from, and so what its methods are called and do."""

from __future__ import annotations

from eiglint.analysis.frame import Frame
from eiglint.analysis.relevance import imports
from eiglint.gauge import Tensor
from eiglint.ir import instructions as ir
from eiglint.models import Model

ARRAYS = {
    "torch": "torch.Tensor",
    "jax": "jax.Array",
    "tensorflow": "tensorflow.Tensor",
    "autograd": "autograd.numpy.ndarray",
    "numpy": "numpy.ndarray",
    "scipy": "numpy.ndarray",
}
"""The arrays of each library. What a file's values are that no decomposition made, is the first that it imports."""


def method(t: Tensor, name: str, frame: Frame) -> Model | None:
    """Return the model of a method or attribute of a tensor."""
    models = frame.world.models
    for array in _arrays(t, frame):
        found = models.get(f"{array}.{name}")
        if found is not None:
            return found
    return None


def full_name(t: Tensor, name: str, frame: Frame) -> str:
    """Return the dotted name of a method, modelled or not."""
    found = method(t, name, frame)
    return f"{_arrays(t, frame)[0]}.{name}" if found is None else found.name


def _arrays(t: Tensor, frame: Frame) -> list[str]:
    """Return the classes that a tensor may be of: that of the library that decomposed it first, then the file's."""
    roots = {g.call.partition(".")[0] for g, _ in t.motions}
    made = [ARRAYS[root] for root in ARRAYS if root in roots]
    return [*made, _of_file(frame)]


def _of_file(frame: Frame) -> str:
    """Return the arrays of the first library that the module imports, or else the function that is run."""
    world, function = frame.world, frame.function
    found = world.arrays.get(frame.space)
    if found is None:
        module = world.modules.get(frame.space)
        found = world.arrays[frame.space] = "" if module is None else _first(module.body)
    if not found and function is not None:
        key = f"{frame.space} {world.number(function)}"
        if key not in world.arrays:
            world.arrays[key] = _first(function.lower_body())
        found = world.arrays[key]
    return found or ARRAYS["torch"]


def _first(body: tuple[ir.Statement, ...]) -> str:
    roots = {statement.module.partition(".")[0] for statement in imports(body) if not statement.level}
    return next((ARRAYS[root] for root in ARRAYS if root in roots), "")
