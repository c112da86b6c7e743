"""Functions of Hermitian matrices by the divided differences of their eigenvalues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import torch
from torch import Tensor
from torch.compiler import is_compiling

from eiglint.linalg.calculus import Factors
from eiglint.linalg.divided import Rule

FLOATING = (torch.float64, torch.float32, torch.complex128, torch.complex64)

EPS = {dtype: torch.finfo(dtype).eps for dtype in FLOATING}
"""The distance of 1 from the next number: a look here takes less time than one there."""

BLOCK = 1 << 22
"""How many entries of f[a, b, c] are held at once."""


@dataclass(frozen=True, slots=True)
class Spectral:
    """V f(L) V^H and its derivatives (Daleckii and Krein 1965; Higham, Functions of Matrices, theorem 3.11).

    In the basis of the eigenvectors the first derivative in direction X has the entries f[l_i, l_j] X_ij, the second in
    directions X and Y those of the sum over k of f[l_i, l_k, l_j] (X_ik Y_kj + Y_ik X_kj).
    """

    rule: Rule

    def value(self, factors: Factors) -> Tensor:
        """Return V f(L) V^H."""
        V, L, Vh = factors
        values = self.rule.value(L)
        return (V * (values if values.ndim == 1 else values.unsqueeze(-2))) @ Vh

    def first(self, factors: Factors, X: Tensor) -> Tensor:
        """Return the derivative in direction (X + X^H) / 2."""
        V, L, Vh = factors
        return V @ self.rule.weigh(L, Vh @ torch.lerp(X, X.mH, 0.5) @ V) @ Vh

    def second(self, factors: Factors, X: Tensor, Y: Tensor) -> Tensor:
        """Return the second derivative in directions (X + X^H) / 2 and (Y + Y^H) / 2."""
        V, L, Vh = factors
        X, Y = (Vh @ hermitian(Z) @ V for Z in (X, Y))
        n = L.shape[-1]
        step = max(1, BLOCK // max(1, L.numel() * n))
        S = torch.zeros_like(X @ Y)
        for start in range(0, n, step):
            middle = slice(start, start + step)
            bends = self.rule.second(L[..., :, None, None], L[..., None, middle, None], L[..., None, None, :])
            S = S + torch.einsum("...ikj,...ik,...kj->...ij", bends.to(X.dtype), X[..., middle], Y[..., middle, :])
        return V @ (S + S.mH) @ Vh


def hermitian(A: Tensor) -> Tensor:
    """Return (A + A^H) / 2."""
    return torch.lerp(A, A.mH, 0.5)


def decomposed(A: Tensor, caller: str) -> Factors:
    """Return the eigenvectors V and eigenvalues of (A + A^H) / 2 and V^H; A carries no gradient."""
    V, L = eigen(A, caller)
    return V, L, V.mH


def eigen(A: Tensor, caller: str) -> tuple[Tensor, Tensor]:
    """Return the eigenvectors and eigenvalues of (A + A^H) / 2; A carries no gradient."""
    try:
        L, V = torch.linalg.eigh(torch.lerp(A, A.mH, 0.5))
    except RuntimeError:  # it is quicker to ask what was wrong than whether all is well
        square(A, caller)
        raise
    if A.size(-1) != A.size(-2):  # a single row, which was taken for a matrix of equal ones
        square(A, caller)
    return V, L


def square(A: Tensor, caller: str) -> None:
    """Refuse what is no stack of square matrices of floating-point numbers."""
    if A.ndim < 2 or A.size(-1) != A.size(-2) or A.dtype not in FLOATING:
        refuse(A, caller)


def refuse(A: Tensor, caller: str, shape: str = "square matrices, of shape (..., n, n)") -> NoReturn:
    """Say what is wrong with a matrix: its dtype, for which torch has no decomposition, or else its shape."""
    if A.dtype not in FLOATING:
        raise ValueError(f"{caller}: needs float32, float64, complex64 or complex128, and got {A.dtype}")
    raise ValueError(f"{caller}: needs {shape}, and got {tuple(A.shape)}")


def lowest(values: Tensor) -> float | None:
    """Return the smallest number, to decide whether to raise.

    None if there is none, and while compiling or under vmap, where no number can be read.
    """
    if is_compiling():
        return None
    try:
        return min(values.tolist()) if values.ndim == 1 else values.min().item()
    except (RuntimeError, ValueError):  # under vmap; of no numbers at all
        return None


def numbers(values: Tensor) -> list[float]:
    """Return the values of a single matrix, to look at them where that takes no time; none if they cannot be read."""
    if values.ndim != 1 or is_compiling():
        return []
    try:
        found: list[float] = values.tolist()
    except RuntimeError:
        return []
    return found
