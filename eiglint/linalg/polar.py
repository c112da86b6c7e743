"""The polar factor and the nearest rotation, smooth where singular values are equal."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eiglint.linalg.calculus import Factors, evaluate
from eiglint.linalg.spectrum import floating, lowest, numbers, square


@dataclass(frozen=True, slots=True)
class PolarFactor:
    """U Vh and its derivatives, for at least as many rows as columns.

    A = P H with H = V diag(s) V^H, and P^H dP solves the Sylvester equation Z H + H Z = P^H dA - dA^H P, which divides
    by s_i + s_j (Kenney and Laub 1991; Higham, Functions of Matrices, section 8.2). The entries of s may be negative
    and, if `signed`, the last one may be 0.
    """

    signed: bool = False

    def value(self, factors: Factors) -> Tensor:
        """Return U Vh."""
        return factors.U @ factors.Vh

    def first(self, factors: Factors, X: Tensor) -> Tensor:
        """Return the derivative in direction X."""
        U, s, Vh = factors
        M, rest = _components(factors, X)
        moved = U @ self._turn(s, M - M.mH)
        return (moved if rest is None else moved + rest / s.unsqueeze(-2)) @ Vh

    def second(self, factors: Factors, X: Tensor, Y: Tensor) -> Tensor:
        """Return the second derivative in directions X and Y."""
        U, s, Vh = factors
        row = s.unsqueeze(-2)
        M, rest = _components(factors, X)
        N, left = _components(factors, Y)
        by_x, by_y = self._turn(s, M - M.mH), self._turn(s, N - N.mH)
        stretch_x, stretch_y = M - by_x * row, N - by_y * row
        C = -by_y @ M
        if rest is not None and left is not None:
            C = C + (left / row).mH @ rest
        turned = by_y @ by_x + self._turn(s, C - C.mH - by_x @ stretch_y - stretch_y @ by_x)
        if rest is None or left is None:
            return U @ turned @ Vh
        inside = turned - (left / row).mH @ (rest / row)
        outside = (left / row) @ stretch_x + (rest / row) @ stretch_y
        return (U @ inside - outside / row) @ Vh

    def _turn(self, s: Tensor, K: Tensor) -> Tensor:
        """Solve Z diag(s) + diag(s) Z = K for a skew K."""
        sums = s.unsqueeze(-1) + s.unsqueeze(-2)
        if self.signed:  # a real skew matrix has no diagonal
            sums.diagonal(dim1=-2, dim2=-1).fill_(1)
        return K / sums


_UNITARY, _PROPER = PolarFactor(), PolarFactor(signed=True)


def _components(factors: Factors, X: Tensor) -> tuple[Tensor, Tensor | None]:
    """Return U^H X V, and what X V has outside the range of U if there is such an outside."""
    U, _, Vh = factors
    XV = X @ Vh.mH
    M = U.mH @ XV
    return M, None if U.shape[-2] == U.shape[-1] else XV - U @ M


def polar(A: Tensor) -> Tensor:
    """Return the unitary polar factor of A: U @ Vh of its singular value decomposition.

    A has the shape (..., m, n), float32, float64, complex64 or complex128, and so has the result, whose columns (or
    rows, if m < n) are orthonormal. The gradient divides by s_i + s_j, never by s_i - s_j.

    ValueError: A has not the full rank: its polar factor is not determined.
    """
    floating(A, "polar")
    if A.ndim < 2:
        raise ValueError(f"polar: needs matrices, of shape (..., m, n), and got {tuple(A.shape)}")
    if A.shape[-2] < A.shape[-1]:
        return polar(A.mH).mH
    U, s, Vh = torch.linalg.svd(A.detach(), full_matrices=False)
    noise = A.shape[-2] * torch.finfo(s.dtype).eps
    single = numbers(s)
    least = single[-1] - noise * single[0] if single else lowest(s[..., -1] - noise * s[..., 0])
    if least is not None and least <= 0:
        raise ValueError(
            f"polar: the smallest singular value is {s[..., -1].min():.3g}, 0 to rounding (the largest is "
            f"{s[..., 0].max():.3g}): the unitary factor is not determined"
        )
    return evaluate(A, _UNITARY, Factors(U, s, Vh))


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
    U, s, Vh = torch.linalg.svd(A.detach())
    proper = (torch.linalg.det(U) * torch.linalg.det(Vh)).sign()
    signs = torch.cat([torch.ones_like(s[..., :-1]), proper.unsqueeze(-1)], -1)
    s = s * signs
    if A.shape[-1] > 1:
        _unique(s)
    return evaluate(A, _PROPER, Factors(U * signs.unsqueeze(-2), s, Vh))


def _unique(s: Tensor) -> None:
    noise = s.shape[-1] * torch.finfo(s.dtype).eps
    least = lowest(s[..., -2] + s[..., -1] - noise * s[..., 0])
    if least is not None and least <= 0:
        cut = (s[..., -2] + s[..., -1]).min()
        raise ValueError(
            "rotation: the two smallest singular values, the last with the sign of the determinant, add up to "
            f"{cut:.3g}, 0 to rounding: many rotations are equally near"
        )
