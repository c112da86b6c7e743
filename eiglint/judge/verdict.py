"""A finding before it has a place in the text."""

from __future__ import annotations

from typing import NamedTuple

from eiglint.findings import Certainty
from eiglint.gauge import Gauge, Spot


class Verdict(NamedTuple):
    """A code at an operation, the decomposition it speaks of, how sure it is and by which path."""

    code: str
    spot: Spot
    gauge: Gauge | None
    certainty: Certainty
    trail: tuple[tuple[Spot, str], ...] = ()
    details: tuple[tuple[str, object], ...] = ()
