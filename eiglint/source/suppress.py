"""Comments that silence findings: `# noqa: EIG104` as flake8 reads it, and `# eiglint: ignore[EIG104]`."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from eiglint.findings import Finding
from eiglint.source.comments import comments_above, lines_of, statements, tokens

# These two are flake8's own patterns, so that both faces agree on what a comment silences.
_NOQA = re.compile(r"# noqa(?::[\s]?(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
_NOQA_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_IGNORE = re.compile(r"#\s*eiglint:\s*ignore(?:\[(?P<codes>[^\]]*)\])?(?![\w-])")

Codes = tuple[str, ...] | None
"""Codes, prefixes or names that are silenced; None silences everything."""


class Comments(NamedTuple):
    """What the comments of one file silence, by line."""

    noqa: Mapping[int, Codes]
    ignore: Mapping[int, Codes]
    whole_file: bool = False

    def silence(self, finding: Finding, line: int, *, noqa: bool) -> bool:
        """Say whether a comment that belongs to the line silences the finding; `noqa` says whether those count."""
        if noqa and (self.whole_file or _covers(self.noqa.get(line, ()), finding)):
            return True
        return _covers(self.ignore.get(line, ()), finding)


def read_comments(text: str) -> Comments:
    """Collect the silencing comments of a file; cheap where it has none."""
    if "noqa" not in text.lower() and "eiglint:" not in text:
        return Comments({}, {})
    lines = lines_of(text)
    text = "".join(lines)
    noqa: dict[int, Codes] = {}
    for first, last in _stretches(text, len(lines)):
        if found := _NOQA.search("".join(lines[first - 1 : last])):
            noqa.update(dict.fromkeys(range(first, last + 1), _codes(found["codes"])))
    return Comments(noqa, _ignores(lines, text), any(_NOQA_FILE.match(line) for line in lines))


def read_line_comments(text: str) -> Comments:
    """Collect the silencing comments of a file that is not Python, each of which speaks of its own line."""
    lines = list(enumerate(text.splitlines(), 1))
    noqa = {number: _codes(found["codes"]) for number, line in lines if (found := _NOQA.search(line))}
    ignore = {number: _codes(found["codes"]) for number, line in lines if (found := _IGNORE.search(line))}
    return Comments(noqa, ignore)


def _ignores(lines: list[str], text: str) -> dict[int, Codes]:
    """Map each line to its `ignore` comment: on the line itself, or just above the statement that holds the line."""
    comments = {
        number: _codes(found["codes"]) for number, line in enumerate(lines, 1) if (found := _IGNORE.search(line))
    }
    ignores: dict[int, Codes] = dict(comments)
    for first, last in statements(text) if comments else ():
        for above in comments_above(lines, first):
            if above in comments:
                for line in range(first, last + 1):
                    ignores[line] = _both(ignores.get(line, ()), comments[above])
    return ignores


def _stretches(text: str, count: int) -> Iterable[tuple[int, int]]:
    """Yield the lines that flake8 joins before it looks for `noqa`: those of one token or a backslash continuation."""
    first, last = count + 2, -1
    for token in tokens(text):
        if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
            continue
        first, last = min(first, token.start[0]), max(last, token.end[0])
        if token.type in (tokenize.NL, tokenize.NEWLINE):
            yield first, last
            first, last = count + 2, -1


def _codes(listed: str | None) -> Codes:
    return None if listed is None else tuple(code for code in re.split(r"[,\s]+", listed) if code)


def _both(some: Codes, more: Codes) -> Codes:
    return None if some is None or more is None else (*some, *more)


def _covers(codes: Codes, finding: Finding) -> bool:
    if codes is None:
        return True
    return any(finding.code.startswith(code.upper()) or code.lower() == finding.name for code in codes)
