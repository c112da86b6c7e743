"""Lines of source for showing, read again from where they came."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from eiglint.source.notebooks import NotANotebook, read_notebook
from eiglint.source.text import decode


class Excerpts:
    """Gives lines of files by number; `texts` holds those that are not on disk as they were read."""

    def __init__(self, texts: Mapping[str, bytes] | None = None) -> None:
        self._texts = dict(texts or {})
        self._lines: dict[tuple[str, int | None], list[str]] = {}

    def line(self, path: str, number: int, cell: int | None = None) -> str | None:
        """Return a line without its end, or None where there is none."""
        key = (path, cell)
        if key not in self._lines:
            self._lines[key] = self._read(path, cell)
        lines = self._lines[key]
        return lines[number - 1].rstrip("\n") if 1 <= number <= len(lines) else None

    def _read(self, path: str, cell: int | None) -> list[str]:
        try:
            source = self._texts[path] if path in self._texts else Path(path).read_bytes()
            if cell is None:
                return io.StringIO(decode(source), newline=None).readlines()
            notebook = read_notebook(source)
        except (OSError, NotANotebook):
            return []
        index = notebook.numbers.index(cell)
        lines = notebook.text.splitlines(keepends=True)
        end = notebook.starts[index + 1] if index + 1 < len(notebook.starts) else len(lines)
        return lines[notebook.starts[index] : end]
