"""What execution says of a program: does its result move when the gauges are drawn anew?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten

from accuracy.inputs import draw_all
from accuracy.program import Program
from eiglint.runtime import gaugecheck

SYMMETRIES = ("phase", "order", "rotation")
_SEED = 1
_DRAWS = (1, 2, 3, 4)
_STILL = 1e-9
_TYPES: Any = torch.return_types


class Truth(NamedTuple):
    """For each symmetry: whether the result moves; None where that cannot be said.

    `accidental` names the symmetries under which it stays for orthonormal vectors alone, or because the result is the
    same for every input.
    """

    phase: bool | None
    order: bool | None
    rotation: bool | None
    accidental: frozenset[str] = frozenset()


class Generic(TorchFunctionMode):
    """Replace vectors by generic matrices of the same charges, so that no identity of orthonormal ones holds.

    A fixed matrix next to the rows leaves the columns, and with them phases, order and rotations, what they were.
    """

    def __init__(self, draw: int = 0) -> None:
        super().__init__()
        self.draw = draw

    def fixed(self, size: int, like: Tensor, side: int) -> Tensor:
        """Return the matrix next to the rows of one factor."""
        generator = torch.Generator().manual_seed(1000 * self.draw + 100 * side + size)
        noise = torch.randn(size, size, generator=generator, dtype=like.dtype)
        return torch.eye(size, dtype=like.dtype) + 0.6 * noise

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name in ("linalg_eig", "linalg_eigh"):
            return _TYPES.linalg_eigh((made[0], self.fixed(made[1].shape[-2], made[1], 1) @ made[1]))
        if name == "linalg_svd":
            left, values, right = made
            left, right = self.fixed(left.shape[-2], left, 1) @ left, right @ self.fixed(right.shape[-1], right, 2)
            return _TYPES.linalg_svd((left, values, right))
        if name == "linalg_qr":
            left, right = made
            left, right = self.fixed(left.shape[-2], left, 1) @ left, right @ self.fixed(right.shape[-1], right, 2)
            return _TYPES.linalg_qr((left, right))
        return made


def truth_of(program: Program) -> Truth | None:
    """Execute a program in other gauges; None where it does not run or rounding alone moves it."""
    try:
        function = program.function()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _truth(program, function)
    except Exception:  # a generated program may fail in any way, and says nothing then
        return None


def _truth(program: Program, function: Callable[..., Any]) -> Truth | None:
    def generic(*tensors: Tensor) -> Any:
        with Generic():
            return function(*tensors)

    found, steady = _moves(program, function)
    if any(moved is None for moved in found.values()):
        return None
    loosened, _ = _moves(program, generic)
    if any(found[name] and loosened[name] is False for name in steady):
        return None  # a gradient of zero, whose rounding moves
    accidental = {name for name in found if found[name] is False and loosened[name] is not False}
    if all(name in steady for name, moved in found.items() if moved) and _is_constant(program, function):
        return None
    try:
        rotation = _rotates(program, function)
        if rotation is False and _rotates(program, generic) is not False:
            accidental.add("rotation")
    except Exception:
        rotation = None
    return Truth(found["phase"], found["order"], rotation, frozenset(accidental))


def _moves(program: Program, function: Callable[..., Any]) -> tuple[dict[str, bool | None], frozenset[str]]:
    """Ask for phase and order; the second part names those under which the value itself stays."""
    inputs = tuple(t.requires_grad_() for t in draw_all(program.inputs, _SEED))
    result: Any = gaugecheck(function, inputs, symmetries=("phase", "order"), raise_exception=False)
    verdicts = {name: getattr(result, name) for name in ("phase", "order")}
    steady = frozenset(name for name, verdict in verdicts.items() if (verdict.value_deviation or 0.0) < _STILL)
    return {name: _negated(verdict.invariant) for name, verdict in verdicts.items()}, steady


def _is_constant(program: Program, function: Callable[..., Any]) -> bool:
    """Whether the result is the same for all inputs and all vectors: no symmetry is put to a test by that."""
    results = []
    for draw in _DRAWS:
        with torch.no_grad(), Generic(draw):
            results.append(_numbers(function(*draw_all(program.inputs, draw))))
    first, *others = results
    return all(
        len(other) == len(first)
        and all(
            a.shape == b.shape and torch.allclose(a, b, rtol=1e-9, atol=1e-9) for a, b in zip(first, other, strict=True)
        )
        for other in others
    )


def _numbers(result: Any) -> list[Tensor]:
    """Every tensor of a result as complex numbers."""
    leaves, _ = tree_flatten(result)
    return [leaf.detach().to(torch.complex128) for leaf in leaves if isinstance(leaf, Tensor)]


def _negated(invariant: bool | None) -> bool | None:
    return None if invariant is None else not invariant


def _rotates(program: Program, function: Callable[..., Any]) -> bool | None:
    """Ask for rotation where values coincide exactly; values alone, since gradients are not defined there."""
    inputs = draw_all(program.inputs, _SEED, degenerate=True)
    result: Any = gaugecheck(
        function, inputs, symmetries=("rotation",), raise_exception=False, check_grad=False, cluster_rtol=1e-6
    )
    return _negated(result.rotation.invariant) if result.rotation.clusters else None
