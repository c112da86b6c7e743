"""The tensors that a generated program is called with."""

from __future__ import annotations

from typing import NamedTuple

import torch

SIZE = 4
_VALUES = (1.0, 1.0, 2.3, 2.3)
"""A spectrum of double values: each column has a partner, and between the first two and the last two there is a gap."""


class Input(NamedTuple):
    """An argument: its name, shape, field, and which symmetry a matrix to decompose has."""

    name: str
    shape: tuple[int, ...]
    complex_: bool = False
    kind: str = "plain"

    @property
    def text(self) -> str:
        """The expression that makes an example, as a reader would write it."""
        dtype = "torch.complex128" if self.complex_ else "torch.float64"
        sizes = ", ".join(map(str, self.shape)) or "()"
        return f"torch.randn({sizes}, dtype={dtype}, requires_grad=True)"

    def drawn(self, generator: torch.Generator) -> torch.Tensor:
        """Draw generic numbers."""
        dtype = torch.complex128 if self.complex_ else torch.float64
        made = torch.randn(self.shape, generator=generator, dtype=dtype)
        return (made + made.mH) if self.kind == "hermitian" else made

    def degenerate(self, generator: torch.Generator) -> torch.Tensor:
        """Draw a matrix of the same kind, two of whose eigenvalues or singular values coincide."""
        if self.kind == "plain":
            return self.drawn(generator)
        dtype = torch.complex128 if self.complex_ else torch.float64
        left = torch.linalg.qr(torch.randn(self.shape, generator=generator, dtype=dtype)).Q
        middle = torch.diag(torch.tensor(_VALUES, dtype=dtype))
        made: torch.Tensor
        if self.kind == "hermitian":
            made = left @ middle @ left.mH
            made = (made + made.mH) / 2
            return made
        if self.kind == "square":
            base = torch.randn(self.shape, generator=generator, dtype=dtype) + 2 * torch.eye(SIZE, dtype=dtype)
            made = base @ middle @ torch.linalg.inv(base)
            return made
        right = torch.linalg.qr(torch.randn(*self.shape[:-2], SIZE, SIZE, generator=generator, dtype=dtype)).Q
        made = left @ middle @ right.mH
        return made


def draw_all(
    inputs: tuple[Input, ...], seed: int, scale: float = 1.0, *, degenerate: bool = False
) -> tuple[torch.Tensor, ...]:
    """Draw every argument, in numbers of about the size `scale`."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(scale * (given.degenerate if degenerate else given.drawn)(generator) for given in inputs)
