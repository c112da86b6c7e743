"""How sure a verdict is."""

from __future__ import annotations

from eiglint.findings import Certainty
from eiglint.gauge import Live


def certainty(live: Live, doubt: int) -> Certainty:
    """Return how sure a verdict is: the gradient, the dtype and the rank must all be known for `definite`."""
    if doubt >= 2:
        return "possible"
    return "definite" if live is Live.YES and doubt == 0 else "likely"
