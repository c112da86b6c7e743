"""Measure what docs/theory.md says of torch: its phase check, and gradients where eigenvalues meet.

python bench/torch_checks.py
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

DOUBLE = torch.float64


def draw(*shape: int, seed: int, dtype: torch.dtype = DOUBLE) -> Tensor:
    """Draw normal numbers without touching the global random state."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def raises(backward: Callable[[], object]) -> bool:
    """Tell whether torch refuses the backward as ill-defined."""
    try:
        backward()
    except RuntimeError as error:
        if "ill-defined" not in str(error):
            raise
        return True
    return False


def hermitian(n: int, seed: int) -> Tensor:
    """Draw a Hermitian matrix that wants a gradient."""
    half = draw(n, n, seed=seed, dtype=torch.complex128)
    matrix: Tensor = half + half.mH
    return matrix.requires_grad_()


def real_part_loss(seed: int) -> Tensor:
    """Sum the real parts of a Hermitian matrix's eigenvectors: a loss that depends on their phases."""
    vectors: Tensor = torch.linalg.eigh(hermitian(4, seed)).eigenvectors
    return vectors.real.sum()


def refused_scales() -> dict[float, int]:
    """Count, per factor c, how many of 20 phase-dependent losses c * V.real.sum() torch refuses."""

    scales = (1.0, 0.1, 0.01, 0.001, 0.0001)
    return {c: sum(raises((c * real_part_loss(seed)).backward) for seed in range(20)) for c in scales}


def residual(loss: Callable[[Tensor], Tensor], V: Tensor) -> tuple[float, float]:
    """Return the largest |imag(v_j^H g_j)|, which torch looks at, and the largest |imag(v_j^H g_j)| / |g_j|."""
    V = V.detach().requires_grad_()
    (g,) = torch.autograd.grad(loss(V), V)
    absolute = (V.detach().conj() * g).sum(0).imag.abs()
    return float(absolute.max()), float((absolute / g.norm(dim=0)).max())


def residuals_of_flow() -> tuple[float, float]:
    """Measure both residuals of the growing flow in single precision; the second one in units of eps."""
    L, V = torch.linalg.eig(torch.tensor([[1.0, -2.0], [1.0, 1.0]]))
    z = torch.tensor([1, 0], dtype=torch.complex128)
    t = torch.linspace(0, 8, 5, dtype=DOUBLE)

    def loss(vectors: Tensor) -> Tensor:
        wide = vectors.to(torch.complex128)
        y = wide @ (torch.exp(L.to(wide.dtype)[:, None] * t) * torch.linalg.solve(wide, z)[:, None])
        power: Tensor = y.abs().square()
        return power.mean()

    absolute, relative = residual(loss, V)
    return absolute, relative / torch.finfo(torch.float32).eps


def residuals_of_small_loss() -> tuple[float, float]:
    """Measure both residuals of a wrong loss made small, 1e-3 * V.real.sum() of a Hermitian matrix."""
    return residual(lambda V: 1e-3 * V.real.sum(), torch.linalg.eigh(hermitian(4, 0)).eigenvectors)


def growing_flow(scale: float, dtype: torch.dtype) -> bool:
    """Tell whether torch refuses scale * mean |V exp(L t) V^-1 z|^2, a well-defined loss that grows with t."""
    A = torch.tensor([[1.0, -2.0], [1.0, 1.0]], dtype=dtype, requires_grad=True)
    z = torch.tensor([1, 0], dtype=torch.complex128)
    t = torch.linspace(0, 8, 5, dtype=DOUBLE)
    L, V = (part.to(torch.complex128) for part in torch.linalg.eig(A))
    y = V @ (torch.exp(L[:, None] * t) * torch.linalg.solve(V, z)[:, None])
    return raises((scale * y.abs().square().mean()).backward)


