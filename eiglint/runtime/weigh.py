"""Weigh the runs in other gauges against the plain one and against rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor

from eiglint.runtime.callsite import CallSite
from eiglint.runtime.compare import Deviation, floor_of, is_blank, magnitude, settle, together
from eiglint.runtime.gauge import Symmetry
from eiglint.runtime.measure import Measurement, Program
from eiglint.runtime.mode import DecompositionCall, Way
from eiglint.runtime.verdict import Verdict

_STUCK = "the solver returns the same order whatever is done to the matrix; use way='multiply'"
_UNSETTLED = "moves already when its input is perturbed by rounding"


class Baseline(NamedTuple):
    """The run as it is, the runs that tell its rounding, and what it met."""

    program: Program
    plain: Measurement
    rounded: tuple[Measurement, ...]
    sites: tuple[DecompositionCall, ...]
    unreadable: frozenset[CallSite]
    natural: float
    way: Way
    seeds: tuple[int, ...]
    cluster_rtol: float | None
    groups: tuple[frozenset[CallSite], ...] = ()
    """Lines that decompose the same matrix have one gauge between them."""
    hidden: tuple[CallSite, ...] = ()
    """Lines under which something was decomposed that could not be re-drawn."""


def weigh(baseline: Baseline, name: Symmetry, draws: Sequence[Measurement]) -> Verdict:
    """Say whether the result is free of a symmetry, from runs in which that symmetry was re-drawn."""
    plain = baseline.plain
    steady = [run for run in baseline.rounded if _alike(plain, run)]
    if len(steady) < len(baseline.rounded):
        return Verdict(name, None, reason=f"the result {_UNSETTLED}: its shape changes, or it raises")
    for run in draws:
        if not _alike(plain, run):
            why = f"it raised {run.failure!r}" if run.failure else f"its shape became {run.structure}"
            return Verdict(name, False, float("inf"), reason=f"re-drawn, {why}")
    if all(is_blank(value) for value in plain.values):
        return Verdict(name, None, reason="the result holds no finite number")
    value = _values(baseline, draws)
    gradient, remark = _gradient(baseline, draws)
    if plain.refused or any(run.refused for run in draws):
        remark = "; ".join(filter(None, [remark, "torch's own phase check refused the gradient at least once"]))
    slope = gradient.relative if gradient else None
    noise = max(value.rounding, gradient.rounding if gradient and gradient.outcome != "unsettled" else 0.0)
    if value.outcome == "moved" or (gradient and gradient.outcome == "moved"):
        return Verdict(name, False, value.relative, slope, rounding=noise, reason=remark)
    if value.outcome == "unsettled":
        kind = "moves when it is merely run again" if _restless(baseline) else _UNSETTLED
        return Verdict(name, None, value.relative, slope, rounding=noise, reason=f"the result {kind}")
    if all(run.stuck for run in draws):
        return Verdict(name, None, value.relative, slope, rounding=noise, reason=_STUCK)
    return Verdict(name, True, value.relative, slope, rounding=noise, reason=remark)


def _alike(first: Measurement, second: Measurement) -> bool:
    return second.failure is None and first.structure == second.structure


def _restless(baseline: Baseline) -> bool:
    again = baseline.rounded[0]
    pairs = zip(baseline.plain.values, again.values, strict=True)
    return any(settle(before, (), (after,), 0.0, 0.0).outcome != "still" for before, after in pairs)


def _values(baseline: Baseline, draws: Sequence[Measurement]) -> Deviation:
    found = []
    for place, value in enumerate(baseline.plain.values):
        floor = floor_of([value.dtype, *_dtypes(baseline)], gradient=False)
        others = [run.values[place] for run in draws]
        rounded = [run.values[place] for run in baseline.rounded]
        found.append(settle(value, others, rounded, floor, baseline.natural))
    return together(found)


def _gradient(baseline: Baseline, draws: Sequence[Measurement]) -> tuple[Deviation | None, str]:
    """Judge the gradients that are finite and steady; say why the others are not judged."""
    plain, runs = baseline.plain.gradients, [*draws, *baseline.rounded]
    if not plain or any(len(run.gradients) != len(plain) for run in runs):
        return None, "the gradient is not finite, so it was not judged" if baseline.plain.refused else ""
    found, remark = [], ""
    top = max([baseline.natural, *(magnitude(value) for value in baseline.plain.values)])
    inputs = [magnitude(leaf) for leaf in _wanted(baseline.program)]
    for place, slope in enumerate(plain):
        others, rounded = [run.gradients[place] for run in draws], [run.gradients[place] for run in baseline.rounded]
        if slope is None or any(other is None for other in (*others, *rounded)):
            continue
        if is_blank(slope):
            remark = "the gradient is not finite, so it was not judged"
            continue
        floor = floor_of([slope.dtype, *_dtypes(baseline)], gradient=True)
        natural = top / (inputs[place] or 1.0)
        one = settle(slope, cast("list[Tensor]", others), cast("list[Tensor]", rounded), floor, natural)
        if one.outcome == "unsettled":
            remark = f"the gradient {_UNSETTLED}, so it was not judged"
            continue
        found.append(one)
    return (together(found) if found else None), remark


def _wanted(program: Program) -> list[Tensor]:
    leaves = [entry for entry in program.inputs if isinstance(entry, Tensor) and entry.requires_grad]
    return [*leaves, *program.parameters]


def _dtypes(baseline: Baseline) -> list[torch.dtype]:
    """List the precisions in which values and decompositions were computed."""
    return [
        *(value.dtype for value in baseline.plain.values),
        *(getattr(torch, site.dtype) for site in baseline.sites),
    ]
