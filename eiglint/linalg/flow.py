"""Linear flows: exp(A t) x for many times."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from eiglint.linalg.spectrum import lowest, square

SMALL = 3000
"""The largest T n^2 for which one matrix exponential for each time costs less than all that spares them."""

LEVELS = 20
"""The binary digits of a time where |A| and |t| cannot be read."""


def linear_flow(A: Tensor, t: Tensor, x0: Tensor) -> Tensor:
    """Return exp(A t) x0 for every t, the solutions of dx/dt = A x that start at x0.

    A is any square matrix (..., n, n), float32, float64, complex64 or complex128; t are real times (T,), negative ones
    too; x0 is (..., n), of the same dtype as A or real. The result is (..., T, n), differentiable by all three.

    t is a whole number of small steps h, with |A h| of at most 1, and a rest. For the rests there is one Taylor series,
    for each binary digit k of the whole numbers one matrix exp(A h 2^k), the square of the one before, applied to the
    times that have it (scaling and squaring, Moler and Van Loan 2003). With K = log2(|A| max|t|) digits that is of the
    order of K n^3 + K T n^2 operations and K (T n + n^2) numbers, where exp(A t) needs T n^3 and T n^2. Few times of a
    small matrix are quicker by exp(A t).

    ValueError: the shapes do not fit. Under vmap and torch.compile, where |A| and |t| cannot be read, there are 20
    digits, and the result is NaN if they are not enough.
    """
    square(A, "linear_flow")
    if t.ndim != 1 or t.is_complex() or x0.ndim < 1 or x0.shape[-1] != A.shape[-1]:
        raise ValueError(
            f"linear_flow: needs A (..., n, n), real t (T,) and x0 (..., n), and got {tuple(A.shape)}, "
            f"{tuple(t.shape)} and {tuple(x0.shape)}"
        )
    kind = torch.promote_types(A.dtype, x0.dtype)
    A, x0 = A.to(kind), x0.to(kind)
    x0 = x0 + torch.zeros_like(A[..., 0, :])  # one for each matrix
    t = t.to(A.real.dtype)
    if t.shape[0] * A.shape[-1] ** 2 <= SMALL:
        each = torch.linalg.matrix_exp(A.unsqueeze(-3) * t[:, None, None])
        moved: Tensor = each @ x0[..., None, :, None]
        return moved.squeeze(-1)
    ahead = _ahead(A, t.clamp(min=0), x0)
    least = lowest(t)
    if least is not None and least >= 0:
        return ahead
    return torch.where((t < 0).unsqueeze(-1), _ahead(-A, (-t).clamp(min=0), x0), ahead)


def _ahead(A: Tensor, t: Tensor, x0: Tensor) -> Tensor:
    """Return exp(A t) x0 for times that are not negative."""
    step, levels = _steps(A.detach(), t.detach())
    whole = (t.detach() / step).floor().clamp(max=2**levels - 1)
    B = A * step
    X = _krylov(B, x0) @ _taylor((t - whole * step) / step).mT.to(A.dtype)
    E = torch.linalg.matrix_exp(B) if levels else B
    for level in range(levels):
        X = torch.where((whole / 2**level).floor() % 2 == 1, E @ X, X)
        if level < levels - 1:  # beyond the last time it could overflow
            E = torch.where(step * 2.0 ** (level + 1) <= t.detach().amax(), E @ E, E)
    return X.mT


def _steps(A: Tensor, t: Tensor) -> tuple[Tensor, int]:
    """Return a time h with |A h| of at most 1, and how many binary digits the times have in steps of it."""
    size = A.abs().sum(-2).amax().clamp(min=torch.finfo(t.dtype).tiny)
    latest = t.amax().clamp(min=torch.finfo(t.dtype).tiny)
    products = lowest(-size * latest)
    if products is not None:
        levels = max(0, math.ceil(math.log2(max(1.0, -products)) if math.isfinite(products) else 0))
        return latest * 0.5**levels, levels
    return torch.where(size * latest < 2**LEVELS, 1 / size, torch.nan), LEVELS


def _krylov(B: Tensor, x: Tensor) -> Tensor:
    """Return the columns x, B x, B^2 x, ..., as many as the Taylor series has terms."""
    columns = x.unsqueeze(-1)
    for _ in range(_doublings(x.real.dtype) - 1):
        columns = torch.cat([columns, B @ columns], -1)
        B = B @ B
    return torch.cat([columns, B @ columns], -1)


def _taylor(r: Tensor) -> Tensor:
    """Return 1, r, r^2 / 2!, ... along a new last axis."""
    powers = torch.ones_like(r).unsqueeze(-1)
    factor = r.unsqueeze(-1)
    for _ in range(_doublings(r.dtype)):
        powers = torch.cat([powers, powers * factor], -1)
        factor = factor * factor
    degrees = torch.arange(powers.shape[-1], dtype=r.dtype, device=r.device)
    return powers / (degrees + 1).lgamma().exp()


def _doublings(dtype: torch.dtype) -> int:
    """Return log2 of the number of terms, enough for |B| of at most 1 and for two derivatives."""
    return 4 if dtype == torch.float32 else 5
