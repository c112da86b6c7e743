"""The abstract tensor: how it transforms under each gauge, and the facts that buy precision."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from eiglint.gauge.cells import Grid
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.losses import one_of_each
from eiglint.gauge.state import Cause, Live, Mode, Motion, Order, Phase, Rotation, Slot
from eiglint.gauge.terms import Term, cuts_in, term
from eiglint.gauge.values import Number, Range, Unknown

State = TypeVar("State", Phase, Order, Rotation)

CERTAIN, LIKELY, POSSIBLE = 0, 1, 2
"""Doubt: every fact known; a rank or dtype was assumed; the value passed something unknown."""


class Whole(NamedTuple):
    """The complex tensor that this one is a part of, so that `real**2 + imag**2` is seen as a modulus."""

    part: str
    of: Tensor
    factor: complex = 1
    """What an angle has been multiplied by since, or the exponent of a power."""
    axis: int = 0
    """Of sorted entries: along which axis they lie in another order than in `of`; of pieces: along which they lie."""
    pieces: tuple[Tensor, ...] = ()
    """Of what was put together: all of them."""


class Grids(NamedTuple):
    """How each entry moves, gauge by gauge (`cells`); of the value with this term and no other."""

    of: Term
    by: tuple[tuple[Gauge, Grid], ...]


class Cases(NamedTuple):
    """What the value with this term may be: one of these if they are `every` case, and else such as these.

    `by` names what decides: values that the same thing decides are in the same case.
    """

    of: Term
    by: object
    every: bool
    values: tuple[Tensor, ...]


class Record(NamedTuple):
    """A result with named parts, such as (values, indices)."""

    fields: tuple[str, ...]
    values: tuple[object, ...]


@dataclass(frozen=True)
class Tensor:
    """An immutable description of a tensor.

    `steady` names axes along which the values are known to be constant (size 1 included); `sizes` those whose
    length is known, as an int or a term. `flags`: diagonal, identity, zero, nonzero, sign, unit, hermitian, random,
    parameter. `value` is the number itself where the tensor is a known constant.
    """

    term: Term
    motions: tuple[tuple[Gauge, Motion], ...] = ()
    rank: int | None = None
    sizes: tuple[tuple[int, object], ...] = ()
    steady: frozenset[int] = frozenset()
    dtype: str | None = None
    live: Live = Live.MAYBE
    doubt: int = CERTAIN
    flags: frozenset[str] = frozenset()
    value: float | complex | None = None
    whole: Whole | None = None
    grids: Grids | None = field(default=None, compare=False)
    cases: Cases | None = field(default=None, compare=False)

    @cached_property
    def moves(self) -> Mapping[Gauge, Motion]:
        return dict(self.motions)

    @property
    def neutral(self) -> bool:
        """Whether the tensor depends on no gauge at all."""
        return not self.motions

    @property
    def known_dtype(self) -> str | None:
        """The dtype; what a phase multiplies is complex, also where nobody said so."""
        turns = any(g.group == "U1" and m.phase.mode is Mode.EXACT and not m.phase.neutral for g, m in self.motions)
        return "complex" if self.dtype is None and turns else self.dtype

    @property
    def gauges(self) -> frozenset[Gauge]:
        return frozenset(g for g, _ in self.motions)

    def motion(self, gauge: Gauge) -> Motion:
        return self.moves.get(gauge, STILL)

    def size(self, axis: int) -> object:
        return dict(self.sizes).get(axis)

    def absent(self, axis: int) -> bool:
        """Whether the tensor certainly has no such axis."""
        return self.rank is not None and -axis > self.rank

    def still_along(self, axis: int) -> bool:
        """Whether the values are certainly constant along the axis (which broadcasting may add)."""
        return axis in self.steady or self.absent(axis) or self.size(axis) == 1

    def certainly_has(self, axis: int) -> bool:
        return (self.rank is not None and -axis <= self.rank) or any(a <= axis for a, _ in self.sizes)

    def __contains__(self, flag: str) -> bool:
        return flag in self.flags


STILL = Motion(live=Live.NO)


def settle(motions: Mapping[Gauge, Motion]) -> tuple[tuple[Gauge, Motion], ...]:
    """Drop what does not move and put the rest in a fixed order, so that equal tensors compare equal."""
    kept = one_of_each([(g, m) for g, m in motions.items() if not m.neutral])
    return tuple(sorted(kept, key=lambda gm: (gm[0].spot.path, id(gm[0].spot.node), hash(gm[0]))))


def tensor(
    name: Term, live: Live = Live.MAYBE, dtype: str | None = None, rank: int | None = None, **facts: Any
) -> Tensor:
    """Return a tensor that depends on no gauge: a parameter, an input, a constant."""
    return Tensor(name, live=live, dtype=dtype, rank=rank, **facts)


def constant(value: float | complex) -> Tensor:
    """Return the tensor of a Python number."""
    dtype = "complex" if isinstance(value, complex) else ("int" if isinstance(value, int) else "real")
    flags = frozenset({"zero"} if value == 0 else {"nan"} if value != value else {"nonzero"})
    return Tensor(term("constant", value), rank=0, dtype=dtype, live=Live.NO, flags=flags, value=value)


def as_tensor(value: object) -> Tensor | None:
    """Read an argument of an operation as a tensor; None where it cannot be one."""
    match value:
        case Tensor():
            return value
        case bool():
            return constant(int(value))
        case int() | float() | complex():
            return constant(value)
        case Number():
            return Tensor(value.term, rank=0, dtype="int" if value.integer else None, live=Live.NO)
        case Unknown():
            return Tensor(value.term)
        case _:
            return None


def tensors_in(values: Iterable[object]) -> list[Tensor]:
    """Every tensor among values, nested tuples and records included."""
    found: list[Tensor] = []
    stack = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, Record):
            stack.extend(value.values)
        elif isinstance(value, Range):
            stack.extend((value.lower, value.upper, value.step))
        elif isinstance(value, tuple | list) and not isinstance(value, Number | Unknown):
            stack.extend(value)
    return found


def everything(t: Tensor) -> object:
    """Return the key under which the phases of all columns of t are collected; part of the columns is not all."""
    return ("part", t.term) if cuts_in(t.term) else "all"


def named(value: object) -> object:
    """Return what stands for a value in a term: its own term, or the constant itself."""
    match value:
        case Tensor() | Number() | Unknown():
            return value.term
        case Range():
            return term("range", *(named(v) for v in value))
        case tuple() | list():
            return term("tuple", *(named(v) for v in value))
        case bool() | int() | float() | complex() | str() | None:
            return value
        case Term():
            return value
        case _:
            return repr(type(value))


def detached(t: Tensor) -> Tensor:
    """Return the same values without a gradient."""
    motions = tuple((g, replace(m, live=Live.NO)) for g, m in t.motions)
    return replace(t, term=term("detach", t.term), motions=motions, live=Live.NO)


def without_gradient(t: Tensor, gauges: Collection[Gauge]) -> Tensor:
    """Return the same values, from which no gradient comes back to the given decompositions."""
    if not any(g in gauges for g, _ in t.motions):
        return t
    return replace(t, motions=tuple((g, replace(m, live=Live.NO) if g in gauges else m) for g, m in t.motions))


def unknown_motion(m: Motion, cause: Cause) -> Motion:
    """Return the motion of something computed from m by an operation nobody knows; the first such cause stays."""
    phase = m.phase if _is_past_knowing(m.phase) else Phase(Mode.UNKNOWN, cause=cause)
    order = m.order if _is_past_knowing(m.order) else Order(Mode.UNKNOWN, cause=cause)
    rotation = m.rotation if _is_past_knowing(m.rotation) else Rotation(Mode.UNKNOWN, cause=cause)
    return replace(m, phase=phase, order=order, rotation=rotation)


def _is_past_knowing(state: Phase | Order | Rotation) -> bool:
    return state.neutral or state.mode is Mode.BROKEN or (state.mode is Mode.UNKNOWN and state.cause is not None)


def opaque(values: Iterable[object], context: Context, name: str) -> Tensor:
    """Return the result of a callable that nobody knows: neutral only if everything it was given is."""
    inputs = tensors_in(values)
    motions: dict[Gauge, Motion] = {}
    for t in inputs:
        for g, m in t.motions:
            cause = Cause(context.spot, f"passes `{name}`", g, m.live, POSSIBLE, m.trail)
            made = unknown_motion(m, cause)
            motions[g] = worse(motions[g], made) if g in motions else made
    live = max((t.live for t in inputs), default=Live.MAYBE) if context.recording else Live.NO
    if context.recording and live is Live.NO:
        live = Live.MAYBE
    flows = [term("detach", t.term) if t.live is Live.NO and t.term.outputs else t.term for t in inputs]
    label = term("opaque", name, id(context.spot.node), context.chain, *flows)
    return Tensor(label, settle(motions), live=live, doubt=POSSIBLE if motions else CERTAIN)


def worse(a: Motion, b: Motion) -> Motion:
    """Return the componentwise worse of two motions whose exact parts cannot both hold."""
    return Motion(
        _worse_state(a.phase, b.phase),
        _worse_state(a.order, b.order),
        _worse_state(a.rotation, b.rotation),
        a.batch | b.batch,
        _rest(a.rest, b.rest),
        max(a.live, b.live),
        a.doubled or b.doubled,
        a.trail or b.trail,
    )


def _worse_state(x: State, y: State) -> State:
    return x if x.mode >= y.mode and not (x.neutral and not y.neutral) else y


def _rest(a: int | None, b: int | None) -> int | None:
    return max((r for r in (a, b) if r is not None), default=None)


def unaged(g: Gauge) -> Gauge:
    """Return the gauge that a loop opened, of whatever iteration it is remembered."""
    return replace(g, lineage=tuple(x for x in g.lineage if x != "earlier"))


def age(t: Tensor, gauges: Collection[Gauge]) -> Tensor:
    """Mark the given gauges in t as those of an earlier iteration: this one's are drawn anew."""
    if not any(g in gauges for g, _ in t.motions):
        return t
    motions: dict[Gauge, Motion] = {}
    for g, m in t.motions:
        key = g
        if g in gauges:
            older = min(sum(1 for x in g.lineage if x == "earlier") + 1, 2)
            key = replace(unaged(g), lineage=(*unaged(g).lineage, *("earlier",) * older))
        motions[key] = worse(motions[key], m) if key in motions else m
    return replace(t, motions=settle(motions), term=term("earlier", t.term))


def slots_of(m: Motion) -> set[int]:
    """Every axis that a motion speaks of."""
    found = {k.axis for k, _ in m.phase.charges if isinstance(k, Slot)}
    found |= {k.axis for k, _ in m.rotation.charges if isinstance(k, Slot)}
    return found | {s.axis for s in m.order.tags} | set(m.batch) | set(m.phase.across or ())
