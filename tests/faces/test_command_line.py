"""The command line: what it accepts, what it answers, and with which exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .processes import eiglint
from .programs import FINE, PHASE, PROGRAMS, SUPPRESSED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fine.py").write_text(FINE)
    (tmp_path / "phase.py").write_bytes(PROGRAMS["phase.py"])
    return tmp_path


def test_fine_code_exits_with_0_and_says_what_was_proved(folder: Path) -> None:
    spoken = eiglint(folder, "check", "fine.py")
    assert spoken == (0, "", "1 decomposition: 1 proved invariant\n")


def test_findings_exit_with_1_and_with_0_where_that_was_asked(folder: Path) -> None:
    assert eiglint(folder, "check", "phase.py").status == 1
    assert eiglint(folder, "check", "--exit-zero", "phase.py").status == 0


def test_quiet_leaves_the_summary_out(folder: Path) -> None:
    assert eiglint(folder, "check", "-q", "fine.py") == (0, "", "")


def test_verbose_lists_every_decomposition(folder: Path) -> None:
    spoken = eiglint(folder, "check", "-v", "fine.py")
    assert "fine.py:5:12: torch.linalg.eigh: phase invariant" in spoken.err
    assert spoken.out == ""


def test_the_default_path_is_the_current_folder(folder: Path) -> None:
    assert eiglint(folder, "check", "--format", "json").found == eiglint(folder, "check", "--format", "json", ".").found


def test_the_number_of_processes_changes_nothing(folder: Path) -> None:
    for number in range(8):
        (folder / f"copy{number}.py").write_text(PHASE)
    outputs = {eiglint(folder, "check", "--format", "json", "-j", jobs).out for jobs in ("1", "2", "auto")}
    assert len(outputs) == 1


SELECTIONS = {
    ("--select", "EIG2"): [],
    ("--select", "EIG1"): [6, 10, 17],
    ("--select", "EIG104"): [6, 10, 17],
    ("--select", "missing-conjugate"): [6, 10, 17],
    ("--select", "EIG2,EIG104"): [6, 10, 17],
    ("--select", "ALL"): [6, 10, 17],
    ("--ignore", "EIG104"): [],
    ("--ignore", "EIG1"): [],
    ("--ignore", "missing-conjugate"): [],
    ("--ignore", "EIG105"): [6, 10, 17],
    ("--select", "EIG1", "--ignore", "EIG104"): [],
    ("--ignore", "EIG1", "--select", "EIG104"): [6, 10, 17],
    ("--select", "EIG2", "--extend-select", "EIG104"): [6, 10, 17],
    ("--min-certainty", "definite"): [],
    ("--no-cache",): [6, 10, 17],
}


@pytest.mark.parametrize(("arguments", "lines"), SELECTIONS.items(), ids=map(" ".join, SELECTIONS))
def test_codes_prefixes_and_names_select(folder: Path, arguments: tuple[str, ...], lines: list[int]) -> None:
    spoken = eiglint(folder, "check", "--format", "json", *arguments, "phase.py")
    assert [one.line for one in spoken.found] == lines
    assert spoken.status == int(bool(lines))


def test_the_configuration_nearest_to_the_file_is_used_unless_the_command_line_speaks(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "phase.py").write_text(PHASE)
    (folder / "deep" / "pyproject.toml").write_text('[tool.eiglint]\nignore = ["EIG104"]\n')
    assert {one.path for one in eiglint(folder, "check", "--format", "json").found} == {"phase.py"}
    assert eiglint(folder, "check", "deep", "--ignore", "EIG2").status == 1
    assert eiglint(folder, "check", "phase.py", "--config", "deep/pyproject.toml").status == 0


def test_exclusions_come_from_the_configuration_and_the_command_line(folder: Path) -> None:
    assert eiglint(folder, "check", "--exclude", "ph*.py").status == 0
    (folder / "pyproject.toml").write_text('[tool.eiglint]\nexclude = ["phase.py"]\n')
    assert eiglint(folder, "check").status == 0
    assert eiglint(folder, "check", "phase.py").status == 1


def test_statistics_count_by_code(folder: Path) -> None:
    assert eiglint(folder, "check", "--statistics").out.endswith("     3  EIG104  missing-conjugate\n")
    json.loads(eiglint(folder, "check", "--statistics", "--format", "json").out)


REFUSED = {
    ("check", "--unsafe-fixes"): "--unsafe-fixes",
    ("check", "--format", "xml"): "xml",
    ("check", "--select", "EIG1o4"): "unknown rule `EIG1o4`; did you mean `EIG104`?",
    ("check", "--ignore", "missing-conjugat"): "did you mean `missing-conjugate`?",
    ("check", "--jobs", "0"): "--jobs",
    ("check", "--config", "nope.toml"): "nope.toml",
    ("check", "nope.py"): "no such file or folder: nope.py",
    ("explain", "EIG777"): "unknown rule `EIG777`",
    ("run", "x.py"): "run",
    ("report",): "report",
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.items(), ids=map(" ".join, REFUSED))
def test_what_cannot_be_done_exits_with_2_and_says_why(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    spoken = eiglint(folder, *arguments)
    assert spoken.status == 2
    assert message in spoken.err


def test_a_missing_path_does_not_hide_what_the_others_hold(folder: Path) -> None:
    spoken = eiglint(folder, "check", "nope.py", "phase.py", "--format", "json")
    assert (spoken.status, len(spoken.found)) == (2, 3)


def test_a_mistake_in_the_configuration_exits_with_2_and_names_the_nearest_key(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.eiglint]\nignored = []\n")
    spoken = eiglint(folder, "check", "phase.py")
    assert spoken.status == 2
    assert "unknown key `ignored` in [tool.eiglint]; the nearest known one is `ignore`" in spoken.err


def test_explain_shows_the_page_of_a_code_or_name(folder: Path) -> None:
    by_code = eiglint(folder, "explain", "EIG104")
    assert by_code == eiglint(folder, "explain", "missing-conjugate")
    assert "## Why is this bad" in by_code.out


def test_rules_are_listed_for_people_and_programs(folder: Path) -> None:
    listed = json.loads(eiglint(folder, "rules", "--format", "json").out)
    assert [rule["code"] for rule in listed] == sorted(rule["code"] for rule in listed)
    assert all(rule["summary"] for rule in listed)
    assert len(eiglint(folder, "rules").out.splitlines()) == len(listed)


def test_the_version_is_told(folder: Path) -> None:
    assert eiglint(folder, "--version").out.startswith("eiglint ")


def test_notebooks_are_read_cell_by_cell(folder: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": "text"},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import torch\n"]},
        {"cell_type": "code", "source": "def f(A):\n    L, V = torch.linalg.eig(A)\n    return (V * V).sum()"},
    ]
    (folder / "n.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}}))
    (record,) = eiglint(folder, "check", "--format", "json", "n.ipynb").json["findings"]
    assert (record["cell"], record["line"], record["source"]["line"], record["code"]) == (3, 3, 2, "EIG104")


def test_a_closed_pipe_is_no_error(folder: Path) -> None:
    (folder / "many.py").write_text(SUPPRESSED * 200)
    command = [sys.executable, "-m", "eiglint", "check", "--format", "json", "many.py"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.wait()
