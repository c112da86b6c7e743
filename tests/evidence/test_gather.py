"""The files of the evidence are checked, each once, and their promises read."""

from pathlib import Path

import pytest

from eiglint.evidence.gather import files_of, joined_with_files
from eiglint.evidence.records import Evidence, Pass

from .made import COMPLEX, changed

TEXT = """\
import torch


def density(A):
    L, V = torch.linalg.eig(A)  # eiglint: assume distinct, ordere
    return (V * V).sum()
"""


def test_findings_and_promises_of_the_executed_files_are_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(TEXT)
    site = changed(COMPLEX, phase_residual=0.31, min_gap=0.0)
    joined = joined_with_files(Evidence((site,), (Pass({"model.py": frozenset({6})}, (site,)),)))
    assert [(one.finding.code, one.status) for one in joined.findings] == [("EIG104", "confirmed")]
    assert [(one.promise.word, one.keeping) for one in joined.promises] == [("distinct", "broken")]
    assert [one.line for one in joined.misread] == [5]


def test_a_file_counts_once_and_what_is_no_python_file_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("model.py", "other.py", "notes.txt"):
        Path(name).write_text("")
    sites = tuple(changed(COMPLEX, path=path) for path in ("./model.py", "<stdin>", "gone.py"))
    lines = {str(tmp_path / "model.py"): frozenset({1}), "other.py": frozenset({1})}
    assert files_of(Evidence(sites, (Pass(lines),), files=("model.py", "notes.txt"))) == ["model.py", "other.py"]
