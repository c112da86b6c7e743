"""The other ways to a square root and to a nearest rotation; None for a library that is not installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from eiglint import linalg

Of = Callable[[Tensor], Tensor]


def naive_root(A: Tensor) -> Tensor:
    """Write out V sqrt(L) V^T."""
    L, V = torch.linalg.eigh(A)
    return (V * L.sqrt().unsqueeze(-2)) @ V.mT


def naive_polar(A: Tensor) -> Tensor:
    """Write out U Vh."""
    U, _, Vh = torch.linalg.svd(A, full_matrices=False)
    return U @ Vh


class _Eigh(Function):
    """eigh whose backward puts another function in place of 1 / gap."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, inverse: Of) -> tuple[Tensor, Tensor]:
        L, V = torch.linalg.eigh(A)
        ctx.inverse = inverse
        ctx.save_for_backward(L, V)
        return L, V

    @staticmethod
    def backward(ctx: Any, gL: Tensor, gV: Tensor) -> tuple[Tensor, None]:
        L, V = ctx.saved_tensors
        F = ctx.inverse(L.unsqueeze(-2) - L.unsqueeze(-1))
        return V @ (F * (V.mT @ gV) + torch.diag_embed(gL)) @ V.mT, None


def root_with(inverse: Of) -> Of:
    """Return the square root with another function in place of 1 / gap."""

    def root(A: Tensor) -> Tensor:
        L, V = _Eigh.apply(A, inverse)
        return (V * L.sqrt().unsqueeze(-2)) @ V.mT

    return root


def masked(gap: Tensor) -> Tensor:
    """Leave pairs out that are closer than 1e-9."""
    return torch.where(gap.abs() < 1e-9, 0, 1 / torch.where(gap == 0, 1, gap))


def broadened(gap: Tensor) -> Tensor:
    """Return the Lorentzian with the width of 1e-12 (Liao and others 2019)."""
    return gap / (gap * gap + 1e-12)


def newton_schulz_root(A: Tensor, steps: int = 25) -> Tensor:
    """Iterate to the square root, and differentiate the iteration."""
    size = torch.linalg.matrix_norm(A)
    eye = torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)
    Y, Z = A / size, eye
    for _ in range(steps):
        T = (3 * eye - Z @ Y) / 2
        Y, Z = Y @ T, T @ Z
    return Y * size.sqrt()


def newton_schulz_polar(A: Tensor, steps: int = 30) -> Tensor:
    """Iterate to the polar factor, and differentiate the iteration."""
    X = A / torch.linalg.matrix_norm(A)
    for _ in range(steps):
        X = 1.5 * X - 0.5 * X @ X.mT @ X
    return X * torch.linalg.det(X).sign()


def naive_rotation(A: Tensor) -> Tensor:
    """Write out U diag(1, 1, d) Vh."""
    U, _, Vh = torch.linalg.svd(A)
    one = torch.ones_like(A[0, 0])
    return U @ torch.diag(torch.stack([one, one, torch.linalg.det(U @ Vh).sign().detach()])) @ Vh


def geoopt_root() -> Of:
    """Return the square root of geoopt."""
    from geoopt.linalg import sym_sqrtm

    return lambda A: sym_sqrtm(A)


def geomstats_root() -> Of:
    """Return the square root of geomstats with its torch backend."""
    import geomstats.backend as gs

    return lambda A: gs.linalg.sqrtm(A)


def xitorch_root() -> Of:
    """Return the square root from the eigenvectors of xitorch, told that they may be degenerate."""
    import xitorch
    import xitorch.linalg

    def root(A: Tensor) -> Tensor:
        operator = xitorch.LinearOperator.m((A + A.mT) / 2, is_hermitian=True)
        L, V = xitorch.linalg.symeig(operator, bck_options={"degen_atol": 1e-9}, method="exacteig")
        return (V * L.sqrt().unsqueeze(-2)) @ V.mT

    return root


def scipy_root() -> Of:
    """Return the square root of scipy, which has no gradient."""
    from scipy.linalg import sqrtm

    return lambda A: torch.as_tensor(sqrtm(A.detach().numpy()))


def roma_rotation() -> Of:
    """Return the rotation of roma."""
    import roma

    return lambda A: roma.special_procrustes(A)


def installed(name: str, make: Callable[[], Of]) -> Of | None:
    """Return what a library offers, or nothing if it is not installed."""
    return make() if find_spec(name) is not None else None


ROOTS: dict[str, Of | None] = {
    "eigh": naive_root,
    "eigh, Lorentzian 1e-12": root_with(broadened),
    "eigh, masked below 1e-9": root_with(masked),
    "Newton-Schulz, 25 steps": newton_schulz_root,
    "geoopt": installed("geoopt", geoopt_root),
    "geomstats": installed("geomstats", geomstats_root),
    "xitorch": installed("xitorch", xitorch_root),
    "eiglint.linalg": linalg.sqrtm,
}
ROOT_VALUES: dict[str, Of | None] = {**ROOTS, "scipy": installed("scipy", scipy_root)}
POLARS: dict[str, Of | None] = {
    "svd": naive_rotation,
    "Newton-Schulz, 30 steps": newton_schulz_polar,
    "roma": installed("roma", roma_rotation),
    "eiglint.linalg": linalg.rotation,
}
