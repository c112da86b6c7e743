"""The wrong decomposition for a matrix: that of any matrix for a Hermitian one, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eiglint.analysis.events import Outcome
from eiglint.findings import Certainty
from eiglint.gauge import Live, Opened, Spot, Tensor
from eiglint.judge.adjoints import Forms
from eiglint.judge.symmetry import Built, built
from eiglint.judge.verdict import Verdict

CHOICES = ("EIG401", "EIG402", "EIG403", "EIG406", "EIG409")
"""Codes that say something of their own, whatever else is said at the same place."""


def choice_verdicts(outcome: Outcome) -> Iterator[Verdict]:
    """Return what the construction of each decomposed matrix says against its decomposition."""
    forms = Forms(outcome.models)
    met: dict[Spot, list[Opened]] = {}
    for opened in outcome.decomposed:
        met.setdefault(opened.gauge.spot, []).append(opened)
    for calls in met.values():
        options = getattr(outcome.models.get(calls[0].gauge.call), "options", {})
        found = [(o, built(o.matrix, forms)) for o in calls if isinstance(o.matrix, Tensor)]
        if options.get("hermitian"):
            yield from _lopsided(found)
        elif options.get("if_hermitian"):
            yield from _general(found, str(options["if_hermitian"]))
    yield from _unused_vectors(outcome, met)


Met = tuple[Opened, Built | None]


def _lopsided(found: Iterable[Met]) -> Iterator[Verdict]:
    """A matrix that is not symmetric is decomposed as if it were: one such call is enough."""
    for opened, how in found:
        promised = "hermitian" in opened.gauge.promised or opened.prepared
        if how is None or how.shape != "lopsided" or promised or _is_trained(opened):
            continue
        yield _verdict("EIG402", opened, how, ())
        return


def _is_trained(opened: Opened) -> bool:
    """Whether the matrix is a parameter: one triangle of it may be all that is meant."""
    return isinstance(opened.matrix, Tensor) and "parameter" in opened.matrix


def _general(found: list[Met], instead: str) -> Iterator[Verdict]:
    """A Hermitian matrix is decomposed as if it were any: all that the call ever gets must be Hermitian."""
    shapes = {how.shape if how else None for _, how in found}
    if shapes != {"hermitian"} or any(opened.prepared for opened, _ in found):
        return
    opened, how = max(found, key=lambda met: bool(met[1] and met[1].assumed))
    if how is not None:
        yield _verdict("EIG401", opened, how, (("instead", instead),))


def _verdict(code: str, opened: Opened, how: Built, more: tuple[tuple[str, object], ...]) -> Verdict:
    doubt = opened.matrix.doubt if isinstance(opened.matrix, Tensor) else 0
    sure: Certainty = "possible" if doubt > 1 else "likely" if doubt or how.assumed else "definite"
    if sure == "definite" and Live(opened.live) is Live.MAYBE:
        sure = "likely"
    return Verdict(code, opened.gauge.spot, opened.gauge, sure, (), (("why", how.why), *more))


def _unused_vectors(outcome: Outcome, met: Mapping[Spot, list[Opened]]) -> Iterator[Verdict]:
    """Vectors are computed, and wherever the result is taken apart nobody reads them."""
    read: dict[Spot, set[str]] = {}
    partly = {t.path for t in outcome.truncated} | {c.path for c in outcome.crashes}
    for taken in outcome.taken:
        if taken.gauge.spot.path in partly:
            continue
        read.setdefault(taken.gauge.spot, set()).update(taken.fields)
    for spot, fields in read.items():
        calls = met.get(spot, [])
        options = getattr(outcome.models.get(calls[0].gauge.call), "options", {}) if calls else {}
        instead = options.get("values_alone")
        live = max((Live(o.live) for o in calls), default=Live.NO)
        outputs: Sequence[Mapping[str, object]] = options.get("outputs", ())
        alone = bool(fields) and all(spec["role"] == "values" for spec in outputs if spec["field"] in fields)
        if instead is None or not alone or live is Live.NO or any(o.prepared for o in calls):
            continue
        sure: Certainty = "definite" if live is Live.YES else "likely"
        yield Verdict("EIG406", spot, calls[0].gauge, sure, (), (("instead", instead),))
