"""Values that are one of a few: what holds in each case holds, and what moves in one case moves.

After a branch a value is one of two; a choice entry by entry, or at positions that are data, may turn out in many ways,
of which some are plain: all entries from one side, the first positions in their order. What an operation makes of each
case is followed beside what it makes of all of them together, as long as that is open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from eiglint.gauge.context import Context
from eiglint.gauge.join import join_phase
from eiglint.gauge.state import Cause, Mode, Phase
from eiglint.gauge.tensor import Cases, Record, Tensor, settle, tensors_in
from eiglint.gauge.values import Number, Range, Unknown

Again = Callable[[object, Context], object]
"""Repeats an operation with other arguments."""


def with_cases(made: Tensor, values: Sequence[Tensor], by: object, every: bool) -> Tensor:
    """Remember what a value of open phase may be: one of these, or (where not `every` case is listed) such as these."""
    if not values or not _may_be_several(made):
        return made
    alone = tuple(replace(t, cases=None) for t in values)
    return replace(made, cases=Cases(made.term, by, every, alone))


def like_shaped(values: Sequence[Tensor], made: Tensor) -> list[Tensor]:
    """Return the values that are of the same known shape as another."""
    return [t for t in values if t.rank == made.rank is not None and dict(t.sizes) == dict(made.sizes)]


def by_cases(made: object, given: object, again: Again, context: Context) -> object:
    """Return the result of an operation, settled by what it gives in each case."""
    if isinstance(made, tuple) and not isinstance(made, Record | Number | Unknown | Range):
        return tuple(by_cases(part, given, _part_of(again, k), context) for k, part in enumerate(made))
    if context.in_case or context.branched or not isinstance(made, Tensor) or not _may_be_several(made):
        return made
    inputs = tensors_in(given.values() if isinstance(given, dict) else [given])
    several = {t.cases.by: t.cases for t in inputs if t.cases is not None and t.cases.of is t.term}
    if len(several) != 1:
        return made  # of two choices nobody says which cases go together
    (cases,) = several.values()
    quiet = replace(context, remarks=[], decomposed=list(context.decomposed), in_case=True)
    found = [again(_substituted(given, cases.by, k), quiet) for k in range(len(cases.values))]
    values = [t for t in found if isinstance(t, Tensor)]
    if len(values) < len(found):
        return made
    motions = dict(made.motions)
    for g, m in made.motions:
        if _open_phase(m.phase):
            cause = m.phase.cause or Cause(context.spot, "nonlinear", g, m.live, made.doubt, m.trail)
            motions[g] = replace(m, phase=_settled([t.motion(g).phase for t in values], m.phase, cases.every, cause))
    return with_cases(replace(made, motions=settle(motions)), values, cases.by, cases.every)


def _part_of(again: Again, k: int) -> Again:
    def part(given: object, context: Context) -> object:
        made = again(given, context)
        return made[k] if isinstance(made, tuple) and k < len(made) else None

    return part


def _settled(phases: Sequence[Phase], before: Phase, every: bool, cause: Cause) -> Phase:
    worst = max(phases, key=lambda p: p.mode)
    if worst.mode is Mode.BROKEN or (worst.mode is Mode.FUN and not every):
        return Phase(Mode.BROKEN, cause=worst.cause or cause)
    if not every or worst.mode is Mode.UNKNOWN:
        return before
    made = phases[0]
    for other in phases[1:]:
        made = join_phase(made, other, lambda reason: cause._replace(reason=reason))
    return made


def _substituted(value: object, by: object, k: int) -> object:
    """Return arguments in which every value that the same thing decides is taken in its k-th case."""
    match value:
        case Tensor():
            open_ = value.cases is not None and value.cases.of is value.term and value.cases.by == by
            return value.cases.values[k] if open_ and value.cases is not None and k < len(value.cases.values) else value
        case Record() | Number() | Unknown() | Range():
            return value
        case dict():
            return {key: _substituted(v, by, k) for key, v in value.items()}
        case tuple():
            return tuple(_substituted(v, by, k) for v in value)
    return value


def _may_be_several(made: Tensor) -> bool:
    """Whether entries may be of several kinds, or are not known at all."""
    return any(m.phase.mode in (Mode.MIXED, Mode.UNKNOWN) for _, m in made.motions)


def _open_phase(phase: Phase) -> bool:
    return phase.mode is Mode.UNKNOWN or (phase.mode is Mode.MIXED and phase.vague)
