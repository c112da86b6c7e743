"""Vectors that move as those of a decomposition do, and share nothing else with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_TYPES: Any = torch.return_types


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
