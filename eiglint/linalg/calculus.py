"""Functions of a matrix as torch operations with a first and a second derivative, both supplied in closed form.

Torch differentiates a decomposition and then what is done with its factors, and both steps divide by the same small
gap. Here a function knows its derivatives as a whole. It is the gradient of a scalar function of its matrix, such as
tr F(A) or the sum of the singular values, so that its first derivative is self-adjoint and its second one symmetric:
forward and reverse mode share one formula each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from torch.autograd import Function, forward_ad
from torch.compiler import is_compiling

THIRD = "the functions of eiglint.linalg can be differentiated twice by their matrix; this asks for a third derivative"


Factors = tuple[Tensor, Tensor, Tensor]
"""What a function computes of its matrix, carrying no gradient: U, s, Vh of A = U diag(s) Vh, if it does not say else.

For a Hermitian matrix Vh is U.mH, and s are the eigenvalues.
"""

Factoring = Callable[[Tensor], Factors]
"""Makes the factors of a matrix that carries no gradient, or refuses it."""


class Calculus(Protocol):
    """A function of a matrix and its derivatives, by the factors of the matrix."""

    def value(self, factors: Factors) -> Tensor:
        """Return the function itself."""

    def first(self, factors: Factors, X: Tensor) -> Tensor:
        """Return the derivative in direction X; it is self-adjoint."""

    def second(self, factors: Factors, X: Tensor, Y: Tensor) -> Tensor:
        """Return the second derivative in directions X and Y; it is symmetric in them, and with a third one."""


def evaluate(A: Tensor, calculus: Calculus, factored: Factoring) -> Tensor:
    """Return the value of a function, which can be differentiated twice by the matrix A."""
    if is_compiling():
        return _traced(A, calculus, factored(A.detach()))
    if transformed():
        return _applied(_Value, A, calculus, *factored(A.detach()))
    return _plain_value(A, calculus, factored)


_func_is_at_work: Callable[[], bool] = getattr(torch._C, "_are_functorch_transforms_active", lambda: True)


def transformed() -> bool:
    """Tell that torch.func or forward mode is at work, or that this torch does not say so: it only costs time."""
    level: int = forward_ad._current_level
    return level >= 0 or _func_is_at_work()


def _traced(A: Tensor, calculus: Calculus, factors: Factors) -> Tensor:
    if not transformed():
        return _applied(_CompiledValue, A, calculus, *factors)
    E = A - A.detach()  # zero: the expansion has the right derivatives, and Dynamo can trace it in every mode
    return calculus.value(factors) + calculus.first(factors, E) + calculus.second(factors, E, E) * 0.5


def derivative(A: Tensor, X: Tensor, calculus: Calculus, factors: Factors) -> Tensor:
    """Return the derivative in direction X, which can be differentiated itself if that is asked for."""
    if not torch.is_grad_enabled():
        return calculus.first(factors, X)
    return _applied(_First, A, X, calculus, *factors)


def _curvature(A: Tensor, X: Tensor, Y: Tensor, calculus: Calculus, factors: Factors) -> Tensor:
    if not torch.is_grad_enabled():
        return calculus.second(factors, X, Y)
    return _applied(_Second, A, X, Y, calculus, *factors)


def _applied(kind: type[Function], *arguments: object) -> Tensor:
    return cast(Tensor, kind.apply(*arguments))  # type: ignore[no-untyped-call]


Gradients = tuple[Tensor | None, ...]


class _CompiledValue(Function):
    """Stands without a forward mode, which Dynamo refuses; under torch.func it drops even the backward."""

    generate_vmap_rule = True

    @staticmethod
    def forward(A: Tensor, calculus: Calculus, U: Tensor, s: Tensor, Vh: Tensor) -> Tensor:
        return calculus.value((U, s, Vh))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        A, ctx.calculus, *factors = inputs
        ctx.save_for_backward(A, *factors)
        ctx.save_for_forward(A, *factors)

    @staticmethod
    def backward(ctx: Any, G: Tensor) -> Gradients:
        A, U, s, Vh = ctx.saved_tensors
        return derivative(A, G, ctx.calculus, (U, s, Vh)), None, None, None, None


class _PlainValue(Function):
    """The same for reverse mode alone; in this form a call costs about a third."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, calculus: Calculus, factored: Factoring) -> Tensor:
        ctx.calculus = calculus
        U, s, Vh = factored(A)
        ctx.save_for_backward(A, U, s, Vh)
        return calculus.value((U, s, Vh))

    @staticmethod
    def backward(ctx: Any, G: Tensor) -> Gradients:
        A, U, s, Vh = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _applied(_First, A, G, ctx.calculus, U, s, Vh), None, None
        return ctx.calculus.first((U, s, Vh), G), None, None


