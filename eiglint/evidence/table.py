"""The join as a table: a row per decomposition, its findings below it, then all that must not be overlooked."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from eiglint.evidence.join import Joined, JoinedFinding, JoinedSite, summary_line
from eiglint.evidence.measured import remarks, worst
from eiglint.evidence.words import shown, shown_briefly

_STYLES = {
    "confirmed": "bold red",
    "refuted": "green",
    "unsettled": "yellow",
    "not reached": "dim",
    "not applicable": "dim",
    "rounding": "green",
    "not-differentiated": "dim",
    "well-defined": "green",
}
_BAD = "bold red"
_HEADS = ("line", "call", "backwards", "measured", "verdict")
_CALL, _MEASURED, _VERDICT = 1, 3, 4
_WHERE, _REASON = 1, 3
"""The columns of a finding that can be folded."""
_INDENT = 4
_SPACE = 2
_NARROW = 14


class _Row(NamedTuple):
    """A decomposition, with what stands below it; without evidence where it never ran."""

    path: str
    line: int
    call: str
    site: JoinedSite | None
    findings: tuple[JoinedFinding, ...]


def table(joined: Joined) -> RenderableType:
    """Return what `rich` prints; it fits the width of the console."""
    return _Whole(joined)


def as_text(joined: Joined, width: int) -> str:
    """Return the table as plain text of at most this width; only a word longer than its column is broken."""
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, force_terminal=False, legacy_windows=False).print(
        table(joined)
    )
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


class _Whole:
    """Everything, laid out when the width is known."""

    def __init__(self, joined: Joined) -> None:
        self._joined = joined

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        joined = self._joined
        rows = _rows(joined)
        if rows:
            yield from _laid_out(rows, {id(site) for site in joined.new}, options.max_width)
        else:
            yield Text("no decomposition was seen")
        for title, entries in _notes(joined):
            yield Text(f"\n{title}", "bold")
            for entry in entries:
                yield Padding(Text(entry), (0, 0, 0, _INDENT))
        yield Text(f"\n{summary_line(joined)}", "bold")


def _rows(joined: Joined) -> list[_Row]:
    """Return the decompositions that ran and those that findings name, in the order of the text."""
    rows = [_Row(site.path, site.line, site.call, site, site.findings) for site in joined.sites]
    absent: dict[tuple[str, int, str], list[JoinedFinding]] = {}
    for one in joined.findings:
        if not one.sites:
            finding = one.finding
            path, line, _, call = finding.source or (finding.path, finding.line, 0, "")
            absent.setdefault((path, line, call), []).append(one)
    rows += [_Row(*key, None, tuple(findings)) for key, findings in absent.items()]
    return sorted(rows, key=lambda row: (shown(row.path), row.line, row.call))


def _laid_out(rows: Sequence[_Row], new: set[int], width: int) -> Iterator[RenderableType]:
    cells = [_cells(row) for row in rows]
    used = [number for number in range(len(_HEADS)) if any(line[number] for line in cells)]
    softest = [used.index(number) for number in (_CALL, _MEASURED) if number in used]
    widths = _widths([[line[number] for number in used] for line in (_HEADS, *cells)], width, softest)
    below = [[_finding_cells(row, one) for one in row.findings] for row in rows]
    below_widths = _widths([line for lines in below for line in lines], width - _INDENT, (_WHERE, _REASON))
    yield _line([Text(_HEADS[number], "bold") for number in used], widths)
    above = ""
    for row, line, findings in zip(rows, cells, below, strict=True):
        if row.path != above:
            above = row.path
            yield Text(shown(row.path), "bold")
        yield _line([Text(line[number], _style(row) if number == _VERDICT else "") for number in used], widths)
        for cell in findings:
            texts = [Text(part, _STYLES[cell[2]] if number == 2 else "") for number, part in enumerate(cell)]
            yield Padding(_line(texts, below_widths), (0, 0, 0, _INDENT))
        for remark in _remarks(row, new):
            yield Padding(Text(remark, "italic"), (0, 0, 0, _INDENT))


def _style(row: _Row) -> str:
    return _STYLES.get(row.site.verdict, _BAD) if row.site else "dim"


def _cells(row: _Row) -> tuple[str, ...]:
    site = row.site
    if site is None:
        return str(row.line), row.call, "", "", "not reached" if row.call else ""
    by = {"probe": " (probe)", "static analysis of its file": " (static)"}.get(site.settled_by, "")
    return str(row.line), row.call, str(site.backwards), worst(site), f"{site.verdict}{by}"


def _widths(lines: Sequence[Sequence[str]], width: int, softest: Sequence[int]) -> list[int]:
    """Give every column its longest cell; what is too much is taken from the softest by turns, then from all."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for columns in (softest, range(len(widths))):
        for _ in range(sum(widths) + _SPACE * (len(widths) - 1) - width):
            widest = max(columns, key=lambda number: widths[number], default=None)
            if widest is not None and widths[widest] > _NARROW:
                widths[widest] -= 1
    return widths


def _line(cells: Sequence[Text], widths: Sequence[int]) -> Table:
    grid = Table.grid(padding=(0, _SPACE, 0, 0), pad_edge=False)
    for width in widths:
        grid.add_column(width=width, overflow="fold")
    grid.add_row(*cells)
    return grid


def _finding_cells(row: _Row, one: JoinedFinding) -> tuple[str, str, str, str]:
    finding = one.finding
    cell = f"cell {finding.cell}, " if finding.cell is not None else ""
    same = os.path.realpath(finding.path) == os.path.realpath(row.path)
    place = f"{cell}line {finding.line}" if same else f"{shown_briefly(finding.path)}:{finding.line}"
    return finding.code, place, one.status, one.reason


def _remarks(row: _Row, new: set[int]) -> Iterator[str]:
    if row.site is not None:
        if id(row.site) in new:
            yield "new: no static finding explains this"
        yield from remarks(row.site)


def _notes(joined: Joined) -> Iterator[tuple[str, list[str]]]:
    """Yield the paragraphs below the table that have something to say."""
    broken = [held for held in joined.promises if held.keeping == "broken"]
    if broken:
        yield (
            "promises that do not hold",
            [
                f"{shown(held.promise.path)}:{held.promise.line} assume {held.promise.word}: {held.reason}"
                for held in broken
            ],
        )
    if joined.misread:
        yield "promises that cannot be read", [f"{shown(one.path)}:{one.line}: {one.message}" for one in joined.misread]
    unseen = list(joined.unobserved)
    if joined.hook != "engine":
        unseen.append("backward passes that start inside another one (torch's engine could not be followed)")
    if not joined.followed:
        unseen.append("which lines ran (another tracer was active: coverage, or a debugger)")
    if unseen:
        yield "not observed", unseen
