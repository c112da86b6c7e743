"""`eiglint check --evidence`: each form says what became of a finding; a file that cannot be read is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from eiglint.evidence.files import write
from eiglint.evidence.records import Evidence, Pass, SiteEvidence

from .processes import eiglint

PROGRAM = """\
import torch


def density(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum()


def start(A):
    L, V = torch.linalg.eigh(A)
    return (V * V).sum() + V[:, 0].sum()
"""
SITE = SiteEvidence(
    "model.py",
    5,
    "torch.linalg.eig",
    "eig",
    calls=3,
    backwards=3,
    exercised=3,
    sampled=3,
    dtype="complex64",
    phase_residual=0.31,
    condition=float("inf"),
)
SAYS = "[confirmed: phase residual up to 0.31 in 3 measured backwards]"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "model.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    elsewhere = replace(SITE, path="elsewhere.py")
    write("seen.json", Evidence((SITE, elsewhere), (Pass({"model.py": frozenset({6})}, (SITE,)),)))
    return tmp_path


def test_concise_appends_what_became_of_a_finding_and_the_sum_stands_below(folder: Path) -> None:
    spoken = eiglint(folder, "check", "--evidence", "seen.json", "model.py")
    assert spoken.status == 1
    first, second = spoken.out.splitlines()
    assert first.endswith(SAYS)
    assert second.endswith("[not reached: torch.linalg.eigh in line 10 was never called]")
    assert "evidence: 1 finding confirmed, 0 refuted, 0 unsettled, 1 not reached; 0 new\n" in spoken.err


def test_json_holds_the_status_and_the_measurements_that_matter(folder: Path) -> None:
    confirmed, absent = eiglint(folder, "check", "--evidence", "seen.json", "--format", "json").json["findings"]
    assert confirmed["evidence"] == {
        "status": "confirmed",
        "reason": "phase residual up to 0.31 in 3 measured backwards",
        "sites": [
            {
                "path": str(folder / "model.py"),
                "line": 5,
                "call": "torch.linalg.eig",
                "calls": 3,
                "backwards": 3,
                "exercised": 3,
                "sampled": 3,
                "dtype": "complex64",
                "phase_residual": 0.31,
                "blind": False,
                "nonfinite": "none",
                "probe": {},
                "probe_failure": "",
            }
        ],
    }
    assert (absent["evidence"]["status"], absent["evidence"]["sites"]) == ("not reached", [])


def test_the_other_forms_say_it_too(folder: Path) -> None:
    full = eiglint(folder, "check", "--evidence", "seen.json", "--format", "full").out
    assert "= evidence: confirmed: phase residual up to 0.31 in 3 measured backwards" in full
    github = eiglint(folder, "check", "--evidence", "seen.json", "--format", "github").out
    assert "confirmed: phase residual up to 0.31 in 3 measured backwards" in github
    sarif = eiglint(folder, "check", "--evidence", "seen.json", "--format", "sarif").json
    assert sarif["runs"][0]["results"][0]["properties"]["evidence"]["status"] == "confirmed"


def test_without_the_option_nothing_is_said_of_evidence(folder: Path) -> None:
    spoken = eiglint(folder, "check", "model.py")
    assert "confirmed" not in spoken.out
    assert "evidence:" not in spoken.err
    assert {f["evidence"] for f in eiglint(folder, "check", "model.py", "--format", "json").json["findings"]} == {None}


def test_the_evidence_moves_with_the_folder(folder: Path) -> None:
    (folder / "new").mkdir()
    for name in ("model.py", "seen.json"):
        (folder / name).rename(folder / "new" / name)
    assert SAYS in eiglint(folder, "check", "--evidence", "new/seen.json", "new").out


def test_a_file_that_holds_no_evidence_is_refused_before_anything_is_checked(folder: Path) -> None:
    (folder / "broken.json").write_text(json.dumps({"evidence": 7}))
    for name, message in (
        ("gone.json", "eiglint: gone.json: cannot be read: No such file or directory\n"),
        ("model.py", "eiglint: model.py: not a file of evidence: not JSON"),
        ("broken.json", "eiglint: broken.json: format 7 of evidence"),
    ):
        spoken = eiglint(folder, "check", "--evidence", name, "model.py")
        assert (spoken.status, spoken.out) == (2, "")
        assert spoken.err.startswith(message)
