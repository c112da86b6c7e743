"""Findings that carry what a run showed of them, as the report formats print it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eiglint.evidence.join import Joined, JoinedFinding, join
from eiglint.evidence.plain import plain
from eiglint.evidence.records import Evidence
from eiglint.evidence.status import measured_fields
from eiglint.findings import Report

_ALWAYS = ("path", "line", "call", "calls", "backwards", "exercised", "sampled")


def held_against(report: Report, evidence: Evidence, paths: Sequence[str]) -> tuple[Report, Joined]:
    """Return the report with a record of the evidence in each finding, and the join that it was taken from.

    `paths` are those that were checked: elsewhere nothing can be new, since nobody looked for findings there.
    """
    joined = join(evidence, report)
    roots = [os.path.realpath(path) for path in paths if path != "-"]
    new = tuple(
        site for site in joined.new if any(Path(os.path.realpath(site.path)).is_relative_to(root) for root in roots)
    )
    findings = tuple(replace(one.finding, evidence=evidence_record(one)) for one in joined.findings)
    return replace(report, findings=findings), joined._replace(new=new)


def evidence_record(one: JoinedFinding) -> dict[str, object]:
    """Return the status, the reason, and of each decomposition that was asked what matters for this kind of finding."""
    names = (*_ALWAYS, *measured_fields(one.kind))
    sites = [{name: plain(getattr(site, name)) for name in names} for site in one.sites]
    return {"status": one.status, "reason": one.reason, "sites": sites}
