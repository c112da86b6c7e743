"""A fixed phase or sign for eigenvectors and singular vectors."""

from __future__ import annotations

import torch
from torch import Tensor


def canonicalize(V: Tensor, like: Tensor | None = None) -> Tensor:
    """Return the columns of V with their largest entry real and positive, or their product with those of `like`.

    V has the shape (..., m, n), real or complex, and `like`, if given, too. Each column is multiplied by a number of
    modulus 1, never by 0; a column at right angles to its reference, or of zeros, stays as it is. Of entries equally
    large to rounding the first decides (Bro, Acar and Kolda 2008 weigh all entries instead).

    No choice of a phase or sign is continuous: this one jumps where another entry becomes the largest, or where a
    column passes a right angle to its reference. It fixes what is arbitrary about the vector of one isolated
    eigenvalue. Vectors of equal eigenvalues stay arbitrary, and so does the gradient: use `projector`.
    """
    return V * _phase(V, like)


def canonicalize_pair(U: Tensor, Vh: Tensor, like: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return U (..., m, k) as `canonicalize` does, and Vh (..., k, n) with the opposite phases: U diag(s) Vh stays.

    Where there are more columns of U, or rows of Vh, than of the other, they keep their phases.
    """
    k = min(U.shape[-1], Vh.shape[-2])
    phase = _phase(U[..., :k], None if like is None else like[..., :k])
    one = torch.ones_like
    left = torch.cat([phase, one(U[..., :1, k:])], -1)
    right = torch.cat([phase.mH, one(Vh[..., k:, :1])], -2)
    return U * left, Vh * right


def _phase(V: Tensor, like: Tensor | None) -> Tensor:
    if like is None:
        size = V.detach().abs()
        near = size >= size.amax(-2, keepdim=True) * (1 - 64 * torch.finfo(size.dtype).eps)
        first = near.to(torch.int8).argmax(-2, keepdim=True)
        pivot = V.gather(-2, first).conj()
    elif like.shape != V.shape:
        raise ValueError(f"canonicalize: like must have the shape of V, {tuple(V.shape)}, and has {tuple(like.shape)}")
    else:
        pivot = (V.conj() * like).sum(-2, keepdim=True)
    zero = pivot == 0
    one = torch.ones_like(pivot)
    pivot = torch.where(zero, one, pivot)
    return pivot / pivot.abs() if V.is_complex() else torch.where(pivot < 0, -one, one)
