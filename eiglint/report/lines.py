"""One line a finding: flake8's own form, and the annotations of GitHub Actions."""

from __future__ import annotations

from collections.abc import Mapping

from eiglint.findings import Finding, Report

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def as_concise(report: Report) -> str:
    """Return flake8's lines; in notebooks the cell stands after the path."""
    return "".join(
        f"{position(finding)}: {finding.code} {finding.message}{_bracketed(finding)}\n" for finding in report.findings
    )


def as_github(report: Report) -> str:
    """Return workflow commands that mark the lines of a pull request."""
    return "".join(_annotation(finding) for finding in report.findings)


def position(finding: Finding) -> str:
    """Return where a finding is, as `path:line:column`."""
    cell = f"cell {finding.cell}:" if finding.cell is not None else ""
    return f"{finding.path}:{cell}{finding.line}:{finding.column}"


def observed(finding: Finding) -> str:
    """Return what a run showed of a finding, as `confirmed: why`; empty where nothing was held against it."""
    if not isinstance(finding.evidence, Mapping):
        return ""
    return f"{finding.evidence['status']}: {finding.evidence['reason']}"


def _bracketed(finding: Finding) -> str:
    seen = observed(finding)
    return f" [{seen}]" if seen else ""


def _annotation(finding: Finding) -> str:
    place = finding.place
    properties = {
        "file": place.path,
        "line": place.line,
        "endLine": place.end_line,
        "title": f"{finding.code} {finding.name}",
    }
    if place.line == place.end_line:
        properties |= {"col": place.column, "endColumn": place.end_column}
    if finding.cell is not None:
        properties = {"file": place.path, "title": f"{finding.code} {finding.name} (cell {finding.cell})"}
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    text = "\n".join(part for part in (finding.message, finding.help, observed(finding)) if part)
    return f"::{_LEVELS[finding.severity]} {listed}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
