"""Functions of Hermitian matrices: the value of V f(L) V^H with the derivative of the function, not of the factors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.compiler import is_compiling

from eiglint.linalg.calculus import Factors, evaluate, transformed
from eiglint.linalg.cone import Projection, projected
from eiglint.linalg.divided import EXP, INV_SQRT, INVERSE, LOG, SQRT, Rule, floored, power
from eiglint.linalg.quadrature import Scalar, measured
from eiglint.linalg.sampled import Sampled
from eiglint.linalg.spectrum import Spectral, decomposed, hermitian, lowest, square
from eiglint.linalg.through import through

_SQUARE_ROOT, _INVERSE_ROOT, _LOGARITHM, _EXPONENTIAL = map(Spectral, (SQRT, INV_SQRT, LOG, EXP))
_PROJECTION = Projection()

SEVERAL = 16
"""Of so many eigenvalues two are seldom close; for a close pair torch's engine has to run anyway."""


def sqrtm(A: Tensor, *, eps: float | None = None) -> Tensor:
    """Return the positive semidefinite square root of (A + A.mH) / 2.

    A has the shape (..., n, n), float32, float64, complex64 or complex128, and so has the result. Its derivative
    divides by the sums of the roots (Higham, Functions of Matrices, section 6.1). Eigenvalues that are negative by no
    more than rounding count as 0. With `eps`, smaller eigenvalues are raised to it.

    ValueError: an eigenvalue is negative, or, where a gradient is asked for, 0: the gradient is infinite there.
    """
    return _root(A, _SQUARE_ROOT, eps, "sqrtm")


def inv_sqrtm(A: Tensor, *, eps: float | None = None) -> Tensor:
    """Return the inverse of the square root of (A + A.mH) / 2, as in whitening.

    Shapes and dtypes are those of `sqrtm`. With `eps`, smaller eigenvalues are raised to it.

    ValueError: an eigenvalue is not positive.
    """
    return _positive(A, _INVERSE_ROOT, eps, "inv_sqrtm")


def logm(A: Tensor, *, eps: float | None = None) -> Tensor:
    """Return the logarithm of (A + A.mH) / 2.

    Shapes and dtypes are those of `sqrtm`. With `eps`, smaller eigenvalues are raised to it.

    ValueError: an eigenvalue is not positive.
    """
    return _positive(A, _LOGARITHM, eps, "logm")


def expm(A: Tensor) -> Tensor:
    """Return the exponential of (A + A.mH) / 2; for a general matrix there is `torch.linalg.matrix_exp`.

    Shapes and dtypes are those of `sqrtm`.
    """
    return evaluate(A, _EXPONENTIAL, lambda A: decomposed(A, "expm"))


def powm(A: Tensor, p: float | Tensor, *, eps: float | None = None) -> Tensor:
    """Return (A + A.mH) / 2 to the power of a real number.

    Shapes and dtypes are those of `sqrtm`. Whole powers are products, of the inverse if they are negative, and take
    eigenvalues of any sign. With `eps`, smaller eigenvalues are raised to it. A power that is a tensor (of one number)
    gets a gradient too; for it no eigenvalue is refused or raised, and the result is that of `funm`.

    ValueError: an eigenvalue is negative, or 0 where the power or its gradient is infinite.
    """
    if isinstance(p, Tensor):
        return funm(A, lambda x: x**p, lambda x: p * x ** (p - 1))
    if eps is not None:
        return _positive(A, Spectral(power(p)), eps, "powm")
    if float(p).is_integer():
        square(A, "powm")
        power_of: Tensor = torch.linalg.matrix_power(hermitian(A) if p >= 0 else _inverse(A), abs(int(p)))
        return power_of
    if p < 0:
        return _positive(A, Spectral(power(p)), None, "powm")
    return _root(A, Spectral(power(p)), None, "powm", smooth=p > 1)


def psd_project(A: Tensor) -> Tensor:
    """Return the positive semidefinite matrix nearest to (A + A.mH) / 2 in the Frobenius norm (Higham 1988).

    Shapes and dtypes are those of `sqrtm`. The projection has a kink where an eigenvalue is 0; its derivative there is
    the one for a negative eigenvalue, as for `relu`.
    """
    return evaluate(A, _PROJECTION, projected)


