"""What the evidence of one decomposition says of one finding: a status, and why, in words and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from eiglint.catalogue import Runtime
from eiglint.evidence.records import SiteEvidence
from eiglint.evidence.verdict import digits_left, digits_of, eps_of, has_complex_phase, is_degenerate, size_of
from eiglint.evidence.words import counted, in_eps, short

Status = Literal["confirmed", "refuted", "unsettled", "not reached", "not applicable"]
STATUSES: tuple[Status, ...] = ("confirmed", "unsettled", "refuted", "not reached", "not applicable")
"""Where several decompositions share a line, the first of these that holds for one of them counts."""

_ROUNDING = 1e3
_DIGITS_ENOUGH = 6.0
_PROBE = "use --probe or gaugecheck"


class Settled(NamedTuple):
    """A status with its reason."""

    status: Status
    reason: str


def settle(kind: Runtime, site: SiteEvidence) -> Settled:
    """Hold one decomposition's evidence against a finding whose own line is known to have run."""
    if kind == "none":
        return Settled("not applicable", "nothing that is measured concerns it")
    return _RULES[kind](site)


def measured_fields(kind: Runtime) -> tuple[str, ...]:
    """Name the fields of the evidence by which findings of a kind are settled."""
    return _FIELDS[kind]


def unreached(site: SiteEvidence) -> Settled | None:
    """Say that no gradient came to the decomposition at all."""
    if site.backwards:
        return None
    return Settled("not reached", f"called {counted(site.calls, 'time')}, never differentiated")


def _phase(site: SiteEvidence) -> Settled:
    probe = site.probe.get("phase")
    rho = site.phase_residual
    if rho is not None and size_of(rho, site.dtype) == "genuine":
        return Settled("confirmed", f"phase residual up to {short(rho)} in {_sampled(site)}")
    if probe == "moves":
        return Settled("confirmed", "the probe re-drew phases and signs, and the loss moved")
    if probe == "stays":
        return Settled("refuted", "the probe re-drew phases and signs, and the loss stayed")
    if missing := unreached(site):
        return missing
    if site.nonfinite == "downstream":
        return Settled("unsettled", "the gradient is non-finite already downstream")
    if site.nonfinite == "here":
        return Settled("unsettled", "the gradient turns non-finite here")
    if site.exercised == 0:
        return Settled("not reached", f"{counted(site.backwards, 'backward')} brought a gradient to the values alone")
    if site.sampled == 0:
        return Settled("unsettled", "no backward was measured in full")
    if rho is not None and size_of(rho, site.dtype) == "between":
        return Settled("unsettled", f"phase residual {short(rho)}, between rounding and genuine")
    if has_complex_phase(site) and rho is not None:
        reason = f"exercised {counted(site.exercised, 'time')}, phase residual at most {in_eps(rho, site.dtype)}"
        return Settled("refuted", reason)
    return Settled("unsettled", _blindness(site))


def _conjugate(site: SiteEvidence) -> Settled:
    """Hold a missing conjugate against the evidence: among real numbers none is missing."""
    if site.dtype is not None and not site.dtype.startswith("complex"):
        return Settled("refuted", f"the vectors are {site.dtype}: on real numbers a conjugate changes nothing")
    return _phase(site)


def _blindness(site: SiteEvidence) -> str:
    if "phase" in site.probe:
        return _no_verdict(site)
    if (site.dtype or "").startswith("complex"):
        return f"vectors and gradient are real: a phase leaves no trace there; {_PROBE}"
    return f"real vectors: a sign leaves no trace in a gradient; {_PROBE}"


def _no_verdict(site: SiteEvidence) -> str:
    return f"the probe came to no verdict{': ' if site.probe_failure else ''}{site.probe_failure}"


def _order(site: SiteEvidence) -> Settled:
    probe = site.probe.get("order")
    if probe == "moves":
        return Settled("confirmed", "the probe re-drew the order of the pairs, and the loss moved")
    if probe == "stays":
        return Settled("refuted", "the probe re-drew the order of the pairs, and the loss stayed")
    if missing := unreached(site):
        return missing
    if probe == "no verdict":
        return Settled("unsettled", _no_verdict(site))
    return Settled("unsettled", f"order leaves no trace in a gradient; {_PROBE}")


def _condition(site: SiteEvidence) -> Settled:
    if site.condition is None:
        return unreached(site) or Settled("unsettled", "the condition of the vectors was not measured")
    if site.condition > 1 + _ROUNDING * eps_of(site.dtype):
        size = short(site.condition) if site.condition > 1.05 else f"1 + {short(site.condition - 1)}"
        return Settled("confirmed", f"V is not unitary (condition {size}), its adjoint is not its inverse")
    return Settled("refuted", f"all matrices met were normal: condition 1 within rounding in {_sampled(site)}")


def _degeneracy(site: SiteEvidence) -> Settled:
    if missing := unreached(site):
        return missing
    left = digits_left(site)
    if is_degenerate(site):
        lost = left is None or site.nonfinite == "here"
        return Settled(
            "confirmed", "the gradient turns non-finite here" if lost else digits_in_words(site, left or 0.0)
        )
    if site.exercised == 0:
        return Settled("not reached", f"{counted(site.backwards, 'backward')} brought a gradient to the values alone")
    if site.nonfinite == "downstream":
        return Settled("unsettled", "the gradient is non-finite already downstream")
    if site.sampled == 0 or left is None:
        return Settled("unsettled", "the digits of the gradient were not measured")
    enough = left >= min(_DIGITS_ENOUGH, digits_of(site.dtype) / 2)
    return Settled("refuted" if enough else "unsettled", f"{digits_in_words(site, left)} in {_sampled(site)}")


