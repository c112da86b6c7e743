"""What is seen when the program runs: gaugecheck, which runs it again in other gauges."""

from eiglint.runtime.check import gaugecheck
from eiglint.runtime.mode import DecompositionCall, RedrawError, Regauge, regauge
from eiglint.runtime.verdict import GaugeError, GaugeResult, Verdict

__all__ = [
    "DecompositionCall",
    "GaugeError",
    "GaugeResult",
    "RedrawError",
    "Regauge",
    "Verdict",
    "gaugecheck",
    "regauge",
]
