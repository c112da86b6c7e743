"""Matrices on the device of a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

Matrices = Callable[..., Tensor]


@pytest.fixture
def draw(device: str) -> Matrices:
    """Draw matrices with distinct eigenvalues and singular values: square, Hermitian or rectangular."""

    def drawn(
        *shape: int, kind: str = "square", dtype: torch.dtype = torch.float64, seed: int = 0, grad: bool = True
    ) -> Tensor:
        source = torch.Generator().manual_seed(seed)
        matrix = torch.randn(*shape, dtype=dtype, generator=source)
        if kind == "hermitian":
            matrix = (matrix + matrix.mH) / 2
        return matrix.to(device).requires_grad_(grad)

    return drawn
