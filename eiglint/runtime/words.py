"""What one measured backward means, in a sentence or two for whoever reads it in an error or a warning."""

from __future__ import annotations

from eiglint.evidence.records import SiteEvidence
from eiglint.evidence.verdict import digits_left, eps_of, size_of
from eiglint.evidence.words import counted


def in_words(found: SiteEvidence, *, refused: bool = False) -> str:
    """Say where it happened, what was measured and what it means."""
    where = f"{found.call} at {found.path}:{found.line}"
    if found.nonfinite == "downstream":
        return (
            f"{where}: the gradient that arrives here already holds NaN or infinity, so this is no phase error; "
            "look for its origin between this decomposition and the loss"
        )
    if found.phase_residual is not None:
        size = size_of(found.phase_residual, found.dtype)
        if size == "genuine":
            return (
                f"{where}: the loss depends on the arbitrary phase of the vectors "
                f"(relative residual {found.phase_residual:.1e}); its gradient is ill-defined"
            )
        if refused:
            return _refusal(where, found, found.phase_residual)
    if found.nonfinite == "here":
        gap = "" if found.min_gap is None else f" (smallest relative gap {found.min_gap:.1e})"
        return f"{where}: finite gradients arrive and NaN or infinity leaves: values meet here{gap}"
    digits = counted(round(max(digits_left(found) or 0.0, 0.0)), "digit")
    gap = "" if found.min_gap is None else f"at a smallest relative gap of {found.min_gap:.1e} "
    return f"{where}: {gap}the gradient keeps about {digits}: values nearly meet here"


def _refusal(where: str, found: SiteEvidence, residual: float) -> str:
    if size_of(residual, found.dtype) == "rounding":
        return (
            f"{where}: torch compares an absolute residual with 1e-2. The relative residual is {residual:.1e} "
            f"({residual / eps_of(found.dtype):.2g} eps): rounding, not a dependence on the phase. "
            'watch(on_roundoff="repair") projects it out and goes on; a smaller loss or float64 before the '
            "decomposition avoid it"
        )
    return (
        f"{where}: the relative phase residual is {residual:.1e}, more than rounding and less than a plain "
        "dependence; eiglint.gaugecheck on the loss settles it"
    )
