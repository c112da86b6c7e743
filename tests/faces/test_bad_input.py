"""Whatever a file holds: a clear message, nothing else lost, no traceback, bounded time."""

import json
import os
from pathlib import Path

import pytest

from .processes import eiglint
from .programs import PHASE

NAMES_ONE = "import torch\nx = torch.linalg.eigh(A)\n"
MANY = 10_000

UNPARSABLE = {
    "a syntax error": (b"def f(:\n    eigh\n", 1),
    "an unclosed bracket": (b"import torch\n\nx = torch.linalg.eigh(\n", 3),
    "Python 2": (b"import torch\nprint 'eigh'\n", 2),
    "bad indentation": (b"if x:\n    eigh()\n  y = 1\n", 3),
    "a byte that is not utf-8": (b"x = 1\ny = eigh('\xe4')\n", 2),
    "an encoding that does not exist": (b"# -*- coding: klingon -*-\neigh\n", 1),
    "a NUL byte": (b"x = 1\ny = l.eigh\x00\n", 2),
    "a lone surrogate's bytes": (b"x = eigh('\xed\xa0\x80')\n", 1),
}
TOO_MUCH = {
    "a sum": "x = " + " + ".join(["a"] * MANY),
    "a sum in brackets over many lines": "x = (a" + "\n    + a" * MANY + ")",
    "a call chain": "x = a" + ".f(1)" * MANY,
    "nested calls": "x = " + "f(" * MANY + "a" + ")" * MANY,
    "nested brackets": "x = " + "[" * MANY + "]" * MANY,
    "a ladder of elifs": "if a:\n    pass\n" + "elif a:\n    pass\n" * MANY,
    "lambdas": "x = " + "lambda: " * MANY + "a",
    "minus signs": "x = " + "- " * MANY + "a",
    "50,000 lines": "x = f(a)\n" * 50_000,
}
SURVIVED = {
    "an empty file": "",
    "nothing but a comment": "# eigh",
    "nothing but the word": "eigh",
    "nothing but a name that is read": "torch.linalg.eigh",
    "no newline at the end": NAMES_ONE.rstrip(),
    "old line endings of the Mac": NAMES_ONE.replace("\n", "\r"),
    "functions that call each other for ever": (
        "import torch\ndef f(A):\n    return g(torch.linalg.eigh(A)[1])\ndef g(A):\n    return f(A)\nf(1)\n"
    ),
    "a function that calls itself for ever": "import torch\ndef f(A):\n    return f(torch.linalg.qr(A)[0])\nf(f)\n",
    "a class that is its own base": "import torch\nclass C(C):\n    f = lambda self: torch.linalg.eigh(self.f())\n",
    "a sum of 1,000 terms": NAMES_ONE + "y = " + " + ".join(["x[1]"] * 1000) + "\n",
    "a call chain of 300 links": NAMES_ONE + "y = x[1]" + ".abs()" * 300 + "\n",
    "brackets nested 100 deep": NAMES_ONE + "y = " + "(" * 100 + "x" + ")" * 100 + "\n",
    "a module that imports itself": "import torch\nimport odd\nfrom odd import *\nx = torch.linalg.eigh(odd.A)\n",
    "loops in loops": "import torch\nV = torch.linalg.eigh(A)[1]\n"
    + "".join(f"{'  ' * depth}for i{depth} in V:\n" for depth in range(15))
    + "  " * 15
    + "V = V @ V\n",
    "branches in a row": "import torch\nV = torch.linalg.eigh(A)[1]\n"
    + "if a:\n    V = V + 1\nelse:\n    V = -V\n" * 300,
}


def check(folder: Path, source: bytes, name: str = "odd.py") -> dict[str, list[dict[str, object]]]:
    """Check a folder with an odd file and a plain one; hold that the plain one is reported in full."""
    (folder / name).write_bytes(source)
    (folder / "plain.py").write_text(PHASE)
    spoken = eiglint(folder, "check", "--format", "json", ".")
    plain = [one for one in spoken.found if one.path == "plain.py"]
    assert [(one.line, one.code) for one in plain] == [(6, "EIG104"), (10, "EIG104"), (17, "EIG104")]
    report: dict[str, list[dict[str, object]]] = spoken.json
    return {
        "findings": [record for record in report["findings"] if record["path"] == name],
        "skipped": report["skipped"],
    }


@pytest.mark.parametrize(("source", "line"), UNPARSABLE.values(), ids=UNPARSABLE.keys())
def test_what_cannot_be_parsed_is_one_finding_with_its_position(tmp_path: Path, source: bytes, line: int) -> None:
    (finding,) = check(tmp_path, source)["findings"]
    assert (finding["code"], finding["line"]) == ("EIG900", line)
    assert finding["message"]


@pytest.mark.parametrize("source", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_the_parser_would_not_survive_is_skipped_with_a_reason(tmp_path: Path, source: str) -> None:
    said = check(tmp_path, (NAMES_ONE + source + "\n").encode())
    assert said["findings"] == []
    (skipped,) = said["skipped"]
    assert skipped["path"] == "odd.py"
    assert skipped["reason"]


@pytest.mark.parametrize("source", SURVIVED.values(), ids=SURVIVED.keys())
def test_odd_code_is_no_internal_error(tmp_path: Path, source: str) -> None:
    assert "EIG901" not in {finding["code"] for finding in check(tmp_path, source.encode())["findings"]}


def test_a_broken_file_that_names_no_decomposition_is_not_looked_into(tmp_path: Path) -> None:
    assert check(tmp_path, b"def f(:\n") == {"findings": [], "skipped": []}


def test_a_broken_file_that_is_imported_does_not_break_the_importing_one(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import odd\nimport torch\nx = torch.linalg.eigh(odd.f())\n")
    assert [finding["code"] for finding in check(tmp_path, b"def f(:\n    eigh\n")["findings"]] == ["EIG900"]


def test_a_notebook_that_is_none_is_skipped(tmp_path: Path) -> None:
    (skipped,) = check(tmp_path, b"eigh( {", name="odd.ipynb")["skipped"]
    assert "not a notebook" in str(skipped["reason"])


def test_links_that_go_round_and_broken_links_are_harmless(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (skipped,) = check(tmp_path, b"")["skipped"]
    assert skipped["path"] == "gone.py"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read everything")
def test_a_file_without_permission_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "closed.py").write_text(NAMES_ONE)
    (tmp_path / "closed.py").chmod(0)
    (skipped,) = check(tmp_path, b"")["skipped"]
    assert skipped == {"path": "closed.py", "reason": "cannot be read: Permission denied"}


def test_odd_names_of_files_are_printed(tmp_path: Path) -> None:
    name = os.fsdecode("ünï code \udcff.py".encode(errors="surrogateescape"))
    (tmp_path / name).write_text(PHASE)
    spoken = eiglint(tmp_path, "check", "--format", "json", ".")
    assert len(json.loads(spoken.out)["findings"]) == 3
    assert eiglint(tmp_path, "check", "--format", "full", ".").status == 1
