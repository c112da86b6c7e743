"""The polar factor and the nearest rotation, smooth where singular values are equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eiglint.linalg.calculus import Factors, evaluate
from eiglint.linalg.divided import sums
from eiglint.linalg.spectrum import EPS, FLOATING, lowest, numbers, refuse, square


@dataclass(frozen=True, slots=True)
class PolarFactor:
    """U Vh and its derivatives, for at least as many rows as columns.

    A = P H with H = V diag(s) V^H, and P^H dP solves the Sylvester equation Z H + H Z = P^H dA - dA^H P, which divides
    by s_i + s_j (Kenney and Laub 1991; Higham, Functions of Matrices, section 8.2). The entries of s may be negative.
    """

    spread: Callable[[Tensor], Tensor]
    """Makes the matrix of s_i + s_j that a skew matrix is divided by."""
    tall: bool = False
    """Tells that there are more rows than columns."""

    def value(self, factors: Factors) -> Tensor:
        """Return U Vh."""
        U, _, Vh = factors
        return U @ Vh

    def first(self, factors: Factors, X: Tensor) -> Tensor:
        """Return the derivative in direction X."""
        U, s, Vh = factors
        XV = X @ Vh.mH
        M = U.mH @ XV
        moved = U @ (M - M.mH).div_(self.spread(s))
        if self.tall:
            moved = moved + (XV - U @ M) / s.unsqueeze(-2)
        return moved @ Vh

    def second(self, factors: Factors, X: Tensor, Y: Tensor) -> Tensor:
        """Return the second derivative in directions X and Y."""
        U, s, Vh = factors
        row = s.unsqueeze(-2)
        M, rest = self._components(factors, X)
        N, left = self._components(factors, Y)
        spread = self.spread(s)
        by_x, by_y = (M - M.mH) / spread, (N - N.mH) / spread
        stretch_x, stretch_y = M - by_x * row, N - by_y * row
        C = -by_y @ M
        if rest is not None and left is not None:
            C = C + (left / row).mH @ rest
        turned = by_y @ by_x + (C - C.mH - by_x @ stretch_y - stretch_y @ by_x) / spread
        if rest is None or left is None:
            return U @ turned @ Vh
        inside = turned - (left / row).mH @ (rest / row)
        outside = (left / row) @ stretch_x + (rest / row) @ stretch_y
        return (U @ inside - outside / row) @ Vh

    def _components(self, factors: Factors, X: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return U^H X V, and what X V has outside the range of U if there is such an outside."""
        U, _, Vh = factors
        XV = X @ Vh.mH
        M = U.mH @ XV
        return M, XV - U @ M if self.tall else None


def _proper_sums(s: Tensor) -> Tensor:
    found = sums(s)
    found.diagonal(dim1=-2, dim2=-1).fill_(1)  # a real skew matrix has no diagonal
    return found


_SQUARE, _TALL, _PROPER = PolarFactor(sums), PolarFactor(sums, tall=True), PolarFactor(_proper_sums)


def polar(A: Tensor) -> Tensor:
    """Return the unitary polar factor of A: U @ Vh of its singular value decomposition.

    A has the shape (..., m, n), float32, float64, complex64 or complex128, and so has the result, whose columns (or
    rows, if m < n) are orthonormal. The gradient divides by s_i + s_j, never by s_i - s_j.

    ValueError: A has not the full rank: its polar factor is not determined.
    """
    try:
        rows, columns = A.size(-2), A.size(-1)
    except IndexError:
        refuse(A, "polar", "matrices, of shape (..., m, n)")
    if rows < columns:
        return polar(A.mH).mH
    return evaluate(A, _SQUARE if rows == columns else _TALL, _of_full_rank)


def _of_full_rank(A: Tensor) -> Factors:
    try:
        U, s, Vh = torch.linalg.svd(A, full_matrices=False)
    except RuntimeError:  # it is quicker to ask what was wrong than whether all is well
        if A.dtype not in FLOATING:
            refuse(A, "polar")
        raise
    noise = A.size(-2) * EPS[s.dtype]
    single = numbers(s)
    least = single[-1] - noise * single[0] if single else lowest(s[..., -1] - noise * s[..., 0])
    if least is not None and least <= 0:
        raise ValueError(
            f"polar: the smallest singular value is {s[..., -1].min():.3g}, 0 to rounding (the largest is "
            f"{s[..., 0].max():.3g}): the unitary factor is not determined"
        )
    return U, s, Vh


def rotation(A: Tensor) -> Tensor:
    """Return the rotation nearest to A: U @ diag(1, ..., 1, d) @ Vh with d = det(U @ Vh) (Kabsch 1978; Umeyama 1991).

    A has the shape (..., n, n), float32 or float64, and so has the result. The gradient divides by s_i + s_j with d s_n
    for the last one, and is right where singular values are equal and where the last one is 0.

    ValueError: s_(n-1) + d s_n is 0, as for a matrix of rank n - 2 or a reflection with equal last singular values:
    many rotations are equally near.
    """
    square(A, "rotation")
    if A.is_complex():
        raise ValueError("rotation: needs real matrices; for complex ones there is polar")
    return evaluate(A, _PROPER, _proper)


def _proper(A: Tensor) -> Factors:
    """Return the factors with the sign of the determinant at the last singular value."""
    U, s, Vh = torch.linalg.svd(A)
    proper = (torch.linalg.det(U) * torch.linalg.det(Vh)).sign()
    signs = torch.cat([torch.ones_like(s[..., :-1]), proper.unsqueeze(-1)], -1)
    s = s * signs
    if A.shape[-1] > 1:
        _unique(s)
    return U * signs.unsqueeze(-2), s, Vh


def _unique(s: Tensor) -> None:
    noise = s.shape[-1] * torch.finfo(s.dtype).eps
    least = lowest(s[..., -2] + s[..., -1] - noise * s[..., 0])
    if least is not None and least <= 0:
        cut = (s[..., -2] + s[..., -1]).min()
        raise ValueError(
            "rotation: the two smallest singular values, the last with the sign of the determinant, add up to "
            f"{cut:.3g}, 0 to rounding: many rotations are equally near"
        )
