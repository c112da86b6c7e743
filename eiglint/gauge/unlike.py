"""Entries of unlike phase along one axis: whatever the phases are, they have names by which they cancel."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.state import UNLIKE, Mode, Motion, Phase, Pick, Slot, may_be_bare, spread
from eiglint.gauge.tensor import Tensor, Whole, settle
from eiglint.gauge.terms import Term, term

_LINEAR = frozenset({"add", "neg", "sum", "mean", "conj", "swap", "insert"})
_PRODUCTS = frozenset({"mul", "product", "matmul", "einsum"})
POLYNOMIAL = _LINEAR | _PRODUCTS | {"output", "input", "param", "random"}
"""Operators of values that are 0 for no generic input, unless they are always."""


def with_names(t: Tensor) -> Tensor:
    """Name the phases of entries that differ along one axis alone, after the value itself.

    Entry j of the axis moves by one factor of modulus 1, be it the phase of a column, none, or a product of several.
    Such factors cancel against their conjugates, survive what is linear along the other axes, and multiply, as those of
    columns do. What may have no charge after all (one of two branches, a sum) is left as it is.
    """
    if not any(m.phase.mode is Mode.MIXED for _, m in t.motions):
        return t
    motions = {g: _named(m, t.term) for g, m in t.motions}
    return t if all(motions[g] is m for g, m in t.motions) else replace(t, motions=settle(motions))


def _named(m: Motion, value: Term) -> Motion:
    phase = m.phase
    if phase.mode is not Mode.MIXED or phase.vague or phase.summed or m.batch or m.rest is not None:
        return m
    if phase.across is None or len(phase.across) != 1:
        return m
    (axis,) = phase.across
    return replace(m, phase=Phase(charges=frozenset({(Slot(axis, (term(UNLIKE, value), 1)), 1)})))


def some_of_them(before: Phase, after: Phase, axis: int, sliced: bool) -> Phase:
    """Return the phase of entries picked along an axis where those of unlike phase lie: they may have none.

    Along other axes those differ as before; along the axis itself, where a slice is left of it, perhaps no longer.
    """
    if before.mode is not Mode.EXACT or not any(
        isinstance(k, Slot) and k.axis == axis and may_be_bare(k) for k, _ in before.charges
    ):
        return after
    across = spread(after) or frozenset()
    return Phase(Mode.MIXED, across=across, vague=True, surely=across - {axis} if sliced else across)


def as_total(made: Tensor, of: Tensor) -> Tensor:
    """Remember of a sum whose phase is lost what was summed, where generic numbers never add up to 0."""
    lost = any(m.phase.mode is Mode.BROKEN and of.motion(g).phase.mode is Mode.EXACT for g, m in made.motions)
    return replace(made, whole=Whole("total", of)) if lost and of.term.ops <= POLYNOMIAL else made


def sign_of_total(t: Tensor, made: Tensor) -> Tensor:
    """Return the sign (or phase) of a sum of entries of unlike phase: arbitrary, yet of modulus 1.

    It moves by a factor of modulus 1 that nobody can tell, and which cancels against its own conjugate. The sum is a
    polynomial of generic numbers: it is 0 for no choice of the phases.
    """
    if t.whole is None or t.whole.part != "total" or t.rank is None:
        return made
    across = frozenset(a for a in range(-t.rank, 0) if not t.still_along(a))
    cut = (term("sign of", t.term), 1)
    keys = [Slot(a, cut) for a in across] if across else [Pick("sign", cut)]
    motions = dict(made.motions)
    for g, m in made.motions:
        if (
            m.phase.mode is Mode.BROKEN
            and t.whole.of.motion(g).phase.mode is Mode.EXACT
            and not m.batch
            and m.rest is None
        ):
            one = Phase(charges=frozenset({(keys[0], 1)}))
            phase = one if len(keys) == 1 else Phase(Mode.MIXED, cause=m.phase.cause, across=across, laden=True)
            motions[g] = replace(m, phase=phase)
    return replace(made, motions=settle(motions))
