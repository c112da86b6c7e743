"""A measurement that fails is named once, and the program goes on as if nobody watched."""

from __future__ import annotations

import warnings

import pytest
import torch
from left import assert_nothing_is_left, squares

from eiglint.runtime import residuals, watch

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr

pytestmark = pytest.mark.filterwarnings("error:eiglint")


@pytest.mark.parametrize("options", [{}, {"on_roundoff": "repair"}, {"on_finding": "raise"}], ids=str)
@pytest.mark.parametrize(
    "broken", ["column_norms", "phase_residual", "noise", "asymmetry", "digits_lost", "all_finite", "amplification"]
)
@pytest.mark.filterwarnings("default:eiglint")
def test_a_measurement_that_fails_is_named_once_and_the_program_goes_on(broken, options, draw, device, monkeypatch):
    def fail(*_):
        raise LookupError("nothing there")

    A = draw(4, 4, dtype=torch.complex128)
    plain = torch.autograd.grad(squares(eig(A).eigenvectors), A)[0]
    monkeypatch.setattr(residuals, broken, fail)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with watch(thin=False, **options) as report:
            for _ in range(3):
                slope = torch.autograd.grad(squares(eig(A).eigenvectors), A)[0]
            broken_V = eig(A.detach().requires_grad_()).eigenvectors
            (squares(broken_V) * float("nan")).isnan()
    assert torch.equal(plain, slope)
    if broken != "all_finite":  # asked only where something is not finite
        assert len(caught) == 1, [str(warning.message) for warning in caught]
        assert "LookupError: nothing there" in str(caught[0].message)
        assert any("a hook of eiglint failed" in words for words in report.evidence().unobserved)
    assert report.evidence().sites[0].calls >= 3
    assert_nothing_is_left()


@pytest.mark.filterwarnings("default:eiglint")
def test_a_walk_that_fails_leaves_the_backward_alone(draw, device, monkeypatch):
    A = draw(4, 4)
    plain = torch.autograd.grad(squares(eigh(A).eigenvectors), A)[0]
    monkeypatch.setattr("eiglint.runtime.backward.decompositions_above", lambda *_: 1 / 0)
    with pytest.warns(RuntimeWarning, match="ZeroDivisionError"), watch():
        assert torch.equal(torch.autograd.grad(squares(eigh(A).eigenvectors), A)[0], plain)
    assert_nothing_is_left()


@pytest.mark.filterwarnings("default:eiglint")
def test_torchs_refusal_stays_its_own_if_the_explanation_fails(draw, device, monkeypatch):
    monkeypatch.setattr("eiglint.runtime.backward.in_words", lambda *_, **__: 1 / 0)
    A = draw(3, 3, kind="hermitian", dtype=torch.complex128)
    with (
        pytest.warns(RuntimeWarning, match="ZeroDivisionError"),
        pytest.raises(RuntimeError, match="up to multiplication by e"),
        watch(),
    ):
        eigh(A).eigenvectors.real.sum().backward()
    assert_nothing_is_left()
