"""What becomes of the promises in comments when they are held against measurements."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from eiglint.evidence.records import SiteEvidence
from eiglint.evidence.verdict import eps_of
from eiglint.evidence.words import counted, in_eps, short
from eiglint.source.promises import Promise, Word

Keeping = Literal["kept", "broken", "not measured"]
_ROUNDING = 1e3


class Held(NamedTuple):
    """A promise held against one decomposition; against none where no decomposition of its statement was seen."""

    promise: Promise
    keeping: Keeping
    reason: str
    site: SiteEvidence | None = None


def hold(promises: Sequence[Promise], sites: Sequence[SiteEvidence]) -> tuple[Held, ...]:
    """Hold each promise against every decomposition that it speaks of."""
    by_file: dict[str, list[SiteEvidence]] = {}
    for site in sites:
        by_file.setdefault(os.path.realpath(site.path), []).append(site)
    held: list[Held] = []
    for promise in promises:
        meant = _meant(promise, by_file.get(os.path.realpath(promise.path), []))
        held += [Held(promise, *keeping_of(promise.word, site), site) for site in meant]
        if not meant:
            held.append(Held(promise, "not measured", "no decomposition of this statement was seen"))
    return tuple(held)


def keeping_of(word: Word, site: SiteEvidence) -> tuple[Keeping, str]:
    """Hold one promised word against one decomposition."""
    return _RULES[word](site)


def _meant(promise: Promise, sites: Sequence[SiteEvidence]) -> list[SiteEvidence]:
    own = [site for site in sites if site.line == promise.line]
    return own or [site for site in sites if promise.first <= site.line <= promise.last]


def _distinct(site: SiteEvidence) -> tuple[Keeping, str]:
    if site.family == "qr":
        return "not measured", "qr has no values that could meet"
    if site.sampled == 0 or site.min_gap is None:
        return "not measured", "no backward measured a gap"
    broken = site.min_gap <= _ROUNDING * eps_of(site.dtype)
    gap = f"smallest gap {short(site.min_gap)} of the largest value"
    return "broken" if broken else "kept", f"{gap}, in {counted(site.sampled, 'measured backward')}"


def _hermitian(site: SiteEvidence) -> tuple[Keeping, str]:
    if site.asymmetry is None:
        return "not measured", "the asymmetry of the matrix was not measured"
    if site.asymmetry > _ROUNDING * eps_of(site.dtype):
        return "broken", f"|A - A^H| / |A| up to {short(site.asymmetry)}"
    return "kept", f"|A - A^H| / |A| at most {in_eps(site.asymmetry, site.dtype)}"


def _of_kind(site: SiteEvidence, complex_: bool) -> tuple[Keeping, str]:
    if site.family in ("eig", "eigvals"):
        return "not measured", f"{site.call} returns complex numbers for real matrices too"
    if site.dtype is None:
        return "not measured", "the dtype was not seen"
    return "kept" if site.dtype.startswith("complex") is complex_ else "broken", f"the vectors are {site.dtype}"


def _ordered(site: SiteEvidence) -> tuple[Keeping, str]:
    match site.probe.get("order"):
        case "moves":
            return "broken", "the probe re-drew the order of the pairs, and the loss moved"
        case "stays":
            return "kept", "the probe re-drew the order of the pairs, and the loss stayed"
    return "not measured", "only a probe sees order; use --probe or gaugecheck"


_RULES: Mapping[Word, Callable[[SiteEvidence], tuple[Keeping, str]]] = {
    "distinct": _distinct,
    "hermitian": _hermitian,
    "real": lambda site: _of_kind(site, complex_=False),
    "complex": lambda site: _of_kind(site, complex_=True),
    "ordered": _ordered,
}
