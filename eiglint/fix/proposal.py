"""What a fixer proposes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from eiglint.findings import Applicability, Finding
from eiglint.fix.syntax import Change, Code


class Proposal(NamedTuple):
    """Changes that should remove a finding."""

    applicability: Applicability
    changes: tuple[Change, ...]


Fixer = Callable[[Finding, Code], Proposal | None]
