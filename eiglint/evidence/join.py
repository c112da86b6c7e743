"""Static findings held against evidence: what a run confirmed, what it ruled out, and what only it has shown."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Literal, NamedTuple

from eiglint.catalogue import Runtime, rules
from eiglint.check import sterner
from eiglint.evidence.merge import merged_site
from eiglint.evidence.passed import Passes
from eiglint.evidence.promises import Held, hold
from eiglint.evidence.records import Evidence, SiteEvidence
from eiglint.evidence.status import STATUSES, Settled, Status, settle
from eiglint.evidence.tie import Tie, last_name
from eiglint.evidence.verdict import Verdict, has_complex_phase, size_of, verdict_of
from eiglint.evidence.words import counted, shown
from eiglint.findings import Finding, Place, Report, Site, Source
from eiglint.source.promises import Misread, Promises

SettledBy = Literal["measured", "probe", "static analysis of its file", ""]

_EXPLAINS: Mapping[Verdict, tuple[Runtime, ...]] = {
    "phase-dependent": ("phase", "conjugate"),
    "order-dependent": ("order",),
    "degenerate": ("degeneracy", "curvature"),
    "nonfinite-input": ("degeneracy", "curvature"),
}
"""The kind of finding that explains a bad verdict."""


class JoinedFinding(NamedTuple):
    """A finding, what the evidence says of it, and the decompositions whose evidence was asked."""

    finding: Finding
    kind: Runtime
    status: Status
    reason: str
    sites: tuple[SiteEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinedSite(SiteEvidence):
    """A decomposition that ran: its evidence, the verdict on it, and the findings that come from it."""

    static: Site | None = None
    """What the analysis knows of the call; of several on one line what it knows of the worst."""
    verdict: Verdict = "unsettled"
    settled_by: SettledBy = ""
    findings: tuple[JoinedFinding, ...] = ()


class Joined(NamedTuple):
    """All of it, sorted by path and line."""

    sites: tuple[JoinedSite, ...] = ()
    findings: tuple[JoinedFinding, ...] = ()
    """Those of decompositions that never ran included."""
    new: tuple[JoinedSite, ...] = ()
    """Sites whose verdict no finding explains that is confirmed, or whose line may have run."""
    promises: tuple[Held, ...] = ()
    misread: tuple[Misread, ...] = ()
    unobserved: tuple[str, ...] = ()
    hook: str = "engine"
    followed: bool = True

    def with_status(self, status: Status) -> tuple[JoinedFinding, ...]:
        """Return the findings of one status."""
        return tuple(one for one in self.findings if one.status == status)


def join(evidence: Evidence, report: Report, promises: Promises | None = None) -> Joined:
    """Hold the findings of a report, and promises, against the evidence."""
    promises = promises or Promises()
    ordered = sorted(evidence.sites, key=lambda site: (site.path, site.line, site.call))
    tie = Tie(report.sites)
    statics = [tie.statics(site) for site in ordered]
    finder = _Finder(evidence, ordered, statics, report.findings)
    findings = tuple(finder.judge(finding) for finding in report.findings)
    sites = [_joined_site(site, static, findings) for site, static in zip(ordered, statics, strict=True)]
    return Joined(
        sites=tuple(sites),
        findings=findings,
        new=tuple(site for site in sites if _is_new(site)),
        promises=hold(promises.promises, ordered),
        misread=promises.misread,
        unobserved=evidence.unobserved,
        hook=evidence.hook,
        followed=evidence.followed,
    )


def _joined_site(site: SiteEvidence, statics: Sequence[Site], findings: Sequence[JoinedFinding]) -> JoinedSite:
    static = reduce(sterner, statics) if statics else None
    verdict = verdict_of(site, static)
    own = tuple(one for one in findings if any(site is asked for asked in one.sites))
    measured = {each.name: getattr(site, each.name) for each in fields(SiteEvidence)}
    return JoinedSite(**measured, static=static, verdict=verdict, settled_by=settled_by(site, verdict), findings=own)


def settled_by(site: SiteEvidence, verdict: Verdict) -> SettledBy:
    """Say by what a verdict was reached."""
    if verdict in ("unsettled", "not-differentiated"):
        return ""
    if verdict == "order-dependent":
        return "probe"
    if verdict == "phase-dependent":
        genuine = site.phase_residual is not None and size_of(site.phase_residual, site.dtype) == "genuine"
        return "measured" if genuine else "probe"
    if verdict != "well-defined":
        return "measured"
    if verdict_of(site) != "well-defined":
        return "static analysis of its file"
    phase_measured = site.exercised == 0 or has_complex_phase(site)
    return "measured" if phase_measured and site.family not in ("eig", "eigvals") else "probe"


def _is_new(site: JoinedSite) -> bool:
    kinds = _EXPLAINS.get(site.verdict)
    if kinds is None:
        return False
    return not any(one.status in ("confirmed", "unsettled") and one.kind in kinds for one in site.findings)


class _Finder:
    """Judges findings one after the other."""

    def __init__(
        self,
        evidence: Evidence,
        sites: Sequence[SiteEvidence],
        statics: Sequence[Sequence[Site]],
        findings: Sequence[Finding],
    ) -> None:
        self._passes = Passes(evidence.passes)
        named = {_address(source) for one in findings for source in (one.source, *one.alternatives) if source}
        self._unnamed: list[tuple[SiteEvidence, Site]] = []
        self._followed = evidence.followed
        self._executed = {os.path.realpath(path) for path in (*evidence.files, *evidence.lines)}
        self._tied: dict[tuple[str, int, int], list[SiteEvidence]] = {}
        self._by_line: dict[tuple[str, int], list[SiteEvidence]] = {}
        for site, static in zip(sites, statics, strict=True):
            real = os.path.realpath(site.path)
            self._executed.add(real)
            for one in static:
                self._tied.setdefault(_address(one.place), []).append(site)
            if len(static) == 1 and _address(static[0].place) not in named:
                self._unnamed.append((site, static[0]))
            if not static:
                self._by_line.setdefault((real, site.line), []).append(site)

    def judge(self, finding: Finding) -> JoinedFinding:
        """Give a finding its status."""
        rule = rules().get(finding.code)
        kind: Runtime = rule.runtime if rule else "none"
        sites = [*self._sites(finding), *self._partners(finding, kind)]
        if kind == "none":
            settled = Settled("not applicable", "nothing that is measured concerns it")
        elif sites:
            settled = min((self._one(kind, finding, site) for site in sites), key=lambda s: STATUSES.index(s.status))
        else:
            settled = Settled("not reached", self._absence(finding))
        return JoinedFinding(finding, kind, settled.status, settled.reason, tuple(sites))

    def _sites(self, finding: Finding) -> list[SiteEvidence]:
        """Return what was seen of the decomposition that a finding names, and of those that took its place.

        Where branches meet, one finding stands for the values of all of them and names the decomposition of one.
        """
        if finding.source is None or finding.cell is not None:
            return []
        found = [self._of(source) for source in (finding.source, *finding.alternatives)]
        return list({_key(site): site for sites in found for site in sites}.values())

    def _partners(self, finding: Finding, kind: Runtime) -> list[SiteEvidence]:
        """Return the decompositions that meet the one that the finding names.

        Where factors of two calls meet, one finding stands there and names one of them. The other is known by this: the
        same call in the same file, dependent too, named by no finding, and differentiated in a pass in which the
        finding's line ran.
        """
        source = finding.source
        if source is None or kind not in ("phase", "conjugate", "order"):
            return []
        reached = {_key(one) for ran in self._passes.through(finding.place) for one in ran.sites if one.backwards}
        return [
            site
            for site, static in self._unnamed
            if _key(site) in reached
            and os.path.realpath(site.path) == os.path.realpath(source.path)
            and static.call == source.call
            and (static.order if kind == "order" else static.phase) == "dependent"
        ]

    def _of(self, source: Source) -> list[SiteEvidence]:
        tied = self._tied.get(_address(source))
        near = tied if tied is not None else self._by_line.get((os.path.realpath(source.path), source.line), [])
        return [site for site in near if last_name(site.call) == last_name(source.call)] or near

    def _one(self, kind: Runtime, finding: Finding, site: SiteEvidence) -> Settled:
        """Hold one decomposition against a finding, by the passes in which the finding's own line ran."""
        through = [one for ran in self._passes.through(finding.place) for one in ran.sites if _key(one) == _key(site)]
        if through:
            seen = replace(reduce(merged_site, through), calls=site.calls, asymmetry=site.asymmetry)
            if kind == "curvature":  # a second derivative is a pass of its own, which starts from another line
                seen = site
            settled = settle(kind, seen)
            if settled.status == "not reached" and site.backwards and not seen.backwards:
                return Settled("not reached", f"line {finding.line} ran, but in no pass that was differentiated here")
            return settled
        settled = settle(kind, site)
        if settled.status == "not reached":
            return settled
        if not self._followed or site.calls == 0:
            why = "a scripted function" if self._followed else "another tracer was active"
            return Settled("unsettled", f"{settled.reason}, but whether line {finding.line} ran is not known ({why})")
        return Settled("not reached", f"line {finding.line} did not run in the followed passes")

    def _absence(self, finding: Finding) -> str:
        if finding.cell is not None:
            return "the lines of a notebook are not tied to evidence"
        if finding.source is None:
            return "it names no decomposition"
        path, line, _, call = finding.source
        if os.path.realpath(path) not in self._executed:
            return f"{shown(path)} was not executed"
        return f"{call} in line {line} was never called"


def _address(place: Place | Source) -> tuple[str, int, int]:
    return os.path.realpath(place.path), place.line, place.column


def _key(site: SiteEvidence) -> tuple[str, int, str]:
    return site.path, site.line, site.call


def summary_line(joined: Joined) -> str:
    """Return `3 findings confirmed, 1 refuted, 2 unsettled, 1 not reached; 2 new`."""
    counts = {status: len(joined.with_status(status)) for status in STATUSES}
    parts = [
        f"{counted(counts['confirmed'], 'finding')} confirmed",
        *(f"{counts[status]} {status}" for status in ("refuted", "unsettled", "not reached")),
        *([f"{counts['not applicable']} not applicable"] if counts["not applicable"] else []),
    ]
    return f"{', '.join(parts)}; {len(joined.new)} new"
