"""SARIF 2.1.0, with the path from the decomposition to the result as a code flow."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

from eiglint.catalogue import Rule, rules
from eiglint.findings import Finding, Fix, Place, Report
from eiglint.version import __version__

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(report: Report) -> str:
    """Return the report as a SARIF log of one run."""
    described = list(rules().values())
    index = {rule.code: number for number, rule in enumerate(described)}
    driver = {
        "name": "eiglint",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in described],
    }
    notices = [
        {
            "level": "warning",
            "message": {"text": f"skipped: {reason}"},
            "locations": [{"physicalLocation": _file(path)}],
        }
        for path, reason in report.skipped
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notices}],
        "results": [_result(finding, index) for finding in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.default},
        "properties": {"tags": [rule.group]},
    }


def _result(finding: Finding, index: dict[str, int]) -> dict[str, object]:
    text = f"{finding.message}. {finding.help}" if finding.help else finding.message
    result: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": index.get(finding.code, -1),
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": _physical(finding.place)}],
        "properties": {"certainty": finding.certainty}
        | ({} if finding.cell is None else {"cell": finding.cell})
        | ({} if finding.evidence is None else {"evidence": finding.evidence}),
    }
    if finding.trace:
        steps = [_noted(step.path, step.line, step.column, step.note) for step in finding.trace]
        result["codeFlows"] = [{"threadFlows": [{"locations": [{"location": step} for step in steps]}]}]
    if source := finding.source:
        decomposed = _noted(source.path, source.line, source.column, f"decomposed by {source.call}")
        result["relatedLocations"] = [{"id": 0} | decomposed]
    if finding.fix is not None and finding.cell is None:
        result["fixes"] = [_fix(finding, finding.fix)]
    return result


def _fix(finding: Finding, fix: Fix) -> dict[str, object]:
    """Describe a fix by what is replaced; SARIF has no word for how safe it is, so the description says it."""
    replacements = [
        {
            "deletedRegion": {
                "startLine": edit.line,
                "startColumn": edit.column,
                "endLine": edit.end_line,
                "endColumn": edit.end_column,
            },
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    changes = [_file(finding.path) | {"replacements": replacements}]
    return {"description": {"text": f"{finding.name}: {fix.applicability} fix"}, "artifactChanges": changes}


def _physical(place: Place) -> dict[str, object]:
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    return _file(place.path) | {"region": region}


def _noted(path: str, line: int, column: int, note: str) -> dict[str, object]:
    region = {"startLine": line, "startColumn": column}
    return {"physicalLocation": _file(path) | {"region": region}, "message": {"text": note}}


def _file(path: str) -> dict[str, object]:
    """Name a file by a URI: absolute for an absolute path, relative to the working folder otherwise."""
    uri = Path(path).as_uri() if Path(path).is_absolute() else quote(path.replace("\\", "/"))
    return {"artifactLocation": {"uri": uri}}
