"""Ways to call a decomposition: each returns a loss, and the line that is to be named is marked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn
from torch.linalg import eigh as imported_before

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr


def fine(V):
    """A loss that no phase, sign or order of V changes, and that reaches its columns unevenly."""
    weights = torch.linspace(1.0, 2.0, V.shape[-2], device=V.device, dtype=V.real.dtype) ** 2
    return (weights.unsqueeze(-1) * V.abs() ** 2 * torch.arange(1.0, V.shape[-1] + 1, device=V.device)).sum()


def by_an_old_name(A):
    V = imported_before(A).eigenvectors  # the call
    return fine(V)


def by_a_method(A):
    U = A.svd().U  # the call
    return fine(U)


def by_an_operator(A):
    V = torch.ops.aten._linalg_eigh(A)[1]  # the call
    return fine(V)


def by_a_composite_operator(A):
    U = torch.ops.aten.linalg_svd(A)[0]  # the call
    return fine(U)


def by_torch_svd(A):
    U = torch.svd(A).U  # the call
    return fine(U)


def by_qr(A):
    Q = qr(A).Q  # the call
    return fine(Q)


def by_eig(A):
    V = eig(A).eigenvectors  # the call
    return fine(V)


def in_a_module(A):
    class Basis(nn.Module):
        def forward(self, A):
            return eigh(A).eigenvectors  # the call

    return fine(Basis()(A))


def in_another_thread(A):
    def work():
        return eigh(A).eigenvectors  # the call

    with ThreadPoolExecutor(1) as pool:
        return fine(pool.submit(work).result())


def in_replicas(A):
    class Basis(nn.Module):
        def forward(self, A):
            return eigh(A).eigenvectors  # the call

    return fine(nn.DataParallel(Basis())(A))


def through_a_view(A):
    V = eigh(A).eigenvectors  # the call
    return fine(V.mT.contiguous().mT.clone())


WAYS = [
    by_an_old_name,
    by_a_method,
    by_an_operator,
    by_a_composite_operator,
    by_torch_svd,
    by_qr,
    by_eig,
    in_a_module,
    in_another_thread,
    through_a_view,
]
