"""How autograd is handled around decompositions: errors dropped, gradients cut off, second derivatives (EIG5xx)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from eiglint.analysis.events import Differentiated, Outcome, Reached, Severed
from eiglint.gauge import Gauge, Live, Opened, Remark, Spot
from eiglint.gauge.tensor import CERTAIN, POSSIBLE
from eiglint.gauge.terms import Term, contains
from eiglint.judge.certainty import certainty
from eiglint.judge.flow import PLACED, VECTORS
from eiglint.judge.singularities import LAYOUT
from eiglint.judge.verdict import Verdict

CODES = frozenset(f"EIG50{i}" for i in range(1, 9))
RESULTS = frozenset(("backward", "returned", "yielded"))


def handling_verdicts(outcome: Outcome) -> Iterator[Verdict]:
    """Return what is said of how errors, graphs and derivatives are handled."""
    opened = {o.gauge: o for o in outcome.decomposed}
    yield from _swallowed(outcome)
    yield from _adjoints(outcome.remarks)
    for d in outcome.differentiated:
        yield from _complex_loss(d, opened)
        yield from _second(d, opened)
        yield from _refused(d, opened)
    yield from _cut_off(outcome, opened)
    yield from _underived(outcome, opened)


def _trail(g: Gauge, *steps: tuple[Spot, str]) -> tuple[tuple[Spot, str], ...]:
    return ((g.spot, "decomposed here"), *steps)


def _live(g: Gauge, opened: Mapping[Gauge, Opened]) -> Live:
    return Live(opened[g].live) if g in opened else Live.NO


def _swallowed(outcome: Outcome) -> Iterator[Verdict]:
    for s in outcome.swallowed:
        details = (("what", "gradient" if s.what == "gradient" else "result"),)
        yield Verdict("EIG501", s.spot, s.gauge, certainty(Live(s.live), CERTAIN), _trail(s.gauge), details)


def _adjoints(remarks: Iterable[Remark]) -> Iterator[Verdict]:
    """A wrong system of equations is wrong whether or not its solution is differentiated."""
    for r in remarks:
        if r.kind == "handwritten adjoint" and r.gauge is not None:
            steps = _trail(r.gauge, (r.spot, "solved here"))
            yield Verdict("EIG503", r.spot, r.gauge, certainty(Live.YES, r.doubt), steps)


def _complex_loss(d: Differentiated, opened: Mapping[Gauge, Opened]) -> Iterator[Verdict]:
    g, live = max(((g, _live(g, opened)) for g, _ in d.roles), key=lambda pair: pair[1])
    if d.real and d.value.dtype == "complex" and live is not Live.NO and d.value.live is not Live.NO:
        sure = certainty(d.value.live, d.value.doubt)
        steps = _trail(g, (d.spot, "differentiated here"))
        yield Verdict("EIG502", d.spot, g, sure, steps, (("by", d.call),))


def _second(d: Differentiated, opened: Mapping[Gauge, Opened]) -> Iterator[Verdict]:
    """Values are smooth enough for one derivative; what also uses vectors has trouble with the first one already."""
    if not d.again or d.value.live is Live.NO:
        return
    for g, roles in d.roles:
        live = _live(g, opened)
        if "values" not in roles or roles & VECTORS or live is Live.NO or g in d.inside or "distinct" in g.promised:
            continue
        steps = _trail(g, (d.spot, "differentiated twice from here"))
        yield Verdict("EIG506", d.spot, g, certainty(live, d.value.doubt), steps)


def _refused(d: Differentiated, opened: Mapping[Gauge, Opened]) -> Iterator[Verdict]:
    """Only a loss that depends on no phase is refused wrongly."""
    scaled = "scaled" in d.value.term.ops
    for g, roles in d.roles:
        live = _live(g, opened)
        tried = g in opened and opened[g].absolute and g.group == "U1" and bool(roles & VECTORS)
        if not tried or live is Live.NO or not d.value.motion(g).phase.neutral:
            continue
        if scaled or g in d.growing:
            why = "is multiplied by a loss scale" if scaled else "grows exponentially with the eigenvalues"
            sure = certainty(live, d.value.doubt) if scaled else "possible"
            yield Verdict("EIG507", d.spot, g, sure, _trail(g, (d.spot, "differentiated here")), (("why", why),))


def _cut_off(outcome: Outcome, opened: Mapping[Gauge, Opened]) -> Iterator[Verdict]:
    """A value that comes back from outside the graph, and is the only way by which a decomposition enters a loss.

    Where `.data` is returned, not differentiated, a constant is what was meant.
    """
    for s in outcome.severed:
        for r in (*outcome.reached, *outcome.proved):
            if r.how not in RESULTS or (r.how != "backward" and (r.value.live is Live.NO or not s.copied)):
                continue
            if "severed" in r.value.term.ops and contains(r.value.term, s.term) and (g := _lost(r, s, opened)):
                steps = _trail(g, (s.spot, "cut off here"), (r.spot, "enters the result here"))
                sure = certainty(_live(g, opened), r.value.doubt)
                yield Verdict("EIG504", s.spot, g, sure, steps, (("by", s.call),))
                break


def _lost(r: Reached, s: Severed, opened: Mapping[Gauge, Opened]) -> Gauge | None:
    """Return a decomposition that a result is made of by a severed value alone."""
    attached: set[object] = set()
    passed = False
    stack, seen = [r.value.term], set[int]()
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if here.op == "severed":
            passed = passed or here is s.term
            continue
        if here.op == "output":
            attached.add(here.args[0])
        parts = here.args[:1] if here.op in PLACED else here.args
        stack.extend(a for a in parts if isinstance(a, Term))
    lost = {o.args[0] for o in s.term.outputs} - attached
    return next((g for g in lost if isinstance(g, Gauge) and _live(g, opened) is not Live.NO), None) if passed else None


def _underived(outcome: Outcome, opened: Mapping[Gauge, Opened]) -> Iterator[Verdict]:
    for r in outcome.remarks:
        if r.kind == "no derivative":
            # What raises in every backward is noticed in the first: with no derivative in sight, none may be taken.
            doubt = r.doubt if r.live == Live.YES else POSSIBLE
            yield Verdict("EIG508", r.spot, None, certainty(Live(r.live), doubt), (), r.details)
    for u in outcome.underived:
        for reached in (*outcome.proved, *outcome.reached):
            if _is_made_of(reached, u.gauge):
                sure = certainty(min(_live(u.gauge, opened), reached.value.live), max(u.doubt, reached.value.doubt))
                steps = _trail(u.gauge, (reached.spot, "becomes a result here"))
                yield Verdict("EIG508", u.gauge.spot, u.gauge, sure, steps, (("call", u.gauge.call),))
                break


def _is_made_of(r: Reached, g: Gauge) -> bool:
    """Whether a result that may be differentiated is made of a decomposition.

    Of a bare factor, sorted or cut or not, its reader decides.
    """
    factor: object = r.value.term
    while isinstance(factor, Term) and factor.op in LAYOUT:
        factor = factor.args[0]
    bare = isinstance(factor, Term) and factor.op == "output"
    passed = r.how == "argument" or (r.how != "backward" and bare)
    return not passed and r.value.live is not Live.NO and any(o.args[0] == g for o in r.value.term.outputs)
