"""Comments that promise what neither the text nor one run can prove: `# eiglint: assume distinct`."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from eiglint.source.comments import comments_above, lines_of, statements, tokens
from eiglint.source.text import decode

Word = Literal["distinct", "hermitian", "real", "complex", "ordered"]
WORDS: tuple[Word, ...] = get_args(Word)

# A bracket or another `#` begins the reason, which is for people.
_ASSUME = re.compile(r"#\s*eiglint:\s*assume(?![\w-])(?P<words>[^#(]*)")


class Promise(NamedTuple):
    """A fact that a comment claims of the decompositions on its own line, or else on the lines `first` to `last`."""

    word: Word
    path: str
    line: int
    """That of the comment."""
    first: int
    last: int


class Misread(NamedTuple):
    """A promise that promises nothing, and why."""

    path: str
    line: int
    message: str


class Promises(NamedTuple):
    """What the comments of some files promise, in the order of files and lines."""

    promises: tuple[Promise, ...] = ()
    misread: tuple[Misread, ...] = ()


def read_promises(text: str, path: str) -> Promises:
    """Collect the promises of a text; cheap where it has none."""
    if "eiglint:" not in text or "assume" not in text:
        return Promises()
    lines = lines_of(text)
    text = "".join(lines)
    found = {
        token.start[0]: match["words"]
        for token in tokens(text)
        if token.type == tokenize.COMMENT and (match := _ASSUME.search(token.string))
    }
    return _attached(found, lines, text, path) if found else Promises()


def read_promises_of(paths: Iterable[str]) -> Promises:
    """Collect the promises of files; those that cannot be read have none."""
    promises: list[Promise] = []
    misread: list[Misread] = []
    for path in paths:
        try:
            text = decode(Path(path).read_bytes())
        except (OSError, ValueError):
            continue
        here = read_promises(text, path)
        promises += here.promises
        misread += here.misread
    return Promises(tuple(promises), tuple(misread))


def _attached(found: dict[int, str], lines: list[str], text: str, path: str) -> Promises:
    """Give each comment the statement whose lines it stands on, or just above."""
    spans: dict[int, tuple[int, int]] = {}
    for first, last in statements(text):
        for line in (*range(first, last + 1), *comments_above(lines, first)):
            spans.setdefault(line, (first, last))
    promises: list[Promise] = []
    misread: list[Misread] = []
    for line, listed in found.items():
        words = [word.strip() for word in listed.split(",")]
        if line not in spans:
            misread.append(Misread(path, line, "the promise stands neither on a statement nor just above one"))
            continue
        for word in words:
            if known := next((known for known in WORDS if known == word.lower()), None):
                promises.append(Promise(known, path, line, *spans[line]))
            else:
                misread.append(Misread(path, line, _complaint(word)))
    return Promises(tuple(promises), tuple(misread))


def _complaint(word: str) -> str:
    near = get_close_matches(word.lower(), WORDS, n=1, cutoff=0.6)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    what = f"`{word}` is nothing that can be assumed" if word else "`assume` names no fact"
    return f"{what}{hint} (known: {', '.join(WORDS)})"
