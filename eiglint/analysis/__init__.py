"""The abstract interpreter: from instructions to what becomes of every decomposition."""

from eiglint.analysis.events import Crash, Outcome, Reached, Revealed, Settings, Truncated, Unused
from eiglint.analysis.interpret import analyse

__all__ = ["Crash", "Outcome", "Reached", "Revealed", "Settings", "Truncated", "Unused", "analyse"]
