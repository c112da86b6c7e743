"""Fixing a text in memory, as `--fix` does with a file."""

from textwrap import dedent

from eiglint.findings import Finding
from eiglint.fix.rounds import Fixed, fix_text
from eiglint.inspection import Inspector
from eiglint.source.config import Options


def fixed(source: str, *, unsafe: bool = False, select: tuple[str, ...] | None = None) -> Fixed:
    """Fix a program, as far as the options allow."""
    inspector, options = Inspector(), Options(select=select)
    return fix_text(
        dedent(source), "<text>", lambda text: inspector.inspect_code("<text>", text.encode(), options), unsafe=unsafe
    )


def found(source: str) -> tuple[Finding, ...]:
    """Return the findings of a program, with the fixes that hold."""
    return Inspector(fixing=True).inspect("<text>", dedent(source).encode(), Options()).findings


def offered(source: str) -> list[Finding]:
    """Return the findings of a program that come with a fix."""
    return [finding for finding in found(source) if finding.fix is not None]
