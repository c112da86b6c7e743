"""Notebooks: their code cells as one module, and the way back from its lines to a cell's own lines."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import replace
from typing import NamedTuple

from eiglint.findings import Edit, Finding, Fix, Place, Site, Source, Step

_CELL_MAGIC = re.compile(r"\s*%%(?P<name>\w*)")
_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "py"})
_LINE_MAGIC = re.compile(r"(?P<indent>\s*)(?:%{1,2}[a-zA-Z]|[!?]|\w[\w.]*\?{1,2}\s*$)")
_ASSIGNED_MAGIC = re.compile(r"(?P<target>\s*[\w, .\[\]]+=\s*)(?:%[a-zA-Z]|!)")


class NotANotebook(ValueError):  # noqa: N818
    """The file is not a notebook in the format of Jupyter."""


class Notebook(NamedTuple):
    """The Python text of a notebook; cell `numbers[i]` begins after line `starts[i]`."""

    text: str
    starts: tuple[int, ...]
    numbers: tuple[int, ...]

    def cell(self, line: int) -> tuple[int, int]:
        """Return the cell (counted from 1 over all cells) and the line within it."""
        index = max(bisect_right(self.starts, line - 1) - 1, 0)
        return (self.numbers[index], line - self.starts[index]) if self.starts else (1, line)


class Cell(NamedTuple):
    """A code cell: its number among all cells, its lines, and these lines without magics."""

    number: int
    lines: tuple[str, ...]
    plain: tuple[str, ...]


def code_cells(source: bytes) -> list[Cell]:
    """Return the code cells of a notebook; magics are blanked, so that lines keep their numbers."""
    cells, language = _cells(source)
    found: list[Cell] = []
    for number, cell in enumerate(cells, 1):
        if cell.get("cell_type") != "code" or language not in ("", "python", "python3", "ipython"):
            continue
        text = cell.get("source", "")
        code = "".join(map(str, text)) if isinstance(text, list) else str(text)
        lines = code.split("\n")
        found.append(Cell(number, tuple(lines), tuple(_plain(lines))))
    return found


def read_notebook(source: bytes) -> Notebook:
    """Join the code cells of a notebook."""
    lines: list[str] = []
    starts: list[int] = []
    numbers: list[int] = []
    for cell in code_cells(source):
        starts.append(len(lines))
        numbers.append(cell.number)
        lines += cell.plain
    return Notebook("\n".join(lines) + "\n", tuple(starts), tuple(numbers))


def place_in_cell(finding: Finding, notebook: Notebook) -> Finding:
    """Give a finding the lines of its cell; steps in other cells name theirs."""
    cell, _ = notebook.cell(finding.line)
    own = finding.path
    source = finding.source
    if source is not None and source.path == own:
        source = Source(own, notebook.cell(source.line)[1], source.column, source.call)
    trace = tuple(_step(step, cell, notebook) if step.path == own else step for step in finding.trace)
    place, fix = _place(finding.place, notebook), _fix(finding.fix, cell, notebook)
    return replace(finding, place=place, source=source, trace=trace, fix=fix, cell=cell)


def site_in_cell(site: Site, notebook: Notebook) -> Site:
    """Give a site the lines of its cell."""
    return replace(site, place=_place(site.place, notebook), cell=notebook.cell(site.line)[0])


def _place(place: Place, notebook: Notebook) -> Place:
    return place._replace(line=notebook.cell(place.line)[1], end_line=notebook.cell(place.end_line)[1])


def _fix(fix: Fix | None, here: int, notebook: Notebook) -> Fix | None:
    """Give a fix the lines of its finding's cell; one that changes another cell too cannot be told."""
    edits: list[Edit] = []
    for edit in fix.edits if fix else ():
        (cell, line), (last, end_line) = notebook.cell(edit.line), notebook.cell(edit.end_line)
        if (cell, last) != (here, here):
            return None
        edits.append(edit._replace(line=line, end_line=end_line))
    return Fix(fix.applicability, tuple(edits)) if fix else None


def _step(step: Step, here: int, notebook: Notebook) -> Step:
    cell, line = notebook.cell(step.line)
    return Step(step.path, line, step.column, step.note if cell == here else f"{step.note} (cell {cell})")


def _cells(source: bytes) -> tuple[list[dict[str, object]], str]:
    try:
        content = json.loads(source)
        cells = content["cells"]
        language = content.get("metadata", {}).get("kernelspec", {}).get("language", "")
        return [cell for cell in cells if isinstance(cell, dict)], str(language).lower()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotANotebook(f"not a notebook: {type(error).__name__}") from error


def _plain(lines: list[str]) -> list[str]:
    """Replace IPython's magics by statements of the same place that do nothing."""
    magic = _CELL_MAGIC.match(lines[0]) if lines else None
    if magic is not None and magic["name"] not in _PYTHON_MAGICS:
        return [""] * len(lines)
    return [_plain_line(line) for line in lines]


def _plain_line(line: str) -> str:
    if found := _LINE_MAGIC.match(line):
        return f"{found['indent']}pass"
    if found := _ASSIGNED_MAGIC.match(line):
        return f"{found['target']}None"
    return line
