"""Functions behind an autograd.Function: what is said of them, and what a gradient does that goes around it."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

import eiglint

HEAD = "import torch\n"

BEHIND = """
    def _exp(A):
        L, V = torch.linalg.eigh(A)
        return V @ torch.diag(L.exp()) @ V.mT

    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, A):
            ctx.save_for_backward(A)
            return _exp(A)

        @staticmethod
        def backward(ctx, g):
            (A,) = ctx.saved_tensors
            return torch.autograd.functional.vjp(torch.linalg.matrix_exp, A, g)[1]

    def run(A):
        return Exp.apply(A)
"""

AROUND = (
    BEHIND
    + """
    def around(A):
        return _exp(A)
"""
)

IDLE = (
    BEHIND
    + """
    def _around(A):
        return _exp(A)
"""
)

LISTED = (
    BEHIND
    + """
    FUNCTIONS = {"exp": _exp}
"""
)

PUBLIC = BEHIND.replace("_exp(", "exponential(")


def told(text: str) -> list[str]:
    return [f.code for f in eiglint.check_source(HEAD + dedent(text)).findings]


def test_nothing_is_said_of_a_private_function_behind_an_autograd_function() -> None:
    assert told(BEHIND) == []


def test_nothing_is_said_where_a_private_function_that_nobody_calls_uses_it_too() -> None:
    assert told(IDLE) == []


@pytest.mark.parametrize("text", [AROUND, LISTED, PUBLIC], ids=["another caller", "in a table", "public"])
def test_a_function_that_is_reached_in_another_way_is_judged(text: str) -> None:
    assert told(text) == ["EIG302"]


def test_the_way_around_is_nan_where_eigenvalues_meet() -> None:
    torch = pytest.importorskip("torch")
    names: dict[str, Any] = {}
    exec(HEAD + dedent(AROUND), names)
    seed = torch.tensor([[1.0, 2.0], [2.0, 5.0]])
    ways = {}
    for way in ("run", "around"):
        A = torch.eye(2).requires_grad_()
        (names[way](A) * seed).sum().backward()
        ways[way] = A.grad
    assert torch.allclose(ways["run"], seed * torch.e)
    assert ways["around"].isnan().any()
