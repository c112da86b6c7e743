"""What a watch measures at a line equals what is computed from the definition by other means."""

from __future__ import annotations

import math

import pytest
import torch
from watched_losses import evidence_of, linear, weights, with_gradients

from eiglint.evidence.verdict import digits_left

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr
EPS32, EPS64 = 2.0**-23, 2.0**-52

pytestmark = pytest.mark.filterwarnings("error:eiglint")


def one_by_one(columns):
    """Give max |imag <v, g>| / sum |g| over columns, each a list of pairs (v, g), by the sum over entries."""
    ratios = []
    for pairs in columns:
        turned = sum(sum(v.real * g.imag - v.imag * g.real for v, g in zip(*pair, strict=True)) for pair in pairs)
        size = sum(math.sqrt(sum(abs(entry) ** 2 for entry in g.tolist())) for _, g in pairs)
        ratios.append(abs(float(turned)) / size)
    return max(ratios)


# The phase.


@pytest.mark.parametrize("decompose", [eigh, eig], ids=["eigh", "eig"])
def test_the_phase_residual_is_the_derivative_by_the_phase(decompose, draw, device):
    A = draw(4, 4, kind="hermitian" if decompose is eigh else "square", dtype=torch.complex128)
    site = evidence_of(decompose, A, lambda L, V: linear(V))
    V = decompose(A.detach())[1]
    (g,) = with_gradients([V], linear)
    assert site.phase_residual == pytest.approx(one_by_one([[(V[:, j], g[:, j])] for j in range(4)]), rel=1e-6)

    def turned(angle, j):
        phases = torch.ones(4, dtype=V.dtype, device=device)
        phases[j] = torch.exp(torch.tensor(1j * angle, dtype=V.dtype))
        return float(linear(V * phases))

    slopes = [abs(turned(1e-6, j) - turned(-1e-6, j)) / 2e-6 / float(torch.linalg.norm(g[:, j])) for j in range(4)]
    assert site.phase_residual == pytest.approx(max(slopes), rel=1e-6)


def test_the_phase_of_eig_of_a_real_matrix_is_measured_too(draw, device):
    A = draw(4, 4)
    site = evidence_of(eig, A, lambda L, V: linear(V))
    V = eig(A.detach())[1]
    (g,) = with_gradients([V], linear)
    assert site.dtype == "complex128"
    assert site.phase_residual == pytest.approx(one_by_one([[(V[:, j], g[:, j])] for j in range(4)]), rel=1e-6)


def test_svd_turns_both_vectors_of_a_pair_together(draw, device):
    A = draw(3, 4, dtype=torch.complex128)

    def loss(U, S, Vh):
        return linear(U) + 2 * linear(Vh.mH[:, :3])

    site = evidence_of(svd, A, loss)
    U, S, Vh = svd(A.detach())
    g_left, _, g_right = with_gradients([U, S, Vh], loss)
    columns = [[(U[:, j], g_left[:, j]), (Vh[j].conj(), g_right[j].conj())] for j in range(3)]
    assert site.phase_residual == pytest.approx(one_by_one(columns), rel=1e-6)


def test_qr_turns_a_column_of_q_with_a_row_of_r(draw, device):
    A = draw(4, 3, dtype=torch.complex128)
    site = evidence_of(qr, A, lambda Q, R: linear(Q) + linear(R.mH))
    Q, R = qr(A.detach())
    g_left, g_right = with_gradients([Q, R], lambda Q, R: linear(Q) + linear(R.mH))
    columns = [[(Q[:, j], g_left[:, j]), (R[j].conj(), g_right[j].conj())] for j in range(3)]
    assert site.phase_residual == pytest.approx(one_by_one(columns), rel=1e-6)
    assert site.phase_residual > 1e-2


@pytest.mark.parametrize(
    ("decompose", "loss"),
    [
        (eigh, lambda L, V: (V @ torch.diag(L.exp()).to(V) @ V.mH * weights(V)).real.sum()),
        (eig, lambda L, V: (V @ torch.diag(L.exp()) @ torch.linalg.inv(V) * weights(V)).real.sum()),
        (svd, lambda U, S, Vh: (U @ Vh * weights(U)).real.sum()),
        (qr, lambda Q, R: (Q @ R * weights(Q)).real.sum()),
    ],
    ids=["eigh", "eig", "svd", "qr"],
)
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
@pytest.mark.parametrize("n", [3, 24])
def test_a_loss_that_no_phase_moves_leaves_rounding(decompose, loss, dtype, n, draw, device):
    site = evidence_of(decompose, draw(n, n, kind="hermitian", dtype=dtype), loss)
    assert site.phase_residual <= 100 * torch.finfo(dtype).eps
    assert not site.blind


