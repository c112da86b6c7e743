"""From measurements to a verdict: the thresholds, and the order in which they are asked."""

from __future__ import annotations

import math
from typing import Literal

from eiglint.evidence.records import SiteEvidence
from eiglint.findings import Site

Verdict = Literal[
    "well-defined",
    "phase-dependent",
    "order-dependent",
    "rounding",
    "degenerate",
    "nonfinite-input",
    "not-differentiated",
    "unsettled",
]
Size = Literal["rounding", "genuine", "between"]

_EPS = {"float32": 2.0**-23, "complex64": 2.0**-23, "float64": 2.0**-52, "complex128": 2.0**-52}
_GENUINE = {"float32": 1e-3, "complex64": 1e-3, "float64": 1e-8, "complex128": 1e-8}
_ROUNDING = 1e3
DIGITS_NEEDED = 3.0


def eps_of(dtype: str | None) -> float:
    """Return the rounding unit of a dtype; single precision's where the dtype is not known."""
    return _EPS.get(dtype or "", _EPS["float32"])


def digits_of(dtype: str | None) -> float:
    """Return the number of decimal digits that a dtype carries."""
    return 15.65 if eps_of(dtype) < 1e-12 else 6.92


def size_of(residual: float, dtype: str | None) -> Size:
    """Tell a relative residual that rounding explains from one that a loss must have caused."""
    if residual <= _ROUNDING * eps_of(dtype):
        return "rounding"
    return "genuine" if residual > _GENUINE.get(dtype or "", 1e-3) else "between"


def digits_left(site: SiteEvidence) -> float | None:
    """Return how many digits of the gradient the worst backward left, by the bound; None if it was not measured."""
    return None if site.digits_lost is None else digits_of(site.dtype) - site.digits_lost


def is_degenerate(site: SiteEvidence) -> bool:
    """Say whether close values left the gradient non-finite or without digits.

    Without close values few digits are left where the gradient itself is next to nothing, which harms nobody.
    """
    if site.nonfinite == "here":
        return True
    left = digits_left(site)
    close = site.min_gap is not None and site.min_gap <= math.sqrt(eps_of(site.dtype))
    return close and left is not None and left < DIGITS_NEEDED


def has_complex_phase(site: SiteEvidence) -> bool:
    """Say whether a phase residual was measured where a phase would have shown."""
    return site.phase_residual is not None and not site.blind


def verdict_of(site: SiteEvidence, static: Site | None = None) -> Verdict:
    """Judge a site; `static` is what the analysis of its file proved, if it was analysed.

    The order matters: a non-finite gradient that arrives from downstream makes every residual meaningless, and what
    a probe or a proof says of signs and order can only be asked where nothing else went wrong.
    """
    if site.backwards == 0 and not site.probe:  # a backward that failed before it came here was probed all the same
        return "not-differentiated"
    if site.phase_residual is not None and size_of(site.phase_residual, site.dtype) == "genuine":
        return "phase-dependent"
    if site.probe.get("phase") == "moves":
        return "phase-dependent"
    if site.probe.get("order") == "moves":
        return "order-dependent"
    if is_degenerate(site):
        return "degenerate"
    if site.nonfinite == "downstream":
        return "nonfinite-input"
    if site.phase_residual is not None and size_of(site.phase_residual, site.dtype) == "between":
        return "unsettled"
    if site.refused or site.repaired:
        return "rounding"
    return "well-defined" if _phase_settled(site, static) and _order_settled(site, static) else "unsettled"


def _phase_settled(site: SiteEvidence, static: Site | None) -> bool:
    if site.exercised == 0 or has_complex_phase(site) or site.probe.get("phase") == "stays":
        return True
    return static is not None and static.phase in ("invariant", "none")


def _order_settled(site: SiteEvidence, static: Site | None) -> bool:
    if site.family not in ("eig", "eigvals") or site.probe.get("order") == "stays":
        return True
    return static is not None and static.order in ("invariant", "none")
