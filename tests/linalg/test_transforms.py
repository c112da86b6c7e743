"""vmap, torch.func and torch.compile: the same numbers as without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

from eiglint import linalg
from tests.linalg.matrices import FUNCTIONS, SPECTRA, weights, with_values

Loss = Callable[[Tensor], Tensor]


def loss_of(name: str) -> Loss:
    """Return a real loss that weighs the entries of a function."""

    def loss(A: Tensor) -> Tensor:
        value = FUNCTIONS[name](A)
        return (weights(value) * value).sum()

    return loss


def stack() -> Tensor:
    return torch.stack([with_values(values) for values in SPECTRA.values()])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_stack_under_vmap_is_one_matrix_after_another(name: str) -> None:
    loss = loss_of(name)
    for transform in (lambda f: f, grad, hessian):
        together = vmap(transform(loss))(stack())
        assert torch.allclose(together, torch.stack([transform(loss)(A) for A in stack()]), atol=1e-10)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_stack_is_one_matrix_after_another(name: str) -> None:
    assert torch.allclose(FUNCTIONS[name](stack()), torch.stack([FUNCTIONS[name](A) for A in stack()]))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_orders_of_modes_agree(name: str) -> None:
    loss, A = loss_of(name), with_values(SPECTRA["two equal"])
    backward = A.clone().requires_grad_()
    loss(backward).backward()
    assert backward.grad is not None
    assert torch.allclose(grad(loss)(A), backward.grad)
    assert torch.allclose(jvp(loss, (A,), (weights(A),))[1], (backward.grad * weights(A)).sum())
    first = jacrev(jacrev(loss))(A)
    for other in (jacfwd(jacrev(loss)), jacrev(jacfwd(loss)), jacfwd(jacfwd(loss))):
        assert torch.allclose(other(A), first, atol=1e-10)


@pytest.mark.parametrize("name", ["sqrtm", "psd_project", "projector", "polar", "rotation", "funm(sin)"])
def test_hooks_of_saved_tensors_see_the_factors(name: str) -> None:
    loss, A = loss_of(name), with_values(SPECTRA["distinct"]).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(A), A)
    stored: list[Tensor] = []

    def store(saved: Tensor) -> int:
        stored.append(saved.detach().clone())
        return len(stored) - 1

    with torch.autograd.graph.saved_tensors_hooks(store, lambda index: stored[index]):
        value = FUNCTIONS[name](A)
    kept = sum(saved.numel() for saved in stored)
    assert kept >= 2 * A.numel(), "A and its vectors"
    (found,) = torch.autograd.grad((weights(value) * value).sum(), A)
    assert torch.equal(found, gradient)


def compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    torch.compiler.reset()
    return torch.compile(function, fullgraph=True, backend="aot_eager")


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiling_keeps_the_gradient(name: str) -> None:
    loss, A = loss_of(name), with_values(SPECTRA["two equal"])
    eager, traced = A.clone().requires_grad_(), A.clone().requires_grad_()
    loss(eager).backward()
    compiled(loss)(traced).backward()
    assert eager.grad is not None
    assert traced.grad is not None
    assert torch.allclose(traced.grad, eager.grad)


def test_compiling_keeps_a_gradient_a_hessian_and_forward_mode() -> None:
    loss, A = loss_of("sqrtm"), with_values(SPECTRA["two equal"])
    for function in (loss, grad(loss), jacfwd(loss), jacrev(jacrev(loss)), jacfwd(jacrev(loss))):
        assert torch.allclose(compiled(function)(A), function(A), atol=1e-10)
    assert torch.allclose(compiled(vmap(grad(loss)))(stack()), vmap(grad(loss))(stack()), atol=1e-10)


@pytest.mark.parametrize("times", [5, 400])
def test_a_flow_can_be_compiled_and_mapped(times: int) -> None:
    A = torch.stack([with_values(values) for values in SPECTRA.values()])
    x, t = weights(A)[..., 0], torch.linspace(-1, 1, times, dtype=torch.float64)
    one_by_one = torch.stack([linalg.linear_flow(a, t, b) for a, b in zip(A, x, strict=True)])
    assert torch.allclose(vmap(linalg.linear_flow, (0, None, 0))(A, t, x), one_by_one)
    assert torch.allclose(compiled(linalg.linear_flow)(A, t, x), one_by_one)


def test_a_closed_gap_that_cannot_be_read_gives_nan() -> None:
    A = with_values((1.0, 1.0, 2.0)).unsqueeze(0)
    assert vmap(lambda A: linalg.projector(A, 1))(A).isnan().all()
    assert vmap(lambda A: linalg.eigh_isolated(A, 0)[1])(A).isnan().all()
    assert vmap(linalg.logm)(-A).isnan().any()
    assert vmap(linalg.sqrtm)(-A).isnan().any()