def test_columns_that_carry_rounding_alone_do_not_count(draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex64)
    site = evidence_of(eigh, A, lambda L, V: V[:, 0].abs().square().mul(weights(L, 4)).sum() + 1e-9 * linear(V[:, 1:]))
    assert site.phase_residual < 1e3 * EPS32


def test_real_vectors_have_no_phase_and_are_blind(draw, device):
    for decompose, loss in ((eigh, lambda L, V: linear(V)), (svd, lambda U, S, Vh: linear(U))):
        site = evidence_of(decompose, draw(4, 4), loss)
        assert site.phase_residual is None
        assert site.blind
        assert site.dtype == "float64"


def test_a_real_vector_with_a_real_gradient_is_blind_though_its_dtype_is_complex(draw, device):
    spectrum_is_real = evidence_of(eig, draw(4, 4, kind="hermitian"), lambda L, V: V.real.sum())
    assert spectrum_is_real.dtype == "complex128"
    assert spectrum_is_real.phase_residual == 0
    assert spectrum_is_real.blind
    rotation = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64, device=device, requires_grad=True)
    assert not evidence_of(eig, rotation, lambda L, V: (V.abs() ** 2 * weights(V.real)).sum()).blind


# Blocks and gaps.


def neighbours(values, gap, device, dtype=torch.float64):
    """A symmetric matrix with the given eigenvalues, the first two `gap` apart."""
    numbers = torch.tensor([values[0], values[0] + gap, *values[1:]], dtype=torch.float64)
    basis = torch.linalg.qr(weights(torch.empty(0, dtype=torch.float64), len(numbers), len(numbers)))[0]
    return (basis @ torch.diag(numbers) @ basis.mT).to(device, dtype).requires_grad_()


def test_the_block_residual_is_the_derivative_by_a_rotation_of_close_columns(device):
    A = neighbours([1.0, 2.0, 4.0], 1e-9, device)

    def loss(L, V):
        return (V.square() * weights(V)).sum()

    site = evidence_of(eigh, A, loss)
    V = eigh(A.detach()).eigenvectors
    (g,) = with_gradients([V], lambda V: loss(None, V))

    def rotated(angle):
        turn = torch.eye(4, dtype=torch.float64, device=device)
        turn[0, 0] = turn[1, 1] = math.cos(angle)
        turn[0, 1], turn[1, 0] = -math.sin(angle), math.sin(angle)
        return float(loss(None, V @ turn))

    slope = abs(rotated(1e-6) - rotated(-1e-6)) / 2e-6
    assert site.block_residual == pytest.approx(slope / float(torch.linalg.norm(g)), rel=1e-6)


def test_the_block_residual_vanishes_for_functions_of_the_matrix(device):
    for decompose, loss in (
        (eigh, lambda L, V: (V @ torch.diag(L.exp()) @ V.mT * weights(V)).sum()),
        (svd, lambda U, S, Vh: (U @ Vh * weights(U)).sum()),
        (eig, lambda L, V: (V @ torch.diag(L.exp()) @ torch.linalg.inv(V)).real.mul(weights(V.real)).sum()),
    ):
        site = evidence_of(decompose, neighbours([1.0, 2.0, 4.0], 1e-9, device), loss)
        assert site.block_residual < 1e-6
    apart = evidence_of(eigh, neighbours([1.0, 2.0, 4.0], 1e-3, device), lambda L, V: linear(V))
    assert apart.block_residual is None


@pytest.mark.parametrize("decompose", [eigh, eig], ids=["eigh", "eig"])
def test_the_smallest_gap_is_relative_to_the_largest_value(decompose, draw, device):
    A = draw(3, 5, 5, kind="hermitian" if decompose is eigh else "square")
    site = evidence_of(decompose, A, lambda L, V: linear(V.abs()))
    gaps = []
    for matrix in A.detach().cpu():
        L = torch.linalg.eigvals(matrix).tolist()
        gaps.append(min(abs(a - b) for i, a in enumerate(L) for b in L[:i]) / max(map(abs, L)))
    assert site.min_gap == pytest.approx(min(gaps), rel=1e-5)
    assert site.shape == (3, 5, 5)