def digits_in_words(site: SiteEvidence, left: float) -> str:
    """Return the smallest gap, where it is known, and the whole digits that the worst gradient kept."""
    gap = "" if site.min_gap is None else f"smallest gap {short(site.min_gap)}, "
    return f"{gap}{counted(int(max(left, 0.0)), 'digit')} left"


def _hermitian(site: SiteEvidence) -> Settled:
    if site.asymmetry is None:
        return _no_asymmetry(site)
    kept = site.asymmetry <= _ROUNDING * eps_of(site.dtype)
    return Settled("confirmed" if kept else "refuted", _asymmetry_of(site, site.asymmetry))


def _asymmetry(site: SiteEvidence) -> Settled:
    if site.asymmetry is None:
        return _no_asymmetry(site)
    kept = site.asymmetry <= _ROUNDING * eps_of(site.dtype)
    return Settled("refuted" if kept else "confirmed", _asymmetry_of(site, site.asymmetry))


def _no_asymmetry(site: SiteEvidence) -> Settled:
    return unreached(site) or Settled("unsettled", "the asymmetry of the matrix was not measured")


def _asymmetry_of(site: SiteEvidence, size: float) -> str:
    if size <= _ROUNDING * eps_of(site.dtype):
        return f"|A - A^H| / |A| at most {in_eps(size, site.dtype)}"
    return f"|A - A^H| / |A| up to {short(size)}"


def _null_gradient(site: SiteEvidence) -> Settled:
    if site.null_gradient is None:
        return unreached(site) or Settled("unsettled", "no gradient to vectors beyond min(m, n) was measured")
    if site.null_gradient > _ROUNDING * eps_of(site.dtype):
        reason = f"torch dropped a gradient of {short(site.null_gradient)} to vectors beyond min(m, n)"
        return Settled("confirmed", reason)
    if site.null_gradient == 0:
        return Settled("refuted", f"no gradient came to vectors beyond min(m, n) in {_sampled(site)}")
    return Settled("unsettled", f"the gradient to vectors beyond min(m, n) is {in_eps(site.null_gradient, site.dtype)}")


def _refusal(site: SiteEvidence) -> Settled:
    """An error that is dropped costs something where torch raises one."""
    if site.refused:
        return Settled("confirmed", f"torch refused {counted(site.refused, 'backward')}, and the program went on")
    if missing := unreached(site):
        return missing
    return Settled("unsettled", f"torch refused none of {counted(site.backwards, 'backward')}")


def _refusal_by_size(site: SiteEvidence) -> Settled:
    """Hold a refusal against the residual relative to the gradient, which no scale of the loss changes."""
    rho = site.phase_residual
    if not site.refused:
        return unreached(site) or Settled("unsettled", f"torch refused none of {counted(site.backwards, 'backward')}")
    if rho is None or site.nonfinite == "downstream":
        return Settled("unsettled", "torch refused, and no residual of a finite gradient was measured")
    match size_of(rho, site.dtype):
        case "genuine":
            return Settled("refuted", f"torch refused rightly: phase residual {short(rho)}")
        case "between":
            return Settled("unsettled", f"torch refused at a phase residual of {short(rho)}; {_PROBE}")
    return Settled(
        "confirmed", f"torch refused {counted(site.refused, 'time')} at a residual of {in_eps(rho, site.dtype)}"
    )


def _nonfinite(site: SiteEvidence) -> Settled:
    """Hold a function that is infinite somewhere against what came back: a gradient that is not finite shows it."""
    if missing := unreached(site):
        return missing
    if site.nonfinite in ("here", "downstream"):
        return Settled("confirmed", "a gradient that is not finite came to the decomposition")
    return Settled("refuted", f"the gradient was finite in {counted(site.backwards, 'backward')}")


def _sampled(site: SiteEvidence) -> str:
    return counted(site.sampled, "measured backward")


_RULES: Mapping[Runtime, Callable[[SiteEvidence], Settled]] = {
    "phase": _phase,
    "conjugate": _conjugate,
    "order": _order,
    "condition": _condition,
    "degeneracy": _degeneracy,
    "curvature": _degeneracy,
    "asymmetry": _asymmetry,
    "hermitian": _hermitian,
    "null-gradient": _null_gradient,
    "refusal": _refusal,
    "refusal-by-size": _refusal_by_size,
    "nonfinite": _nonfinite,
}
_FIELDS: Mapping[Runtime, tuple[str, ...]] = {
    "conjugate": ("dtype", "phase_residual", "blind", "nonfinite", "probe", "probe_failure"),
    "phase": ("dtype", "phase_residual", "blind", "nonfinite", "probe", "probe_failure"),
    "order": ("probe", "probe_failure"),
    "condition": ("dtype", "condition"),
    "degeneracy": ("dtype", "min_gap", "digits_lost", "nonfinite"),
    "curvature": ("dtype", "min_gap", "digits_lost", "nonfinite"),
    "asymmetry": ("dtype", "asymmetry"),
    "hermitian": ("dtype", "asymmetry"),
    "null-gradient": ("dtype", "null_gradient"),
    "refusal": ("refused",),
    "refusal-by-size": ("dtype", "refused", "phase_residual", "nonfinite"),
    "nonfinite": ("nonfinite",),
    "none": (),
}
