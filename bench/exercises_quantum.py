"""Programs of quantum mechanics whose decompositions the analysis proves invariant."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import torch
from bare import bare
from exercises import GENERIC, Exercise, definite, draw, hermitian, weighed
from torch import Tensor


def state(n: int) -> Tensor:
    """A density matrix."""
    matrix = hermitian(n, n)
    return matrix / matrix.diagonal().sum()


def torchqc() -> Iterator[Exercise]:
    functions = importlib.import_module("torchqc.common_functions")
    operator = importlib.import_module("torchqc.operators").Operator

    def powered(rho: Tensor) -> Tensor:
        return weighed(functions.herm_operator_function(operator(4, rho), torch.sqrt).matrix)

    def entangled(rho: Tensor) -> Tensor:
        return functions.concurrence(operator(4, rho))

    def steady(h: Tensor, jump: Tensor) -> Tensor:
        return weighed(functions.steadystate(operator(3, h), [operator(3, jump)], [0.4]).matrix)

    yield Exercise("torchqc", "herm_operator_function", powered, (state(4),))
    yield Exercise("torchqc", "concurrence", entangled, (state(4),))
    yield Exercise("torchqc", "steadystate", steady, (hermitian(3, 3), draw(3, 3, dtype=GENERIC)))


def deepquantum() -> Iterator[Exercise]:
    root = bare("deepquantum.photonic.qmath").sqrtm_herm
    density = bare("deepquantum.qmath").is_density_matrix
    yield Exercise("deepquantum", "sqrtm_herm", lambda a: weighed(root(a)), (definite(4, 4),))
    yield Exercise("deepquantum", "sqrtm_herm, complex", lambda a: weighed(root(a)), (hermitian(4, 4),))
    yield Exercise("deepquantum", "is_density_matrix", lambda a: weighed(a) * float(density(a)), (state(4),))


PACKAGES = (torchqc, deepquantum)
