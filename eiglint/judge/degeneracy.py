"""Gradients through vectors where eigenvalues meet: EIG301, EIG302, EIG309, and what is known of the input's spectrum.

A use is either not rotation-invariant, and then its gradient is undefined there, or it is a function of the matrix
itself, and then only the written-out backward fails: it divides by the gaps (theory, section 7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from eiglint.analysis.events import Outcome, Reached
from eiglint.gauge import Gauge, Live, Mode, Motion, Remark, Spot
from eiglint.gauge.meeting import MEETING
from eiglint.gauge.state import ANOTHER_BASIS
from eiglint.gauge.tensor import POSSIBLE
from eiglint.gauge.terms import Term, role_of
from eiglint.gauge.thin import THIN
from eiglint.judge.certainty import certainty
from eiglint.judge.exclusive import stand_ins
from eiglint.judge.flow import SIGNS, Alive, Carried, branches, is_output_of, is_vectors_of
from eiglint.judge.matrix_functions import (
    ANY,
    Function,
    acts_on_pairs,
    function_in,
    needs_positive,
    replacement,
    roles_in,
    walk,
)
from eiglint.judge.multiplicity import few_columns, is_gram, jitter_of, tied_by_construction
from eiglint.judge.pairs import weights_of_pairs
from eiglint.judge.singularities import LAYOUT, TESTS
from eiglint.judge.sites import has_symmetry
from eiglint.judge.truncation import Kept, kept_pairs, of_kept
from eiglint.judge.verdict import Verdict

RANKING = ("EIG304", "EIG303", "EIG308", "EIG309", "EIG302", "EIG301")
"""Of one decomposition only the first of these is told: the cause, before what follows from it."""

FOUND_BY_VALUE = frozenset({"argmax", "argmin", "argsort", "topk"})
"""How pairs are found; of a real matrix, whose conjugate pairs tie, it is left open which ones are meant."""


class Use(NamedTuple):
    """One use of vectors through which a gradient flows."""

    code: str
    remark: Remark
    roles: set[str]
    function: Function
    kept: Kept
    on_pairs: bool
    """Whether its weights belong to pairs of values, so that it is no function of the matrix alone."""


def degenerate_verdicts(outcome: Outcome, alive: Alive) -> Iterator[Verdict]:
    """Return what is to be said of gradients where eigenvalues meet, several codes for one decomposition included.

    `alive` are the values that a gradient comes back through.
    """
    meetings = [r for r in outcome.remarks if r.kind == MEETING and r.gauge and has_symmetry(r.gauge, "rotation")]
    uses = list(_uses(meetings, alive, outcome))
    positive = {u.remark.gauge for u in uses if needs_positive(u.function)}
    grams = {o.gauge for o in outcome.decomposed if is_gram(o.input)}
    advice = _advice(uses, grams)
    found = [*(_told(u, advice) for u in uses), *_undefined(outcome.reached, alive, grams, outcome.carried)]
    yield from found
    whole = {u.remark.gauge for u in uses if u.kept == "all"}
    yield from _of_spectra(outcome, found, positive, alive, whole)


# --- functions of the matrix ------------------------------------------------------------------------------------


def _uses(meetings: Iterable[Remark], alive: Alive, outcome: Outcome) -> Iterator[Use]:
    exclusive = stand_ins(outcome.renamed)
    listed = list(meetings)
    done = frozenset(d for r in listed if isinstance(d := dict(r.details)["result"], Term))
    for remark in listed:
        assert remark.gauge is not None
        facts = dict(remark.details)
        factors: tuple[Term, ...] = facts["factors"]  # type: ignore[assignment]
        if facts["result"] not in alive:
            continue
        roles = roles_in(factors, remark.gauge, exclusive.get(remark.gauge.spot, frozenset()), done)
        function = function_in(factors, remark.gauge, done)
        code = _code(roles, bool(facts["whole"]), factors, remark.gauge)
        if facts["picks"]:
            weights = weights_of_pairs(listed, remark, alive)
            code = "EIG302" if weights else None
            function = function_in(weights, remark.gauge, done)
        if code is not None:
            kept = kept_pairs(walk(factors, done), remark.gauge)
            yield Use(code, remark, roles, function, kept, acts_on_pairs(factors, remark.gauge, done))


def _code(roles: set[str], whole: bool, factors: Iterable[Term], gauge: Gauge) -> str | None:
    """Return the code of a meeting; None for a projector, whose value and gradient are right on whole clusters."""
    both = {"left", "right"} <= roles
    if both and "values" not in roles:
        return "EIG309" if whole or _signed(factors, gauge) else None
    return "EIG302" if whole and "values" in roles else None


def _signed(factors: Iterable[Term], gauge: Gauge) -> bool:
    """Whether vectors are flipped by a determinant of their own, as in the Kabsch rotation."""
    determinants = (x for x in walk(factors, frozenset()) if x.op in ("det", "sign of det"))
    return any(is_vectors_of(x, gauge) for d in determinants for x in d.outputs)


def _advice(uses: Iterable[Use], grams: Collection[Gauge]) -> dict[Spot, str]:
    """Return what to write at each place; where callers have functions of their own, what serves all of them."""
    found: dict[Spot, set[str]] = {}
    general: dict[Spot, str] = {}
    for use in uses:
        spot = use.remark.spot
        found.setdefault(spot, set()).add(_replacement(use, use.function, grams))
        general[spot] = _replacement(use, ANY, grams)
    return {spot: (*said,)[0] if len(said) == 1 else general[spot] for spot, said in found.items()}


def _replacement(use: Use, function: Function, grams: Collection[Gauge]) -> str:
    gauge = use.remark.gauge
    assert gauge is not None
    if use.on_pairs:
        return OF_PAIRS
    # The singular vectors of a Gram matrix, left or right, are its eigenvectors.
    one_sided = not {"left", "right"} <= use.roles
    roles = {"vectors"} if gauge in grams and one_sided else use.roles
    advice = replacement(function, gauge, roles)
    if not gauge.call.startswith("torch."):
        return advice
    if use.kept == "all" and not TESTS.isdisjoint(function.names):
        return f"{advice}, and `eiglint.linalg.projector` where f jumps"
    return of_kept(use.kept, advice, gauge, roles, function.plain)


OF_PAIRS = (
    "an autograd.Function for the whole expression, whose backward is written without the gaps: "
    "of A X + X A = Q it is that equation once more"
)


def _told(use: Use, advice: Mapping[Spot, str]) -> Verdict:
    remark, gauge = use.remark, use.remark.gauge
    assert gauge is not None
    trail = ((gauge.spot, "decomposed here"), (remark.spot, "meets its partner here"))
    sure = certainty(Live(remark.live), remark.doubt)
    details = (("replacement", advice[remark.spot]),) if use.code == "EIG302" else ()
    return Verdict(use.code, remark.spot, gauge, sure, trail, details)


# --- what has no gradient there ---------------------------------------------------------------------------------


def _undefined(
    reached: Iterable[Reached], alive: Alive, grams: Collection[Gauge], carried: Carried
) -> Iterator[Verdict]:
    for event in reached:
        for gauge, motion in event.value.motions:
            if has_symmetry(gauge, "rotation") and _is_undefined(motion, gauge, event):
                if _null_vectors_alone(event.value.term, gauge, alive, carried, gauge in grams):
                    continue
                if event.how != "backward" and _is_convention(event.value.term, gauge):
                    continue
                cause = motion.rotation.cause
                spot = event.spot if cause is None else cause.spot
                doubt = max(event.value.doubt, cause.doubt if cause else 0)
                if event.how == "stored" or (cause is not None and cause.reason == ANOTHER_BASIS):
                    # Kept for later, which differentiates it or not; or lost in one of several cases, who knows where.
                    doubt = POSSIBLE
                live = motion.live if cause is None else min(motion.live, cause.live)
                trail = ((gauge.spot, "decomposed here"), (spot, "a basis of equal eigenvalues is read here"))
                yield Verdict("EIG301", spot, gauge, certainty(live, doubt), trail)


def _is_undefined(motion: Motion, gauge: Gauge, event: Reached) -> bool:
    """Whether all but the basis of equal eigenvalues is proved fine, and that one is not."""
    if Live.NO in (motion.live, event.value.live) or not motion.phase.neutral:
        return False
    tied = gauge.conjugate_pairs and not FOUND_BY_VALUE.isdisjoint(event.value.term.ops)
    if not (gauge.ordered or motion.order.neutral) or tied:
        return False
    rotation = motion.rotation
    if rotation.cause is not None and rotation.cause.live is Live.NO:
        return False
    left = rotation.mode is Mode.EXACT and not rotation.neutral
    return rotation.mode is Mode.BROKEN or (left and event.how == "backward")


def _is_convention(value: Term, gauge: Gauge) -> bool:
    """Whether a value is the vectors themselves, their signs fixed by themselves, or coordinates along these.

    In another basis of equal values these are yet another basis of them: like any vectors, of which nothing is said.
    """
    value = _laid(value)
    if value.op in ("matmul", "either"):
        own = [a for a in value.args if isinstance(a, Term) and any(is_output_of(x, gauge) for x in a.outputs)]
        together = len(own) == 1 or value.op == "either"
        return bool(own) and together and all(_is_convention(a, gauge) for a in own)
    factors = [_laid(a) for a in value.args if isinstance(a, Term)] if value.op == "mul" else []
    signs = [x for x in factors if x.op in SIGNS]
    return len(factors) == 2 and len(signs) == 1 and any(is_vectors_of(x, gauge) for x in factors)


def _laid(t: Term) -> Term:
    """Return what a value is a layout of: its rows and columns cut, picked or exchanged."""
    while t.op in LAYOUT and isinstance(t.args[0], Term):
        t = t.args[0]
    return t


def _null_vectors_alone(value: Term, gauge: Gauge, alive: Alive, carried: Carried, gram: bool) -> bool:
    """Whether of all vectors only those at the null end are used: isolated where they mean anything at all.

    That end is the last one of singular vectors, and the first one of the eigenvectors of a Gram matrix.
    """
    picks = list(_picks(value, gauge, alive, carried))
    return bool(picks) and all(_at_null_end(p, gauge, gram) for p in picks)


def _picks(value: Term, gauge: Gauge, alive: Alive, carried: Carried) -> Iterator[Term]:
    """Return how vectors enter a value: a pick or a slice of them, or they themselves."""
    stack, seen = [value], set[Term]()
    while stack:
        here = stack.pop()
        if here in seen or here not in alive:
            continue
        seen.add(here)
        taken = here.op in ("pick", "cut")
        if any(is_vectors_of(base, gauge) for base in (branches(here.args[0]) if taken else [here])):
            yield here
        elif not is_output_of(here, gauge):
            stack.extend(a for a in here.args if isinstance(a, Term))
            stack.extend(carried.get(here, ()))


def _at_null_end(here: Term, gauge: Gauge, gram: bool) -> bool:
    if here.op == "output":
        return False
    base = next(base for base in branches(here.args[0]) if is_vectors_of(base, gauge))
    start = here.args[2]
    if role_of(base) == "vectors":
        return gram and start in (0, None)
    # A third or later singular vector picked by a fixed number is the last one: nobody asks for one in the middle.
    return isinstance(start, int) and (start < 0 or (here.op == "pick" and start >= 2))


# --- what is known of the input ---------------------------------------------------------------------------------


def _of_spectra(
    outcome: Outcome, found: Iterable[Verdict], positive: set[Gauge | None], alive: Alive, whole: set[Gauge | None]
) -> Iterator[Verdict]:
    """Return what the matrix itself says: equal eigenvalues by construction, or a jitter that separates none.

    A jitter is left alone where it does something: where the function of the eigenvalues needs them positive. Zeros of
    a product of few columns matter where its decomposition is used as a `whole`, not where they are cut off.
    """
    thin = {dict(r.details)["made"]: dict(r.details) for r in outcome.remarks if r.kind == THIN}
    blamed: dict[Gauge, Verdict] = {v.gauge: v for v in found if v.gauge is not None}
    sided = {x.args[0] for x in alive if x.op == "output" and role_of(x) in ("left", "right")}
    for opened in outcome.decomposed:
        gauge, matrix = opened.gauge, opened.input
        verdict = blamed.get(gauge)
        if verdict is None or not isinstance(matrix, Term) or opened.live == Live.NO:
            continue  # what an object holds before another of its methods ran, with its gradient
        trail = ((gauge.spot, "decomposed here"), (verdict.spot, "used here"))
        what = tied_by_construction(matrix, gauge in sided) or (few_columns(matrix, thin) if gauge in whole else None)
        if what is not None:
            yield Verdict("EIG304", gauge.spot, gauge, verdict.certainty, trail, (("what", what),))
        elif gauge not in positive and gauge not in sided and (size := jitter_of(matrix)) is not None:
            yield Verdict("EIG303", gauge.spot, gauge, verdict.certainty, trail, (("size", size),))


def most_specific(found: list[Verdict]) -> list[Verdict]:
    """Of each decomposition keep the most specific code of this family; EIG301 only where nothing else is told."""
    best: dict[Spot, int] = {}
    others: set[Spot] = set()
    for v in found:
        if v.gauge is not None and v.code in RANKING and v.certainty != "possible":
            best[v.gauge.spot] = min(best.get(v.gauge.spot, len(RANKING)), RANKING.index(v.code))
        elif v.gauge is not None and (v.code[:4] in ("EIG1", "EIG2") or v.code in ("EIG407", "EIG408")):
            others.add(v.gauge.spot)
    kept: list[Verdict] = []
    told: set[Spot] = set()
    for v in found:
        if v.gauge is None or v.code not in RANKING:
            kept.append(v)
            continue
        site = v.gauge.spot
        if RANKING.index(v.code) > best.get(site, len(RANKING)):
            continue
        if v.code == "EIG301" and (site in others or site in told):
            continue
        told.add(site)
        kept.append(v)
    return kept
