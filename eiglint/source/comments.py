"""Where a comment stands: which statement it trails, and which one it stands just above."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Iterator, Sequence


def lines_of(text: str) -> list[str]:
    """Split a text into lines as Python counts them, each with the same end."""
    return io.StringIO(text, newline=None).readlines()


def tokens(text: str) -> Iterable[tokenize.TokenInfo]:
    """Yield tokens up to the first error: what stands before it keeps its comments."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError):
        return


def statements(text: str) -> Iterable[tuple[int, int]]:
    """Yield the first and last line of each simple statement or compound statement's header."""
    first = 0
    for token in tokens(text):
        if token.type in (tokenize.ENDMARKER, tokenize.DEDENT, tokenize.INDENT, tokenize.NL, tokenize.COMMENT):
            continue
        first = first or token.start[0]
        if token.type == tokenize.NEWLINE:
            yield first, token.end[0]
            first = 0


def comments_above(lines: Sequence[str], first: int) -> Iterator[int]:
    """Yield the numbers of the comment lines that stand just above a line, the nearest first."""
    above = first - 1
    while above >= 1 and lines[above - 1].lstrip().startswith("#"):
        yield above
        above -= 1
