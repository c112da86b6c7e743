"""How far a program's result moves when every step of it is rounded once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten

_DRAWS = 3
_TIMES = 4.0
"""How many units in the last place an entry is moved by, about."""


class Rounded(TorchFunctionMode):
    """Move each entry that an operation computes by a few units in its last place; views are left alone."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        given = {t.data_ptr() for t in tree_flatten((args, dict(kwargs or {})))[0] if isinstance(t, Tensor)}
        computed = isinstance(made, Tensor) and (made.is_floating_point() or made.is_complex())
        return self.moved(made) if computed and made._base is None and made.data_ptr() not in given else made

    def moved(self, t: Tensor) -> Tensor:
        """Return a tensor whose entries are off by rounding, in every direction of the plane where complex."""
        noise = torch.randn(t.shape, generator=self.generator, dtype=t.dtype if t.dtype.itemsize > 3 else torch.float32)
        return t + (_TIMES * torch.finfo(t.dtype).eps * t.abs() * noise).to(t.dtype)


def moved_by_rounding(function: Callable[..., Any], inputs: tuple[Tensor, ...]) -> float:
    """Return the largest change of a result, relative to its largest entry; infinite where the numbers fall apart."""
    base = _run(function, inputs, None)
    worst = 0.0
    for seed in range(_DRAWS):
        other = _run(function, inputs, seed)
        if len(other) != len(base) or any(a.shape != b.shape for a, b in zip(base, other, strict=True)):
            return float("inf")
        for a, b in zip(base, other, strict=True):
            unlike = a.isfinite() != b.isfinite()
            if bool(unlike.any()):
                return float("inf")
            both = a.isfinite()
            size = a[both].abs().max().item() if bool(both.any()) else 0.0
            worst = max(worst, (a - b)[both].abs().max().item() / size) if size else worst
    return worst


def _run(function: Callable[..., Any], inputs: tuple[Tensor, ...], seed: int | None) -> list[Tensor]:
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        given = tuple(t.detach().clone() for t in inputs)
        if seed is None:
            result = function(*given)
        else:
            with Rounded(seed):
                result = function(*given)
    return [t.detach().to(torch.complex128) for t in tree_flatten(result)[0] if isinstance(t, Tensor)]
