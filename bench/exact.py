"""Gradients of functions of a real matrix to many digits, by central differences of values.

No formula for a derivative enters. The entries of the matrices are taken as the binary numbers that they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mpmath as mp
import torch
from torch import Tensor

mp.mp.dps = 90
STEP = mp.mpf(10) ** -25

Matrix = mp.matrix
Function = Callable[[Matrix], Matrix]


def exactly(A: Tensor) -> Matrix:
    """Return the same numbers, with many digits."""
    return mp.matrix([[mp.mpf(x) for x in row] for row in A.double().tolist()])


def spectral(f: Callable[[Sequence[mp.mpf]], Sequence[mp.mpf]]) -> Function:
    """Return the function V f(L) V^T of (A + A^T) / 2, where f takes the ascending eigenvalues all together."""

    def value(A: Matrix) -> Matrix:
        L, V = mp.eigsy((A + A.T) / 2)
        return V * mp.diag(list(f(list(L)))) * V.T

    return value


def orthogonal(A: Matrix, proper: bool = False) -> Matrix:
    """Return the polar factor of A, or the nearest rotation."""
    squares, V = mp.eigsy(A.T * A)
    s = [mp.sqrt(square) for square in squares]
    if proper and mp.det(A) < 0:
        s[0] = -s[0]
    return A * V * mp.diag([1 / x for x in s]) * V.T


def gradient(function: Function, A: Matrix, W: Matrix) -> Matrix:
    """Return the gradient of the sum of the entries of W f(A)."""
    found = mp.matrix(A.rows, A.cols)
    for i in range(A.rows):
        for j in range(A.cols):
            up, down = A.copy(), A.copy()
            up[i, j] += STEP
            down[i, j] -= STEP
            change = function(up) - function(down)
            found[i, j] = sum(W[k, m] * change[k, m] for k in range(W.rows) for m in range(W.cols)) / (2 * STEP)
    return found


def bend(function: Function, A: Matrix, W: Matrix, X: Matrix, by: Matrix | None = None) -> Matrix:
    """Return the derivative of the gradient in direction X, or with `by` how that changes in this direction."""
    step = mp.mpf(10) ** -15

    def along(way: Matrix, of: Callable[[Matrix], Matrix]) -> Callable[[Matrix], Matrix]:
        return lambda B: (of(B + step * way) - of(B - step * way)) / (2 * step)

    second = along(X, lambda B: gradient(function, B, W))
    return (second if by is None else along(by, second))(A)


def error(found: Tensor, true: Matrix) -> float:
    """Return the relative error of a gradient in the Frobenius norm; infinite if it is not finite."""
    if not torch.isfinite(found).all():
        return float("inf")
    return float(mp.mnorm(exactly(found) - true, "f") / mp.mnorm(true, "f"))


def condition(function: Function, A: Matrix, W: Matrix) -> float:
    """Return the relative change of the gradient per relative change of A: the largest of all directions."""
    step = mp.mpf(10) ** -20 * mp.mnorm(A, "f")
    columns = []
    for i in range(A.rows):
        for j in range(A.cols):
            up, down = A.copy(), A.copy()
            up[i, j] += step
            down[i, j] -= step
            columns.append((gradient(function, up, W) - gradient(function, down, W)) / (2 * step))
    hessian = torch.tensor([[float(x) for x in column] for column in columns], dtype=torch.float64)
    true = gradient(function, A, W)
    return float(torch.linalg.matrix_norm(hessian, 2)) * float(mp.mnorm(A, "f") / mp.mnorm(true, "f"))
