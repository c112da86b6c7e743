"""What the analysis says of a program from its text alone."""

from __future__ import annotations

from typing import Literal, NamedTuple

import eiglint
from accuracy.program import Program

Said = Literal["dependent", "invariant", "unknown", "none"]
_READ: dict[str, Said] = {
    "dependent": "dependent",
    "leaves": "dependent",  # what is returned still carries the symmetry
    "invariant": "invariant",
    "unknown": "unknown",
    "none": "none",
}
_WORST: tuple[Said, ...] = ("dependent", "unknown", "invariant", "none")


class Answer(NamedTuple):
    """What is said of all decompositions of a program together."""

    phase: Said
    order: Said
    rotation: Said


def judge(program: Program) -> Answer:
    """Analyse a program's source."""
    report = eiglint.check_source(program.source)
    crashes = [finding.message for finding in report.findings if finding.code.startswith("EIG9")]
    if crashes:
        return Answer("unknown", "unknown", "unknown")

    def worst(name: str) -> Said:
        said = [_READ[getattr(site, name)] for site in report.sites]
        return min(said, key=_WORST.index, default="unknown")

    return Answer(worst("phase"), worst("order"), worst("rotation"))
