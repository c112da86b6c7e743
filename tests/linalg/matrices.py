"""Matrices with given eigenvalues or singular values, and functions of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eiglint import linalg

SPECTRA = {
    "distinct": (1.0, 2.0, 3.5),
    "gap 1e-4": (1.0, 1.0001, 3.5),
    "gap 1e-9": (1.0, 1.0 + 1e-9, 3.5),
    "gap 1e-14": (1.0, 1.0 + 1e-14, 3.5),
    "two equal": (1.0, 1.0, 3.5),
    "all equal": (2.0, 2.0, 2.0),
}

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sqrtm": linalg.sqrtm,
    "inv_sqrtm": linalg.inv_sqrtm,
    "logm": linalg.logm,
    "expm": linalg.expm,
    "powm(0.3)": lambda A: linalg.powm(A, 0.3),
    "powm(2.5)": lambda A: linalg.powm(A, 2.5),
    "powm(-1.3)": lambda A: linalg.powm(A, -1.3),
    "powm(3)": lambda A: linalg.powm(A, 3),
    "powm(-2)": lambda A: linalg.powm(A, -2),
    "funm(sin)": lambda A: linalg.funm(A, torch.sin),
    "sqrtm(eps=1.7)": lambda A: linalg.sqrtm(A, eps=1.7),
    "logm(eps=1.7)": lambda A: linalg.logm(A, eps=1.7),
    "psd_project": lambda A: linalg.psd_project(A - 1.7 * torch.eye(3, dtype=A.dtype, device=A.device)),
    "projector": lambda A: linalg.projector(A + cut(A), 2),
    "eigh_isolated": lambda A: outer(linalg.eigh_isolated(A + cut(A), -1)),
    "polar": linalg.polar,
    "rotation": lambda A: linalg.rotation(A.real),
}
"""Smooth functions of a matrix with positive eigenvalues, whatever their gaps."""


def cut(A: Tensor) -> Tensor:
    """Return what opens a gap below the last axis of the matrices here: they have their eigenvectors in common."""
    return 4 * basis(A.dtype, A.device)[:, 2:] @ basis(A.dtype, A.device)[:, 2:].mH


def outer(pair: tuple[Tensor, Tensor]) -> Tensor:
    """Return the value times the projector onto the vector, which has no phase."""
    value, v = pair
    return value[..., None, None] * v.unsqueeze(-1) @ v.unsqueeze(-1).mH


def basis(dtype: torch.dtype, device: torch.device | str = "cpu", n: int = 3, seed: int = 0) -> Tensor:
    """Return a unitary matrix, the same each time."""
    wide = torch.complex128 if dtype.is_complex else torch.float64
    Q, _ = torch.linalg.qr(numbers((n, n), wide, seed))
    return Q.to(device=device, dtype=dtype)


def numbers(shape: Sequence[int], dtype: torch.dtype, seed: int = 0) -> Tensor:
    """Return numbers without a pattern; nothing is drawn, which vmap and Dynamo would not allow."""
    turns = torch.arange(1, math.prod(shape) + 1, dtype=torch.float64) ** 2 * (0.7 + 0.1 * seed)
    found = torch.complex(turns.cos(), (1.3 * turns).sin()) if dtype.is_complex else turns.cos()
    return found.reshape(shape).to(dtype)


def with_values(values: Sequence[float], dtype: torch.dtype = torch.float64, device: str = "cpu") -> Tensor:
    """Return a Hermitian matrix with these eigenvalues."""
    V = basis(torch.complex128 if dtype.is_complex else torch.float64, n=len(values))
    A = (V * torch.tensor(values, dtype=torch.float64)) @ V.mH
    return A.to(device=device, dtype=dtype)


def weights(A: Tensor, seed: int = 1) -> Tensor:
    """Return a fixed matrix like A."""
    return numbers(A.shape, A.dtype, seed).to(A.device)
