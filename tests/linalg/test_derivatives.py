"""First and second derivatives by finite differences, in reverse and forward mode, at every gap."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from eiglint import linalg
from tests.linalg.matrices import FUNCTIONS, SPECTRA, basis, weights, with_values

Of = Callable[[Tensor], Tensor]
DTYPES = pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("spectrum", SPECTRA)
def test_both_derivatives_agree_with_differences(name: str, spectrum: str, device: str) -> None:
    A = with_values(SPECTRA[spectrum], device=device).requires_grad_()
    assert gradcheck(FUNCTIONS[name], A, check_forward_ad=True, fast_mode=True)
    assert gradgradcheck(FUNCTIONS[name], A, check_fwd_over_rev=True, fast_mode=True)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("spectrum", ["gap 1e-9", "all equal"])
def test_so_do_those_of_complex_matrices(name: str, spectrum: str, device: str) -> None:
    A = with_values(SPECTRA[spectrum], torch.complex128, device).requires_grad_()
    assert gradcheck(FUNCTIONS[name], A, check_forward_ad=True, fast_mode=True)
    assert gradgradcheck(FUNCTIONS[name], A, check_fwd_over_rev=True, fast_mode=True)


@pytest.mark.parametrize("name", ["sqrtm", "funm(sin)", "psd_project", "projector", "polar"])
def test_every_entry_agrees_where_two_values_are_equal(name: str) -> None:
    A = with_values(SPECTRA["two equal"]).requires_grad_()
    assert gradcheck(
        FUNCTIONS[name], A, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True
    )
    assert gradgradcheck(FUNCTIONS[name], A, check_fwd_over_rev=True, check_rev_over_rev=True)


@DTYPES
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 4, 3)], ids=str)
def test_polar_factors_of_rectangles(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    m, n = shape[-2:]
    A = (torch.eye(m, n, dtype=dtype).expand(shape) @ basis(dtype, n=n, seed=3)).clone().requires_grad_()
    assert gradcheck(linalg.polar, A, check_forward_ad=True, fast_mode=True)
    assert gradgradcheck(linalg.polar, A, check_fwd_over_rev=True, fast_mode=True)


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["positive determinant", "negative determinant"])
@pytest.mark.parametrize("values", [(3, 2, 1), (2, 2, 0.5), (2, 2, 0), (2, 2 - 1e-9, 1), (1, 1, 1)], ids=str)
def test_rotations_of_both_determinants(values: tuple[float, ...], sign: float) -> None:
    if sign < 0 and values[1] == values[2]:
        pytest.skip("many rotations are equally near")
    U = basis(torch.float64, seed=4)
    U = U * torch.tensor([1.0, 1.0, sign * torch.linalg.det(U)], dtype=torch.float64)
    A = (U @ torch.diag(torch.tensor(values, dtype=torch.float64))).requires_grad_()
    assert torch.linalg.det(linalg.rotation(A)).item() == pytest.approx(1)
    assert gradcheck(linalg.rotation, A, check_forward_ad=True)
    assert gradgradcheck(linalg.rotation, A, check_fwd_over_rev=True)


def test_what_a_function_refers_to_gets_its_gradient_and_the_mixed_one() -> None:
    A = with_values(SPECTRA["two equal"]).requires_grad_()
    time = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)

    def heat(A: Tensor, time: Tensor) -> Tensor:
        return linalg.funm(A, lambda x: torch.exp(-time * x))

    def power(A: Tensor, p: Tensor) -> Tensor:
        return linalg.powm(A, p)

    for function in (heat, power):
        assert gradcheck(function, (A, time), check_forward_ad=True)
        assert gradgradcheck(function, (A, time), check_fwd_over_rev=True)


def test_a_function_may_be_complex() -> None:
    A = with_values(SPECTRA["two equal"]).requires_grad_()

    def evolved(A: Tensor) -> Tensor:
        return linalg.funm(A, lambda x: torch.exp(1j * x), lambda x: 1j * torch.exp(1j * x))

    assert torch.allclose(evolved(A), torch.linalg.matrix_exp(1j * A))
    assert gradcheck(evolved, A)
    assert gradgradcheck(evolved, A)


@pytest.mark.parametrize("f", [torch.sin, lambda x: x, lambda x: x.detach() ** 2], ids=["sine", "itself", "no f'"])
def test_one_value_gives_its_gradient_as_often_as_it_is_asked(f: Of) -> None:
    A = with_values(SPECTRA["distinct"]).requires_grad_()
    loss = (weights(A.detach()) * linalg.funm(A, f)).sum()
    (once,) = torch.autograd.grad(loss, A, retain_graph=True)
    for create in (False, True):
        (again,) = torch.autograd.grad(loss, A, retain_graph=True, create_graph=create)
        assert torch.allclose(again, once)
    assert once.abs().max() > 0.1


def jumping(x: Tensor) -> Tensor:
    return torch.sin(x) + 5 * (x > 1.5)


@pytest.mark.parametrize("values", [(1.0, 2.0, 3.0), (1.49, 1.51, 3.0), (1.0, 1.0, 2.0), (1.0,) * 20 + (2.0,) * 20])
def test_a_jump_between_eigenvalues_has_its_part_in_the_gradient(values: tuple[float, ...]) -> None:
    def smooth(A: Tensor) -> Tensor:
        upper = sum(value > 1.5 for value in values)
        return linalg.funm(A, torch.sin) + 5 * linalg.projector(A, upper, largest=True)

    A = with_values(values).requires_grad_()
    W = weights(A.detach())
    gradients = []
    for function in (lambda A: linalg.funm(A, jumping), smooth, lambda A: linalg.funm(A.unsqueeze(0), jumping)[0]):
        gradients.append(torch.autograd.grad((W * function(A)).sum(), A)[0])
    assert torch.allclose(gradients[0], gradients[1], atol=1e-10)
    assert torch.allclose(gradients[2], gradients[1], atol=1e-10)
    through = torch.func.grad(lambda A: (W * linalg.funm(A, jumping)).sum())(A)
    assert torch.allclose(through, gradients[1], atol=1e-10)


@pytest.mark.parametrize("gap", [0.1, 1e-3, 1e-7, 1e-13, 0.0])
def test_matrices_of_a_stack_may_be_close_or_not(gap: float) -> None:
    A = torch.stack([with_values(values) for values in ((1.0, 1.0 + gap, 2.0), (0.0, 1.0, 2.0))]).requires_grad_()
    W = weights(A.detach())
    (found,) = torch.autograd.grad((W * linalg.funm(A, torch.exp)).sum(), A)
    (true,) = torch.autograd.grad((W * linalg.expm(A)).sum(), A)
    assert torch.allclose(found, true, rtol=1e-14, atol=1e-14 * true.abs().max().item())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("gap", [0.1, 1e-3, 1e-7, 0.0])
def test_one_matrix_may_have_close_pairs_beside_others(gap: float, dtype: torch.dtype) -> None:
    A = with_values((0.0, 1.0, 1.0 + gap, 1.5, 2.0, 2.0 + gap, 2.0 + 2 * gap), dtype).requires_grad_()
    W = weights(A.detach())
    (true,) = torch.autograd.grad((W * linalg.expm(A)).sum().abs(), A)
    for df in (None, torch.exp):
        (found,) = torch.autograd.grad((W * linalg.funm(A, torch.exp, df)).sum().abs(), A)
        assert torch.allclose(found, true, rtol=0, atol=100 * torch.finfo(dtype).eps * true.abs().max().item())


def test_a_third_derivative_is_refused() -> None:
    def loss(A: Tensor) -> Tensor:
        return linalg.sqrtm(A).sum()

    with pytest.raises(NotImplementedError, match="third derivative"):
        torch.func.jacrev(torch.func.hessian(loss))(with_values(SPECTRA["distinct"]))
