"""Invariant subspaces of Hermitian matrices, with derivatives that need only the gap at the cut."""

from __future__ import annotations

import torch
from torch import Tensor

from eiglint.linalg.calculus import Factors, evaluate
from eiglint.linalg.divided import BELOW, HIT
from eiglint.linalg.spectrum import Spectral, decomposed, hermitian, lowest


def projector(A: Tensor, k: int, largest: bool = False) -> Tensor:
    """Return V V.mH of the k smallest eigenvalues of (A + A.mH) / 2, or of the k largest ones.

    A has the shape (..., n, n), float32, float64, complex64 or complex128, and so has the result. The derivative has
    the entries X_ij / (l_i - l_j) for l_i and l_j on different sides of the cut, and 0 elsewhere (Kato, Perturbation
    Theory for Linear Operators, II.2): values that meet on one side are no matter.

    ValueError: k is not between 1 and n - 1, or the gap at the cut is 0 to rounding: the subspace is not determined.
    Under vmap and torch.compile, where this cannot be seen in time, the result is NaN then.
    """
    factors = decomposed(-A if largest else A, "projector")
    L = factors.s
    n = L.shape[-1]
    if not 0 < k < n:
        raise ValueError(f"projector: k must be between 1 and {n - 1} for matrices of size {n}, and is {k}")
    below, above = L[..., k - 1 : k], L[..., k : k + 1]
    open_ = _open(above - below, L, f"projector: the gap at the cut, between eigenvalues {k} and {k + 1},")
    cut = torch.where(open_, below + (above - below) / 2, torch.nan)
    return evaluate(-A if largest else A, Spectral(BELOW), factors._replace(s=L - cut))


def eigh_isolated(A: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return eigenvalue k of (A + A.mH) / 2, counted from 0 (or from -1 at the top), and its eigenvector.

    A has the shape (..., n, n), the value (...), the vector (..., n). The derivatives need only the distance from the
    other values, which may meet among themselves; those of `torch.linalg.eigh` are NaN then. The vector has the phase
    or sign that `eigh` gave it, moves at right angles to itself, and is as arbitrary as any: see `canonicalize`.

    ValueError: there is no eigenvalue k, or its distance from the nearest is 0 to rounding. Under vmap and
    torch.compile, where this cannot be seen in time, the result is NaN then.
    """
    factors = decomposed(A, "eigh_isolated")
    V, L, _ = factors
    n = L.shape[-1]
    if not -n <= k < n:
        raise ValueError(f"eigh_isolated: matrices of size {n} have no eigenvalue {k}")
    k %= n
    apart = L - L[..., k : k + 1]
    others = torch.cat([apart[..., :k], apart[..., k + 1 :]], -1).abs()
    if n > 1:
        nearest = others.amin(-1, keepdim=True)
        open_ = _open(nearest, L, f"eigh_isolated: the distance of eigenvalue {k} from the nearest")
        apart = torch.where(open_, apart, torch.nan)
    v = V[..., k : k + 1]
    v = evaluate(A, Spectral(HIT), Factors(V, apart, V.mH)) @ v
    v = v / torch.linalg.vector_norm(v, dim=-2, keepdim=True)
    value = (v.mH @ hermitian(A) @ v).real
    return value[..., 0, 0], v[..., 0]


def _open(gap: Tensor, L: Tensor, what: str) -> Tensor:
    """Tell where a gap is more than rounding; raise where it is not, if that can be read."""
    size = L.abs().amax(-1, keepdim=True)
    open_ = gap > L.shape[-1] * torch.finfo(L.dtype).eps * size
    if lowest(open_) == 0:
        closed = int(torch.where(open_, torch.inf, gap / size).argmin())
        raise ValueError(
            f"{what} is {gap.flatten()[closed]:.3g}, 0 to rounding (the largest eigenvalue is "
            f"{size.flatten()[closed]:.3g})"
        )
    return open_
