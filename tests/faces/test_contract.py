"""All faces, as real processes, say the same about the same programs: findings, columns, suppressions."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .editor import diagnostics
from .processes import Found, eiglint, run
from .programs import LINES, PROGRAMS

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
LINE = re.compile(r"(?P<path>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<code>EIG\d+) (?P<message>.*)")


@pytest.fixture(scope="module")
def expected(programs: Path) -> dict[str, list[Found]]:
    """What `eiglint check --format json` says, by file."""
    found = eiglint(programs, "check", "--format", "json", ".").found
    return {name: [one for one in found if one.path == name] for name in PROGRAMS}


def read_lines(text: str) -> list[Found]:
    """Read the findings from lines in flake8's form."""
    return sorted(
        Found(part["path"].removeprefix("./"), int(part["line"]), int(part["column"]), part["code"], part["message"])
        for part in LINE.finditer(text.replace("\r", ""))
    )


def test_the_command_line_finds_what_the_programs_are_written_for(expected: dict[str, list[Found]]) -> None:
    assert {name: [(one.line, one.code) for one in found] for name, found in expected.items()} == LINES


def test_columns_count_characters(expected: dict[str, list[Found]]) -> None:
    line = PROGRAMS["phase.py"].decode().splitlines()[9]
    assert line[expected["phase.py"][1].column - 1 :].startswith("ö * ö")
    line = PROGRAMS["latin.py"].decode("latin-1").splitlines()[7]
    assert line[expected["latin.py"][0].column - 1 :].startswith("V * V")


def test_every_file_alone_is_judged_as_it_is_among_the_others(programs: Path, expected: dict[str, list[Found]]) -> None:
    for name in PROGRAMS:
        assert eiglint(programs, "check", "--format", "json", name).found == expected[name]


def test_concise_and_json_lines_agree_with_json(programs: Path, expected: dict[str, list[Found]]) -> None:
    everything = sorted(one for found in expected.values() for one in found)
    assert read_lines(eiglint(programs, "check").out) == everything
    records = map(json.loads, eiglint(programs, "check", "--format", "jsonl").out.splitlines())
    assert sorted(Found(*(record[field] for field in Found._fields)) for record in records) == everything


def test_standard_input_agrees_with_the_file(programs: Path, expected: dict[str, list[Found]]) -> None:
    for name, source in PROGRAMS.items():
        given = eiglint(programs, "check", "--format", "json", "--stdin-filename", name, "-", given=source)
        assert given.found == expected[name]


def test_flake8_agrees_on_files(programs: Path, expected: dict[str, list[Found]]) -> None:
    done = run([sys.executable, "-m", "flake8", "--isolated", "-j1", "--select=EIG", "."], programs)
    assert not done.stderr
    assert read_lines(done.stdout.decode()) == sorted(one for found in expected.values() for one in found)


def test_flake8_agrees_on_standard_input_and_resolves_imports_from_the_name(
    programs: Path, expected: dict[str, list[Found]]
) -> None:
    for name in ("phase.py", "suppressed.py", "user.py"):
        command = [sys.executable, "-m", "flake8", "--isolated", "--select=EIG", "--stdin-display-name", name, "-"]
        done = run(command, programs, PROGRAMS[name])
        assert read_lines(done.stdout.decode()) == expected[name]


def test_flake8_applies_noqa_itself(programs: Path) -> None:
    command = [sys.executable, "-m", "flake8", "--isolated", "--disable-noqa", "--select=EIG", "suppressed.py"]
    lines = [one.line for one in read_lines(run(command, programs).stdout.decode())]
    assert lines == [6, 11, 16, 31, 47]


@pytest.mark.slow
def test_an_editor_that_runs_flake8_shows_the_same(programs: Path, expected: dict[str, list[Found]]) -> None:
    pytest.importorskip("pylsp")
    shown = diagnostics(programs, {name: PROGRAMS[name].decode() for name in ("phase.py", "suppressed.py", "user.py")})
    for name, found in shown.items():
        assert [(one.line, one.column, one.code) for one in found] == [
            (one.line, one.column, one.code) for one in expected[name]
        ]


@pytest.mark.slow
def test_a_commit_hook_says_the_same_about_changed_files(
    programs: Path, expected: dict[str, list[Found]], tmp_path: Path
) -> None:
    pytest.importorskip("pre_commit")
    for name in PROGRAMS:
        shutil.copy(programs / name, tmp_path / name)
    hook = HOOKS.read_text().replace("language: python", "language: system")
    hook = hook.replace("entry: eiglint", f"entry: {sys.executable} -m eiglint")
    listed = "".join(f"      {line}\n" for line in hook.splitlines() if line.strip())
    (tmp_path / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: local\n    hooks:\n{listed}")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["git", "init", "-q"], [*git, "add", "."], [*git, "commit", "-q", "-m", "all"]):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "user.py").write_bytes(PROGRAMS["user.py"] + b"\n")
    subprocess.run([*git, "add", "user.py"], cwd=tmp_path, check=True)
    one = run([sys.executable, "-m", "pre_commit", "run", "eiglint"], tmp_path)
    assert one.returncode == 1, one.stdout.decode() + one.stderr.decode()
    assert read_lines(one.stdout.decode()) == expected["user.py"]
    every = run([sys.executable, "-m", "pre_commit", "run", "eiglint", "--all-files"], tmp_path)
    assert read_lines(every.stdout.decode()) == sorted(one for found in expected.values() for one in found)
