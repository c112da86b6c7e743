"""A gradient that torch would refuse for rounding is repaired; one without meaning is still refused."""

from __future__ import annotations

import pytest
import torch
from seen import only
from torch.utils.flop_counter import FlopCounterMode

from eiglint.evidence.verdict import verdict_of
from eiglint.runtime import IllDefinedError, watch

eig, eigh, svd = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd
EPS = 2.0**-23

pytestmark = pytest.mark.filterwarnings("error:eiglint")


def weights(*shape, like):
    numbers = torch.arange(1.0, torch.Size(shape).numel() + 1, dtype=torch.float64)
    return torch.sin(numbers**2).reshape(shape).to(like)


def flow(A, start, times, dtype=torch.complex64):
    """|exp(A t) x| for all t, by eig."""
    L, V = eig(A)
    L, V = L.to(dtype), V.to(dtype)
    x = torch.linalg.solve(V, start.to(dtype))
    return (V @ (torch.exp(L[:, None] * times.to(dtype)) * x[:, None])).abs()


def true_slope(A, start, times):
    """The gradient of mean |exp(A t) x|^2 in float64, by the matrix exponential."""
    exact = A.detach().double().requires_grad_()
    states = torch.stack([torch.linalg.matrix_exp(exact * t) @ start.double() for t in times.double()])
    states.square().mean().backward()
    return exact.grad


def growing(n, seed, device):
    """A random matrix whose fastest mode grows like exp(t)."""
    A = torch.randn(n, n, generator=torch.Generator().manual_seed(seed)).to(device)
    return (A / torch.linalg.eigvals(A).real.max()).requires_grad_()


def error_of(found, true):
    return float(torch.linalg.norm(found.double() - true) / torch.linalg.norm(true))


def smallest(device):
    A = torch.tensor([[1.0, -2.0], [1.0, 1.0]], device=device, requires_grad=True)
    return A, torch.tensor([1.0, 0.0], device=device), torch.linspace(0, 8, 5, device=device)


def test_the_smallest_refusal_of_rounding_is_repaired(device):
    A, start, times = smallest(device)
    with watch() as refused, pytest.raises(RuntimeError, match="up to multiplication"):
        flow(A, start, times, torch.complex128).square().mean().backward()
    site = only(refused)
    assert (site.refused, site.backwards, site.repaired) == (1, 1, 0)
    assert verdict_of(site) == "rounding"
    assert site.phase_residual < 10 * EPS

    A.grad = None
    with watch(on_roundoff="repair") as report:
        flow(A, start, times, torch.complex128).square().mean().backward()
    site = only(report)
    assert (site.refused, site.backwards, site.repaired) == (0, 1, 1)
    assert verdict_of(site) == "rounding"
    assert site.repaired_residue == pytest.approx(site.phase_residual)
    assert error_of(A.grad, true_slope(A, start, times)) < 1e-6


@pytest.mark.parametrize("horizon", [6.0, 12.0])
@pytest.mark.parametrize("n", [16, 64])
def test_growing_systems_are_repaired_and_the_gradient_is_right(n, horizon, device):
    repaired = 0
    for seed in range(3):
        A = growing(n, seed, device)
        start, times = weights(n, like=A), torch.linspace(0, horizon, 5, device=device)
        with FlopCounterMode(display=False):  # which keeps torch from checking
            unchecked = torch.autograd.grad(flow(A, start, times).square().mean(), A)[0]
        with watch(on_roundoff="repair") as report:
            flow(A, start, times).square().mean().backward()
        site = only(report)
        repaired += site.repaired
        true = true_slope(A, start, times)
        error = error_of(A.grad, true)
        # What enters the backward is already off by what exp makes of the rounding of the eigenvalues.
        exact = flow(A.detach().double(), start.double(), times.double(), torch.complex128)
        entered = error_of(flow(A.detach(), start, times), exact)
        assert error <= 10 * (entered + EPS * 10**site.digits_lost * site.condition)
        assert error <= 1.5 * error_of(unchecked, true)
    assert repaired > 0


