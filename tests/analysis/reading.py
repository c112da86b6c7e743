"""What the analysis says of each function of a text, in one word."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from eiglint.analysis import Outcome, Settings, analyse
from eiglint.gauge import Live, Mode
from eiglint.ir import instructions as ir
from eiglint.ir.parse import lower_module

HEAD = "import torch\nfrom torch import nn\n"
WORDS = ("silent", "fine", "covariant", "unknown", "broken")
"""No value that depends on a decomposition reaches a result; or the worst that one does."""


def lowered(text: str, name: str = "program") -> ir.Module:
    return lower_module((HEAD + dedent(text)).encode(), f"{name}.py", name)


def outcome_of(text: str, others: Mapping[str, str] | None = None, settings: Settings | None = None) -> Outcome:
    """Analyse a text, beside other modules that it may import."""
    modules = {name: lowered(other, name) for name, other in (others or {}).items()}
    outcome = analyse({"program": lowered(text)}, modules.get, settings or Settings())
    assert not outcome.crashes, outcome.crashes[0].traceback
    return outcome


def answers(text: str, others: Mapping[str, str] | None = None, live: Live = Live.MAYBE) -> dict[str, str]:
    """Return one of WORDS for each outermost function and method, of what reaches a result with a gradient."""
    module = lowered(text)
    modules = {name: lowered(other, name) for name, other in (others or {}).items()}
    outcome = analyse({"program": module}, modules.get, Settings())
    assert not outcome.crashes, outcome.crashes[0].traceback
    assert not outcome.truncated
    starts = sorted(_starts(module))
    found = dict.fromkeys([name for _, name in starts], "silent")
    places = module.resolve([r.spot.node for r in outcome.reached])
    for reached in outcome.reached:
        if reached.spot.path != module.path:
            continue
        line = places[id(reached.spot.node)].line
        name = [n for start, n in starts if start <= line][-1]
        for _, motion in reached.value.motions:
            if min(motion.live, reached.value.live) >= live:
                found[name] = max(found[name], _word(motion.phase.mode, motion.phase.neutral), key=WORDS.index)
    return found


def _word(mode: Mode, neutral: bool) -> str:
    if neutral:
        return "fine"
    return {Mode.EXACT: "covariant", Mode.MIXED: "covariant", Mode.UNKNOWN: "unknown"}.get(mode, "broken")


def _starts(module: ir.Module) -> list[tuple[int, str]]:
    functions = [s.function for s in module.body if isinstance(s, ir.Define)]
    for statement in module.body:
        if isinstance(statement, ir.DefineClass):
            functions += [s.function for s in statement.body if isinstance(s, ir.Define)]
    places = module.resolve([f.at for f in functions])
    return [(1, "<module>"), *((places[id(f.at)].line, f.name) for f in functions)]