@pytest.mark.parametrize(("shape", "expected"), [((4, 4), 4.9 / 15), ((4, 6), 0.1 / 15), ((6, 4), 0.1 / 15)])
def test_the_gap_of_a_rectangular_svd_is_also_that_to_zero(shape, expected, device):
    A = torch.zeros(shape, dtype=torch.float64, device=device)
    A.diagonal().copy_(torch.tensor([10.0, 5.0, 0.1, 15.0]))
    site = evidence_of(svd, A.requires_grad_(), lambda U, S, Vh: linear(U[:, :4]))
    assert site.min_gap == pytest.approx(expected, rel=1e-5)


def test_the_gap_of_qr_is_that_of_its_diagonal_to_zero(draw, device):
    A = draw(5, 3)
    site = evidence_of(qr, A, lambda Q, R: linear(Q))
    diagonal = qr(A.detach()).R.diagonal().abs().tolist()
    assert site.min_gap == pytest.approx(min(diagonal) / max(diagonal), rel=1e-6)
    assert site.block_residual is None


def test_a_single_value_has_no_gap(device):
    A = torch.full((1, 1), 2.0, dtype=torch.float64, device=device, requires_grad=True)
    assert evidence_of(eigh, A, lambda L, V: V.square().sum()).min_gap is None


# Digits: the bound against the true error of torch's gradient.


def function_of(A, f, slope, gradient):
    """The gradient of <gradient, f(A)> for symmetric A, by divided differences in float64 (Daleckii-Krein 1965)."""
    L, V = eigh(A.detach().double())
    difference = L[:, None] - L[None, :]
    near = difference.abs() <= 1e-6 * L.abs().max()
    middle = (L[:, None] + L[None, :]) / 2
    divided = torch.where(near, slope(middle), (f(L)[:, None] - f(L)[None, :]) / torch.where(near, 1.0, difference))
    return V @ (divided * (V.mT @ gradient.double() @ V)) @ V.mT


@pytest.mark.parametrize("gap", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_digits_lost_bound_the_true_error_and_are_not_far_from_it(gap, seed, device):
    A = neighbours([1.0, 2.0, 3.0, 5.0], gap, device, torch.float32)
    W = torch.randn(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).to(device)
    W = (W + W.mT) / 2
    site = evidence_of(eigh, A, lambda L, V: (V @ torch.diag(L.sqrt()) @ V.mT * W.to(V)).sum())
    true = function_of(A, torch.sqrt, lambda x: 0.5 / x.sqrt(), W)
    error = float(torch.linalg.norm(A.grad.double() - true) / torch.linalg.norm(true))
    bound = EPS32 * 10**site.digits_lost
    assert error <= 4 * bound
    assert error >= bound * 10**-2.5 or error < 4 * EPS32


def test_the_formula_of_the_digits_lost(draw, device):
    A = draw(4, 4, kind="hermitian")
    site = evidence_of(eigh, A, lambda L, V: linear(V))
    L, V = eigh(A.detach())
    (g,) = with_gradients([V], linear)
    norms = torch.linalg.norm(g, dim=0).tolist()
    worst = max((norms[i] + norms[i + 1]) / float(L[i + 1] - L[i]) for i in range(3))
    lost = math.log10(worst / float(torch.linalg.norm(A.grad)))
    assert site.digits_lost == pytest.approx(max(lost, 0.0), abs=1e-5)


def test_all_digits_are_lost_where_nothing_is_left(device):
    site = evidence_of(
        eigh,
        neighbours([1.0, 2.0], 1e-15, device),
        lambda L, V: (V @ torch.diag(L.sqrt()) @ V.mT).mul(weights(V)).sum(),
    )
    assert digits_left(site) < 3


def test_the_amplification_is_the_gradient_behind_over_that_before(draw, device):
    A = draw(4, 4, kind="hermitian")
    site = evidence_of(eigh, A, lambda L, V: linear(V) + 3 * L.square().sum())
    g_values, g_vectors = with_gradients(eigh(A.detach()), lambda L, V: linear(V) + 3 * L.square().sum())
    expected = math.sqrt(A.grad.square().sum()) / (
        math.sqrt(g_values.square().sum()) + math.sqrt(g_vectors.square().sum())
    )
    assert site.amplification == pytest.approx(expected, rel=1e-5)
