"""A model that is trained in several processes: hooks of its own stand on the gradients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

import eiglint


@pytest.fixture
def group(tmp_path: Path) -> Iterator[None]:
    if not dist.is_available() or not dist.is_gloo_available():
        pytest.skip("this torch has no gloo")
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


class Spectrum(nn.Module):
    def __init__(self, device: str) -> None:
        super().__init__()
        self.operator = nn.Parameter(torch.arange(16.0, dtype=torch.float64, device=device).reshape(4, 4).sin())

    def forward(self, weights: Tensor) -> Tensor:
        vectors = torch.linalg.eigh(self.operator + self.operator.mT).eigenvectors
        return (vectors.square() * weights).sum()


def gradient(device: str) -> Tensor:
    model = Spectrum(device)
    DistributedDataParallel(model)(model.operator.detach().cos()).backward()
    assert model.operator.grad is not None
    return model.operator.grad


@pytest.mark.usefixtures("group")
def test_a_distributed_model_is_seen_and_its_gradient_is_the_same_to_the_bit(device: str) -> None:
    plain = gradient(device)
    with eiglint.watch() as report:
        watched = gradient(device)
    assert torch.equal(plain, watched)
    assert [(site.calls, site.backwards) for site in report.sites] == [(1, 1)]
