"""Decompositions are found wherever the function calls them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.linalg import eigh as imported_before
from torch.utils.checkpoint import checkpoint

from eiglint.runtime import GaugeError, gaugecheck, regauge

eigh = torch.linalg.eigh


def verdict(function, A, **options):
    return gaugecheck(function, A, raise_exception=False, **options).phase.invariant


def test_a_name_imported_before_is_redrawn(draw, device):
    assert verdict(lambda A: imported_before(A)[1].square(), draw(4, 4)) is True
    assert verdict(lambda A: imported_before(A)[1], draw(4, 4)) is False


def test_an_operator_called_by_its_inner_name_is_redrawn(draw, device):
    assert verdict(lambda A: torch.ops.aten.linalg_eigh(A)[1], draw(4, 4)) is False
    assert verdict(lambda A: torch.ops.aten._linalg_svd(A)[0], draw(4, 4)) is False


def test_vectors_taken_without_gradient_are_arbitrary_all_the_same(draw, device):
    def frozen(A):
        with torch.no_grad():
            V = eigh(A)[1]
        return A @ V

    assert verdict(frozen, draw(4, 4)) is False


def test_the_check_itself_may_run_without_gradient(draw, device):
    A = draw(4, 4, kind="hermitian")
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            result = gaugecheck(lambda A: eigh(A)[1].square(), A, raise_exception=False)
            assert result.phase.gradient_deviation == 0.0
            assert verdict(lambda A: eigh(A)[1], A) is False


def test_a_forward_pass_in_another_thread_is_redrawn(draw, device):
    def threaded(A):
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(lambda scale: eigh(scale * A)[1], (1.0, 2.0)))

    assert verdict(threaded, draw(4, 4)) is False
    assert verdict(lambda A: threaded(A)[0:0], draw(4, 4), check_grad=False) is True


def test_checks_in_several_threads_do_not_disturb_each_other(draw, device):
    A, found = draw(4, 4, kind="hermitian"), {}

    def check(place):
        found[place] = verdict((lambda A: eigh(A)[1]) if place % 2 else (lambda A: eigh(A)[1].square()), A)

    threads = [threading.Thread(target=check, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: True, 1: False, 2: True, 3: False}


def test_a_thread_that_outlives_the_check_gets_plain_outputs_again(draw, device):
    A = draw(4, 4, kind="hermitian", grad=False)
    plain, ready, seen = eigh(A)[1], threading.Event(), []

    def late():
        ready.wait()
        seen.append(eigh(A)[1])

    with regauge("phase", seed=0):
        thread = threading.Thread(target=late)
        thread.start()
    ready.set()
    thread.join()
    assert torch.equal(seen[0], plain)


def test_a_checkpoint_decomposes_again_in_the_same_gauge(draw, device):
    def saved(function):
        return lambda A: checkpoint(function, A, use_reentrant=False)

    A = draw(4, 4, kind="hermitian", dtype=torch.complex128)
    assert verdict(saved(lambda A: eigh(A)[1].abs()), A) is True
    assert verdict(saved(lambda A: eigh(A)[1].real), A) is False


def test_a_reentrant_checkpoint_meets_the_same_gauge_in_backward(draw, device):
    A = draw(4, 4, kind="hermitian")
    weight = torch.sin(torch.arange(16.0, dtype=A.dtype, device=A.device) ** 2).reshape(4, 4)

    def slope(seed, again):
        A.grad = None
        with regauge("phase", seed=seed):
            V = checkpoint(lambda A: eigh(A)[1], A, use_reentrant=True) if again else eigh(A)[1]
            (V * weight).sum().backward()
        return A.grad

    for seed in range(4):
        assert torch.allclose(slope(seed, True), slope(seed, False))


def test_a_gradient_taken_inside_the_function_is_part_of_the_program(draw, device):
    def force(A):
        (slope,) = torch.autograd.grad(eigh(A)[1].square()[0, 0], A, create_graph=True)
        return slope

    assert verdict(force, draw(4, 4, kind="hermitian")) is True


def test_torch_func_transforms_are_seen_through(draw, device):
    A = draw(3, 4, 4, kind="hermitian", grad=False)
    mapped = torch.func.vmap(lambda A: eigh(A)[1])
    assert verdict(mapped, A, symmetries="phase") is False
    assert verdict(lambda A: mapped(A).abs(), A, symmetries="phase") is True
    slopes = torch.func.grad(lambda A: eigh(A)[1].square()[0].cumsum(0).prod())
    assert verdict(slopes, A[0]) is True
    assert verdict(torch.func.vmap(slopes), A, symmetries="phase") is True


def test_blocks_inside_vmap_have_no_verdict(draw, device):
    A = draw(3, 4, 4, kind="hermitian", grad=False)
    result = gaugecheck(torch.func.vmap(lambda A: eigh(A)[1].abs()), A, raise_exception=False)
    assert result.rotation.invariant is None
    assert "vmap" in result.reason


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_does_not_touch_the_redrawing(dtype, draw, device):
    A = torch.diag(torch.tensor([1.0, 1.0, 2.0, 3.0], device=device))

    def under_autocast(A):
        with torch.autocast(torch.device(device).type, dtype=dtype):
            L, V = eigh(A)
            assert V.dtype is torch.float32
            return (V * L).float().mul(1.0) * 0 + V.square().sum(1)

    result = gaugecheck(under_autocast, A, check_grad=False, raise_exception=False)
    assert result.rotation.invariant is True
    assert result.rotation.value_deviation < 1e-6


def summed_vectors(A: torch.Tensor) -> torch.Tensor:
    L, V = torch.linalg.eigh(A)
    return V.sum() + L.sum()


def test_a_decomposition_in_a_scripted_function_leaves_no_verdict(draw):
    scripted = torch.jit.script(summed_vectors)
    A = draw(4, 4, kind="hermitian")
    result = gaugecheck(scripted, (A,), raise_exception=False)
    assert result.phase.invariant is None
    assert "where it cannot be re-drawn: in scripted code" in result.reason
    with pytest.raises(GaugeError, match="scripted code"):
        gaugecheck(scripted, (A,))


def test_norms_and_least_squares_decompose_in_sight(draw):
    def loss(A):
        return torch.linalg.matrix_norm(A, "nuc") + torch.linalg.lstsq(A, A.mT).solution.square().sum()

    assert gaugecheck(loss, (draw(4, 4),))
