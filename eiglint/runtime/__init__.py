"""What is seen when the program runs: watch sees its backward passes, gaugecheck runs it again in other gauges."""

from eiglint.runtime.check import gaugecheck
from eiglint.runtime.mode import DecompositionCall, RedrawError, Regauge, regauge
from eiglint.runtime.report import Report
from eiglint.runtime.verdict import GaugeError, GaugeResult, Verdict
from eiglint.runtime.watcher import watch
from eiglint.runtime.watching import IllDefinedError

__all__ = [
    "DecompositionCall",
    "GaugeError",
    "GaugeResult",
    "IllDefinedError",
    "RedrawError",
    "Regauge",
    "Report",
    "Verdict",
    "gaugecheck",
    "regauge",
    "watch",
]
