"""What `check` says of a short program, line by line."""

from __future__ import annotations

from textwrap import dedent

from eiglint import check_source
from eiglint.findings import Finding, Report, Site
from eiglint.source.config import Options

GRADIENTS = ("EIG301", "EIG302", "EIG303", "EIG304", "EIG309")
HEAD = "import torch\nfrom torch import nn\n"


def report(text: str) -> Report:
    """Check a program (torch and nn are imported), but for its gradients where eigenvalues meet."""
    made = check_source(HEAD + dedent(text), "program.py", options=Options(ignore=GRADIENTS))
    assert not [f for f in made.findings if f.code.startswith("EIG9")]
    return made


def gradients(text: str) -> list[Finding]:
    """Return what is said of gradients where eigenvalues meet, alone."""
    return list(check_source(HEAD + dedent(text), "program.py", options=Options(select=GRADIENTS)).findings)


def findings(text: str) -> list[Finding]:
    return list(report(text).findings)


def codes(text: str) -> list[str]:
    return [f.code for f in findings(text)]


def only(text: str) -> Finding:
    """Return the one finding of a program."""
    (found,) = findings(text)
    return found


def site(text: str) -> Site:
    """Return the one decomposition of a program."""
    (found,) = report(text).sites
    return found


def notes(finding: Finding) -> list[str]:
    """Return the stations of the path."""
    return [step.note for step in finding.trace]


def source_line(text: str, finding: Finding) -> str:
    """Return the line that a finding points at, without indentation."""
    return (HEAD + dedent(text)).splitlines()[finding.line - 1].strip()
