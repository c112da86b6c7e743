"""Events to verdicts: one per cause, with the most specific code, its certainty and its path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eiglint.analysis.events import Outcome, Reached, Unused
from eiglint.findings import Certainty
from eiglint.gauge import Cause, Gauge, Live, Mode, Motion, Opened, Remark, Spot, Tensor
from eiglint.gauge.coins import TURNED, random_signs
from eiglint.gauge.terms import Term, upright
from eiglint.judge.certainty import certainty
from eiglint.judge.choice import CHOICES, choice_verdicts
from eiglint.judge.codes import order_code, phase_code, rank
from eiglint.judge.degeneracy import degenerate_verdicts, most_specific
from eiglint.judge.flow import SIGNS, Alive
from eiglint.judge.handling import CODES, handling_verdicts
from eiglint.judge.kept import holds_no_data, kept_verdicts
from eiglint.judge.values import value_verdicts
from eiglint.judge.verdict import Verdict

VALUE_CODES = frozenset({"EIG405", "EIG407", "EIG408", "EIG409"})
"""Errors of value, which are judged without a gradient too."""

FEATURE_CODES = frozenset({"EIG104", "EIG106"})
"""What the `features` profile judges without a gradient, besides vectors that are kept."""

REMARKS = {
    "explicit inverse": "EIG404",
    "zero sign": "EIG108",
    "adjoint as inverse": "EIG407",
    "reflection fix": "EIG110",
    "old api": "EIG405",
    "late upcast": "EIG403",
    "low precision": "EIG409",
}

READ = ("EIG101", "EIG102", "EIG106", "EIG107")
"""A phase or sign is read, and nothing says how it might have been meant."""

ARRIVALS = {
    "returned": "becomes the result here",
    "yielded": "becomes a result here",
    "stored": "stored here",
    "argument": "passed on here",
    "backward": "becomes the loss here",
}


def verdicts(outcome: Outcome, features: bool = False) -> list[Verdict]:
    """Return every verdict, each cause once, the most specific code winning at one operation.

    With `features`, vectors that are kept as they came or fed to a model are judged without a gradient too; not those
    of a matrix of random numbers.
    """
    found = [*_from_results(outcome.reached, features), *_from_remarks(outcome), *_from_unused(outcome)]
    found += handling_verdicts(outcome)
    alive = Alive(outcome.ends, outcome.carried)
    found += value_verdicts(outcome, alive)
    found = most_specific([*found, *degenerate_verdicts(outcome, alive)])
    found += choice_verdicts(outcome)
    if features:
        found += kept_verdicts(outcome.kept, {v.gauge for v in found if v.gauge and v.certainty != "possible"})
        drawn = {o.gauge for o in outcome.decomposed if o.live == Live.NO and holds_no_data(o.input)}
        found = [v for v in found if v.gauge not in drawn]
    best: dict[tuple[Spot, str], Verdict] = {}
    for v in found:
        group = v.code[:4] if v.code not in (*REMARKS.values(), "EIG112", *CODES, *CHOICES) else v.code
        key = (v.spot, group)
        held = best.get(key)
        if held is None or _better(v, held):
            best[key] = v
    return _without_echoes(list(best.values()))


def _better(a: Verdict, b: Verdict) -> bool:
    order = ("definite", "likely", "possible")
    return (rank(a.code), order.index(a.certainty)) < (rank(b.code), order.index(b.certainty))


def _without_echoes(found: list[Verdict]) -> list[Verdict]:
    """Drop an order verdict where the phase is lost at the same operation, and what a sharper code explains."""
    phase = {v.spot for v in found if v.code.startswith("EIG1")}
    sharp = {(v.spot, v.gauge.spot if v.gauge else None) for v in found if v.code in ("EIG407", "EIG408", "EIG110")}
    dead = {v.gauge for v in found if v.code == "EIG109"}
    hermitian = {v.spot for v in found if v.code == "EIG401"}
    kept = []
    for v in found:
        if v.code in READ and v.gauge in dead:
            continue
        if v.code == "EIG407" and v.gauge is not None and v.gauge.spot in hermitian:
            continue
        at = (v.spot, v.gauge.spot if v.gauge else None)
        if v.code.startswith("EIG2") and v.spot in phase:
            continue
        if at in sharp and v.code not in ("EIG407", "EIG408", "EIG110"):
            continue
        kept.append(v)
    return kept


def _from_results(reached: Iterable[Reached], features: bool) -> Iterator[Verdict]:
    for event in reached:
        for gauge, motion in event.value.motions:
            yield from _phase_verdict(event, gauge, motion, features)
            yield from _order_verdict(event, gauge, motion)


def _phase_verdict(event: Reached, gauge: Gauge, motion: Motion, features: bool) -> Iterator[Verdict]:
    phase = motion.phase
    if phase.neutral:
        return
    cause = phase.cause if phase.mode in (Mode.FUN, Mode.BROKEN) else None
    if cause is None and event.how == "backward" and phase.mode is not Mode.UNKNOWN and not phase.vague:
        cause = Cause(event.spot, "loss", gauge, motion.live, event.value.doubt, motion.trail)
    if cause is None:
        return
    code = phase_code(cause)
    live = max(cause.live, motion.live) if motion.live is not Live.NO else Live.NO
    if Live.NO in (event.value.live, cause.live):
        live = Live.NO
    if live is Live.NO and code not in VALUE_CODES and not (features and code in FEATURE_CODES):
        return
    spot = _doubling(cause) if code == "EIG104" else cause.spot
    turned = next((s for s, note in cause.trail if note == TURNED), None)
    if turned is not None and code in READ:
        code, spot = "EIG112", turned  # whoever flips knows that signs are arbitrary
    yield Verdict(code, spot, cause.gauge, certainty(live, cause.doubt), _trail(cause, event))


def _doubling(cause: Cause) -> Spot:
    """Return where the conjugate is missing, which is where to write it."""
    return next((spot for spot, note in cause.trail if note == "charge doubled here"), cause.spot)


def _order_verdict(event: Reached, gauge: Gauge, motion: Motion) -> Iterator[Verdict]:
    order = motion.order
    lost = order.mode in (Mode.FUN, Mode.BROKEN) or (order.mode is Mode.MIXED and order.summed)
    if gauge.ordered or not lost or order.cause is None:
        return
    if Live.NO in (motion.live, event.value.live, order.cause.live):
        return
    cause = order.cause
    yield Verdict(order_code(cause), cause.spot, cause.gauge, certainty(motion.live, cause.doubt), _trail(cause, event))


def _trail(cause: Cause, event: Reached) -> tuple[tuple[Spot, str], ...]:
    start = (cause.gauge.spot, "decomposed here")
    steps = [start, *(s for s in cause.trail if s != start), (cause.spot, NOTES.get(cause.reason, cause.reason))]
    if event.spot != cause.spot:
        steps.append((event.spot, ARRIVALS[event.how]))
    return tuple(dict.fromkeys(steps))


NOTES = {
    "missing conjugate": "charge doubled here",
    "complex part": "real or imaginary part taken here",
    "weighted sum": "summed over the columns here",
    "sum": "summed over the columns here",
    "mean": "averaged over the columns here",
    "layer": "read by weights here",
    "nonlinear": "nonlinear function applied here",
    "constant added": "constant added here",
    "added to a fixed value": "added to a fixed value here",
    "compared by its sign": "compared by its sign here",
    "chosen by a sign or phase": "chosen by a sign here",
    "difference to a fixed value": "compared with a fixed value here",
    "loss": "becomes the loss here",
    "position picked": "position picked here",
    "positions picked": "positions picked here",
    "position weighted": "weighted by position here",
    "mispaired": "paired with values in another order here",
    "slices do not pair": "contracted with another slice here",
    "wrong axis": "contracted along the wrong axis here",
    "another decomposition": "contracted with another decomposition here",
    "sums over the batch": "summed over the batch here",
    "sums entries of unlike phase": "entries of unlike phase summed here",
    "pieces put end to end": "put side by side with other values here",
}


def _from_remarks(outcome: Outcome) -> Iterator[Verdict]:
    inputs = {opened.input: opened for opened in outcome.decomposed}
    negations = {dict(r.details)["term"]: r.spot for r in outcome.remarks if r.kind == "negated factor"}
    late: set[Spot] = set()
    for remark in outcome.remarks:
        if remark.kind == "late upcast" and remark.gauge is not None:
            if remark.gauge.spot in late:
                continue  # the values and the vectors: one cast of the matrix mends both
            late.add(remark.gauge.spot)
        if remark.kind == "sign of det":
            yield from _sign_of_covariance(remark, inputs)
            continue
        code = REMARKS.get(remark.kind)
        if code is None:
            continue
        live = Live(remark.live)
        if live is Live.NO and code not in VALUE_CODES:
            continue
        sure: Certainty = "definite" if code == "EIG405" else certainty(live, remark.doubt)
        trail = ((remark.gauge.spot, "decomposed here"),) if remark.gauge and code != "EIG405" else ()
        spot = negations.get(dict(remark.details).get("negated"), remark.spot)
        yield Verdict(code, spot, remark.gauge, sure, trail, remark.details)


def _sign_of_covariance(remark: Remark, inputs: dict[object, Opened]) -> Iterator[Verdict]:
    """The sign of the determinant of the very matrix that is decomposed is 0 where that matrix is singular."""
    of = dict(remark.details).get("input")
    inner = upright(of)[0] if isinstance(of, Term) else None
    for known, opened in inputs.items():
        if isinstance(known, Term) and upright(known)[0] is inner:
            gauge, live = opened.gauge, Live(opened.live)
            if live is not Live.NO:
                trail = ((gauge.spot, "decomposed here"),)
                yield Verdict("EIG108", remark.spot, gauge, certainty(live, remark.doubt), trail)
            return


def _from_unused(outcome: Outcome) -> Iterator[Verdict]:
    sites = {o.gauge.spot.path: o.gauge for o in outcome.decomposed if o.gauge.has_vectors}
    for unused in outcome.unused:
        gauge = _mask_for(unused, sites)
        if gauge is not None:
            yield Verdict("EIG109", unused.spot, gauge, "likely", ((gauge.spot, "decomposed here"),))


def _mask_for(unused: Unused, sites: dict[str, Gauge]) -> Gauge | None:
    """Return the gauge whose sign mask a value is: signs of its vectors, random signs, or vectors times signs."""
    value = unused.value
    if value.term.op == "sign of det":  # comes beside the modulus of a determinant, wanted or not
        return None
    own = next((g for g, m in value.motions if not m.phase.neutral), None)
    if any(m.phase.mode is Mode.FUN and m.phase.centre == 0.5 for _, m in value.motions):
        return own
    if is_sign_mask(value):
        random = own is None and "random" in value.term.ops
        return own or unused.near or (sites.get(unused.spot.path) if random else None)
    if (
        not unused.name
        and value.term.op == "mul"
        and any(isinstance(a, Term) and (a.op in SIGNS or random_signs(a)) for a in value.term.args)
    ):
        return next((g for g, _ in value.motions), None)
    return None


def is_sign_mask(t: Tensor) -> bool:
    """Whether a tensor holds signs: of vectors, or drawn at random."""
    return bool({"sign", "unit"} & t.flags) or random_signs(t.term)
