"""What a run says in sum: how many decompositions were proved safe, how many findings of each code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from eiglint.findings import Report, Site

_WORDING = {
    "invariant": "proved invariant",
    "dependent": "dependent",
    "leaves": "leave the code that was read",
    "unknown": "unknown",
}
_LEAVES_ONE = "leaves the code that was read"
_MANY = 5
"""More files than this that were skipped for one reason are counted."""


def standing(site: Site) -> str:
    """Return what is known of a decomposition's phase and order together; the worst answer counts."""
    answers = {site.phase, site.order}
    return next((answer for answer in ("dependent", "leaves", "unknown") if answer in answers), "invariant")


def summary(report: Report) -> str:
    """Return the summary line, such as `3 decompositions: 2 proved invariant, 1 dependent`."""
    counts = Counter(standing(site) for site in report.sites)
    total = len(report.sites)
    if not total:
        return f"no decompositions in {_count(report.files, 'file')}"
    parts = [
        f"{counts[answer]} {_LEAVES_ONE if answer == 'leaves' and counts[answer] == 1 else words}"
        for answer, words in _WORDING.items()
        if counts[answer]
    ]
    return f"{_count(total, 'decomposition')}: {', '.join(parts)}"


def skipped_lines(report: Report, *, every: bool) -> Iterator[str]:
    """Say what was skipped and why: a line a file, or one for many files and one reason unless `every` is asked for."""
    counts = Counter(reason for _, reason in report.skipped)
    told = set[str]()
    for path, reason in report.skipped:
        if every or counts[reason] <= _MANY:
            yield f"skipped {path}: {reason}"
        elif reason not in told:
            told.add(reason)
            yield f"skipped {counts[reason]} files: {reason} (--verbose names them)"


def statistics(report: Report) -> str:
    """Return the number of findings of each code, the commonest first."""
    counts = Counter((finding.code, finding.name) for finding in report.findings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{count:6}  {code}  {name}\n" for (code, name), count in ordered)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
