"""What a report says, found again by a comment on the line that decomposed."""

from __future__ import annotations

import linecache

from eiglint.evidence.records import SiteEvidence
from eiglint.evidence.verdict import verdict_of
from eiglint.runtime import Report


def text_of(site: SiteEvidence) -> str:
    """Read the line on which a decomposition was seen."""
    return linecache.getline(site.path, site.line)


def sites_at(report: Report, mark: str) -> list[SiteEvidence]:
    """Give what was seen on lines of the tests whose text holds a mark."""
    return [site for site in report.evidence().sites if mark in text_of(site)]


def site_at(report: Report, mark: str) -> SiteEvidence:
    """Give the only decomposition that was seen on lines with a mark."""
    found = sites_at(report, mark)
    assert len(found) == 1, (mark, [(site.call, text_of(site).strip()) for site in report.evidence().sites])
    return found[0]


def only(report: Report) -> SiteEvidence:
    """Give the only decomposition that was seen at all."""
    found = report.evidence().sites
    assert len(found) == 1, [(site.call, site.line, text_of(site).strip()) for site in found]
    return found[0]


def verdict(report: Report) -> str:
    """Judge the only decomposition that was seen by what was measured, without the analysis of this file."""
    return verdict_of(only(report))


def counts(site: SiteEvidence) -> tuple[int, int, int, int]:
    """Give how often a line was called, reached, reached at its vectors, and measured."""
    return site.calls, site.backwards, site.exercised, site.sampled
