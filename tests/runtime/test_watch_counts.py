"""Non-finite values, properties of the matrix, and counts that stay exact when repeated backwards are thinned."""

from __future__ import annotations

import math

import pytest
import torch
from seen import only, sites_at
from watched_losses import differentiate, evidence_of, linear, weights, with_gradients

from eiglint.runtime import watch

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr
EPS32, EPS64 = 2.0**-23, 2.0**-52

pytestmark = pytest.mark.filterwarnings("error:eiglint")


# Not finite.


def test_nan_that_is_made_here_is_told_from_nan_that_arrives(device):
    equal = torch.eye(3, dtype=torch.float64, device=device).requires_grad_()
    assert evidence_of(eigh, equal, lambda L, V: linear(V)).nonfinite == "here"
    apart = torch.diag(torch.arange(1.0, 4.0, dtype=torch.float64, device=device)).requires_grad_()
    assert evidence_of(eigh, apart, lambda L, V: linear(V)).nonfinite == "none"
    for bad in (float("nan"), float("inf")):
        apart.grad = None
        assert evidence_of(eigh, apart, lambda L, V, bad=bad: linear(V) * bad).nonfinite == "downstream"


def test_nan_that_arrives_at_the_values_alone_is_seen(device):
    A = torch.diag(torch.arange(3.0, dtype=torch.float64, device=device)).requires_grad_()
    with watch() as report:
        (torch.linalg.eigvalsh(A).sqrt() * 0).sum().backward()
    assert only(report).nonfinite == "downstream"


@pytest.mark.parametrize("step", [9, 40, 150])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite_are_seen_in_every_backward(bad, step, device):
    A = torch.diag(torch.arange(1.0, 4.0, dtype=torch.float64, device=device)).requires_grad_()
    with watch() as report:
        for number in range(1, 161):
            V = eigh(A).eigenvectors
            torch.autograd.grad(linear(V) * (bad if number == step else 1.0), A)
    assert only(report).nonfinite == "downstream"
    assert only(report).backwards == 160


def test_nan_made_in_a_thinned_backward_is_seen(device):
    A = torch.diag(torch.arange(1.0, 4.0, dtype=torch.float64, device=device)).requires_grad_()
    with watch() as report:
        for number in range(1, 41):
            V = eigh(torch.eye(3, dtype=A.dtype, device=device) + 0 * A if number == 30 else A).eigenvectors
            torch.autograd.grad(linear(V), A)
    assert only(report).nonfinite == "here"


# The matrix.


def test_the_asymmetry_of_what_eigh_and_eig_were_given(draw, device):
    A = draw(3, 4, 4, grad=False)
    A[1] = A[1] + A[1].mT
    worst = max(float(torch.linalg.norm(matrix - matrix.mT) / torch.linalg.norm(matrix)) for matrix in A)
    for decompose in (eigh, eig):
        with watch() as report:
            decompose(A)
        assert only(report).asymmetry == pytest.approx(worst, rel=1e-6)
        assert only(report).backwards == 0
        with watch() as report:
            decompose(A[1])
        assert only(report).asymmetry == 0
    H = draw(4, 4, kind="hermitian", dtype=torch.complex128, grad=False)
    with watch() as report:
        eigh(H)
        svd(H)
    assert [site.asymmetry for site in report.evidence().sites] == [0, None]


def test_the_condition_of_eigs_vectors(draw, device):
    A = draw(4, 4)
    site = evidence_of(eig, A, lambda L, V: linear(V.abs()))
    S = torch.linalg.svdvals(eig(A.detach()).eigenvectors).tolist()
    expected = math.sqrt(sum(s**2 for s in S) * sum(s**-2 for s in S)) / 4
    assert site.condition == pytest.approx(expected, rel=1e-5)
    normal = evidence_of(eig, draw(4, 4, kind="hermitian"), lambda L, V: linear(V.abs()))
    assert normal.condition == pytest.approx(1.0, abs=1e-6)
    assert evidence_of(eigh, draw(4, 4), lambda L, V: linear(V)).condition is None


def test_a_matrix_without_a_basis_of_vectors_has_an_infinite_condition(device):
    A = torch.tensor([[1.0, 1.0], [0.0, 1.0]], dtype=torch.float64, device=device, requires_grad=True)
    site = evidence_of(eig, A, lambda L, V: linear(V.abs()))
    assert site.condition > 1e15


def test_the_part_of_the_gradient_that_torch_drops(draw, device):
    A = draw(4, 6)
    dropped = evidence_of(svd, A, lambda U, S, Vh: Vh[-1].square().mul(weights(A, 6)).sum())
    assert dropped.null_gradient == pytest.approx(1.0)
    assert A.grad.norm() == 0
    mixed = evidence_of(svd, draw(4, 6), lambda U, S, Vh: linear(Vh))
    (g,) = with_gradients([svd(A.detach()).Vh], linear)
    assert mixed.null_gradient == pytest.approx(float(torch.linalg.norm(g[4:]) / torch.linalg.norm(g)), rel=1e-6)
    none = evidence_of(svd, draw(4, 6), lambda U, S, Vh: linear(Vh[:4]))
    assert none.null_gradient == 0
    with watch() as report:
        svd(draw(4, 6), full_matrices=False).Vh.square()[0, 0].backward()
    assert only(report).null_gradient is None


# Counts.


def test_counts_stay_exact_and_the_first_eight_are_measured(draw, device):
    A, sampled = draw(3, 3), []
    with watch() as report:
        for _ in range(300):
            torch.autograd.grad(linear(eigh(A).eigenvectors), A)
            sampled.append(only(report).sampled)
    site = only(report)
    assert (site.calls, site.backwards, site.exercised) == (300, 300, 300)
    assert sampled[:8] == list(range(1, 9))
    measured = [number for number in range(9, 301) if sampled[number - 1] > sampled[number - 2]]
    assert measured == [16, 32, 48, 64, 80, 96, 112, 128, 192, 256]


def test_nothing_is_thinned_where_that_is_asked_for_or_every_backward_is_judged(draw, device):
    A = draw(3, 3)
    for options in ({"thin": False}, {"on_finding": "warn"}, {"on_finding": "raise"}, {"on_roundoff": "repair"}):
        with watch(**options) as report:
            for _ in range(40):
                torch.autograd.grad(eigh(A).eigenvectors.square()[0, 0], A)
        assert only(report).sampled == 40


def test_the_worst_of_all_measurements_is_kept(draw, device):
    H = draw(4, 4, kind="hermitian", dtype=torch.complex128)
    found = []
    with watch() as together:
        for share in (0.0, 0.02, 0.001):
            with watch() as alone:
                L, V = eigh(H)  # again and again
                differentiate(L.sum() + share * linear(V))
            found.append(only(alone).phase_residual)
    (site,) = sites_at(together, "# again and again")
    assert site.phase_residual == max(number for number in found if number is not None)


def test_a_line_that_meets_real_and_complex_matrices_keeps_the_phase(draw, device):
    for order in ((torch.complex128, torch.float64), (torch.float64, torch.complex128)):
        with watch() as report:
            for dtype in order:
                V = eigh(draw(4, 4, kind="hermitian", dtype=dtype)).eigenvectors
                differentiate(linear(V))
        site = only(report)
        assert site.dtype == "complex128"
        assert site.phase_residual > 1e-2
        assert site.blind
