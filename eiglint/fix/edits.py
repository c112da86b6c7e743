"""Edits of a text: which of them touch each other, and the text that comes out."""

from __future__ import annotations

from collections.abc import Iterable

from eiglint.findings import Fix
from eiglint.fix.syntax import Change, Code


def apply_fixes(code: Code, fixes: Iterable[Fix]) -> str:
    """Return the text with all fixes; none of them may touch another. An edit that several share is made once."""
    changes = sorted({code.change(edit) for fix in fixes for edit in fix.edits})
    parts: list[str] = []
    done = 0
    for change in changes:
        parts += [code.text[done : change.start], change.text]
        done = change.end
    return "".join([*parts, code.text[done:]])


def apart(code: Code, fixes: Iterable[Fix]) -> list[Fix]:
    """Keep the fixes that touch none before them; edits that meet are as bad as edits that overlap.

    The same insertion twice, of an import that both need, is one.
    """
    kept: list[Fix] = []
    taken: set[Change] = set()
    for fix in fixes:
        own = {code.change(edit) for edit in fix.edits}
        if not any(_touch(a, b) for a in own for b in taken):
            kept.append(fix)
            taken |= own
    return kept


def _touch(a: Change, b: Change) -> bool:
    if a == b:
        return a.start != a.end
    return a.start <= b.end and b.start <= a.end


def moved(offset: int, changes: Iterable[Change]) -> int:
    """Return where an offset lies after changes; one inside of what is replaced goes to its start."""
    place = offset
    for change in changes:
        if change.end <= offset:
            place += len(change.text) - (change.end - change.start)
        elif change.start < offset:
            place -= offset - change.start
    return place
