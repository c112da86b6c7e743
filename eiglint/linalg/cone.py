"""The projection onto the cone of positive semidefinite matrices."""

from __future__ import annotations

import torch
from torch import Tensor

from eiglint.linalg.calculus import Factors
from eiglint.linalg.divided import clamped, sizes, sums
from eiglint.linalg.spectrum import Spectral, eigen


class Projection:
    """V max(L, 0) V^H by the factors V, L and V max(L, 0).

    With p = max(l, 0) the divided difference (p_i + p_j) / (|l_i| + |l_j|) is the sum of a matrix that the third factor
    holds already and its adjoint.
    """

    __slots__ = ()

    def value(self, factors: Factors) -> Tensor:
        """Return V max(L, 0) V^H."""
        V, _, raised = factors
        return raised @ V.mH

    def first(self, factors: Factors, X: Tensor) -> Tensor:
        """Return the derivative in direction (X + X^H) / 2."""
        V, L, raised = factors
        Vh = V.mH
        half = raised @ (Vh @ torch.lerp(X, X.mH, 0.5) @ V).div_(sums(sizes(L))) @ Vh
        return half + half.mH

    def second(self, factors: Factors, X: Tensor, Y: Tensor) -> Tensor:
        """Return the second derivative in directions (X + X^H) / 2 and (Y + Y^H) / 2."""
        V, L, _ = factors
        return _CLAMPED.second((V, L, V.mH), X, Y)


_CLAMPED = Spectral(clamped(0.0))


def projected(A: Tensor) -> Factors:
    """Return the factors of a projection."""
    V, L = eigen(A, "psd_project")
    return V, L, V * L.relu().unsqueeze(-2)
