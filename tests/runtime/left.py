"""A program's loss, and what must be as before once a watch is over."""

from __future__ import annotations

import sys
import threading

import torch
from torch.overrides import _get_current_function_mode_stack

from eiglint.runtime import watching

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr
ENGINE = torch.autograd.graph._engine_run_backward
THREAD_START, LOBPCG, COMPILE = threading.Thread.start, torch._lobpcg._lobpcg, torch.compile
OPERATIONS = ("aten::_linalg_eigh", "aten::linalg_eig", "aten::_linalg_svd", "aten::linalg_qr")


def squares(V):
    weights = torch.linspace(1.0, 2.0, V.shape[-1], device=V.device, dtype=V.real.dtype)
    return (weights.unsqueeze(-1) * V.abs() ** 2 * weights**2).sum()


def assert_nothing_is_left():
    assert torch.autograd.graph._engine_run_backward is ENGINE
    assert torch.autograd._engine_run_backward is ENGINE
    assert threading.Thread.start is THREAD_START
    assert torch._lobpcg._lobpcg is LOBPCG
    assert torch.compile is COMPILE
    assert not any(torch._C._dispatch_has_kernel_for_dispatch_key(name, "BackendSelect") for name in OPERATIONS)
    if "torch._dynamo" in sys.modules:
        assert sys.modules["torch._dynamo"].eval_frame._stance.stance == "default"
    assert _get_current_function_mode_stack() == []
    assert watching.active() == ()
