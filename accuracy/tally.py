"""Confusion tables of what was said against what execution showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from accuracy.judge import Answer
from accuracy.truth import SYMMETRIES, Truth

BARS = {"phase": (0.995, 0.97), "order": (0.98, 0.95), "rotation": (0.98, 0.90)}
UNKNOWN_AT_MOST = 0.03
SAID = ("dependent", "invariant", "unknown")


class Score(NamedTuple):
    """The table of one symmetry: counts by what moves and what was said."""

    counts: Counter[tuple[bool, str]]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def recall(self) -> float:
        """The share of the dependent programs that are called so; `unknown` is a miss."""
        return _share(self.counts[True, "dependent"], sum(n for (moves, _), n in self.counts.items() if moves))

    @property
    def precision(self) -> float:
        """The share of those called dependent that are."""
        return _share(self.counts[True, "dependent"], sum(n for (_, said), n in self.counts.items() if said == SAID[0]))

    @property
    def unknown(self) -> float:
        return _share(sum(n for (_, said), n in self.counts.items() if said == "unknown"), self.total)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


class Tally:
    """Collects programs, symmetry by symmetry; accidental constants apart."""

    def __init__(self) -> None:
        self.scores = {name: Score(Counter()) for name in SYMMETRIES}
        self.accidental = {name: Score(Counter()) for name in SYMMETRIES}

    def add(self, truth: Truth, answer: Answer) -> None:
        for name in SYMMETRIES:
            moves, said = getattr(truth, name), getattr(answer, name)
            if said == "none" and name in ("order", "rotation"):
                continue  # the decompositions have no such symmetry
            if moves is None:
                continue
            table = self.accidental if name in truth.accidental else self.scores
            table[name].counts[moves, "invariant" if said == "none" else said] += 1

    def reached(self) -> bool:
        """Whether every bar is."""
        return all(
            score.recall >= BARS[name][0] and score.precision >= BARS[name][1] and score.unknown <= UNKNOWN_AT_MOST
            for name, score in self.scores.items()
        )

    def lines(self) -> Iterator[str]:
        """Write the tables down."""
        for name, score in self.scores.items():
            recall, precision = BARS[name]
            yield f"{name}: {score.total} programs"
            yield f"  {'':<14}{'dependent':>10}{'invariant':>10}{'unknown':>10}"
            for moves, label in ((True, "moves"), (False, "stays")):
                yield f"  {label:<14}" + "".join(f"{score.counts[moves, said]:>10}" for said in SAID)
            apart = self.accidental[name].counts
            yield f"  {'by accident':<14}" + "".join(f"{apart[False, said]:>10}" for said in SAID) + "   (not counted)"
            yield (
                f"  recall {score.recall:.2%} (bar {recall:.1%}), precision {score.precision:.2%} "
                f"(bar {precision:.1%}), unknown {score.unknown:.2%} (at most {UNKNOWN_AT_MOST:.0%})"
            )
            yield ""


def disagreements(truth: Truth, answer: Answer) -> tuple[tuple[str, str], ...]:
    """Name the symmetries on which the two disagree, and how."""
    found = []
    for name in SYMMETRIES:
        moves, said = getattr(truth, name), getattr(answer, name)
        if moves is None or name in truth.accidental or (said == "none" and name != "phase"):
            continue
        if said == "unknown":
            found.append((name, "unknown, and moves" if moves else "unknown, and stays"))
        elif moves != (said == "dependent"):
            found.append((name, "missed" if moves else "false alarm"))
    return tuple(found)