_plain_value: Callable[[Tensor, Calculus, Factoring], Tensor] = super(Function, _PlainValue).apply
"""What `Function.apply` calls once it has seen that torch.func is not at work, as `evaluate` has."""


class _Value(_CompiledValue):
    @staticmethod
    def jvp(ctx: Any, E: Tensor, *_: Any) -> Tensor:
        A, U, s, Vh = ctx.saved_tensors
        return derivative(A, E, ctx.calculus, (U, s, Vh))


class _First(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(A: Tensor, X: Tensor, calculus: Calculus, U: Tensor, s: Tensor, Vh: Tensor) -> Tensor:
        return calculus.first((U, s, Vh), X)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        A, X, ctx.calculus, *factors = inputs
        ctx.save_for_backward(A, X, *factors)
        ctx.save_for_forward(A, X, *factors)

    @staticmethod
    def backward(ctx: Any, G: Tensor) -> Gradients:
        A, X, U, s, Vh = ctx.saved_tensors
        calculus, factors = ctx.calculus, (U, s, Vh)
        to_A = _curvature(A, X, G, calculus, factors) if ctx.needs_input_grad[0] else None
        to_X = derivative(A, G, calculus, factors) if ctx.needs_input_grad[1] else None
        return to_A, to_X, None, None, None, None

    @staticmethod
    def jvp(ctx: Any, E: Tensor | None, D: Tensor | None, *_: Any) -> Tensor:
        A, X, U, s, Vh = ctx.saved_tensors
        calculus, factors = ctx.calculus, (U, s, Vh)
        moved = torch.zeros_like(X) if E is None else _curvature(A, X, E, calculus, factors)
        return moved if D is None else moved + derivative(A, D, calculus, factors)


class _Second(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(A: Tensor, X: Tensor, Y: Tensor, calculus: Calculus, U: Tensor, s: Tensor, Vh: Tensor) -> Tensor:
        return calculus.second((U, s, Vh), X, Y)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        A, X, Y, ctx.calculus, *factors = inputs
        ctx.save_for_backward(A, X, Y, *factors)
        ctx.save_for_forward(A, X, Y, *factors)

    @staticmethod
    def backward(ctx: Any, G: Tensor) -> Gradients:
        A, X, Y, U, s, Vh = ctx.saved_tensors
        if ctx.needs_input_grad[0]:
            raise NotImplementedError(THIRD)
        calculus, factors = ctx.calculus, (U, s, Vh)
        to_X = _curvature(A, Y, G, calculus, factors) if ctx.needs_input_grad[1] else None
        to_Y = _curvature(A, X, G, calculus, factors) if ctx.needs_input_grad[2] else None
        return None, to_X, to_Y, None, None, None, None

    @staticmethod
    def jvp(ctx: Any, E: Tensor | None, D: Tensor | None, H: Tensor | None, *_: Any) -> Tensor:
        A, X, Y, U, s, Vh = ctx.saved_tensors
        if E is not None:
            raise NotImplementedError(THIRD)
        calculus, factors = ctx.calculus, (U, s, Vh)
        moved = torch.zeros_like(X) if D is None else _curvature(A, D, Y, calculus, factors)
        return moved if H is None else moved + _curvature(A, X, H, calculus, factors)
