"""Whether the statement of a finding ran, told by the lines from which torch was called."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from pathlib import Path

from eiglint.findings import Place
from eiglint.source.guard import refuse


class PassedLines:
    """Answers for places in files; each file is parsed at most once."""

    def __init__(self, lines: Mapping[str, frozenset[int]]) -> None:
        self._lines: dict[str, frozenset[int]] = {}
        for path, numbers in lines.items():
            real = os.path.realpath(path)
            self._lines[real] = self._lines.get(real, frozenset()) | numbers
        self._spans: dict[str, list[tuple[int, int]]] = {}

    def ran(self, place: Place) -> bool:
        """Say whether a line of the smallest statement that holds the place ran.

        Of a compound statement's header any line of its body tells as well: nothing in it runs without the header.
        """
        real = os.path.realpath(place.path)
        if real not in self._lines:
            return False
        if real not in self._spans:
            self._spans[real] = statement_spans(real)
        holding = [(first, last) for first, last in self._spans[real] if first <= place.line <= last]
        first, last = min(holding, key=lambda span: span[1] - span[0], default=(place.line, place.end_line))
        return any(first <= number <= last for number in self._lines[real])


def statement_spans(path: str) -> list[tuple[int, int]]:
    """Return the first and last line of every statement of a file; of none if it cannot be parsed."""
    try:
        source = Path(path).read_bytes()
        if refuse(source):
            return []
        tree = ast.parse(source)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            spans.append((node.lineno, node.end_lineno or node.lineno))
    return spans