def stationary_losses() -> tuple[int, int, int]:
    """Count refusals of V.real.sum() of eig: (real spectra, refused of these, refused of 20 with complex pairs)."""
    real = [A for A in (draw(3, 3, seed=s) for s in range(400)) if torch.linalg.eigvals(A).imag.abs().max() == 0][:20]
    pairs = [A for A in (draw(3, 3, seed=s) for s in range(400)) if torch.linalg.eigvals(A).imag.abs().max() > 0][:20]

    def refused(A: Tensor) -> bool:
        return raises(torch.linalg.eig(A.clone().requires_grad_()).eigenvectors.real.sum().backward)

    return len(real), sum(map(refused, real)), sum(map(refused, pairs))


def silenced_by_mode() -> tuple[int, int]:
    """Count refusals of 20 wrong losses, plainly and under a dispatch mode (here torch's own counter of operations)."""

    plain = sum(raises(real_part_loss(seed).backward) for seed in range(20))
    with FlopCounterMode(display=False):
        silenced = sum(raises(real_part_loss(seed).backward) for seed in range(20))
    return plain, silenced


def sqrt_error(gap: float) -> float:
    """Measure the relative error of the gradient of <W, sqrt(A)> through V sqrt(L) V^T, two eigenvalues `gap` apart.

    The reference divides no differences: f[a, b] = 1 / (sqrt(a) + sqrt(b)) (Daleckii-Krein).
    """
    Q = torch.linalg.qr(draw(4, 4, seed=1)).Q
    W = draw(4, 4, seed=2)
    values = torch.tensor([1.0, 1.0 + gap, 2.0, 3.0], dtype=DOUBLE)
    A = ((Q * values) @ Q.mT).requires_grad_()
    L, V = torch.linalg.eigh(A)
    (gradient,) = torch.autograd.grad((W * ((V * L.sqrt()) @ V.mT)).sum(), A)
    root = values.sqrt()
    right = Q @ ((Q.mT @ (W + W.mT) / 2 @ Q) / (root[:, None] + root)) @ Q.mT
    return float((gradient - right).norm() / right.norm())


def jitter_gaps() -> tuple[float, bool]:
    """Return the smallest eigenvalue gap of I + 1e-6 I, and whether the gradient of its root through eigh is finite."""
    A = (torch.eye(3, dtype=DOUBLE) + 1e-6 * torch.eye(3, dtype=DOUBLE)).requires_grad_()
    L, V = torch.linalg.eigh(A)
    (gradient,) = torch.autograd.grad((draw(3, 3, seed=3) * ((V * L.sqrt()) @ V.mT)).sum(), A)
    return float(L.detach().diff().min()), bool(gradient.isfinite().all())


def dropped_null_vector() -> float:
    """Return the norm of the gradient that torch gives the last row of svd(A).Vh, A 8 x 9."""
    A = draw(8, 9, seed=4).requires_grad_()
    last = torch.linalg.svd(A).Vh[-1]
    (gradient,) = torch.autograd.grad(((last / last[-1]) * draw(9, seed=5)).sum(), A)
    return float(gradient.norm())


def main() -> None:
    """Print every figure."""
    print("torch", torch.__version__)
    print("refused of 20 wrong losses c * V.real.sum() (complex eigh, n = 4):", refused_scales())
    for dtype in (torch.float32, DOUBLE):
        for scale in (1.0, 1e-3):
            print(f"well-defined growing flow, {dtype}, loss x {scale:g}: refused = {growing_flow(scale, dtype)}")
    print("growing flow, float32: largest residual, and relative to |g| in eps:", residuals_of_flow())
    print("1e-3 * V.real.sum(): largest residual, and relative to |g|:", residuals_of_small_loss())
    print("V.real.sum() of eig (real spectra, refused of these, refused of 20 with pairs):", stationary_losses())
    print("refused of 20 wrong losses, plain and under a dispatch mode:", silenced_by_mode())
    for gap in (1e-2, 1e-4, 1e-8, 1e-12, 0.0):
        print(f"relative error of the gradient of a matrix root at gap {gap:g}: {sqrt_error(gap):.1e}")
    print("I + 1e-6 I: (smallest gap, gradient finite):", jitter_gaps())
    print("norm of the gradient through svd(A).Vh[-1], A 8 x 9:", dropped_null_vector())


if __name__ == "__main__":
    main()
