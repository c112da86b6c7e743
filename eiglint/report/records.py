"""Findings and sites as plain records, the form that json and jsonl print."""

from __future__ import annotations

import json

from eiglint.findings import Finding, Report, Site
from eiglint.version import __version__


def as_json(report: Report) -> str:
    """Return the whole report as one JSON object."""
    content = {
        "eiglint": __version__,
        "findings": [finding_record(finding) for finding in report.findings],
        "sites": [site_record(site) for site in report.sites],
        "files": report.files,
        "skipped": [{"path": path, "reason": reason} for path, reason in report.skipped],
        "unknown_callees": dict(report.unknown_callees),
    }
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def as_json_lines(report: Report) -> str:
    """Return one JSON object a finding, each on its own line."""
    return "".join(json.dumps(finding_record(finding), ensure_ascii=True) + "\n" for finding in report.findings)


def finding_record(finding: Finding) -> dict[str, object]:
    """Return a finding as a record; `cell` is there for notebooks only."""
    place, fix = finding.place, finding.fix
    record: dict[str, object] = {
        "code": finding.code,
        "name": finding.name,
        "group": finding.group,
        "severity": finding.severity,
        "certainty": finding.certainty,
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "message": finding.message,
        "help": finding.help,
        "source": finding.source._asdict() if finding.source else None,
        "trace": [step._asdict() for step in finding.trace],
        "fix": {"applicability": fix.applicability, "edits": [edit._asdict() for edit in fix.edits]} if fix else None,
        "evidence": finding.evidence,
    }
    if finding.alternatives:
        record["alternatives"] = [source._asdict() for source in finding.alternatives]
    return record if finding.cell is None else record | {"cell": finding.cell}


def site_record(site: Site) -> dict[str, object]:
    """Return a decomposition call as a record."""
    record: dict[str, object] = {
        "path": site.path,
        "line": site.line,
        "column": site.place.column,
        "call": site.call,
        "gradient": site.gradient,
        "phase": site.phase,
        "order": site.order,
        "rotation": site.rotation,
    }
    if site.obstacle is not None:
        record["obstacle"] = site.obstacle._asdict()
    return record if site.cell is None else record | {"cell": site.cell}
