"""Losses whose gradients are known, and what a watch writes down while one of them is differentiated."""

from __future__ import annotations

import math

import torch
from seen import only

from eiglint.runtime import watch


def weights(like, *shape):
    """Fixed weights, not affine in any index; complex ones for complex tensors."""
    numbers = torch.arange(1.0, math.prod(shape or like.shape) + 1, dtype=torch.float64)
    drawn = torch.sin(numbers**2).reshape(shape or like.shape)
    if like.is_complex():
        drawn = torch.complex(drawn, torch.cos(numbers**2).reshape(shape or like.shape))
    return drawn.to(like)


def linear(V):
    """A loss that depends on the phase of every column, on each to another degree."""
    return (V * weights(V).conj() * torch.arange(1.0, V.shape[-1] + 1, device=V.device)).real.sum()


def with_gradients(parts, loss):
    """Give the gradients of a loss at the outputs of a decomposition."""
    leaves = [part.detach().requires_grad_() for part in parts]
    return torch.autograd.grad(loss(*leaves), leaves, allow_unused=True)


def differentiate(loss):
    """Run a backward, whatever torch thinks of it."""
    try:
        loss.backward()
    except RuntimeError as error:
        if "up to multiplication" not in str(error):
            raise


def evidence_of(decompose, A, loss, **options):
    with watch(thin=False, **options) as report:
        differentiate(loss(*decompose(A)))  # the decomposition
    return only(report)
