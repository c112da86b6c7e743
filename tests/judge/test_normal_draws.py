"""Vectors that mix normal draws: the draws of one seed move with their signs, their distribution does not."""

from __future__ import annotations

import pytest

from eiglint import check_source
from eiglint.findings import Certainty
from eiglint.source.config import Options


def found(least: Certainty, *lines: str) -> list[str]:
    body = "\n".join(f"    {line}" for line in ("L, V = torch.linalg.eigh(cov)", "root = V * L.sqrt()", *lines))
    source = f"import torch\n\ndef sample(cov, mean, given):\n{body}\n"
    report = check_source(source, options=Options(min_certainty=least))
    return [f.code for f in report.findings if f.code.startswith("EIG10")]


@pytest.mark.parametrize(
    "line",
    ["return mean + torch.randn(8, 3) @ root.T", "return mean + torch.einsum('ij,j->i', root, torch.randn_like(mean))"],
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
    ],
)
def test_what_is_not_as_likely_with_either_sign_is_told(line: str) -> None:
    assert found("likely", line) == ["EIG102"]