def funm(A: Tensor, f: Scalar, df: Scalar | None = None) -> Tensor:
    """Return f((A + A.mH) / 2), where f acts entry by entry on a tensor of real eigenvalues of any shape.

    A has the shape (..., n, n), float32, float64, complex64 or complex128; the result has its shape, and is complex if
    f is. `df` is the derivative of f, by default that of torch, which takes longer. Gradients flow to A and to whatever
    f refers to. The divided differences are quotients, or between close eigenvalues means of f'
    (`quadrature.measured`); if f jumps between two eigenvalues, they are still right. A function that has a name here
    is cheaper under its name.
    """
    factors = decomposed(A.detach(), "funm")
    L = factors[1]
    values = f(L)
    if values.shape != L.shape:
        raise ValueError(f"funm: f must act entry by entry; it made {tuple(values.shape)} of {tuple(L.shape)}")
    if not values.is_complex():
        return _sampled(A, factors, values, f, df)
    real, imag = (
        _sampled(A, factors, getattr(values, part), _part(f, part), df and _part(df, part)) for part in ("real", "imag")
    )
    return real + 1j * imag


def _sampled(A: Tensor, factors: Factors, values: Tensor, f: Scalar, df: Scalar | None) -> Tensor:
    if values.requires_grad or transformed() or is_compiling():
        return _expanded(A, factors, values, measured(f, df))
    if df is None and values.numel() <= SEVERAL and not _fixed(A):
        return through(A, Sampled(f, df, values), factors)
    return evaluate(A, Sampled(f, df, values), lambda _: factors)


def _part(f: Scalar, part: str) -> Scalar:
    def only(x: Tensor) -> Tensor:
        found: Tensor = getattr(f(x), part)
        return found

    return only


class _Bend(Spectral):
    """The second derivative alone: what an expansion to first order leaves out."""

    __slots__ = ()

    def value(self, factors: Factors) -> Tensor:
        return torch.zeros_like(factors[0])

    def first(self, factors: Factors, X: Tensor) -> Tensor:
        return torch.zeros_like(X)


def _expanded(A: Tensor, factors: Factors, values: Tensor, rule: Rule) -> Tensor:
    """Return V f(L) V^H, expanded about A so that gradients reach all that f refers to, mixed ones included."""
    V, L, Vh = factors
    found = (V * values.unsqueeze(-2)) @ Vh
    if _fixed(A) and not values.requires_grad:
        return found
    E = hermitian(A - A.detach())  # zero
    return found + V @ rule.weigh(L, Vh @ E @ V) @ Vh + evaluate(A, _Bend(rule), lambda _: factors)


def _fixed(A: Tensor) -> bool:
    """Tell that no derivative by A can be asked for."""
    return not transformed() and not (A.requires_grad and torch.is_grad_enabled())


def _positive(A: Tensor, function: Spectral, eps: float | None, caller: str) -> Tensor:
    if eps is not None:
        if eps <= 0:
            raise ValueError(f"{caller}: eps must be positive, and is {eps:g}")
        return evaluate(A, Spectral(floored(function.rule, eps)), lambda A: decomposed(A, caller))
    return evaluate(A, function, lambda A: _above_zero(A, caller))


def _above_zero(A: Tensor, caller: str) -> Factors:
    factors = decomposed(A, caller)
    least = lowest(factors[1])
    if least is not None and least <= 0:
        raise ValueError(f"{caller}: the smallest eigenvalue is {least:.3g}, and must be positive; eps= raises it")
    return factors


def _root(A: Tensor, function: Spectral, eps: float | None, caller: str, *, smooth: bool = False) -> Tensor:
    """Return a positive power; `smooth` tells that its gradient is finite at 0."""
    if eps is not None:
        return _positive(A, function, eps, caller)
    smooth = smooth or _fixed(A)
    return evaluate(A, function, lambda A: _not_negative(A, caller, smooth))


def _not_negative(A: Tensor, caller: str, smooth: bool) -> Factors:
    """Return the factors with negative rounding taken for 0."""
    factors = V, L, Vh = decomposed(A, caller)
    least = lowest(L)
    if least is not None and least > 0:
        return factors
    noise = L.shape[-1] * torch.finfo(L.dtype).eps * L.abs().amax(-1, keepdim=True)
    raised = torch.where(L.clamp(min=0) - L > noise, L, L.clamp(min=0))
    if least is not None:
        if (raised < 0).any():
            raise ValueError(f"{caller}: the smallest eigenvalue is {least:.3g}, a negative number; eps= raises it")
        if not smooth:
            raise ValueError(
                f"{caller}: the smallest eigenvalue is {least:.3g}, and the gradient is infinite at 0; eps= raises it"
            )
    return V, raised, Vh


def _inverse(A: Tensor) -> Tensor:
    return evaluate(A, Spectral(INVERSE), _invertible)


def _invertible(A: Tensor) -> Factors:
    factors = decomposed(A, "powm")
    if lowest(factors[1].abs()) == 0:
        raise ValueError("powm: an eigenvalue is 0, and a negative power needs its inverse; eps= raises it")
    return factors
