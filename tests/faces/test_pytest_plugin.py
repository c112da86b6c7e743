"""`pytest --eiglint`: real sessions, with and without it, alone and in several processes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("torch")

LOSSES = """\
import torch


def bad(A):
    L, V = torch.linalg.eig(A)
    return 1e-4 * (V * V).sum().abs()


def sound(A):
    L, V = torch.linalg.eig(A)
    return (V.abs() ** 2)[0].sum()


def unused(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum().abs()
"""
CONFTEST = """\
import pytest, torch
from losses import bad

@pytest.fixture
def A():
    torch.manual_seed(0)
    return torch.randn(4, 4, dtype=torch.complex128, requires_grad=True)

@pytest.fixture(scope="session")
def shared():
    torch.manual_seed(0)
    A = torch.randn(3, 3, dtype=torch.complex128, requires_grad=True)
    return torch.linalg.eig(A)[1]

@pytest.fixture
def prepared(A):
    bad(A).backward()
"""
TESTS = """\
from losses import bad, sound

def test_one(A):
    bad(A).backward()

def test_two(A):
    sound(A).backward()

def test_prepared(prepared):
    pass

def test_first_use_of_what_is_shared(shared):
    assert len(shared) == 3

def test_second_use_of_what_is_shared(shared):
    (1e-4 * (shared.real ** 2)[0, 0]).backward()
"""


class Session(NamedTuple):
    """A session of pytest in a process of its own."""

    status: int
    out: str

    @property
    def section(self) -> list[str]:
        """The lines below the heading `eiglint`, each with single spaces."""
        lines = [" ".join(line.split()) for line in self.out.splitlines()]
        heads = [number for number, line in enumerate(lines) if line.strip("= ") == "eiglint"]
        assert len(heads) == 1, self.out
        return lines[heads[0] + 1 :]


def session(folder: Path, *arguments: str) -> Session:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return Session(done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name, text in {
        "losses.py": LOSSES,
        "conftest.py": CONFTEST,
        "test_it.py": TESTS,
        "pytest.ini": "[pytest]",
    }.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def watched(folder: Path) -> Session:
    return session(folder, "-q", "--eiglint", "--eiglint-evidence=seen.json")


def sites(folder: Path, name: str) -> dict[tuple[str, int], list[str]]:
    """Return the tests by decomposition."""
    record = json.loads((folder / name).read_text())
    return {(site["path"], site["line"]): site["tests"] for site in record["sites"]}


SEEN = {
    ("conftest.py", 13): ["test_it.py::test_second_use_of_what_is_shared"],
    ("losses.py", 5): ["test_it.py::test_one", "test_it.py::test_prepared"],
    ("losses.py", 10): ["test_it.py::test_two"],
}


def test_the_section_says_what_became_of_the_findings_and_which_test_did_it(watched: Session) -> None:
    section = "\n".join(watched.section)
    assert "EIG104 line 6 confirmed" in section
    assert "reached by test_it.py::test_one and 1 more test" in section
    assert "EIG104 line 16 not reached" in section
    assert "conftest.py\n13 torch.linalg.eig 1 residual" in section
    assert "1 finding confirmed, 1 refuted, 0 unsettled, 1 not reached; 1 new" in section


def test_tests_pass_although_something_was_found(watched: Session) -> None:
    assert watched.status == pytest.ExitCode.OK
    assert "5 passed" in watched.out


def test_each_backward_is_attributed_to_its_test_the_setup_of_fixtures_included(watched: Session, folder: Path) -> None:
    assert sites(folder, "seen.json") == SEEN


def test_the_evidence_names_the_files_that_were_executed(watched: Session, folder: Path) -> None:
    assert json.loads((folder / "seen.json").read_text())["files"] == ["conftest.py", "losses.py", "test_it.py"]


@pytest.mark.slow
def test_several_processes_tell_one_story_and_fail_where_that_was_asked(watched: Session, folder: Path) -> None:
    pytest.importorskip("xdist")
    asked = ("--eiglint-evidence=many.json", "--eiglint-fail=new,confirmed")
    spread = session(folder, "-q", "-n2", "--dist=loadfile", "--eiglint", *asked)
    assert spread.status == pytest.ExitCode.TESTS_FAILED
    assert "5 passed" in spread.out
    assert "--eiglint-fail=confirmed: 1 confirmed" in spread.section
    assert "--eiglint-fail=new: 1 new" in spread.section
    assert sites(folder, "many.json") == SEEN
    assert [line for line in watched.section if "EIG" in line] == [line for line in spread.section if "EIG" in line]


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("light")
    (folder / "test_light.py").write_text(
        "import sys\n\ndef test_what_is_loaded():\n"
        "    heavy = {'torch', 'rich', 'libcst', 'eiglint.runtime', 'eiglint.pytest_session', 'eiglint.evidence'}\n"
        "    assert not heavy & set(sys.modules)\n"
        "    a = 1\n"
    )
    return folder


@pytest.mark.parametrize(
    "arguments",
    [(), ("-p", "no:eiglint"), ("--eiglint-fail=new",), ("--eiglint", "--collect-only")],
    ids=["nothing", "no plugin", "a failure to watch for, and no watch", "collecting alone"],
)
def test_nothing_is_loaded_and_nothing_said_without_a_watch(light: Path, arguments: tuple[str, ...]) -> None:
    done = session(light, *arguments)
    assert done.status == pytest.ExitCode.OK, done.out
    assert "= eiglint" not in done.out


REFUSED = {
    "a word to fail on": (("--eiglint-fail=old",), "it takes confirmed or new, not `old`"),
    "a folder for the evidence": (("--eiglint-evidence=.",), "--eiglint-evidence .: no file can be written there"),
    "no folder for it": (("--eiglint-evidence=a/b",), "--eiglint-evidence a/b: no file can be written there"),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_a_usage_error(light: Path, arguments: tuple[str, ...], words: str) -> None:
    done = session(light, "--eiglint", *arguments)
    assert done.status == pytest.ExitCode.USAGE_ERROR
    assert words in done.out
    assert "Traceback" not in done.out


@pytest.fixture
def failing(folder: Path, tmp_path: Path) -> Path:
    for name in ("losses.py", "conftest.py", "pytest.ini"):
        (tmp_path / name).write_text((folder / name).read_text())
    (tmp_path / "test_failing.py").write_text(
        "import os, pytest\nfrom losses import bad, sound\n\n"
        "def test_a(A):\n    bad(A).backward()\n    x = 3\n    assert x == 4\n\n"
        "def test_b(A):\n    if 'PYTEST_XDIST_WORKER' in os.environ:\n        os._exit(1)\n    sound(A).backward()\n\n"
        "def test_c(A):\n    sound(A).backward()\n"
    )
    return tmp_path


@pytest.mark.slow
def test_a_test_that_fails_is_reported_as_ever_and_in_the_table(failing: Path) -> None:
    done = session(failing, "--eiglint", "--eiglint-fail=confirmed")
    assert done.status == pytest.ExitCode.TESTS_FAILED
    assert "assert 3 == 4" in done.out  # pytest's own rewriting of assertions
    assert "eiglint/" not in done.out[: done.out.index("= eiglint")]
    assert "reached by test_failing.py::test_a" in done.section


@pytest.mark.slow
def test_a_session_that_is_cut_short_still_ends_with_the_table(failing: Path) -> None:
    done = session(failing, "--eiglint", "-x")
    assert "stopping after 1 failures" in done.out
    assert "reached by test_failing.py::test_a" in done.section


@pytest.mark.slow
def test_what_a_crashed_worker_saw_is_named_as_lost(failing: Path) -> None:
    pytest.importorskip("xdist")
    done = session(failing, "--eiglint", "-n1", "--eiglint-evidence=seen.json")
    assert done.status == pytest.ExitCode.TESTS_FAILED
    assert "the tests of 1 worker that did not end" in done.section
    assert sites(failing, "seen.json") == {("losses.py", 10): ["test_failing.py::test_c"]}
