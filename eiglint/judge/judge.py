"""The last step: verdicts get their places, their words and their paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from eiglint.analysis.events import Outcome, Revealed
from eiglint.catalogue import Rule
from eiglint.findings import Finding, Place, Site, Source, Step
from eiglint.gauge import Spot
from eiglint.ir.instructions import Module
from eiglint.judge.describe import describe
from eiglint.judge.exclusive import stand_ins
from eiglint.judge.sites import Known, as_sites, collect, spots_of
from eiglint.judge.verdict import Verdict
from eiglint.judge.verdicts import verdicts
from eiglint.judge.wording import WORDING


def judge(
    outcome: Outcome, modules: Mapping[str, Module], rules: Mapping[str, Rule], features: bool = False
) -> tuple[tuple[Finding, ...], tuple[Site, ...]]:
    """Return the findings and the sites of one analysis; `modules` are the files it read, by path.

    With `features`, values without a gradient are judged too.
    """
    spoiled = frozenset(t.path for t in outcome.truncated) | frozenset(c.path for c in outcome.crashes)
    known = collect(outcome, spoiled)
    judged = verdicts(outcome, features)
    exclusive = stand_ins(outcome.renamed)
    spots = {*spots_of(known), *(r.spot for r in outcome.revealed)}
    for v in judged:
        spots |= {v.spot, *(s for s, _ in v.trail)} | ({v.gauge.spot} if v.gauge else set())
    places = _places(spots, modules)
    findings = [
        replace(f, alternatives=_sources(exclusive.get(v.gauge.spot, ()) if v.gauge else (), known, places))
        for v in judged
        if v.spot in places and (f := _finding(v, places, rules)) is not None
    ]
    findings += [_revealed(r, places[r.spot], rules) for r in outcome.revealed if r.spot in places]
    return tuple(sorted(_unique(findings), key=lambda f: (f.place, f.code))), as_sites(known, places)


def _unique(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Say the same of the same place once, most certain first, and name the decompositions of all."""
    alike: dict[tuple[str, Place], list[Finding]] = {}
    for finding in sorted(findings, key=lambda f: f.certainty):
        alike.setdefault((finding.code, finding.place), []).append(finding)
    for first, *others in alike.values():
        named = {s for f in (first, *others) for s in (f.source, *f.alternatives) if s is not None}
        yield replace(first, alternatives=tuple(sorted(named - {first.source})))


def _places(spots: set[Spot], modules: Mapping[str, Module]) -> dict[Spot, Place]:
    by_path: dict[str, list[Spot]] = {}
    for spot in spots:
        by_path.setdefault(spot.path, []).append(spot)
    found: dict[Spot, Place] = {}
    for path, wanted in by_path.items():
        module = modules.get(path)
        if module is None:
            continue
        places = module.resolve([s.node for s in wanted])
        for spot in wanted:
            place = places.get(id(spot.node))
            if place is not None:
                found[spot] = place
    return found


def _sources(spots: Iterable[Spot], known: Mapping[Spot, Known], places: Mapping[Spot, Place]) -> tuple[Source, ...]:
    """Return the decompositions at some places."""
    found = [(places[spot], known[spot].gauge.call) for spot in spots if spot in places and spot in known]
    return tuple(Source(at.path, at.line, at.column, call) for at, call in found)


def _library(call: str) -> str:
    """Return whose backward pass a call has; the remedies of eiglint itself have torch's."""
    root = call.partition(".")[0]
    return "torch" if root == __name__.partition(".")[0] else root


def _finding(v: Verdict, places: Mapping[Spot, Place], rules: Mapping[str, Rule]) -> Finding | None:
    rule, words = rules.get(v.code), WORDING[v.code]
    if rule is None:
        return None
    details = {k: str(x) for k, x in v.details}
    origin = places.get(v.gauge.spot) if v.gauge else None
    call = v.gauge.call if v.gauge else details.get("call", "")
    values = {
        "call": call,
        "library": _library(call),
        "line": origin.line if origin else "?",
        **details,
    }
    source = None
    if v.gauge is not None and origin is not None:
        source = Source(origin.path, origin.line, origin.column, v.gauge.call)
    trace = tuple(Step(p.path, p.line, p.column, note) for spot, note in v.trail if (p := places.get(spot)) is not None)
    return Finding(
        code=v.code,
        name=rule.name,
        group=rule.group,
        severity=rule.severity,
        certainty=v.certainty,
        place=places[v.spot],
        message=words.message.format_map(values),
        help=words.help.format_map(values),
        source=source,
        trace=trace,
    )


def _revealed(r: Revealed, place: Place, rules: Mapping[str, Rule]) -> Finding:
    rule = rules["EIG000"]
    return Finding("EIG000", rule.name, rule.group, rule.severity, "definite", place, describe(r.value))
