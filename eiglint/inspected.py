"""What the inspection of one file gives."""

from __future__ import annotations

from typing import NamedTuple

from eiglint.findings import Finding, Site, Skipped


class Inspected(NamedTuple):
    """What one file has to say."""

    findings: tuple[Finding, ...] = ()
    sites: tuple[Site, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    unknown_callees: tuple[tuple[str, int], ...] = ()
    elsewhere: tuple[Site, ...] = ()
    """Decompositions in imported files, as this file's uses of them show them."""
    path: str = ""
    """The file itself, where it was analysed."""
