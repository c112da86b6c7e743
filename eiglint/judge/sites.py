"""What is known of all uses of each decomposition together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eiglint.analysis.events import Outcome, Reached
from eiglint.findings import Answer, Gradient, Obstacle, Place, Site
from eiglint.gauge import Gauge, Live, Mode, Motion, Spot
from eiglint.gauge.ties import is_of_ties

WEIGHT: dict[Answer, int] = {"none": 0, "invariant": 1, "leaves": 2, "unknown": 3, "dependent": 4}
SYMMETRIES = ("phase", "order", "rotation")


@dataclass(slots=True)
class Known:
    """The answers collected so far for one call."""

    gauge: Gauge
    live: Live = Live.NO
    answers: dict[str, Answer] = field(default_factory=dict)
    obstacles: dict[str, tuple[str, Spot | None]] = field(default_factory=dict)
    """For each symmetry that is unknown, what could not be followed first, and where."""

    def learn(self, symmetry: str, answer: Answer, why: str = "", where: Spot | None = None) -> None:
        """Keep the answer that says least well of the call, and of an unknown one the reason."""
        if self.answers[symmetry] != "none" and WEIGHT[answer] > WEIGHT[self.answers[symmetry]]:
            self.answers[symmetry] = answer
            self.obstacles.pop(symmetry, None)
            if answer == "unknown":
                self.obstacles[symmetry] = why, where


def has_symmetry(gauge: Gauge, symmetry: str) -> bool:
    """Whether a decomposition leaves the choice open at all."""
    if symmetry == "order":
        return not gauge.ordered
    if symmetry == "rotation" and ("distinct" in gauge.promised or "qr" in gauge.call.rsplit(".", 1)[-1]):
        return False
    return gauge.has_vectors


def answer(symmetry: str, motion: Motion, how: str) -> Answer:
    """Return what one arrival at a result says of one symmetry."""
    state = getattr(motion, symmetry)
    if state.neutral:
        return "invariant"
    if state.mode is Mode.UNKNOWN:
        return "unknown"
    if how == "backward" and getattr(state, "vague", False):
        return "unknown"
    if state.mode in (Mode.BROKEN, Mode.FUN):
        return "dependent"
    if how == "backward":
        return "dependent"
    return "unknown" if how == "argument" else "leaves"


def collect(outcome: Outcome, spoiled: frozenset[str]) -> dict[Spot, Known]:
    """Return what is known of every decomposition call; files in `spoiled` were not analysed to the end."""
    known: dict[Spot, Known] = {}
    for opened in outcome.decomposed:
        gauge, live = opened.gauge, Live(opened.live)
        here = known.get(gauge.spot)
        if here is None:
            here = known[gauge.spot] = Known(gauge)
            for symmetry in SYMMETRIES:
                here.answers[symmetry] = "invariant" if has_symmetry(gauge, symmetry) else "none"
                if gauge.spot.path in spoiled:
                    here.learn(symmetry, "unknown", "the file is analysed in part")
        here.live = max(here.live, live)
    arrived = [(gauge, motion, reached) for reached in outcome.reached for gauge, motion in reached.value.motions]
    # Where the order itself leaves, which of two tied pairs comes first changes nothing.
    for gauge, motion, reached in sorted(arrived, key=lambda a: is_of_ties(a[0])):
        here = known.get(gauge.spot)
        if here is not None and not (is_of_ties(gauge) and here.answers["order"] == "leaves"):
            _learn_all(here, motion, reached)
    return known


def _learn_all(here: Known, motion: Motion, reached: Reached) -> None:
    for symmetry in SYMMETRIES:
        said = answer(symmetry, motion, reached.how)
        cause = getattr(motion, symmetry).cause
        if said != "unknown":
            here.learn(symmetry, said)
        elif cause is not None:
            here.learn(symmetry, said, cause.reason, cause.spot)
        else:
            here.learn(symmetry, said, f"passes `{reached.to}`", reached.spot)


def as_sites(known: Mapping[Spot, Known], places: Mapping[Spot, Place]) -> tuple[Site, ...]:
    """Return the sites in the order of the text."""
    gradients: dict[Live, Gradient] = {Live.NO: "no", Live.MAYBE: "unknown", Live.YES: "yes"}
    made = []
    for spot, here in known.items():
        if spot in places:
            phase, order, rotation = (here.answers[s] for s in SYMMETRIES)
            gradient, obstacle = gradients[here.live], _obstacle(here, places)
            made.append(Site(places[spot], here.gauge.call, gradient, phase, order, rotation, obstacle=obstacle))
    return tuple(sorted(made, key=lambda s: s.place))


def _obstacle(here: Known, places: Mapping[Spot, Place]) -> Obstacle | None:
    """Return what kept the phase or else the order from being known."""
    found = here.obstacles.get("phase") or here.obstacles.get("order")
    if found is None:
        return None
    what, spot = found
    place = None if spot is None else places.get(spot)
    return Obstacle(what) if place is None else Obstacle(what, place.path, place.line)


def spots_of(known: Mapping[Spot, Known]) -> set[Spot]:
    """Return every place that the sites speak of."""
    return {*known, *(spot for here in known.values() for _, spot in here.obstacles.values() if spot is not None)}
