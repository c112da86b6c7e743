"""The same matrix gets the same gauge, another one its own."""

from __future__ import annotations

import inspect

import pytest
import torch

from eiglint.runtime import gaugecheck, regauge

eigh = torch.linalg.eigh


@pytest.mark.parametrize("way", ["multiply", "similarity"])
def test_decomposing_twice_gives_the_same_vectors(way, draw, device):
    A = draw(4, 4, kind="hermitian")
    assert gaugecheck(lambda A: eigh(A).eigenvectors @ eigh(A).eigenvectors.mT, A, way=way)


def test_a_view_of_the_same_entries_is_the_same_matrix(draw, device):
    stack = draw(2, 4, 4, kind="hermitian", grad=False)
    with regauge("phase", seed=1):
        assert torch.equal(eigh(stack[1])[1], eigh(stack.view(-1)[16:].reshape(4, 4))[1])


def test_values_and_vectors_of_one_matrix_come_in_the_same_order(draw, device):
    A = draw(4, 4)

    def residual(A):
        L, V = torch.linalg.eigvals(A), torch.linalg.eig(A).eigenvectors
        return (V @ torch.diag(L) @ torch.linalg.inv(V)).real

    assert gaugecheck(residual, A)


def test_full_and_thin_svd_share_the_gauge_of_the_common_columns(draw, device):
    A = draw(5, 3)

    def both(A):
        return torch.linalg.svd(A).U[:, :3] @ torch.linalg.svd(A, full_matrices=False).Vh + torch.svd(A).U @ (
            torch.linalg.svd(A).Vh
        )

    assert gaugecheck(both, A, symmetries="phase")


def test_a_matrix_changed_in_place_may_get_another_gauge(draw, device):
    A = draw(4, 4, kind="hermitian", grad=False)
    with regauge("phase", seed=1):
        before = eigh(A)[1]
        A.mul_(2.0)
        between = eigh(A)[1]
        A.mul_(0.5)
        after = eigh(A)[1]
    assert torch.equal(before, after)
    assert torch.allclose(before.abs(), between.abs())


def test_a_matrix_changed_behind_autograd_s_back_is_seen_as_changed(draw, device):
    A = draw(4, 4, kind="hermitian", grad=False)
    with regauge("phase", seed=1) as run:
        eigh(A)
        A.data.add_(torch.eye(4, dtype=A.dtype, device=A.device))
        eigh(A)
    assert len(run._known) == 2


def test_freed_and_reused_memory_is_not_taken_for_the_old_matrix(draw, device):
    with regauge("phase", seed=1) as run:
        for step in range(20):
            eigh(draw(4, 4, kind="hermitian", seed=step, grad=False))
    assert len(run._known) == 20


def test_each_matrix_of_a_batch_has_its_own_gauge(draw, device):
    A = draw(4, 4, kind="hermitian", grad=False)
    batch = torch.stack([A, A])
    with regauge("phase", seed=0):
        V = eigh(batch)[1]
    assert torch.equal(V[0].abs(), V[1].abs())
    assert not torch.equal(V[0], V[1])


def test_vectors_of_two_matrices_do_not_cancel(draw, device):
    A = draw(4, 4, kind="hermitian")
    result = gaugecheck(lambda A: eigh(A)[1].mT @ eigh(A + A @ A)[1], A, raise_exception=False)
    assert result.phase.invariant is False


def test_two_lines_that_share_a_matrix_are_not_blamed_for_a_third(draw, device):
    def function(A):
        first = torch.linalg.eigh(A)[1]
        second = torch.linalg.eigh(A + 0)[1]
        return first * second + torch.linalg.eigh(A @ A)[1]

    result = gaugecheck(function, draw(4, 4, kind="hermitian"), raise_exception=False)
    start = inspect.getsourcelines(function)[1]
    assert [site.line - start for site in result.phase.sites] == [3]
