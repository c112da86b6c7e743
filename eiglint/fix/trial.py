"""Trying fixes out: the file is judged again, and a fix counts if its finding is gone and nothing is worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Set
from typing import NamedTuple

from eiglint.findings import Finding, Fix
from eiglint.fix.edits import apart, apply_fixes, moved
from eiglint.fix.propose import FIXERS, propose
from eiglint.fix.syntax import Code, comments_in, read_code
from eiglint.inspected import Inspected

Judge = Callable[[str], Inspected]
"""Says of a text, in its own lines and columns, what is found in it."""

_TRIALS = 24
"""How often one file is judged again at most for what it is shown with; each trial costs as much as a check."""


class Offer(NamedTuple):
    """A finding and a fix that was not tried out yet."""

    finding: Finding
    fix: Fix


class Trial(NamedTuple):
    """A text with fixes in it, and what is found there."""

    text: str
    inspected: Inspected


def offers(inspected: Inspected, code: Code, path: str) -> list[Offer]:
    """Propose fixes for the findings in the file itself; what it finds in others is theirs to fix.

    Factors that are taken for others come first: where an old name returns them, the new one may be what is asked for.
    """
    wanted = [f for f in inspected.findings if f.code in FIXERS and f.path == path and f.cell is None]
    wanted.sort(key=lambda f: f.code != "EIG408")
    proposed = [(finding, propose(finding, code)) for finding in wanted]
    return [Offer(finding, fix) for finding, fix in proposed if fix is not None]


def attempt(code: Code, before: Inspected, batch: Sequence[Offer], judge: Judge) -> Trial | None:
    """Apply fixes that do not touch each other; None if one of their findings stays or something gets worse."""
    text = apply_fixes(code, [offer.fix for offer in batch])
    changed = None if text == code.text else read_code(text)
    if changed is None or not Counter(comments_in(code.text)) <= Counter(comments_in(text)):
        return None
    after = judge(text)
    gone = all(_is_gone(offer.finding, code, batch, changed, after) for offer in batch)
    return Trial(text, after) if gone and _no_worse(before, after, {offer.finding.code for offer in batch}) else None


def _is_gone(finding: Finding, code: Code, batch: Sequence[Offer], changed: Code, after: Inspected) -> bool:
    """Whether nothing is found any more where a finding was; another of its code may come out elsewhere."""
    changes = sorted({code.change(edit) for offer in batch for edit in offer.fix.edits})
    place = finding.place
    start = moved(code.offset(place.line, place.column), changes)
    end = max(moved(code.offset(place.end_line, place.end_column), changes), start + 1)
    for other in after.findings:
        if other.code == finding.code and other.path == finding.path:
            first = changed.offset(other.line, other.column)
            if first < end and start < changed.offset(other.place.end_line, other.place.end_column):
                return False
    return True


def _no_worse(before: Inspected, after: Inspected, fixed: Set[str]) -> bool:
    """Whether no error is new and nothing that was known became unknown.

    What a fixed error hid may come out: a gradient where eigenvalues meet is judged only where the phase is fine.
    """
    was, now = _counts(before), _counts(after)
    watched = {*fixed, *_VALUES, *(code for code in now if code[:4] in ("EIG1", "EIG2", "EIG9"))}
    if any(now[code] > was[code] for code in watched) or len(after.skipped) > len(before.skipped):
        return False
    return _unknown(after) <= _unknown(before)


_VALUES = ("EIG401", "EIG402", "EIG404", "EIG407", "EIG408")
"""Findings that a fix never hides: one that is new says that the fix is wrong."""


def _counts(inspected: Inspected) -> Counter[str]:
    return Counter(finding.code for finding in inspected.findings)


def _unknown(inspected: Inspected) -> int:
    return sum("unknown" in (site.phase, site.order) for site in inspected.sites)


def largest(
    code: Code, before: Inspected, batch: Sequence[Offer], judge: Judge, refused: list[Offer]
) -> tuple[list[Offer], Trial] | None:
    """Return fixes of a batch that hold together, with what comes out: all, or those of the first half that does.

    Those that do not hold by themselves are added to `refused`.
    """
    trial = attempt(code, before, batch, judge)
    if trial is not None:
        return list(batch), trial
    if len(batch) == 1:
        refused += batch
        return None
    middle = len(batch) // 2
    first = largest(code, before, batch[:middle], judge, refused)
    return first or largest(code, before, batch[middle:], judge, refused)


def tried(inspected: Inspected, text: str, path: str, judge: Judge) -> dict[Finding, Fix]:
    """Return the fixes that hold, for the findings of a file that have one."""
    code = read_code(text)
    if code is None or not any(f.code in FIXERS for f in inspected.findings):
        return {}
    left = offers(inspected, code, path)
    held: dict[Finding, Fix] = {}
    trials = 0

    def counted(changed: str) -> Inspected:
        nonlocal trials
        trials += 1
        return judge(changed)

    groups = _groups(code, left)
    while groups and trials < _TRIALS:
        batch = groups.pop(0)
        if attempt(code, inspected, batch, counted) is not None:
            held.update({offer.finding: offer.fix for offer in batch})
        elif len(batch) > 1:
            middle = len(batch) // 2
            groups += [batch[:middle], batch[middle:]]
    return held


def _groups(code: Code, left: Sequence[Offer]) -> list[list[Offer]]:
    """Part fixes into groups within which none touches another."""
    groups: list[list[Offer]] = []
    rest = list(left)
    while rest:
        group = separate(code, rest)
        groups.append(group)
        rest = [offer for offer in rest if offer not in group]
    return groups


def separate(code: Code, left: Sequence[Offer]) -> list[Offer]:
    """Return the offers whose fixes touch none before them."""
    kept = apart(code, [offer.fix for offer in left])
    return [offer for offer in left if any(offer.fix is fix for fix in kept)]
