"""Run the function once: its values, and the gradient of a fixed combination of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from eiglint.runtime import draw
from eiglint.runtime.mode import RedrawError, Regauge, entered
from eiglint.runtime.randomness import RandomState, set_random_state

_PHASE_MESSAGE = "up to multiplication by e^{i phi}"
# Torch compares an absolute residual with 1e-2. Powers of two scale a gradient without rounding it.
_SCALES = (1.0, 2.0**-20, 2.0**-40, 2.0**-60)


class Program(NamedTuple):
    """The function under test and everything that makes two runs of it alike."""

    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    parameters: tuple[Tensor, ...]
    check_grad: bool
    state: RandomState


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run gave. `refused`: torch's own phase check raised. `failure`: the function itself raised.

    `stuck`: the order could not be changed.
    """

    values: tuple[Tensor, ...] = ()
    gradients: tuple[Tensor | None, ...] = ()
    structure: str = ""
    refused: bool = False
    failure: Exception | None = None
    stuck: bool = False


def is_phase_refusal(error: BaseException) -> bool:
    """Recognise the error that torch's backward raises when it sees a dependence on the phase."""
    return isinstance(error, RuntimeError) and _PHASE_MESSAGE in str(error)


def measure(program: Program, mode: Regauge) -> Measurement:
    """Run once under a mode; where torch refuses the gradient for its size, run again with a smaller one."""
    for scale in _SCALES:
        try:
            found = _run(program, mode if scale == 1.0 else mode.renewed(), scale)
        except _RefusedError as refusal:
            values, structure = refusal.values, refusal.structure
            continue
        return replace(found, refused=scale != 1.0)
    return Measurement(values, (), structure, refused=True)


class _RefusedError(Exception):
    """Torch's phase check raised in the backward of the result."""

    def __init__(self, values: tuple[Tensor, ...], structure: str) -> None:
        super().__init__(structure)
        self.values, self.structure = values, structure


def _run(program: Program, mode: Regauge, scale: float) -> Measurement:
    """Run from the same random state and on fresh copies of the inputs."""
    set_random_state(program.state)
    copies = tuple(_copied(entry) for entry in program.inputs)
    wanted = [entry for entry in copies if isinstance(entry, Tensor) and entry.requires_grad] + list(program.parameters)
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.set_grad_enabled(program.check_grad or torch.is_grad_enabled()))
        stack.enter_context(_buffers_kept(program.function))
        stack.enter_context(entered(mode))
        try:
            outputs = program.function(*copies)
        except RedrawError:
            raise
        except Exception as error:
            return Measurement(failure=error)
        leaves = list(_leaves(outputs, "the result"))
        values = tuple(leaf.detach().clone() for _, leaf in leaves)
        structure = ", ".join(f"{path} {tuple(leaf.shape)}" for path, leaf in leaves)
        try:
            slopes = _gradients([leaf for _, leaf in leaves], wanted, scale) if program.check_grad else ()
        except RuntimeError as error:
            if isinstance(error, RedrawError):
                raise
            if is_phase_refusal(error):
                raise _RefusedError(values, structure) from error
            return Measurement(values, (), structure, failure=error)
    return Measurement(values, slopes, structure, stuck=mode.stuck)


def _copied(entry: Any) -> Any:
    if not isinstance(entry, Tensor):
        return entry
    with torch.inference_mode(False):
        return entry.detach().clone().requires_grad_(entry.requires_grad)


@contextmanager
def _buffers_kept(function: Any) -> Iterator[None]:
    """Put a module's buffers (running statistics) back after the run."""
    buffers = list(function.buffers()) if isinstance(function, nn.Module) else []
    kept = [(buffer, buffer.detach().clone()) for buffer in buffers]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in kept:
                buffer.copy_(before)


def _leaves(result: Any, path: str) -> Iterator[tuple[str, Tensor]]:
    """Walk through tuples, lists and dictionaries of tensors; None stands for nothing."""
    if isinstance(result, Tensor):
        yield path, result
    elif isinstance(result, tuple | list):
        for place, entry in enumerate(result):
            yield from _leaves(entry, f"{path}[{place}]")
    elif isinstance(result, dict):
        for name, entry in result.items():
            yield from _leaves(entry, f"{path}[{name!r}]")
    elif result is not None or path == "the result":
        raise TypeError(
            f"the function must return a tensor, or a tuple, list or dict of tensors; {path} is a "
            f"{type(result).__name__}"
        )


def _gradients(outputs: Sequence[Tensor], wanted: Sequence[Tensor], scale: float) -> tuple[Tensor | None, ...]:
    roots = [(place, output) for place, output in enumerate(outputs) if output.requires_grad]
    if not roots or not wanted:
        return ()
    weights = [_weight(place, output) * scale for place, output in roots]
    found = torch.autograd.grad([output for _, output in roots], wanted, weights, allow_unused=True)
    return tuple(None if entry is None else entry.detach() / scale for entry in found)


def _weight(place: int, output: Tensor) -> Tensor:
    """Weigh an output: 1 for a lone number, fixed random numbers (affine in no index) for anything larger."""
    if output.dim() == 0 and not output.is_complex():
        return torch.ones_like(output)
    drawn = draw.jitter(("weight", place, "real"), tuple(output.shape)).to(output.device)
    if output.is_complex():
        drawn = torch.complex(drawn, draw.jitter(("weight", place, "imaginary"), tuple(output.shape)).to(drawn.device))
    return drawn.to(output.dtype)
