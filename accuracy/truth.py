"""What execution says of a program: does its result move when the gauges are drawn anew?"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from accuracy.generic import Generic
from accuracy.inputs import draw_all
from accuracy.program import Program
from accuracy.rounded import moved_by_rounding
from eiglint.runtime import gaugecheck

SYMMETRIES = ("phase", "order", "rotation")
Look = tuple[int, float]
_LOOKS: tuple[Look, ...] = ((1, 1.0), (2, 1.0), (3, 0.1), (4, 10.0), (5, 100.0))
"""Seed and scale of the inputs that a program is run with; the first look decides whether it is judged at all."""
_STILL = 1e-9
_FAR = 1000.0
"""How much further than by rounding a result must move."""


class Truth(NamedTuple):
    """For each symmetry: whether the result moves for some generic input; None where that cannot be said.

    `accidental` names the symmetries under which it stays for orthonormal vectors alone.
    """

    phase: bool | None
    order: bool | None
    rotation: bool | None
    accidental: frozenset[str] = frozenset()


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
    loose = _loose(function)
    found, steady = _moves(program, function)
    if any(moved is None for moved in found.values()):
        return None
    loosened, _ = _moves(program, loose)
    if any(found[name] and loosened[name] is False for name in steady):
        return None  # a gradient of zero, whose rounding moves
    moves = {name for name, moved in found.items() if moved}
    if moves <= steady and _is_constant(program, function):
        return None
    accidental = {name for name, moved in loosened.items() if moved is not False}
    for look in _LOOKS[1:]:
        if len(moves) < len(found):
            moves |= _values_move(program, function, look)
            accidental |= _values_move(program, loose, look)
    accidental -= moves
    try:
        rotation = _rotates(program, function)
        if rotation is False and _rotates(program, loose) is not False:
            accidental.add("rotation")
    except Exception:
        rotation = None
    return Truth("phase" in moves, "order" in moves, rotation, frozenset(accidental))


def _loose(function: Callable[..., Any]) -> Callable[..., Any]:
    def generic(*tensors: Tensor) -> Any:
        with Generic():
            return function(*tensors)

    return generic


def _moves(
    program: Program, function: Callable[..., Any], look: Look = _LOOKS[0], check_grad: bool = True
) -> tuple[dict[str, bool | None], frozenset[str]]:
    """Ask for phase and order; the second part names those under which the value itself stays."""
    inputs = tuple(t.requires_grad_(check_grad) for t in draw_all(program.inputs, *look))
    result: Any = gaugecheck(
        function, inputs, symmetries=("phase", "order"), raise_exception=False, check_grad=check_grad
    )
    verdicts = {name: getattr(result, name) for name in ("phase", "order")}
    steady = frozenset(name for name, verdict in verdicts.items() if (verdict.value_deviation or 0.0) < _STILL)
    found = {name: _negated(verdict.invariant) for name, verdict in verdicts.items()}
    moved = [name for name in found if found[name] and name not in steady]
    rounding = moved_by_rounding(function, inputs) if moved else 0.0
    # What moves no further than one more rounding of every step moves it is decided by rounding.
    undecided = {name: None for name in moved if rounding > (verdicts[name].value_deviation or 0.0) / _FAR}
    return {**found, **undecided}, steady


def _values_move(program: Program, function: Callable[..., Any], look: Look) -> frozenset[str]:
    """Name the symmetries under which a value moves; none where the program does not run on numbers of this size.

    Gradients are left to the first look: of one that is 0, the rounding of some input moves.
    """
    try:
        found, steady = _moves(program, function, look, check_grad=False)
    except Exception:
        return frozenset()
    return frozenset(name for name, moved in found.items() if moved and name not in steady)


def _is_constant(program: Program, function: Callable[..., Any]) -> bool:
    """Whether the result is the same for all inputs and all vectors: no symmetry is put to a test by that."""
    results = []
    for seed, _ in _LOOKS:
        with torch.no_grad(), Generic(seed):
            results.append(_numbers(function(*draw_all(program.inputs, seed))))
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
    """Whether the result rotates for some input; None where the first shows nothing."""
    first = _rotates_for(program, function, _LOOKS[0])
    return first if first is None else first or any(_rotated(program, function, look) for look in _LOOKS[1:])


def _rotated(program: Program, function: Callable[..., Any], look: Look) -> bool:
    try:
        return _rotates_for(program, function, look) is True
    except Exception:  # too large a number, say
        return False


def _rotates_for(program: Program, function: Callable[..., Any], look: Look) -> bool | None:
    """Ask for rotation where values coincide exactly; values alone, since gradients are not defined there."""
    inputs = draw_all(program.inputs, *look, degenerate=True)
    result: Any = gaugecheck(
        function, inputs, symmetries=("rotation",), raise_exception=False, check_grad=False, cluster_rtol=1e-6
    )
    return _negated(result.rotation.invariant) if result.rotation.clusters else None
