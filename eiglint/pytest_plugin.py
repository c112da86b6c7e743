"""The pytest plugin: options alone, until `--eiglint` is given."""

from __future__ import annotations

import argparse

import pytest

_FAILURES = ("confirmed", "new")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; without `--eiglint` they do nothing."""
    group = parser.getgroup("eiglint", "gradients of eigenvectors and singular vectors")
    group.addoption(
        "--eiglint",
        action="store_true",
        help="watch the decompositions of every test; end with what became of each finding, and what is new",
    )
    group.addoption(
        "--eiglint-fail",
        action="extend",
        type=_failures,
        default=[],
        metavar="WHAT",
        help="with --eiglint: fail where tests pass but findings are `confirmed`, or `new` ones are seen",
    )
    group.addoption(
        "--eiglint-evidence",
        default=None,
        metavar="FILE",
        help="with --eiglint: write what was seen to a file for `eiglint check --evidence`",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load everything else if it was asked for."""
    if config.getoption("eiglint"):
        from eiglint.pytest_session import begin

        begin(config)


def _failures(value: str) -> list[str]:
    words = [word.strip() for word in value.split(",")]
    for word in words:
        if word not in _FAILURES:
            raise argparse.ArgumentTypeError(f"it takes {' or '.join(_FAILURES)}, not `{word}`")
    return words
