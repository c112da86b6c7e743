"""The device that a test runs on: the CPU always, CUDA where there is one."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def device(request: pytest.FixtureRequest) -> str:
    """Name the device; skip CUDA where none is found."""
    if request.param == "cuda":
        import torch  # most tests do without

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device")
    return str(request.param)
