"""A decomposition in one file is known by what all files that were checked make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from eiglint.check import check_paths

HELPER = """
import torch


def basis(operator):
    return torch.linalg.eigh(operator)[1]
"""
FINE = """
from helper import basis


def projector(operator):
    vectors = basis(operator)[:, :2]
    return vectors @ vectors.T
"""
WRONG = """
from helper import basis


def readout(operator):
    return basis(operator).sum()
"""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("helper.py", HELPER), ("fine.py", FINE), ("wrong.py", WRONG)):
        (tmp_path / name).write_text(text)


def test_a_helper_alone_hands_its_vectors_on() -> None:
    assert [site.phase for site in check_paths(["helper.py"]).sites] == ["leaves"]


def test_a_fine_use_elsewhere_changes_nothing() -> None:
    assert [site.phase for site in check_paths(["helper.py", "fine.py"]).sites] == ["leaves"]


def test_a_wrong_use_elsewhere_counts() -> None:
    assert [site.phase for site in check_paths(["helper.py", "fine.py", "wrong.py"]).sites] == ["dependent"]


def test_files_that_were_not_checked_are_not_listed() -> None:
    assert check_paths(["wrong.py"]).sites == ()
