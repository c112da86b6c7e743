"""Fixing files: each is judged, fixed in memory and written in one step; one that fails stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from eiglint.findings import Finding, Report
from eiglint.fix.cells import Unmarked, marked, rewritten
from eiglint.fix.propose import FIXERS
from eiglint.fix.rounds import fix_text
from eiglint.inspected import Inspected
from eiglint.inspection import Inspector
from eiglint.run import Run
from eiglint.source.config import Options, options_for
from eiglint.source.notebooks import code_cells
from eiglint.source.text import Text, read_text


class FixedFile(NamedTuple):
    """A file and its fixes: its code and its bytes before and after, or why it stays as it is."""

    path: str
    code: tuple[str, str] = ("", "")
    content: tuple[bytes, bytes] = (b"", b"")
    findings: tuple[Finding, ...] = ()
    problem: str = ""


def fix_files(report: Report, checked: Iterable[str], run: Run, *, unsafe: bool) -> Iterator[FixedFile]:
    """Fix the files that were checked, in memory; those that only they import are left alone."""
    own = {run.stdin_name if path == "-" else path: path for path in checked}
    for path in sorted({finding.path for finding in report.findings if finding.code in FIXERS} & set(own)):
        fixed = _fix(path, own[path] == "-", run, unsafe=unsafe)
        if fixed is not None:
            yield fixed


def _fix(path: str, is_stdin: bool, run: Run, *, unsafe: bool) -> FixedFile | None:
    """Fix one file; None if nothing changes."""
    try:
        source = run.stdin if is_stdin else Path(path).read_bytes()
    except OSError as error:
        return FixedFile(path, problem=error.strerror or type(error).__name__)
    options, _ = options_for(Path(path), run.config)
    chosen, is_notebook = run.options.over(options), path.endswith(".ipynb")
    text = Text(marked(code_cells(source)), "utf-8") if is_notebook else read_text(source)
    if text is None:
        return FixedFile(path, problem="it holds bytes that are not of its encoding")
    judge = _Judge(path, text, chosen)
    fixed = fix_text(text.content, path, judge, unsafe=unsafe)
    if fixed.text == text.content:
        return None
    try:
        after = rewritten(source, fixed.text) if is_notebook else text.encoded(fixed.text)
    except Unmarked as error:
        return FixedFile(path, problem=str(error))
    return FixedFile(path, (text.content, fixed.text), (source, after), fixed.findings)


class _Judge:
    """Judges versions of one file's text."""

    def __init__(self, path: str, text: Text, options: Options) -> None:
        self.inspector = Inspector()
        self.path, self.text, self.options = path, text, options

    def __call__(self, changed: str) -> Inspected:
        return self.inspector.inspect_code(self.path, self.text.encoded(changed), self.options)


def as_diff(fixed: Sequence[FixedFile]) -> str:
    """Return what changes as a unified diff, with lines as they end in the files."""
    parts: list[str] = []
    for file in fixed:
        before, after = (text.splitlines(keepends=True) for text in file.code)
        for line in unified_diff(before, after, file.path, file.path):
            parts.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(parts)
