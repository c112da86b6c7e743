"""Which code a lost symmetry gets: the most specific one that its cause allows."""

from __future__ import annotations

from eiglint.gauge import Cause

PHASE_REASONS = {
    "missing conjugate": "EIG104",
    "slices do not pair": "EIG105",
    "another decomposition": "EIG105",
    "pairs vectors of different batch elements": "EIG105",
    "complex part": "EIG103",
    "determinant of one factor": "EIG110",
    "layer": "EIG106",
    "nonlinear": "EIG106",
    "difference to a fixed value": "EIG107",
}

ORDER_REASONS = {
    "position picked": "EIG201",
    "positions picked": "EIG201",
    "computes with positions of pairs": "EIG201",
    "mispaired": "EIG203",
}

RANKING = ("EIG408", "EIG407", "EIG104", "EIG103", "EIG105", "EIG109", "EIG108", "EIG110", "EIG107", "EIG106")


def phase_code(cause: Cause) -> str:
    """Return the code of a lost phase or sign."""
    complex_ = cause.gauge.group == "U1"
    if cause.reason == "wrong axis":
        return "EIG408" if "svd" in cause.gauge.call.rsplit(".", 1)[-1] else "EIG105"
    if complex_ and doubled(cause):
        return "EIG104"
    if cause.reason not in PHASE_REASONS and any(note == "compared with a fixed value here" for _, note in cause.trail):
        return "EIG107"
    return PHASE_REASONS.get(cause.reason, "EIG101" if complex_ else "EIG102")


def order_code(cause: Cause) -> str:
    """Return the code of a lost order."""
    return ORDER_REASONS.get(cause.reason, "EIG202")


def doubled(cause: Cause) -> bool:
    """Whether a product without its conjugate stands on the path."""
    return any(note == "charge doubled here" for _, note in cause.trail)


def rank(code: str) -> int:
    """Return how specific a code is; smaller wins."""
    return RANKING.index(code) if code in RANKING else len(RANKING)
