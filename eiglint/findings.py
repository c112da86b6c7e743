"""The records that every face of eiglint shares: what was found, where, and how sure we are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "info"]
Certainty = Literal["definite", "likely", "possible"]
Applicability = Literal["safe", "unsafe"]
Answer = Literal["invariant", "dependent", "leaves", "unknown", "none"]
Gradient = Literal["yes", "no", "unknown"]
Profile = Literal["autograd", "features"]
"""What is judged: only what carries a gradient, or also vectors that are kept, saved or fed to a model without one."""

CERTAINTIES: tuple[Certainty, ...] = ("definite", "likely", "possible")
PROFILES: tuple[Profile, ...] = ("autograd", "features")


HANDED_OUT = "handed out here"
"""The last step of a path that ends with what a public function returns."""


class Place(NamedTuple):
    """A stretch of source text. Lines and columns count from 1, columns in characters, ends are exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Step(NamedTuple):
    """One station on the way from the decomposition to the result."""

    path: str
    line: int
    column: int
    note: str


class Source(NamedTuple):
    """The decomposition call that a finding comes from."""

    path: str
    line: int
    column: int
    call: str


class Edit(NamedTuple):
    """Replace the text between two positions."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    applicability: Applicability
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    name: str
    group: str
    severity: Severity
    certainty: Certainty
    place: Place
    message: str
    help: str = ""
    source: Source | None = None
    trace: tuple[Step, ...] = ()
    fix: Fix | None = None
    evidence: object = None
    cell: int | None = None
    alternatives: tuple[Source, ...] = ()
    """Decompositions of other branches that take the place of the source when the program comes to them."""

    @property
    def path(self) -> str:
        return self.place.path

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def column(self) -> int:
        return self.place.column


class Obstacle(NamedTuple):
    """What kept the analysis from following a decomposition's outputs, and where."""

    what: str
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """A decomposition call and what is known of all its uses together."""

    place: Place
    call: str
    gradient: Gradient
    phase: Answer
    order: Answer
    rotation: Answer
    cell: int | None = None
    obstacle: Obstacle | None = None
    """The first thing that could not be followed, where the phase or the order is unknown."""

    @property
    def path(self) -> str:
        return self.place.path

    @property
    def line(self) -> int:
        return self.place.line


class Skipped(NamedTuple):
    """A file that was not analysed, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of the linter says. `files` counts the files that were looked at, gated ones included."""

    findings: tuple[Finding, ...] = ()
    sites: tuple[Site, ...] = ()
    files: int = 0
    skipped: tuple[Skipped, ...] = ()
    unknown_callees: tuple[tuple[str, int], ...] = field(default=())
