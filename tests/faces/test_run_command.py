"""`eiglint run`: the program runs as it would, and afterwards standard error says what became of the findings."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .processes import Spoken, eiglint, run

pytest.importorskip("torch")

PROGRAM = """\
import os, subprocess, sys
import torch
from losses import bad, fine, unused

if __name__ == "__main__":
    torch.manual_seed(0)
    A = torch.randn(4, 4, dtype=torch.complex128, requires_grad=True)
    bad(A).backward()
    fine(A).backward()
    subprocess.run(["true"])
    os.chdir("/")
    sys.stderr = open(os.devnull, "w")
    print(sys.argv[1:])
    sys.exit(int(sys.argv[1]))
"""
LOSSES = """\
import torch


def bad(A):
    L, V = torch.linalg.eig(A)
    return 1e-4 * (V * V).sum().abs()


def fine(A):
    L, V = torch.linalg.eigh(A + A.mH)
    return (V.abs() ** 2)[0, 0]


def unused(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum().abs()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    (folder / "program.py").write_text(PROGRAM)
    (folder / "losses.py").write_text(LOSSES)
    return folder


@pytest.fixture(scope="module")
def spoken(folder: Path) -> Spoken:
    """What one run said; the program leaves with 3."""
    return eiglint(folder, "run", "-o", "seen.json", "program.py", "3", "--help", "-o", "x")


def rows(spoken: Spoken) -> list[list[str]]:
    """Return the words of each line of the table."""
    return [line.split() for line in spoken.err.splitlines()]


def test_standard_output_and_the_exit_status_are_the_programs(spoken: Spoken) -> None:
    assert (spoken.status, spoken.out) == (3, "['3', '--help', '-o', 'x']\n")


def test_the_table_says_what_became_of_each_finding(spoken: Spoken) -> None:
    found = [row[:5] for row in rows(spoken)]
    assert ["EIG104", "line", "6", "confirmed", "phase"] in found
    assert ["EIG104", "line", "16", "not", "reached"] in found
    assert "1 finding confirmed, 1 refuted, 0 unsettled, 1 not reached; 0 new" in spoken.err


def test_the_table_shows_each_decomposition_that_ran_by_its_place(spoken: Spoken) -> None:
    places = {int(row[0]): " ".join(row[1:]) for row in rows(spoken) if row and row[0].isdigit() and "torch" in row[1]}
    assert ["losses.py"] in rows(spoken)
    assert list(places) == [5, 10, 15]
    assert "torch.linalg.eig 1 residual" in places[5]
    assert places[5].endswith("(genuine) phase-dependent")
    assert "well-defined" in places[10]
    assert places[15] == "torch.linalg.eig not reached"


def test_other_processes_are_named_as_not_observed(spoken: Spoken) -> None:
    assert "1 other process was started (true): what it did was not observed" in spoken.err


def test_the_evidence_is_written_where_it_was_asked_for_although_the_program_moved(
    spoken: Spoken, folder: Path
) -> None:
    assert spoken.err.splitlines()[-1] == "evidence: seen.json"
    evidence = json.loads((folder / "seen.json").read_text())
    assert [(site["path"], site["line"], site["backwards"]) for site in evidence["sites"]] == [
        ("losses.py", 5, 1),
        ("losses.py", 10, 1),
    ]
    assert evidence["files"] == ["losses.py", "program.py"]
    assert evidence["unobserved"] == ["1 other process was started (true): what it did was not observed"]


def test_a_check_reads_that_evidence(spoken: Spoken, folder: Path) -> None:
    checked = eiglint(folder, "check", "--evidence", "seen.json", "--format", "json", "losses.py")
    statuses = {one["line"]: one["evidence"]["status"] for one in checked.json["findings"]}
    assert statuses == {6: "confirmed", 11: "refuted", 16: "not reached"}


def test_a_program_that_fails_shows_its_traceback_and_still_gets_its_table(folder: Path) -> None:
    (folder / "failing.py").write_text("import torch\nfrom losses import bad\n\nbad(torch.ones(2, 3))\n")
    done = run([sys.executable, "-m", "eiglint", "run", "-o", "failed.json", "failing.py"], folder)
    words = done.stderr.decode()
    assert done.returncode == 1
    assert words.startswith(f'Traceback (most recent call last):\n  File "{folder}/failing.py", line 4, in <module>\n')
    assert words.index("RuntimeError: linalg.eig: A must be") < words.index("0 findings confirmed")
    assert json.loads((folder / "failed.json").read_text())["files"] == ["failing.py", "losses.py"]


def test_a_module_that_is_added_to_evidence_fails_on_what_is_confirmed_and_on_nothing_else(
    spoken: Spoken, folder: Path
) -> None:
    (folder / "more.json").write_bytes((folder / "seen.json").read_bytes())
    command = ("run", "--append", "-qo", "more.json", "--fail-on", "new,confirmed", "-m", "program", "0", "-q")
    again = eiglint(folder, *command)
    assert again == (1, "['0', '-q']\n", "eiglint: 1 confirmed: exit status 1\n")
    evidence = json.loads((folder / "more.json").read_text())
    assert [site["backwards"] for site in evidence["sites"]] == [2, 2]


REFUSED = {
    "nothing": ((), "run needs a script, or -m and a module"),
    "a script that does not exist": (("nowhere.py",), "nowhere.py cannot be run: No such file or directory"),
    "a module that does not exist": (("-m", "nowhere", "--help"), "no module named nowhere"),
    "a word to fail on": (("--fail-on", "confirmed,old", "program.py"), "--fail-on takes confirmed or new, not `old`"),
    "no folder for the evidence": (
        ("-o", "no/where.json", "program.py"),
        "--output no/where.json: there is no folder no",
    ),
    "a folder as the evidence": (("-o", ".", "program.py"), "--output .: it is a folder"),
    "evidence that cannot be read": (
        ("--append", "-o", "program.py", "program.py"),
        "program.py: not a file of evidence",
    ),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_said_before_the_program_runs(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    spoken = eiglint(folder, "run", "-q", *arguments)
    assert (spoken.status, spoken.out) == (2, "")
    assert spoken.err.startswith(f"eiglint: {words}")
    assert spoken.err.count("\n") == 1
    assert (folder / "program.py").read_text() == PROGRAM


def test_an_option_that_does_not_exist_is_an_error_and_no_script(folder: Path) -> None:
    spoken = eiglint(folder, "run", "--quite", "program.py")
    assert spoken.status == 2
    assert "No such option: --quite" in spoken.err


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which everything is installed but torch."""
    here, packages = tmp_path_factory.mktemp("packages"), Path(sysconfig.get_path("purelib"))
    for entry in packages.iterdir():
        if not entry.name.startswith(("torch", "functorch")):
            (here / entry.name).symlink_to(entry)
    root = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, str(here)])}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("eiglint", "run", "program.py"), "eiglint: watching a program needs torch: pip install 'eiglint[runtime]'\n"),
        (("pytest", "-p", "eiglint.pytest_plugin", "--eiglint"), "ERROR: --eiglint needs torch: pip install"),
    ],
    ids=["run", "pytest"],
)
def test_without_torch_it_says_what_to_install(
    folder: Path, without_torch: dict[str, str], command: tuple[str, ...], words: str
) -> None:
    environment = {**without_torch, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-S", "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert words in done.stderr
    assert done.returncode in (2, pytest.ExitCode.USAGE_ERROR)


ENDS = {
    "a fork that comes to the end of the program": (
        "import os, torch\nif pid := os.fork():\n    os.waitpid(pid, 0)\nprint('end', flush=True)",
        (0, "end\nend\n"),
    ),
    "a thread and an exit handler that differentiate": (
        "import atexit, threading, time, torch\nfrom losses import bad\n"
        "A = torch.eye(3, dtype=torch.complex64).triu(1) + torch.diag(torch.arange(3))\n"
        "def f():\n    time.sleep(0.2)\n    bad(A.clone().requires_grad_()).backward()\n    print('f')\n"
        "atexit.register(f)\nthreading.Thread(target=f).start()\nprint('end')",
        (0, "end\nf\nf\n"),
    ),
    "an interrupt": ("import signal, torch\nsignal.raise_signal(signal.SIGINT)", (130, "")),
}


@pytest.mark.slow
@pytest.mark.parametrize(("source", "expected"), ENDS.values(), ids=ENDS.keys())
def test_however_it_ends_there_is_one_table(folder: Path, source: str, expected: tuple[int, str]) -> None:
    (folder / "ending.py").write_text(source)
    done = run([sys.executable, "-m", "eiglint", "run", "-o", "end.json", "ending.py"], folder)
    assert (done.returncode, done.stdout.decode()) == expected
    assert done.stderr.count(b"evidence: end.json") == 1


@pytest.mark.slow
def test_what_a_thread_and_an_exit_handler_do_is_seen(folder: Path) -> None:
    (folder / "ending.py").write_text(ENDS["a thread and an exit handler that differentiate"][0])
    eiglint(folder, "run", "-o", "end.json", "ending.py")
    (site,) = json.loads((folder / "end.json").read_text())["sites"]
    assert site["backwards"] == 2


@pytest.mark.slow
def test_nothing_changes_how_the_program_writes(folder: Path) -> None:
    (folder / "writing.py").write_text("import sys, torch\nprint(sys.stdout.errors, sys.stderr.errors)")
    alone = run([sys.executable, "writing.py"], folder).stdout
    assert run([sys.executable, "-m", "eiglint", "run", "-o", "w.json", "writing.py"], folder).stdout == alone
