"""Whether the statement of a finding ran, told by the lines that did."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from eiglint.evidence.records import Pass
from eiglint.findings import Place
from eiglint.source.guard import refuse


class Passes:
    """Finds the passes in which a place ran; each file is parsed at most once."""

    def __init__(self, passes: Sequence[Pass]) -> None:
        self._passes = [(one, _by_real_path(one.lines)) for one in passes]
        self._spans: dict[str, list[tuple[int, int]]] = {}

    def through(self, place: Place) -> list[Pass]:
        """Return the passes in which a line of the smallest statement that holds the place ran.

        Of a compound statement's header any line of its body tells as well: nothing in it runs without the header.
        """
        real = os.path.realpath(place.path)
        near = [(one, lines[real]) for one, lines in self._passes if real in lines]
        if not near:
            return []
        if real not in self._spans:
            self._spans[real] = statement_spans(real)
        holding = [(first, last) for first, last in self._spans[real] if first <= place.line <= last]
        first, last = min(holding, key=lambda span: span[1] - span[0], default=(place.line, place.end_line))
        return [one for one, numbers in near if any(first <= number <= last for number in numbers)]


def _by_real_path(lines: Mapping[str, frozenset[int]]) -> dict[str, frozenset[int]]:
    united: dict[str, frozenset[int]] = {}
    for path, numbers in lines.items():
        real = os.path.realpath(path)
        united[real] = united.get(real, frozenset()) | numbers
    return united


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
