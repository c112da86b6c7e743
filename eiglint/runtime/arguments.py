"""Read what gaugecheck is given, and say clearly what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast, get_args

from torch import Tensor, nn

from eiglint.runtime.gauge import Symmetry
from eiglint.runtime.mode import Way

SYMMETRIES: tuple[Symmetry, ...] = ("phase", "order", "rotation")


def read_symmetries(symmetries: Sequence[str], tries: int, way: str) -> tuple[Symmetry, ...]:
    """Check the options and give the symmetries that are asked for."""
    wanted = (symmetries,) if isinstance(symmetries, str) else tuple(symmetries)
    for symmetry in wanted:
        if symmetry not in SYMMETRIES:
            raise ValueError(f"unknown symmetry {symmetry!r}; choose from 'phase', 'order', 'rotation'")
    if not wanted:
        raise ValueError("no symmetry to check; choose from 'phase', 'order', 'rotation'")
    if way not in get_args(Way):
        raise ValueError(f"unknown way {way!r}; choose from 'multiply', 'similarity'")
    if tries < 1:
        raise ValueError(f"tries must be at least 1, not {tries}")
    return cast("tuple[Symmetry, ...]", wanted)


def read_inputs(inputs: object) -> tuple[Any, ...]:
    """Give the inputs as a tuple."""
    if isinstance(inputs, tuple | list):
        return tuple(inputs)
    if isinstance(inputs, Tensor):
        return (inputs,)
    raise TypeError(f"inputs must be a tensor or a tuple of them, not {type(inputs).__name__}")


def read_parameters(fn: Callable[..., Any], params: Iterable[Tensor] | None) -> tuple[Tensor, ...]:
    """Give the other tensors whose gradient is to be compared; a module brings its own."""
    if not callable(fn):
        raise TypeError(f"fn must be callable, not {type(fn).__name__}")
    if isinstance(params, Tensor):
        params = (params,)
    if params is None:
        return tuple(entry for entry in fn.parameters() if entry.requires_grad) if isinstance(fn, nn.Module) else ()
    given = tuple(params)
    for place, entry in enumerate(given):
        if not isinstance(entry, Tensor) or not entry.requires_grad:
            raise ValueError(f"params[{place}] must be a tensor that requires a gradient")
    return given
