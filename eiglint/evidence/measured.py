"""A decomposition's worst measurement, and what torch itself made of it, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eiglint.evidence.join import JoinedSite
from eiglint.evidence.status import digits_in_words
from eiglint.evidence.verdict import DIGITS_NEEDED, digits_left, has_complex_phase, size_of, verdict_of
from eiglint.evidence.words import counted, in_eps, short


def worst(site: JoinedSite) -> str:
    """Return the measurement that decides, or comes nearest to deciding, the verdict."""
    rho, left = site.phase_residual, digits_left(site)
    size = None if rho is None else size_of(rho, site.dtype)
    match site.verdict:
        case "not-differentiated":
            return "never differentiated"
        case "phase-dependent" if rho is None or size != "genuine":
            return "other phases or signs move the loss"
        case "phase-dependent" if rho is not None:
            return f"residual {short(rho)} (genuine)"
        case "order-dependent":
            return "another order moves the loss"
        case "degenerate" if site.nonfinite == "here" or left is None:
            gap = "" if site.min_gap is None else f", smallest gap {short(site.min_gap)}"
            return f"NaN or infinity made here{gap}"
        case "degenerate" if left is not None:
            return digits_in_words(site, left)
        case "nonfinite-input":
            return "NaN or infinity arrives from downstream"
    if rho is not None and size == "between":
        return f"residual {short(rho)} (between rounding and genuine)"
    return "; ".join(part for part in (_mildest(site), _unseen(site)) if part)


def _mildest(site: JoinedSite) -> str:
    """Return the measurement of a decomposition with which nothing is known to be wrong."""
    if site.exercised == 0:
        return "a gradient reaches the values alone"
    if site.phase_residual is not None and (has_complex_phase(site) or site.verdict == "rounding"):
        return f"residual {in_eps(site.phase_residual, site.dtype)} (rounding)"
    left = digits_left(site)
    if left is None:
        return "nothing was measured in full"
    if left < DIGITS_NEEDED:
        # Far from degenerate: what the vectors' gradients bring cancels, as at the optimum of an alignment.
        return f"smallest gap {short(site.min_gap or 0.0)}, next to no gradient comes out"
    return digits_in_words(site, left)


def _unseen(site: JoinedSite) -> str:
    """Name what keeps an unsettled site from being well-defined: what is missing although the other were granted."""
    if site.verdict != "unsettled":
        return ""
    phase = "phases" if (site.dtype or "").startswith("complex") else "signs"
    names = [
        name
        for name, other in ((phase, "order"), ("order", "phase"))
        if verdict_of(replace(site, probe={**site.probe, other: "stays"}), site.static) != "well-defined"
    ]
    return f"{' and '.join(names)} unseen" if names else ""


def remarks(site: JoinedSite) -> Iterator[str]:
    """Yield what else a reader of the row must know: torch's own verdict, repairs, tests, what no finding explains."""
    if site.refused:
        yield _refusals(site)
    elif site.verdict in ("phase-dependent", "order-dependent", "degenerate"):
        yield "torch stays silent here"
    if site.null_gradient is not None and size_of(site.null_gradient, site.dtype) != "rounding":
        share = short(site.null_gradient)
        yield f"torch drops a share of {share} of the gradient: what arrives at vectors beyond min(m, n)"
    if site.repaired:
        size = "" if site.repaired_residue is None else f", at most {short(site.repaired_residue)} of the gradient"
        yield f"repaired {counted(site.repaired, 'time')}: a residue of rounding was projected out{size}"
    if site.probe_failure:
        yield f"the probe could not repeat a loss: {site.probe_failure}"
    if site.tests and site.verdict not in ("well-defined", "not-differentiated"):
        more = f" and {counted(len(site.tests) - 1, 'more test')}" if len(site.tests) > 1 else ""
        yield f"reached by {site.tests[0]}{more}"


def _refusals(site: JoinedSite) -> str:
    """Say whether torch was right to refuse."""
    head = f"torch refused {counted(site.refused, 'time')}: "
    rho = site.phase_residual
    if site.nonfinite == "downstream":
        return f"{head}it speaks of a phase, but the gradient that arrived was non-finite already"
    if rho is None:
        return f"{head}no residual was measured"
    match size_of(rho, site.dtype):
        case "genuine":
            return f"{head}rightly, the loss depends on the phase"
        case "between":
            return f"{head}residual {short(rho)}, more than rounding and less than a plain dependence; use gaugecheck"
    return (
        f"{head}rounding, not a phase dependence (residual {in_eps(rho, site.dtype)}); "
        "watch(on_roundoff='repair') goes on"
    )
