"""The rigid motion that lays one set of points over another."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from eiglint.linalg.polar import rotation


class Alignment(NamedTuple):
    """Q is about P @ R.mT + t: the rotation, the translation, the root of the mean squared distance that is left."""

    rotation: Tensor
    translation: Tensor
    rmsd: Tensor


def kabsch(P: Tensor, Q: Tensor, weights: Tensor | None = None) -> Alignment:
    """Return the rotation (..., d, d), the translation (..., d) and the rmsd (...): Q is about P @ R.mT + t.

    P and Q hold a point a row, (..., N, d), float32 or float64; weights (..., N) are not negative (Kabsch 1976, 1978;
    Umeyama 1991). All three can be differentiated by all arguments. The gradient of the rmsd is 0 where the rmsd is.

    ValueError: the shapes do not fit, or many rotations fit equally well (points on a line, or a mirror image of equal
    spreads).
    """
    if P.shape != Q.shape or P.ndim < 2:
        raise ValueError(f"kabsch: P and Q must have one shape (..., N, d), not {tuple(P.shape)} and {tuple(Q.shape)}")
    if weights is None:
        weights = P.new_ones(P.shape[:-1])
    elif weights.shape != P.shape[:-1]:
        raise ValueError(f"kabsch: the weights of points {tuple(P.shape)} must be {tuple(P.shape[:-1])}, and are "
                         f"{tuple(weights.shape)}")  # fmt: skip
    shares = (weights / weights.sum(-1, keepdim=True)).unsqueeze(-1)
    p, q = (shares * P).sum(-2, keepdim=True), (shares * Q).sum(-2, keepdim=True)
    R = rotation((shares * (Q - q)).mT @ (P - p))
    left = (shares * (Q - q - (P - p) @ R.mT) ** 2).sum((-2, -1))
    exact = left == 0
    rmsd = torch.where(exact, left, torch.where(exact, torch.ones_like(left), left).sqrt())
    return Alignment(R, (q - p @ R.mT).squeeze(-2), rmsd)
