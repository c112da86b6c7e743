"""Fixing a text: rounds of fixes until no more holds, so that fixing twice is fixing once."""

from __future__ import annotations

from typing import NamedTuple

from eiglint.findings import Finding
from eiglint.fix.imports import without_idle
from eiglint.fix.syntax import read_code
from eiglint.fix.trial import Judge, Offer, largest, offers, separate

_ROUNDS = 30


class Fixed(NamedTuple):
    """A text after its fixes: how many findings of each file's they removed."""

    text: str
    findings: tuple[Finding, ...]
    """What was fixed, where it stood when its turn came."""


def fix_text(text: str, path: str, judge: Judge, *, unsafe: bool) -> Fixed:
    """Apply all fixes that hold, the unsafe ones if they are asked for."""
    done: list[Finding] = []
    refused: set[tuple[str, str]] = set()
    found, original = judge(text), read_code(text)
    for _ in range(_ROUNDS):
        code = read_code(text)
        if code is None:
            break
        open_ = [o for o in offers(found, code, path) if unsafe or o.fix.applicability == "safe"]
        batch = separate(code, [o for o in open_ if _mark(o, text) not in refused])
        if not batch:
            break
        failed: list[Offer] = []
        held = largest(code, found, batch, judge, failed)
        refused |= {_mark(offer, text) for offer in failed}
        if held is None:
            continue
        done += [offer.finding for offer in held[0]]
        text, found = held[1]
    return Fixed(without_idle(text, original, path) if done and original else text, tuple(done))


def _mark(offer: Offer, text: str) -> tuple[str, str]:
    """Name an offer by what it says and the line it speaks of: line numbers move."""
    lines = text.splitlines()
    line = lines[offer.finding.line - 1] if offer.finding.line <= len(lines) else ""
    return line, "\0".join((offer.finding.code, *(edit.text for edit in offer.fix.edits)))
