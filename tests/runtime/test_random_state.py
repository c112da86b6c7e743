"""Nothing outside moves: random states, inputs, gradients, modes, torch's own functions."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest
import torch

from eiglint.runtime import gaugecheck, regauge

eigh = torch.linalg.eigh


def test_every_random_state_is_given_back(draw, device):
    A = draw(4, 4, kind="hermitian")

    def stochastic(A):
        return eigh(A)[1].abs() * torch.rand(4, 4, dtype=A.dtype, device=A.device) * random.random() * np.random.rand()

    states = random.getstate(), torch.get_rng_state(), np.random.get_state()[1].tolist()
    on_device = torch.cuda.get_rng_state() if device == "cuda" else None
    gaugecheck(stochastic, A)
    assert random.getstate() == states[0]
    assert torch.equal(torch.get_rng_state(), states[1])
    assert np.random.get_state()[1].tolist() == states[2]
    assert on_device is None or torch.equal(torch.cuda.get_rng_state(), on_device)


def test_random_states_are_given_back_when_the_function_raises(draw, device):
    before = torch.get_rng_state()

    def failing(A):
        torch.rand(3)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        gaugecheck(failing, draw(3, 3))
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_draws_the_same_mask_in_every_run(draw, device):
    A = draw(4, 4, kind="hermitian")
    assert gaugecheck(lambda A: torch.dropout(eigh(A)[1].square(), 0.5, train=True), A)


def test_drawing_a_gauge_takes_nothing_from_the_global_generator(draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex128, grad=False)
    for way in ("multiply", "similarity"):
        for symmetry in ("phase", "order", "rotation"):
            before = torch.get_rng_state()
            with regauge(symmetry, seed=3, way=way):
                torch.linalg.eig(A)
            assert torch.equal(torch.get_rng_state(), before)


def test_values_and_gradients_outside_are_bit_identical(draw, device):
    A = draw(5, 5)

    def outputs():
        U, S, Vh = torch.linalg.svd(A)
        (slope,) = torch.autograd.grad((U @ Vh).square().mul(S).sum(), A)
        return U.detach(), S.detach(), Vh.detach(), slope

    before = outputs()
    gaugecheck(lambda A: torch.linalg.svd(A).S, A)
    with regauge("phase", seed=1):
        changed = torch.linalg.svd(A).U
    assert not torch.equal(changed, before[0])
    assert all(torch.equal(one, other) for one, other in zip(before, outputs(), strict=True))


def test_inputs_and_their_gradients_stay_untouched(draw, device):
    A = draw(4, 4, kind="hermitian")
    A.grad = torch.ones_like(A)
    before = A.detach().clone()

    def careless(A):
        A.data.mul_(3.0)
        return eigh(A)[1].abs()

    gaugecheck(careless, A)
    assert torch.equal(A, before)
    assert torch.equal(A.grad, torch.ones_like(A))


def test_running_statistics_of_a_module_are_put_back(draw, device):
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(4, dtype=torch.float64, device=device)

        def forward(self, A):
            return self.norm(eigh(A)[1].square() + A)

    net = Net()
    before = {name: entry.clone() for name, entry in net.state_dict().items()}
    assert gaugecheck(net, draw(4, 4, kind="hermitian", grad=False))
    assert all(torch.equal(entry, before[name]) for name, entry in net.state_dict().items())


def test_threads_and_the_engine_are_put_back(draw, device):
    start, engine = threading.Thread.start, torch.autograd.graph._engine_run_backward
    with regauge("phase"), regauge("phase", seed=1):
        assert threading.Thread.start is not start
    assert threading.Thread.start is start
    assert torch.autograd.graph._engine_run_backward is engine
    assert torch.autograd._engine_run_backward is engine


def test_the_same_seed_gives_the_same_result_twice(draw, device):
    A = draw(4, 4, kind="hermitian", dtype=torch.complex128)
    first, second = (gaugecheck(lambda A: eigh(A)[1].real, A, raise_exception=False, seed=5) for _ in range(2))
    assert first == second
