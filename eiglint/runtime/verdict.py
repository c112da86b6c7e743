"""What gaugecheck says, as records, and as an error for somebody whose run just failed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eiglint.runtime.mode import DecompositionCall

_WORDS: Mapping[str, tuple[str, str, str]] = {
    "phase": (
        "signs or phases of the vectors",
        "Each vector comes with an arbitrary sign (real) or phase (complex); another device, batch size or version "
        "of the library returns another.",
        "use every vector together with its conjugate (`V @ diag(f) @ V.mH`, `V.abs()`, `U` with `Vh`), or fix the "
        "signs first, for example by the entry of largest absolute value.",
    ),
    "order": (
        "order of the eigenvalues",
        "`eig` and `eigvals` return their pairs in any order; another device, or a small change of the matrix, "
        "gives another.",
        "choose by value (`L.abs().argmax()`), sort values and vectors by the same key, or reduce over all pairs.",
    ),
    "rotation": (
        "basis inside blocks of equal values",
        "Vectors that belong to equal eigenvalues or singular values, or to a null space, may be mixed at will; "
        "no derivative exists there either.",
        "use projectors on whole blocks or matrix functions of A, or keep the values apart.",
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the result is free of one symmetry: True, False, or None with the reason why nothing can be said."""

    symmetry: str
    invariant: bool | None
    value_deviation: float | None = None
    gradient_deviation: float | None = None
    clusters: int | None = None
    rounding: float | None = None
    reason: str = ""
    sites: tuple[DecompositionCall, ...] = ()


@dataclass(frozen=True, slots=True)
class GaugeResult:
    """The verdicts on the three symmetries, and each decomposition call that was met."""

    phase: Verdict
    order: Verdict
    rotation: Verdict
    sites: tuple[DecompositionCall, ...]
    asked: tuple[str, ...]
    way: str

    @property
    def ok(self) -> bool:
        """Tell whether every symmetry that was asked for was proved harmless."""
        return all(verdict.invariant is True for verdict in self.verdicts)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Give the verdicts that were asked for."""
        return tuple(verdict for verdict in (self.phase, self.order, self.rotation) if verdict.symmetry in self.asked)

    @property
    def reason(self) -> str:
        """Say why there is no verdict, where there is none."""
        return "; ".join(dict.fromkeys(verdict.reason for verdict in self.verdicts if verdict.invariant is None))

    def __bool__(self) -> bool:
        """Be true exactly when all is well."""
        return self.ok


class GaugeError(AssertionError):
    """The result depends on what a decomposition leaves open, or nothing can be said about it."""

    def __init__(self, result: GaugeResult) -> None:
        failed = sorted((verdict for verdict in result.verdicts if not verdict.invariant), key=_urgency)
        self.result = result
        self.symmetry = failed[0].symmetry
        super().__init__("\n".join(_paragraph(verdict, result) for verdict in failed))

    def __reduce__(self) -> tuple[type[GaugeError], tuple[GaugeResult]]:
        """Travel between processes by the result; the message is made again."""
        return type(self), (self.result,)


def _urgency(verdict: Verdict) -> bool:
    return verdict.invariant is None


def _paragraph(verdict: Verdict, result: GaugeResult) -> str:
    what, why, cure = _WORDS[verdict.symmetry]
    sites = verdict.sites or result.sites
    if verdict.invariant is None:
        head = f"no verdict on {verdict.symmetry}: {verdict.reason}"
        return "\n".join([head, *_places(sites)])
    rows = [f"{verdict.symmetry}: the result depends on the {what}", *_places(sites)]
    rows.append(f"  {_sizes(verdict)}")
    if verdict.reason:
        rows.append(f"  {verdict.reason}")
    return "\n".join([*rows, f"  {why}", f"  help: {cure}"])


def _places(sites: tuple[DecompositionCall, ...]) -> list[str]:
    return [
        f"  decomposed at {_short(site.path)}:{site.line} by {site.call}, "
        f"{'x'.join(map(str, site.shape))} {site.dtype} on {site.device}"
        for site in sites
    ]


def _sizes(verdict: Verdict) -> str:
    parts = [
        f"the {name} moved by {size:.2g}"
        for name, size in (("value", verdict.value_deviation), ("gradient", verdict.gradient_deviation))
        if size is not None
    ]
    rounding = f" (rounding alone: {verdict.rounding:.2g})" if verdict.rounding is not None else ""
    return f"re-drawn, {' and '.join(parts) or 'the run failed'}, relative to its size{rounding}"


def _short(path: str) -> str:
    """Give a path below the current folder from there."""
    try:
        return os.fspath(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