@pytest.mark.parametrize("size", [1e4, 1e8, 1e12, 1e20])
@pytest.mark.parametrize("seed", range(6))
def test_a_repaired_gradient_is_that_of_the_small_loss_times_the_size(size, seed, draw, device):
    A = draw(8, 8, kind="hermitian", dtype=torch.complex64, seed=seed)
    W = weights(8, 8, like=A)

    def loss(scale):
        L, V = eigh(A)
        return scale * (V @ torch.diag(L.exp()).to(V) @ V.mH * W).real.sum()

    (small,) = torch.autograd.grad(loss(1.0), A)
    with watch(on_roundoff="repair") as report:
        (large,) = torch.autograd.grad(loss(size), A)
    site = only(report)
    assert site.refused == 0
    assert site.nonfinite == "none"
    assert float(torch.linalg.norm(large / size - small) / torch.linalg.norm(small)) < 1e-5
    if size >= 1e8:
        assert site.repaired == 1


def test_a_singular_value_decomposition_is_repaired(draw, device):
    for shape in ((6, 6), (8, 5), (5, 8)):
        A = draw(*shape, dtype=torch.complex64)
        W = weights(*shape, like=A)

        def loss(scale, A=A, W=W):
            U, S, Vh = svd(A, full_matrices=False)
            return scale * ((U * S.log()) @ Vh * W).real.sum()

        (small,) = torch.autograd.grad(loss(1.0), A)
        with watch(on_roundoff="repair", thin=False) as report:
            (large,) = torch.autograd.grad(loss(1e9), A)
        assert only(report).repaired == 1
        assert float(torch.linalg.norm(large / 1e9 - small) / torch.linalg.norm(small)) < 1e-5


def test_full_matrices_are_repaired_too(draw, device):
    A = draw(4, 6, dtype=torch.complex64)
    W = weights(4, 4, like=A)
    with watch(on_roundoff="repair") as report:
        U, S, Vh = svd(A)
        (1e9 * (U @ torch.diag(S.log()).to(U) @ Vh[:4, :4] * W).abs().square()).sum().backward()
    assert only(report).repaired == 1
    large, A.grad = A.grad, None
    U, S, Vh = svd(A)
    (U @ torch.diag(S.log()).to(U) @ Vh[:4, :4] * W).abs().square().sum().backward()
    assert float(torch.linalg.norm(large / 1e9 - A.grad) / torch.linalg.norm(A.grad)) < 1e-5


def test_the_worst_matrix_of_a_batch_decides(draw, device):
    A = draw(3, 6, 6, kind="hermitian", dtype=torch.complex64)
    W = weights(6, 6, like=A)
    sizes = torch.tensor([1.0, 1e3, 1e9], device=device)

    def loss(scales):
        L, V = eigh(A)
        return ((V @ (L.exp().unsqueeze(-1) * V.mH) * W).real.sum((-2, -1)) * scales).sum()

    (small,) = torch.autograd.grad(loss(torch.ones_like(sizes)), A)
    with watch(on_roundoff="repair") as report:
        (large,) = torch.autograd.grad(loss(sizes), A)
    assert only(report).repaired == 1
    for place in range(3):
        difference = torch.linalg.norm(large[place] / sizes[place] - small[place])
        assert float(difference / torch.linalg.norm(small[place])) < 1e-5


@pytest.mark.parametrize("scale", [1.0, 1e8])
def test_a_dependence_on_the_phase_is_still_refused(scale, draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex64)
    for decompose in (lambda: eigh(A)[1], lambda: eig(A)[1], lambda: svd(A)[0]):
        with watch(on_roundoff="repair") as report, pytest.raises(RuntimeError, match="up to multiplication"):
            (scale * decompose().real.sum()).backward()
        assert only(report).repaired == 0
        assert verdict_of(only(report)) == "phase-dependent"


