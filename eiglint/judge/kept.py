"""Vectors that are kept with their arbitrary signs: saved, stored, handed out. For the `features` profile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from eiglint.analysis.events import Kept
from eiglint.findings import HANDED_OUT, Certainty
from eiglint.gauge import Gauge, Mode, Motion, Tensor
from eiglint.gauge.tensor import POSSIBLE
from eiglint.gauge.terms import Term, subterms
from eiglint.judge.sites import has_symmetry
from eiglint.judge.verdict import Verdict

FINALITY = ("saved", "stored", "handed out")
"""Of several places where the same vectors are kept, the first of these is reported."""
NOTES = {"saved": "saved here", "stored": "stored here", "handed out": HANDED_OUT}
FIXED = frozenset(("random", "zeros", "ones", "full", "eye", "range", "constant"))
"""What a matrix is made of that comes from no data."""


def kept_verdicts(kept: Iterable[Kept], blamed: Collection[Gauge]) -> Iterator[Verdict]:
    """Return one verdict a decomposition whose vectors are kept as they came; `blamed` have a finding already."""
    found: dict[Gauge, list[tuple[Kept, Motion]]] = {}
    for event in kept:
        for gauge, motion in event.value.motions:
            if gauge not in blamed and _arbitrary(event.value, gauge, motion) and not _complete(event, gauge):
                found.setdefault(gauge, []).append((event, motion))
    for gauge, events in found.items():
        if all(event.internal for event, _ in events):
            continue
        event, motion = min(events, key=lambda pair: FINALITY.index(pair[0].how))
        sure: Certainty = "possible" if event.value.doubt >= POSSIBLE else "likely"
        start = (gauge.spot, "decomposed here")
        trail = (start, *(step for step in motion.trail if step != start), (event.spot, NOTES[event.how]))
        yield Verdict("EIG111", event.spot, gauge, sure, tuple(dict.fromkeys(trail)), (("kept", event.how),))


def _arbitrary(value: Tensor, gauge: Gauge, motion: Motion) -> bool:
    """Whether a value is eigenvectors or singular vectors up to a sign that nobody chose.

    The factors of QR are left out: there a sign is all that is free, and libraries agree on it. Signs that are drawn at
    random are arbitrary on purpose, and a trained parameter leaves its start behind. Where it is forgotten which entry
    carries which sign, a product may have fixed them, and what carries two is an operator in the basis of the vectors.
    """
    phase = motion.phase
    single = phase.mode is Mode.EXACT and len(phase.charges) == 1
    several = phase.mode is Mode.MIXED and not phase.vague and "mul" not in value.term.ops
    if not (single or several) or not has_symmetry(gauge, "rotation"):
        return False
    return "random" not in value.flags and "trained" not in value.term.ops


def holds_no_data(matrix: object) -> bool:
    """Whether what was decomposed is made of random numbers and constants alone, so that its frame is itself random."""
    if not isinstance(matrix, Term):
        return False
    leaves = {x.op for x in subterms(matrix) if not any(isinstance(a, Term) for a in x.args)}
    return "random" in leaves and leaves <= FIXED


def _complete(event: Kept, gauge: Gauge) -> bool:
    """Whether it is the decomposition itself that is passed on, and its reader who decides what is made of it.

    The other factor beside the vectors can undo their signs anywhere; the values can where a caller gets them.
    """
    own = _fields(event.value, gauge)
    others = [t for t in event.beside if (fields := _fields(t, gauge)) and own - fields]
    return any(event.how == "handed out" or not t.motion(gauge).phase.neutral for t in others)


def _fields(t: Tensor, gauge: Gauge) -> frozenset[object]:
    """Return the outputs of a decomposition that a value is made of."""
    return frozenset(x.args[1] for x in t.term.outputs if x.args[0] == gauge)
