"""The probe of a watch: which losses are repeated in other gauges, and what their sites learn from it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from torch import Tensor

from eiglint.evidence.records import Probe
from eiglint.runtime.callsite import CallSite, Point
from eiglint.runtime.ledger import Account, Ledger
from eiglint.runtime.probe import probe
from eiglint.runtime.tape import Tape

_LONG = 5.0
"""Seconds after which a probe says on standard error that it is still at work."""
_WEIGHT: Mapping[Probe, int] = {"stays": 0, "no verdict": 1, "moves": 2}


class Prober:
    """Repeats each loss when it is first differentiated, once more after that, and then ever more seldom."""

    def __init__(self, ledger: Ledger) -> None:
        self.tape = Tape()
        self._ledger = ledger
        self._met: Counter[tuple[frozenset[CallSite], frozenset[Point]]] = Counter()
        self._spent = 0.0
        self._announced = 0.0

    def ask(
        self,
        losses: Sequence[Tensor],
        weights: Sequence[Tensor | None],
        accounts: Sequence[Account],
        window: frozenset[Point] | None,
    ) -> None:
        """Repeat losses that are about to be differentiated through these sites, and that these lines led to."""
        sites = frozenset(account.site for account in accounts)
        way = sites, window or frozenset()
        self._met[way] += 1
        if not _is_due(self._met[way]):
            return
        begun = time.monotonic()
        found = probe(self.tape, losses, weights)
        self._spent += time.monotonic() - begun
        self._announce(sites)
        with self._ledger.lock:
            for account in accounts:
                self._learn(account, found.verdicts)
                if found.failure or found.reasons:
                    account.probe_failure = found.failure or "; ".join(sorted(set(found.reasons.values())))

    def _learn(self, account: Account, verdicts: Mapping[CallSite, Mapping[str, Probe]]) -> None:
        """Keep the worst that any probe of the line has shown; a line may be called by another name there."""
        for place, answers in verdicts.items():
            if (place.path, place.line) == (account.site.path, account.site.line):
                for symmetry, answer in answers.items():
                    known = account.probe.get(symmetry, answer)
                    account.probe[symmetry] = max(known, answer, key=lambda one: _WEIGHT[one])

    def _announce(self, sites: frozenset[CallSite]) -> None:
        """Say now and then that time goes into probing."""
        if self._spent - self._announced > _LONG:
            self._announced = self._spent
            lines = ", ".join(sorted(f"{site.path}:{site.line}" for site in sites))
            sys.stderr.write(
                f"eiglint: probing ({sum(self._met.values())} losses so far, {self._spent:.0f} s): {lines}\n"
            )


def _is_due(times: int) -> bool:
    """Probe the first two, then the 8th, 64th, 512th and so on."""
    return times <= 2 or (times & (times - 1) == 0 and (times.bit_length() - 1) % 3 == 0)
