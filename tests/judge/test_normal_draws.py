"""Vectors that mix draws which know no sign: those of one seed move with theirs, their distribution does not."""

from __future__ import annotations

import pytest

from eiglint import check_source
from eiglint.findings import Certainty
from eiglint.source.config import Options

HELPERS = """import torch
from torch.nn import functional as F

def on_sphere(n, d):
    if d == 1:
        return 2 * torch.randint(0, 2, (n, 1)) - 1
    draws = torch.randn(n, d)
    return draws / torch.linalg.norm(draws, dim=-1, keepdim=True)

def directions(n, d):
    return on_sphere(n, d)

"""


def found(least: Certainty, *lines: str) -> list[str]:
    body = "\n".join(f"    {line}" for line in ("L, V = torch.linalg.eigh(cov)", "root = V * L.sqrt()", *lines))
    source = f"{HELPERS}def sample(cov, mean, given, n):\n{body}\n"
    report = check_source(source, options=Options(min_certainty=least))
    return [f.code for f in report.findings if f.code.startswith("EIG10")]


@pytest.mark.parametrize(
    "line",
    [
        "return mean + torch.randn(8, 3) @ root.T",
        "return mean + torch.einsum('ij,j->i', root, torch.randn_like(mean))",
        "return mean + torch.normal(0.0, 2.0, (8, 3)) @ root.T",
        "return mean + (0.1 * torch.randn(8, 3) / 3) @ root.T",
        "return mean + directions(n, 3) @ root.T",
        "return mean + F.normalize(torch.randn(8, 3), dim=-1) @ root.T",
        "return mean + torch.randn(8, 3).sign() @ root.T",
        "return [mean + root @ draw for draw in torch.randn(8, 3)]",
        "return torch.randn(8, 3) @ (root if n > 2 else torch.linalg.cholesky(cov)).T",
    ],
)
def test_samples_by_a_root_of_a_covariance_are_at_most_possible(line: str) -> None:
    assert found("likely", line) == []
    assert found("possible", line) == ["EIG102"]


@pytest.mark.parametrize(
    "line",
    [
        "return mean + torch.rand(8, 3) @ root.T",
        "return mean + given @ root.T",
        "return mean + root.sum(-1) * torch.randn_like(mean)",
        "return mean + (torch.randn(8, 3) + 1) @ root.T",
        "return mean + torch.normal(1.0, 2.0, (8, 3)) @ root.T",
        "return mean + torch.randn(8, 1).expand(8, 3) @ root.T",
        "return mean + torch.randn(8, 3).abs() @ root.T",
        "return torch.randn(8, 3) @ torch.where(given > 0, root, mean).T",
        "return mean + (torch.randn(8, 3) * given) @ root.T",
    ],
)
def test_what_is_not_as_likely_with_either_sign_is_told(line: str) -> None:
    assert found("likely", line) == ["EIG102"]


HANDED_DOWN = """import torch

def weights(n):
    return torch.randn(n)

def loss(A, w):
    L, V = torch.linalg.eigh(A)
    return (V @ w).exp().sum()

def example():
    return loss(torch.randn(4, 4, requires_grad=True), {given})
"""


@pytest.mark.parametrize("given", ["torch.randn(4)", "weights(4)", "torch.normal(0.0, 1.0, (4,))"])
def test_draws_that_a_caller_hands_down_stand_for_data(given: str) -> None:
    report = check_source(HANDED_DOWN.format(given=given))
    assert [f.code for f in report.findings if f.code.startswith("EIG10")] == ["EIG102"]


def test_draws_that_are_trained_are_weights() -> None:
    assert found("likely", "w = torch.randn(3, requires_grad=True)", "return root @ w") == ["EIG102"]


def test_draws_of_a_loop_are_made_where_they_are_mixed() -> None:
    loop = ("out = []", "for k in range(n):", "    out.append(root @ directions(1, 3)[0])", "return out")
    assert found("likely", *loop) == []
    assert found("possible", *loop) == ["EIG102"]
