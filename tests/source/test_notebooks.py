"""A notebook is one module; its findings stand on the lines of their cells."""

import json

import pytest

from eiglint.findings import Finding, Place, Source, Step
from eiglint.source.notebooks import NotANotebook, place_in_cell, read_notebook


def notebook(*cells: str | list[str], language: str = "python") -> bytes:
    listed = [{"cell_type": "markdown", "source": "# eigh"}]
    listed += [{"cell_type": "code", "source": cell} for cell in cells]
    return json.dumps({"cells": listed, "metadata": {"kernelspec": {"language": language}}}).encode()


@pytest.mark.parametrize("source", [b"", b"{", b"[]", b"{}", b'{"cells": 3}', b"\xff", b"null"])
def test_what_is_no_notebook_says_so(source: bytes) -> None:
    with pytest.raises(NotANotebook):
        read_notebook(source)


def test_cells_in_other_languages_are_no_code() -> None:
    assert read_notebook(notebook("eigh(A)", language="R")).text.strip() == ""


def test_code_cells_follow_each_other_and_keep_their_numbers() -> None:
    read = read_notebook(notebook("a = 1\nb = 2", ["c = 3\n", "d = 4\n"]))
    assert read.text.split("\n")[:4] == ["a = 1", "b = 2", "c = 3", "d = 4"]
    assert [read.cell(line) for line in (1, 2, 3, 4)] == [(2, 1), (2, 2), (3, 1), (3, 2)]


MAGICS = {
    "%matplotlib inline": "pass",
    "    !pip list": "    pass",
    "?torch": "pass",
    "torch.linalg.eigh?": "pass",
    "files = !ls": "files = None",
    "x = %env HOME": "x = None",
    "%%bash\neigh": "\n",
    "%%time\nx = 1": "pass\nx = 1",
    "x = a % b": "x = a % b",
    "x = (a\n     % b)": "x = (a\n     % b)",
    "x != y": "x != y",
}


@pytest.mark.parametrize(("cell", "text"), MAGICS.items(), ids=MAGICS.keys())
def test_magics_are_blanked_in_place(cell: str, text: str) -> None:
    assert read_notebook(notebook(cell)).text.rstrip("\n") == text.rstrip("\n")


def test_a_finding_gets_the_lines_of_its_cell() -> None:
    read = read_notebook(notebook("L, V = eig(A)", "x = 1\ny = V * V"))
    finding = Finding(
        "EIG104",
        "missing-conjugate",
        "phase",
        "error",
        "definite",
        Place("n.ipynb", 3, 5, 3, 10),
        "",
        source=Source("n.ipynb", 1, 8, "torch.linalg.eig"),
        trace=(
            Step("n.ipynb", 1, 8, "decomposed here"),
            Step("n.ipynb", 3, 5, "doubled here"),
            Step("b.py", 9, 1, "x"),
        ),
    )
    shown = place_in_cell(finding, read)
    assert (shown.cell, shown.line, shown.place.end_line) == (3, 2, 2)
    assert shown.trace == (
        Step("n.ipynb", 1, 8, "decomposed here (cell 2)"),
        Step("n.ipynb", 2, 5, "doubled here"),
        Step("b.py", 9, 1, "x"),
    )
