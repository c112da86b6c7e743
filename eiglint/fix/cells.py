"""Notebooks: their code with a mark before each cell, and the cells with the code that came out."""

from __future__ import annotations

import json
import re
from difflib import SequenceMatcher
from typing import Any

from eiglint.source.notebooks import Cell, code_cells

_MARK = re.compile(r"^# cell (\d+) of the notebook$", re.MULTILINE)


class Unmarked(ValueError):  # noqa: N818
    """A notebook that cannot be rewritten, and why."""


def marked(cells: list[Cell]) -> str:
    """Return the code of all cells, each under a comment with its number."""
    return "".join(f"# cell {cell.number} of the notebook\n" + "".join(f"{x}\n" for x in cell.plain) for cell in cells)


def rewritten(source: bytes, text: str) -> bytes:
    """Return a notebook whose code cells hold what stands under their marks; all else keeps every byte.

    Raises `Unmarked` where the notebook is not written as JSON writers write it, so that more would change.
    """
    cells = code_cells(source)
    parts = _MARK.split(text)
    new = {
        int(number): body.removeprefix("\n").removesuffix("\n")
        for number, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    if set(new) != {cell.number for cell in cells}:
        raise Unmarked("its cells cannot be told apart")
    whole = source.decode("utf-8")
    content = json.loads(whole)
    form = _form(content, whole)
    for cell in cells:
        lines = _merged(cell, new[cell.number].split("\n"))
        if lines != list(cell.lines):
            record = content["cells"][cell.number - 1]
            joined = "\n".join(lines)
            record["source"] = joined.splitlines(keepends=True) if isinstance(record["source"], list) else joined
    return _dumped(content, form).encode("utf-8")


def _merged(cell: Cell, after: list[str]) -> list[str]:
    """Carry the changes of a cell's Python over to its own lines, of which some hold magics."""
    lines: list[str] = []
    for what, a, b, c, d in SequenceMatcher(None, cell.plain, after, autojunk=False).get_opcodes():
        if what == "equal":
            lines += cell.lines[a:b]
            continue
        if list(cell.plain[a:b]) != list(cell.lines[a:b]):
            raise Unmarked("a line with a magic would change")
        lines += after[c:d]
    return lines


_Form = tuple[int | str | None, bool, tuple[str, str], bool]


def _form(content: Any, whole: str) -> _Form:
    """Find out how a notebook was written."""
    for indent in (1, 2, 4, "\t", None, 0):
        for separators in ((",", ": "), (", ", ": "), (",", ":")):
            for plain in (False, True):
                form = (indent, plain, separators, whole.endswith("\n"))
                if _dumped(content, form) == whole:
                    return form
    raise Unmarked("it is not written as notebooks are, so that more than its code would change")


def _dumped(content: Any, form: _Form) -> str:
    indent, plain, separators, ends = form
    return json.dumps(content, indent=indent, ensure_ascii=plain, separators=separators) + "\n" * ends
