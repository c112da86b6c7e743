"""What goes wrong with eigenvalues and singular values themselves, and with columns that no pair belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from eiglint.analysis.events import Outcome
from eiglint.findings import Certainty
from eiglint.gauge import Gauge, Live, Opened, Remark, Spot
from eiglint.gauge.tensor import LIKELY
from eiglint.gauge.terms import Term, upright
from eiglint.judge.certainty import certainty
from eiglint.judge.flow import Alive, flowing
from eiglint.judge.multiplicity import is_semidefinite
from eiglint.judge.singularities import chain, is_rising, open_gap, reaches_zero
from eiglint.judge.verdict import Verdict
from eiglint.models.load import Models

MOST_PICKS = 2
"""An operation that takes more positions than this is a loop over them, which treats all values alike."""

POWERS = {0.5: "sqrt", -1: "reciprocal", -0.5: "rsqrt"}


def value_verdicts(outcome: Outcome, alive: Alive) -> Iterator[Verdict]:
    """Return the verdicts on functions of values, on single values, and on columns without a derivative.

    `alive` are the values that a gradient comes back through.
    """
    used = [r for r in outcome.remarks if Live(r.live) is not Live.NO and _made(r) in alive]
    yield from _singular(used, _masked(alive, outcome), outcome.models)
    handmade = [r for r in outcome.handmade if r.kind == "singular at zero"]
    yield from _gaps(handmade, frozenset(), handmade=True)
    taken = [r for r in used if r.kind == "taken out"]
    yield from _single_values(taken)
    opened = {o.gauge: o for o in outcome.decomposed}
    for remark in taken:
        yield from _without_derivative(remark, opened)


def _made(remark: Remark) -> Term | None:
    made = dict(remark.details).get("made")
    return made if isinstance(made, Term) else None


def _masked(alive: Alive, outcome: Outcome) -> frozenset[Term]:
    """Return what a test of values replaces where it is singular.

    The value is fine then, and whoever wrote it knew of the singularity. The gradient is 0 times infinity.
    """
    kept = [dict(r.details)["of"] for r in outcome.remarks if r.kind == "masked"]
    for t in alive:
        if t.op == "where" and isinstance(t.args[0], Term) and "output" in t.args[0].ops:
            kept += t.args[1:]
    return flowing([t for t in kept if isinstance(t, Term)], outcome.carried)


def _singular(remarks: list[Remark], masked: frozenset[Term], models: Models) -> Iterator[Verdict]:
    """Gaps that are divided by, and values that reach zero where a function of them is singular.

    Of the eigenvalues of a matrix that nothing is known of, zero is no special point: whoever takes their root or
    logarithm has agreed on a positive definite one.
    """
    singular = [r for r in remarks if r.kind == "singular at zero"]
    yield from _gaps(singular, masked)
    known: set[Term] = set()
    for remark in singular:
        of, made = (dict(remark.details)[k] for k in ("of", "made"))
        assert isinstance(of, Term)
        assert isinstance(made, Term)
        root = None if _passes(of, known) else reaches_zero(of)
        gauge = _gauge(root)
        if gauge is None or root is None:
            continue
        known.add(made)
        guarded = made in masked or not ends_at_zero(root, models)
        sure: Certainty = "possible" if guarded else certainty(Live(remark.live), remark.doubt)
        details = (("function", _function(remark)),)
        yield Verdict("EIG307", remark.spot, gauge, sure, ((gauge.spot, "decomposed here"),), details)


def ends_at_zero(root: Term, models: Models) -> bool:
    """Whether no value lies below zero, so that a matrix without full rank is a boundary that inputs lie on."""
    return not is_rising(root) or is_semidefinite(root.args[2], models)


def _passes(t: Term, known: set[Term]) -> bool:
    """Whether a term is made of a singular function that was told of already."""
    while t not in known:
        inner = [a for a in t.args if isinstance(a, Term) and "output" in a.ops]
        if len(inner) != 1:
            return False
        t = inner[0]
    return True


def _gaps(remarks: list[Remark], masked: Collection[Term], handmade: bool = False) -> Iterator[Verdict]:
    """Divisions by differences of values; where the author owns the gradient, whether one flows is no question."""
    for remark in remarks:
        details = dict(remark.details)
        if details["function"] != "reciprocal" and not _negative_power(details["made"]):
            continue
        of = details["of"]
        gauge = _gauge(open_gap(of) if isinstance(of, Term) else None)
        if gauge is None:
            continue
        # A write through a view is followed here: what lies beside the diagonal is what it was.
        doubt = min(remark.doubt, LIKELY) if isinstance(of, Term) and of.op == "opaque" else remark.doubt
        sure = (
            "possible" if details["made"] in masked else certainty(Live.YES if handmade else Live(remark.live), doubt)
        )
        yield Verdict("EIG305", remark.spot, gauge, sure, ((gauge.spot, "decomposed here"),))


def _negative_power(made: object) -> bool:
    exponent = made.args[1] if isinstance(made, Term) and made.op == "power" else None
    return isinstance(exponent, int | float) and exponent < 0


def _function(remark: Remark) -> str:
    """Return the name of a singular function, as a reader knows it."""
    details = dict(remark.details)
    made = details["made"]
    if isinstance(made, Term) and made.op == "power":
        exponent = made.args[1]
        return next((name for p, name in POWERS.items() if p == exponent), f"power {exponent}")
    return str(details["function"]).rpartition(".")[2]


def _gauge(root: Term | None) -> Gauge | None:
    """Return the decomposition of values that are real and sorted, or none at all."""
    gauge = root.args[0] if root is not None else None
    return gauge if isinstance(gauge, Gauge) and gauge.ordered else None


def _single_values(taken: list[Remark]) -> Iterator[Verdict]:
    """One value is picked: the first place for each decomposition, but for loops over all values."""
    places: dict[Gauge, dict[Spot, list[Remark]]] = defaultdict(lambda: defaultdict(list))
    for remark in taken:
        of, made = dict(remark.details)["of"], _made(remark)
        found = chain(of)
        gauge = _gauge(found.root) if found is not None else None
        single = made is not None and (
            made.op in ("max", "min") or (made.op == "pick" and made.args[1] == -1 and isinstance(made.args[2], int))
        )
        if gauge is not None and single:
            places[gauge][remark.spot].append(remark)
    for gauge, spots in places.items():
        some = [r for r in spots.values() if len({_made(x) for x in r}) <= MOST_PICKS]
        if some:
            remark = some[0][0]
            sure = certainty(Live(remark.live), remark.doubt)
            yield Verdict("EIG306", remark.spot, gauge, sure, ((gauge.spot, "decomposed here"),))


# --- columns beyond min(m, n) -------------------------------------------------------------------------------------


def _without_derivative(remark: Remark, opened: dict[Gauge, Opened]) -> Iterator[Verdict]:
    of, made = dict(remark.details)["of"], _made(remark)
    assert isinstance(of, Term)
    factor, turned, _ = upright(of)
    gauge = factor.args[0]
    if made is None or "undefined" not in factor.args[3:] or not isinstance(gauge, Gauge) or gauge not in opened:
        return
    columns = -2 if ("rows" in factor.args[3:]) != turned else -1
    if made.op not in ("pick", "cut") or made.args[1] != columns:
        return
    beyond = _beyond(made, factor.args[3] == "right", opened[gauge])
    if beyond is not None:
        sure: Certainty = certainty(Live(remark.live), remark.doubt) if beyond else "possible"
        yield Verdict("EIG308", remark.spot, gauge, sure, ((gauge.spot, "decomposed here"),))


def _beyond(taken: Term, right: bool, opened: Opened) -> bool | None:
    """Whether columns beyond min(m, n) are taken: yes, perhaps (the shape is not known), or (None) certainly not.

    What begins where a count of the values ends, and goes on to the last column, is the null space.
    """
    sizes = dict(opened.sizes)
    own, other = (sizes.get(-1), sizes.get(-2)) if right else (sizes.get(-2), sizes.get(-1))
    if own is not None and own == other:
        return None
    place, to_the_end = taken.args[2], taken.op == "cut" and taken.args[3] is None
    if isinstance(place, Term):
        null_space = to_the_end and any(x.args[0] == opened.gauge for x in place.outputs)
        return null_space or _is_other_side(place, right, opened) or (False if to_the_end else None)
    if not isinstance(place, int) or (taken.op == "cut" and not to_the_end):
        return None
    if isinstance(own, int) and isinstance(other, int):
        last = own - 1 if to_the_end or place == -1 else place % own
        return True if last >= min(own, other) else None
    return False if place < 0 or to_the_end else None


def _is_other_side(place: Term, right: bool, opened: Opened) -> bool:
    """Whether a position is the length of the other side of the matrix."""
    other = (-2, 0) if right else (-1, 1)
    return place.op == "size" and place.args[0] is opened.input and place.args[1] in other
