"""Findings with the source they speak of, and the path from the decomposition marked in it."""

from __future__ import annotations

import re
from typing import NamedTuple

from rich.text import Text

from eiglint.findings import Finding, Report
from eiglint.report.excerpts import Excerpts
from eiglint.report.lines import observed, position

_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
_NAME = re.compile(r"[\w.]*\w|.")


class _Mark(NamedTuple):
    """A stretch of one line, with what to write under it."""

    line: int
    column: int
    end: int
    note: str
    main: bool


def as_full(report: Report, excerpts: Excerpts) -> Text:
    """Return all findings, each with its excerpt."""
    return Text("\n").join(_finding(finding, excerpts) for finding in report.findings)


def _finding(finding: Finding, excerpts: Excerpts) -> Text:
    text = Text()
    text.append(finding.code, _STYLES[finding.severity])
    text.append(f" {finding.name}", "bold")
    text.append(f" [{finding.severity}, {finding.certainty}]\n", "dim")
    text.append(f"{finding.message}\n")
    here = [step for step in finding.trace if step.path == finding.path and not _in_other_cell(step.note)]
    marks = [_Mark(*_extent(finding, excerpts), "", True)]
    marks += [_step_mark(finding.path, finding.cell, step.line, step.column, step.note, excerpts) for step in here]
    width = len(str(max(mark.line for mark in marks)))
    text.append(f"{' ' * width}--> ", "blue").append(f"{position(finding)}\n")
    _excerpt(text, finding.path, finding.cell, _merged(marks), width, excerpts)
    for step in finding.trace:
        if step not in here:
            text.append(f"{' ' * width}::: ", "blue").append(f"{step.path}:{step.line}:{step.column}: {step.note}\n")
    if seen := observed(finding):
        text.append(f"{' ' * width} = ", "blue").append("evidence: ", "bold").append(f"{seen}\n")
    if finding.help:
        text.append(f"{' ' * width} = ", "blue").append("help: ", "bold").append(f"{finding.help}\n")
    if finding.fix:
        option = "--fix" if finding.fix.applicability == "safe" else "--fix --unsafe-fixes"
        text.append(f"{' ' * width} = ", "blue").append("fix available: ", "bold").append(f"{option}\n")
    return text


def _excerpt(text: Text, path: str, cell: int | None, marks: list[_Mark], width: int, excerpts: Excerpts) -> None:
    """Append the marked lines in their order, with `...` where lines are left out."""
    previous: int | None = None
    gutter = f"{' ' * width} | "
    for mark in marks:
        source = excerpts.line(path, mark.line, cell)
        if source is None:
            continue
        if mark.line != previous:
            if previous is not None and mark.line > previous + 1:
                text.append("...\n", "blue")
            text.append(f"{mark.line:>{width}} | ", "blue").append(f"{_tabless(source)}\n")
            previous = mark.line
        offset = len(_tabless(source[: mark.column - 1]))
        length = max(len(_tabless(source[: mark.end - 1])) - offset, 1)
        text.append(gutter, "blue").append(" " * offset)
        text.append(("^" if mark.main else "-") * length, "red" if mark.main else "cyan")
        text.append(f" {mark.note}" if mark.note else "", "red" if mark.main else "cyan").append("\n")


def _merged(marks: list[_Mark]) -> list[_Mark]:
    """Put the notes of one place together, and the places into the order of lines."""
    found: dict[tuple[int, int], _Mark] = {}
    for mark in marks:
        key = (mark.line, mark.column)
        known = found.get(key)
        if known is None:
            found[key] = mark
        else:
            notes = [note for note in (known.note, mark.note) if note]
            found[key] = known._replace(note="; ".join(dict.fromkeys(notes)), end=max(known.end, mark.end))
    return [found[key] for key in sorted(found)]


def _extent(finding: Finding, excerpts: Excerpts) -> tuple[int, int, int]:
    """Return the part of a finding's place that lies on its first line."""
    place = finding.place
    if place.end_line == place.line:
        return place.line, place.column, place.end_column
    return place.line, place.column, len(excerpts.line(place.path, place.line, finding.cell) or "") + 1


def _step_mark(path: str, cell: int | None, line: int, column: int, note: str, excerpts: Excerpts) -> _Mark:
    """Mark the dotted name at a step's place."""
    found = _NAME.match(excerpts.line(path, line, cell) or "", column - 1)
    return _Mark(line, column, found.end() + 1 if found else column + 1, note, False)


def _in_other_cell(note: str) -> bool:
    return bool(re.search(r" \(cell \d+\)$", note))


def _tabless(text: str) -> str:
    return text.expandtabs(4)
