"""Invariant subspaces of Hermitian matrices, with derivatives that need only the gap at the cut."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eiglint.linalg.calculus import Factors, evaluate
from eiglint.linalg.divided import BELOW, HIT
from eiglint.linalg.spectrum import EPS, Spectral, eigen, hermitian, lowest, numbers


@dataclass(slots=True)  # not frozen: it is made at every call
class Cut:
    """The projector onto the first k vectors: of its derivative only the block across the cut is not 0.

    Its factors are the vectors before the cut, all eigenvalues, and the vectors behind the cut.
    """

    k: int

    def value(self, factors: Factors) -> Tensor:
        """Return V V.mH of the first k vectors."""
        inside = factors[0]
        return inside @ inside.mH

    def first(self, factors: Factors, X: Tensor) -> Tensor:
        """Return the derivative in direction (X + X^H) / 2."""
        inside, L, outside = factors
        low, high = torch.split_with_sizes(L, (self.k, L.size(-1) - self.k), -1)
        block = inside.mH @ torch.lerp(X, X.mH, 0.5) @ outside
        gaps = low.unsqueeze(-1) - (high if high.ndim == 1 else high.unsqueeze(-2))
        block = inside @ block.div_(gaps) @ outside.mH
        return block + block.mH

    def second(self, factors: Factors, X: Tensor, Y: Tensor) -> Tensor:
        """Return the second derivative in directions (X + X^H) / 2 and (Y + Y^H) / 2."""
        inside, L, outside = factors
        V, k = torch.cat([inside, outside], -1), self.k
        middle = L[..., k - 1 : k].lerp(L[..., k : k + 1], 0.5)
        return Spectral(BELOW).second((V, L - middle, V.mH), X, Y)


def projector(A: Tensor, k: int, largest: bool = False) -> Tensor:
    """Return V V.mH of the k smallest eigenvalues of (A + A.mH) / 2, or of the k largest ones.

    A has the shape (..., n, n), float32, float64, complex64 or complex128, and so has the result. The derivative has
    the entries X_ij / (l_i - l_j) for l_i and l_j on different sides of the cut, and 0 elsewhere (Kato, Perturbation
    Theory for Linear Operators, II.2): values that meet on one side are no matter.

    ValueError: k is not between 1 and n - 1, or the gap at the cut is 0 to rounding: the subspace is not determined.
    Under vmap and torch.compile, where this cannot be seen in time, the result is NaN then.
    """
    A = -A if largest else A
    return evaluate(A, Cut(k), lambda A: _parts(A, k))


def _parts(A: Tensor, k: int) -> Factors:
    V, L = eigen(A, "projector")
    n = L.size(-1)
    if not 0 < k < n:
        raise ValueError(f"projector: k must be between 1 and {n - 1} for matrices of size {n}, and is {k}")
    single = numbers(L)
    if not single or single[k] - single[k - 1] <= n * EPS[L.dtype] * max(-single[0], single[-1]):
        gap = L[..., k] - L[..., k - 1]
        V = _opened(V, L, gap, f"projector: the gap at the cut, between eigenvalues {k} and {k + 1},")
    inside, outside = torch.split_with_sizes(V, (k, n - k), -1)
    return inside, L, outside


def eigh_isolated(A: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return eigenvalue k of (A + A.mH) / 2, counted from 0 (or from -1 at the top), and its eigenvector.

    A has the shape (..., n, n), the value (...), the vector (..., n). The derivatives need only the distance from the
    other values, which may meet among themselves; those of `torch.linalg.eigh` are NaN then. The vector has the phase
    or sign that `eigh` gave it, moves at right angles to itself, and is as arbitrary as any: see `canonicalize`.

    ValueError: there is no eigenvalue k, or its distance from the nearest is 0 to rounding. Under vmap and
    torch.compile, where this cannot be seen in time, the result is NaN then.
    """
    V, L = eigen(A.detach(), "eigh_isolated")
    n = L.shape[-1]
    if not -n <= k < n:
        raise ValueError(f"eigh_isolated: matrices of size {n} have no eigenvalue {k}")
    k %= n
    apart = L - L[..., k : k + 1]
    others = torch.cat([apart[..., :k], apart[..., k + 1 :]], -1).abs()
    if n > 1:
        nearest = others.amin(-1)
        V = _opened(V, L, nearest, f"eigh_isolated: the distance of eigenvalue {k} from the nearest")
    v = V[..., k : k + 1]
    v = evaluate(A, Spectral(HIT), lambda _: (V, apart, V.mH)) @ v
    v = v / torch.linalg.vector_norm(v, dim=-2, keepdim=True)
    value = (v.mH @ hermitian(A) @ v).real
    return value[..., 0, 0], v[..., 0]


def _opened(V: Tensor, L: Tensor, gap: Tensor, what: str) -> Tensor:
    """Return the vectors V; raise where a gap is no more than rounding, or put NaN if that cannot be read."""
    size = L.abs().amax(-1)
    open_ = gap - L.size(-1) * EPS[L.dtype] * size  # beyond how far eigenvalues are from right to rounding
    least = lowest(open_)
    if least is None:
        return torch.where((open_ > 0)[..., None, None], V, torch.nan)
    if least <= 0:
        closed = int(open_.argmin())
        raise ValueError(
            f"{what} is {gap.flatten()[closed]:.3g}, 0 to rounding (the largest eigenvalue is "
            f"{size.flatten()[closed]:.3g})"
        )
    return V
