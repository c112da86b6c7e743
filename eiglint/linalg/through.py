"""The derivative of a function that torch differentiates, taken from the backward pass that asks for it.

A run of torch's engine costs as much as all else at small sizes, so that none is started for f' alone. The eigenvalues
are an output of the matrix, f acts on them, and its values are an input of the result. That one sends 1 back through f,
which arrives at the eigenvalues as f', and beside it the gradient in the basis of the eigenvectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from eiglint.linalg.calculus import Factors, derivative
from eiglint.linalg.sampled import Sampled


def through(A: Tensor, calculus: Sampled, factors: Factors) -> Tensor:
    """Return V f(L) V^H for reverse mode, where f is differentiated by torch and has nothing else to differentiate."""
    V, L, Vh = factors
    values, basis = _opened(A, calculus, V, L, Vh)
    return _closed(A, basis, calculus.f(values), calculus, V, L, Vh)


class _Opened(Function):
    """The eigenvalues, and the eigenvectors as what the gradient in their basis comes back through."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, calculus: Sampled, V: Tensor, L: Tensor, Vh: Tensor) -> tuple[Tensor, Tensor]:
        ctx.calculus = calculus
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(V, L, Vh)
        return L.detach(), V.detach()

    @staticmethod
    def backward(ctx: Any, slopes: Tensor | None, X: Tensor | None) -> tuple[Tensor | None, ...]:
        if X is None:
            return None, None, None, None, None
        V, L, Vh = ctx.saved_tensors
        slopes = torch.zeros_like(L) if slopes is None else slopes
        return V @ (X * ctx.calculus.differences(L, slopes)) @ Vh, None, None, None, None


class _Closed(Function):
    """V f(L) V^H of the values of f."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, basis: Tensor, values: Tensor, calculus: Sampled, *factors: Tensor) -> Tensor:
        ctx.calculus = calculus
        ctx.save_for_backward(A, *factors)
        V, L, Vh = factors
        return calculus.value((V, L, Vh))

    @staticmethod
    def backward(ctx: Any, G: Tensor) -> tuple[Tensor | None, ...]:
        A, V, L, Vh = ctx.saved_tensors
        if torch.is_grad_enabled():
            return derivative(A, G, ctx.calculus, (V, L, Vh)), None, None, None, None, None, None
        return None, Vh @ torch.lerp(G, G.mH, 0.5) @ V, torch.ones_like(L), None, None, None, None


_opened: Callable[..., tuple[Tensor, Tensor]] = super(Function, _Opened).apply
_closed: Callable[..., Tensor] = super(Function, _Closed).apply
