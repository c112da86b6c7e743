"""`eiglint check --fix` on files: exit statuses, bytes that stay, and what happens to files that cannot be written."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from eiglint.fix.write import WriteError, replace_file
from tests.faces.processes import eiglint

BAD = """\
import torch


def f(A):
    Q, R = torch.qr(A)
    return Q @ R
"""
FINE = BAD.replace("torch.qr", "torch.linalg.qr")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.py").write_text(BAD)
    return tmp_path


def test_a_fixed_file_has_nothing_left_and_exits_with_0(folder: Path) -> None:
    spoken = eiglint(folder, "check", "--fix", "old.py")
    assert (spoken.status, spoken.out) == (0, "")
    assert "fixed 1 finding in 1 file" in spoken.err
    assert (folder / "old.py").read_text() == FINE
    again = eiglint(folder, "check", "--fix", "old.py")
    assert (again.status, "fixed" in again.err) == (0, False)


def test_what_is_left_is_reported_and_exits_with_1(folder: Path) -> None:
    (folder / "old.py").write_text(BAD + "\n\ndef g(A):\n    return torch.svd(A)\n")
    spoken = eiglint(folder, "check", "--fix", "--format", "json")
    assert (spoken.status, [found.line for found in spoken.found]) == (1, [10])


def test_a_diff_changes_nothing_and_exits_with_1_where_something_would(folder: Path) -> None:
    spoken = eiglint(folder, "check", "--diff")
    assert spoken.status == 1
    assert spoken.out.splitlines()[:2] == ["--- old.py", "+++ old.py"]
    assert "-    Q, R = torch.qr(A)\n+    Q, R = torch.linalg.qr(A)\n" in spoken.out
    assert (folder / "old.py").read_text() == BAD
    (folder / "old.py").write_text(FINE)
    assert eiglint(folder, "check", "--diff").status == 0


def test_standard_input_is_printed_fixed_and_its_findings_go_to_standard_error(folder: Path) -> None:
    given = BAD + "\n\ndef g(A):\n    return torch.svd(A)\n"
    spoken = eiglint(folder, "check", "--fix", "-", given=given.encode())
    assert (spoken.status, spoken.out) == (1, given.replace("torch.qr", "torch.linalg.qr"))
    assert "<stdin>:10:12: EIG405" in spoken.err


def test_text_without_findings_is_printed_as_it_came(folder: Path) -> None:
    spoken = eiglint(folder, "check", "--fix", "-", given=b"x = 1\r\n")
    assert (spoken.status, spoken.out) == (0, "x = 1\r\n")


@pytest.mark.parametrize(("option", "text"), [("--fix", FINE), ("--diff", BAD)])
def test_a_missing_path_is_named_and_the_others_are_fixed(folder: Path, option: str, text: str) -> None:
    spoken = eiglint(folder, "check", option, "nope.py", "old.py")
    assert (spoken.status, (folder / "old.py").read_text()) == (2, text)
    assert "no such file or folder: nope.py" in spoken.err


def test_a_suppressed_finding_is_not_fixed(folder: Path) -> None:
    source = BAD.replace("torch.qr(A)", "torch.qr(A)  # noqa: EIG405")
    (folder / "old.py").write_text(source)
    assert eiglint(folder, "check", "--fix").status == 0
    assert (folder / "old.py").read_text() == source


def test_only_what_is_selected_is_fixed(folder: Path) -> None:
    assert eiglint(folder, "check", "--fix", "--select", "EIG1").status == 0
    assert (folder / "old.py").read_text() == BAD


def test_a_file_that_is_only_imported_is_left_alone(folder: Path) -> None:
    (folder / "user.py").write_text("from old import f\n\n\ndef g(A):\n    return f(A)\n")
    eiglint(folder, "check", "--fix", "user.py")
    assert (folder / "old.py").read_text() == BAD


def test_mode_encoding_and_line_ends_stay(folder: Path) -> None:
    source = ("# -*- coding: latin-1 -*-\n# Gr\xf6\xdfe\n" + BAD).replace("\n", "\r\n").encode("latin-1")
    path = folder / "old.py"
    path.write_bytes(source)
    path.chmod(0o754)
    assert eiglint(folder, "check", "--fix").status == 0
    assert path.read_bytes() == source.replace(b"torch.qr", b"torch.linalg.qr")
    assert stat.S_IMODE(path.stat().st_mode) == 0o754


def test_a_mark_of_the_byte_order_stays(folder: Path) -> None:
    (folder / "old.py").write_bytes(b"\xef\xbb\xbf" + BAD.encode())
    assert eiglint(folder, "check", "--fix").status == 0
    assert (folder / "old.py").read_bytes() == b"\xef\xbb\xbf" + FINE.encode()


def test_a_link_stays_a_link(folder: Path) -> None:
    (folder / "link").mkdir()
    link = folder / "link" / "linked.py"
    link.symlink_to(folder / "old.py")
    eiglint(folder, "check", "--fix", "link/linked.py")
    assert link.is_symlink()
    assert (folder / "old.py").read_text() == FINE


def test_a_read_only_file_is_named_and_the_others_are_fixed(folder: Path) -> None:
    (folder / "fixed.py").write_text(BAD)
    (folder / "old.py").chmod(0o444)
    spoken = eiglint(folder, "check", "--fix")
    assert spoken.status == 2
    assert "old.py is not written: it is read-only" in spoken.err
    assert ((folder / "old.py").read_text(), (folder / "fixed.py").read_text()) == (BAD, FINE)


def test_a_file_that_was_changed_meanwhile_is_not_written(folder: Path) -> None:
    with pytest.raises(WriteError, match="changed while"):
        replace_file(str(folder / "old.py"), b"something else", b"new")
    assert (folder / "old.py").read_text() == BAD
    assert os.listdir(folder) == ["old.py"]


def code(*source: str) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


CELLS = [
    {"cell_type": "markdown", "metadata": {}, "source": ["# Größe\n"]},
    code("%matplotlib inline\n", "import torch"),
    code("def f(A):\n", "    U, S, V = torch.svd(A)\n", "    return (U * S.sin()) @ V.mH"),
]


def notebook(cells: object, indent: int = 1) -> str:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=indent, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("indent", [1, 4])
def test_a_notebook_changes_in_the_lines_that_are_fixed_alone(folder: Path, indent: int) -> None:
    before = notebook(CELLS, indent)
    (folder / "book.ipynb").write_text(before)
    assert eiglint(folder, "check", "--fix", "--select", "EIG405", "book.ipynb").status == 0
    old = '"    U, S, V = torch.svd(A)\\n",'
    new = '"    U, S, Vh = torch.linalg.svd(A, full_matrices=False)\\n",'
    space = "\n" + " " * 4 * indent
    assert old in before
    expected = before.replace(old, f'{new}{space}"    V = Vh.mH\\n",')
    assert (folder / "book.ipynb").read_text() == expected


def test_a_notebook_finding_is_shown_with_a_fix_in_the_lines_of_its_cell(folder: Path) -> None:
    (folder / "book.ipynb").write_text(notebook(CELLS))
    (record,) = eiglint(folder, "check", "book.ipynb", "--select", "EIG405", "--format", "json").json["findings"]
    first, *_ = record["fix"]["edits"]
    assert (first["line"], first["text"]) == (2, "Vh")


def test_a_notebook_in_a_form_of_its_own_is_left_alone_and_named(folder: Path) -> None:
    before = notebook(CELLS).replace('"nbformat": 4', '"nbformat":   4')
    (folder / "book.ipynb").write_text(before)
    spoken = eiglint(folder, "check", "--fix", "book.ipynb")
    assert spoken.status == 2
    assert "book.ipynb cannot be fixed: it is not written as notebooks are" in spoken.err
    assert (folder / "book.ipynb").read_text() == before


def test_the_full_format_and_sarif_tell_of_fixes(folder: Path) -> None:
    assert "fix available: --fix\n" in eiglint(folder, "check", "--format", "full").out
    (result,) = json.loads(eiglint(folder, "check", "--format", "sarif").out)["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    assert change["artifactLocation"] == {"uri": "old.py"}
    assert replacement["insertedContent"] == {"text": "torch.linalg.qr(A)"}
    assert replacement["deletedRegion"] == {"startLine": 5, "startColumn": 12, "endLine": 5, "endColumn": 23}


def test_the_hook_for_pre_commit_fixes_what_it_is_given(folder: Path) -> None:
    hooks = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text().split("- id: ")
    (hook,) = [text for text in hooks if text.startswith("eiglint-fix\n")]
    (entry,) = [line.split(": ")[1] for line in hook.splitlines() if line.startswith("  entry: ")]
    assert eiglint(folder, *entry.split()[1:], "old.py").status == 0
    assert (folder / "old.py").read_text() == FINE