def test_a_small_share_of_dependence_in_a_large_loss_is_not_repaired(draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex64)
    W = weights(4, 4, like=A)
    with watch(on_roundoff="repair") as report:
        V = eigh(A).eigenvectors
        loss = 1e6 * (V.abs().square() * W.real).sum() + 1e4 * V.real.sum()
        with pytest.raises(RuntimeError, match="up to multiplication"):
            loss.backward()
    assert only(report).repaired == 0


def test_nan_from_downstream_is_not_repaired(draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex64)
    with watch(on_roundoff="repair") as report, pytest.raises(RuntimeError, match="up to multiplication"):
        (eigh(A).eigenvectors.abs().sum() * float("nan")).backward()
    site = only(report)
    assert (site.repaired, site.refused, site.nonfinite) == (0, 1, "downstream")


def test_what_torch_accepts_is_left_to_the_last_bit(draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex64)
    (plain,) = torch.autograd.grad(eigh(A)[1].abs().sum(), A)
    with watch(on_roundoff="repair") as report:
        (same,) = torch.autograd.grad(eigh(A)[1].abs().sum(), A)
    assert torch.equal(plain, same)
    assert only(report).repaired == 0


def test_values_keep_their_gradient_beside_repaired_vectors(device):
    A, start, times = smallest(device)

    with watch(on_roundoff="repair") as report:
        L, V = eig(A)
        L, V = L.to(torch.complex128), V.to(torch.complex128)
        x = torch.linalg.solve(V, start.to(V.dtype))
        y = (V @ (torch.exp(L[:, None] * times) * x[:, None])).abs().square().mean()
        (y + 1e5 * L.abs().square().sum()).backward()
    assert only(report).repaired == 1
    exact = A.detach().double().requires_grad_()
    (1e5 * torch.linalg.eigvals(exact).abs().square().sum()).backward()
    assert error_of(A.grad, true_slope(A, start, times) + exact.grad) < 1e-6


@pytest.mark.parametrize("size", [1.0, 1e9])
def test_a_repaired_gradient_can_be_differentiated_again(size, draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex64)
    W = weights(4, 4, like=A)

    def second(scale):
        L, V = eigh(A)
        loss = scale * (V @ torch.diag(L.exp()).to(V) @ V.mH * W).real.sum()
        (slope,) = torch.autograd.grad(loss, A, create_graph=True)
        return torch.autograd.grad((slope / scale).abs().square().sum(), A)[0]

    plain = second(1.0)
    with watch(on_roundoff="repair") as report:
        again = second(size)
    site = only(report)
    assert site.backwards == 2
    assert site.repaired >= (size > 1)
    assert float(torch.linalg.norm(again - plain) / torch.linalg.norm(plain)) < 1e-4


def test_each_watch_of_several_counts_the_repair(device):
    A, start, times = smallest(device)
    with watch() as outer, watch(on_roundoff="repair") as inner:
        flow(A, start, times, torch.complex128).square().mean().backward()
    assert only(inner).repaired == only(outer).repaired == 1


def test_repair_and_raise_go_together(device):
    A, start, times = smallest(device)
    with watch("raise", "repair") as report:
        flow(A, start, times, torch.complex128).square().mean().backward()
    assert only(report).repaired == 1
    with watch("raise", "repair"), pytest.raises(IllDefinedError):
        eig(A).eigenvectors.real.sum().backward()


def test_training_that_torch_would_stop_goes_on(device):
    A, start, times = smallest(device)
    target = flow(A.detach(), start, times)
    with torch.no_grad():
        A += 0.05 * weights(2, 2, like=A)
    optimizer = torch.optim.Adam([A], lr=3e-3)
    with watch(on_roundoff="repair") as report:
        losses = []
        for _ in range(60):
            optimizer.zero_grad()
            loss = (flow(A, start, times) - target).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]
    assert sum(site.repaired for site in report.evidence().sites) > 0
