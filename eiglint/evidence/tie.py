"""Which decomposition call of the analysis a line of evidence speaks of."""

from __future__ import annotations

import os
from collections.abc import Sequence

from eiglint.evidence.records import SiteEvidence
from eiglint.findings import Site


class Tie:
    """Finds the decomposition calls of the analysis that a line of evidence speaks of."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._by_file: dict[str, list[Site]] = {}
        for site in sites:
            if site.cell is None:
                self._by_file.setdefault(os.path.realpath(site.path), []).append(site)

    def statics(self, site: SiteEvidence) -> list[Site]:
        """Return the calls that fit best: the same name, the same line, the smallest extent. Several may fit alike."""
        here = self._by_file.get(os.path.realpath(site.path), [])
        around = [one for one in here if one.place.line <= site.line <= one.place.end_line]

        def misfit(one: Site) -> tuple[bool, bool, int]:
            other_name = last_name(one.call) != last_name(site.call)
            return other_name, one.line != site.line, one.place.end_line - one.place.line

        best = min(map(misfit, around), default=None)
        return [one for one in around if misfit(one) == best]


def last_name(call: str) -> str:
    """Return `eigh` of `torch.linalg.eigh`: one decomposition has several homes."""
    return call.rsplit(".", 1)[-1]
