"""How a tensor moves when the arbitrary choices of one decomposition are made differently (theory, sections 2 and 3).

Axes count from the right, so -1 is the last one and batch axes in front do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

from eiglint.gauge.context import Gauge, Spot
from eiglint.gauge.terms import Term


class Live(IntEnum):
    """Whether a gradient flows from a value back into the decomposition's input."""

    NO = 0
    MAYBE = 1
    YES = 2


class Mode(IntEnum):
    """The lattice of a symmetry's state; a larger value knows less, and BROKEN knows the worst."""

    EXACT = 0
    FUN = 1
    MIXED = 2
    UNKNOWN = 3
    BROKEN = 4


Cut = tuple[object, object]
"""Which part of the columns an axis runs over: start and step of the slice, or the term of an index."""

WHOLE: Cut = (0, 1)

UNLIKE = "entries of"
"""The operator of terms that name the phases of entries which differ along one axis (`unlike`)."""

APART: Cut = ("apart", 0)
"""Marks an axis along which pieces of unlike arrangement of the pairs lie (an order's tag, state MIXED)."""


ROW = "row"
"""In place of a cut's step: positions of the axis are permuted with the pairs, but are not theirs (an order's tag)."""


class Slot(NamedTuple):
    """A charge that varies along an axis: element j of the axis carries the phase of column start + j step."""

    axis: int
    cut: Cut = WHOLE


class Pick(NamedTuple):
    """A charge of one phase that multiplies everything: the column's index within a cut, or "all" of the cut."""

    key: object
    cut: Cut = WHOLE


Charges = frozenset[tuple[Slot | Pick, int]]
NEUTRAL: Charges = frozenset()

Roots = frozenset[Term] | None
"""Terms of the exact values where a function of a sign began; None where there are too many to follow."""
_MOST_ROOTS = 8


def dyad(part: Cut) -> Cut:
    """Return the cut of an axis along which a basis met its dual entry by entry: the diagonal of a dyad.

    Whatever the basis of a block, the trace of the dyad over the block is the same (theory, section 7).
    """
    return ("dyad", part)


def is_dyad(key: Slot | Pick) -> bool:
    """Whether a charge of a rotation stands for the diagonal of a dyad."""
    return isinstance(key, Slot) and key.cut[0] == "dyad"


class Cause(NamedTuple):
    """Why and where a symmetry was lost."""

    spot: Spot
    reason: str
    gauge: Gauge
    live: Live
    doubt: int
    trail: tuple[tuple[Spot, str], ...] = ()
    other: str = ""
    """The call of another decomposition that took part, where there is one."""


Why = Callable[..., Cause]
"""Makes the cause of a loss from its reason (and the name of another decomposition that took part)."""


def charges(pairs: Iterable[tuple[Slot | Pick, int]], group: str) -> Charges:
    """Add up charges on equal keys, reduce them modulo the group and drop the zeros."""
    total: dict[Slot | Pick, int] = {}
    for key, q in pairs:
        total[key] = total.get(key, 0) + q
    modulus = 2 if group == "Z2" else 0
    reduced = {k: (q % modulus if modulus else q) for k, q in total.items()}
    return frozenset((k, q) for k, q in reduced.items() if q)


@dataclass(frozen=True, slots=True)
class Phase:
    """Phase or sign. In state FUN the charges are those of the single phase that the values are functions of.

    `centre` (FUN only): the values minus this constant are odd in the sign, as `V > 0` about 1/2.
    """

    mode: Mode = Mode.EXACT
    charges: Charges = NEUTRAL
    cause: Cause | None = None
    centre: float | None = None
    across: frozenset[int] | None = None
    """MIXED only: the axes along which the charge differs from entry to entry; None where that is forgotten."""
    vague: bool = False
    """MIXED only: the entries may be alike after all (one of two branches, a part of unlike pieces), so that summing
    them proves nothing."""
    surely: frozenset[int] = frozenset()
    """MIXED only: axes along which the entries differ all the same, whichever of two branches they come from."""
    laden: bool = False
    """MIXED only: no entry is without a charge, so that each of them moves."""
    summed: bool = False
    """MIXED only: laden entries were added up. What is left moves, by a factor if they were alike, or otherwise."""
    roots: Roots = frozenset()
    """The exact values that this one is a function of; none: the value was exact all along, or (in state FUN) it is
    not known of what it is a function."""

    @property
    def neutral(self) -> bool:
        return self.mode is Mode.EXACT and not self.charges

    @property
    def homogeneous(self) -> bool:
        """Whether every entry moves by a factor."""
        return self.mode is Mode.EXACT or (self.mode is Mode.MIXED and not self.summed)


class Family(NamedTuple):
    """The same function of each pair: which ones are here, of how many.

    `picks` are the terms of the positions that were picked, `body` is the function as a term (once several shares
    were put together, in the value `of`; along `axis`, or summed where that is None).
    """

    size: int
    part: Cut
    positions: frozenset[int]
    picks: frozenset[Term] = frozenset()
    body: Term | None = None
    of: Term | None = None
    axis: int | None = None
    rest: frozenset[Slot] = frozenset()
    """Other axes of what was picked that run over all pairs: kept by what treats every entry alone."""
    batched: bool = False
    """Whether pairs of several batch elements are here, each picked from an order of its own."""
    mingled: Term | None = None
    """The sum over batch elements, where there is one: it must be the last that is done to a share."""


@dataclass(frozen=True, slots=True)
class Order:
    """Which axes run over the eigenpairs in their arbitrary order.

    EXACT: the axes in `tags` are permuted with the pairs. FUN: a function of the pair at one position, or of several
    such, with no axis that runs over the pairs. MIXED: the elements are all there, or
    the value is known up to the sign of a permutation; arrangement or sign is forgotten. `pointer`: the values are
    positions of pairs, good for indexing and for nothing else.
    """

    mode: Mode = Mode.EXACT
    tags: frozenset[Slot] = frozenset()
    cause: Cause | None = None
    pointer: bool = False
    into: Cut = WHOLE
    """Of a pointer: which arrangement of the pairs the positions count."""
    sign: bool = False
    """MIXED only: the value changes sign under odd permutations, and is otherwise what it was."""
    summed: bool = False
    """MIXED only: parts of unlike arrangement were added up, so that what follows must be linear in them."""
    vague: bool = False
    """MIXED only: the pairs may be in a known order after all (all but ties is settled), so that nothing is proved."""
    family: Family | None = None
    """FUN, or BROKEN where all shares together may mend it: whose shares are here."""

    @property
    def neutral(self) -> bool:
        return self.mode is Mode.EXACT and not self.tags and not self.pointer


class Shares(NamedTuple):
    """The same function of each vector of a basis: which vectors are here, of how many.

    `picked` is the term of a vector that was picked, with `charge` as in the basis; `body` is the function as a term,
    once it is asked for, and `of` the value that it was read from.
    """

    size: int
    part: Cut
    positions: frozenset[int]
    charge: int
    picked: Term
    body: Term | None = None
    of: Term | None = None


@dataclass(frozen=True, slots=True)
class Rotation:
    """Which axes carry a basis of a block of equal eigenvalues: charge +1 the vectors', -1 the dual's."""

    mode: Mode = Mode.EXACT
    charges: Charges = NEUTRAL
    cause: Cause | None = None
    shares: Shares | None = None
    """What a broken one may be the part of."""

    @property
    def neutral(self) -> bool:
        return self.mode is Mode.EXACT and not self.charges


@dataclass(frozen=True, slots=True)
class Motion:
    """A tensor's dependence on one gauge. `batch` and `rest` name the axes along which the choices differ too."""

    phase: Phase = Phase()
    order: Order = Order()
    rotation: Rotation = Rotation()
    batch: frozenset[int] = frozenset()
    rest: int | None = None
    """Every axis at or left of this one is a batch axis (the input's rank is not known)."""
    live: Live = Live.MAYBE
    doubled: Spot | None = None
    trail: tuple[tuple[Spot, str], ...] = ()

    @property
    def neutral(self) -> bool:
        return self.phase.neutral and self.order.neutral and self.rotation.neutral

    def is_batch(self, axis: int) -> bool:
        return axis in self.batch or (self.rest is not None and axis <= self.rest)

    def touches(self, axis: int) -> bool:
        """Whether the phase or sign differs along the axis."""
        if self.phase.neutral:
            return False
        if self.phase.mode is Mode.MIXED and (self.phase.across is None or axis in self.phase.across):
            return True
        return self.is_batch(axis) or any(isinstance(k, Slot) and k.axis == axis for k, _ in self.phase.charges)

    def across_batch_of(self, other: Motion) -> bool:
        """Whether the batch axes of two moving values certainly lie across each other."""
        if self.phase.neutral or other.phase.neutral or self.rest is not None or other.rest is not None:
            return False
        return self.batch != other.batch

    def noted(self, spot: Spot, note: str) -> Motion:
        """Add a station to the path; long paths keep their beginning and their end."""
        if any(s is spot or s == spot for s, _ in self.trail):
            return self
        trail = (*self.trail, (spot, note))
        return replace(self, trail=trail if len(trail) <= 8 else (*trail[:3], *trail[-5:]))


def lost(phase: Phase, cause: Cause) -> Phase:
    """Return the state after an operation that no charge survives: broken, or unknown where it may have had none."""
    if phase.mode is Mode.MIXED and phase.vague and not phase.surely:
        return Phase(Mode.UNKNOWN, cause=phase.cause or cause)
    return Phase(Mode.BROKEN, cause=phase.cause if phase.mode is Mode.FUN and phase.cause else cause)


def added_up(phase: Phase, cause: Cause) -> Phase:
    """Return the phase of sums of laden entries, which may be of one phase: a sum of phase factors, none trivial."""
    return Phase(Mode.MIXED, cause=phase.cause or cause, across=frozenset(), vague=True, laden=True, summed=True)


def of_moduli(phase: Phase, cause: Cause) -> Phase:
    """Return the phase of moduli (for signs, of an even function): none, if what it is of moves by factors."""
    return Phase() if phase.homogeneous else Phase(Mode.UNKNOWN, cause=phase.cause or cause)


def may_be_bare(key: Slot | Pick) -> bool:
    """Whether a charge is that of entries of unlike phase, some of which may have none."""
    return any(isinstance(x, Term) and UNLIKE in x.ops for x in key.cut)


def laden(phase: Phase, group: str) -> bool:
    """Whether every entry has a charge: of a row and a column with opposite charges, the diagonal has none."""
    if phase.mode is not Mode.EXACT or any(may_be_bare(k) for k, _ in phase.charges):
        return phase.mode is Mode.MIXED and phase.laden
    signs = {q > 0 for _, q in phase.charges}
    return len(phase.charges) == 1 or (group == "U1" and len(signs) == 1)


def joint_roots(found: Iterable[Roots]) -> Roots:
    """Return all roots together, or None where one is not known or there are too many."""
    together: frozenset[Term] = frozenset()
    for roots in found:
        if roots is None:
            return None
        together |= roots
    return together if len(together) <= _MOST_ROOTS else None


def spread(phase: Phase) -> frozenset[int] | None:
    """Return the axes along which the charge differs from entry to entry; None if that is forgotten."""
    if phase.mode is Mode.MIXED:
        return phase.across
    return frozenset(k.axis for k, _ in phase.charges if isinstance(k, Slot))


def of_clusters(part: object, gauge: Gauge) -> bool:
    """Whether a selection of columns may run over whole blocks: all, consecutive ones, or those of some eigenvalues."""
    match part:
        case (_, "taken"):
            return any(gauge in x.args for t in part if isinstance(t, Term) for x in t.outputs)
        case (_, int() as step):
            return step in (-1, 1)
    return True


ANOTHER_BASIS = "meets a value in another basis"
"""The reason of a loss where a value is in a basis of the gauge in some cases, and in others in none or another."""


def squared(rotation: Rotation, gauge: Gauge) -> Rotation | None:
    """Return the rotation of |x|**2, given that of x; None where the sum over a block is not the same in any basis."""
    if rotation.cause is not None and rotation.cause.reason == ANOTHER_BASIS:
        # In each case for itself the sum over a block may be the same.
        return replace(rotation, mode=max(rotation.mode, Mode.UNKNOWN))
    plain = rotation.mode is Mode.EXACT and not any(is_dyad(k) for k, _ in rotation.charges)
    if not (plain and gauge.unitary):
        return None
    slots = [k for k, _ in rotation.charges if isinstance(k, Slot)]
    if not all(of_clusters(k.cut, gauge) for k in slots):
        return None
    return Rotation(charges=frozenset((Slot(k.axis, dyad(k.cut)), 1) for k in slots))


def merge_last_two(items: Charges, group: str) -> Charges:
    """Add the charges of rows and columns, as the diagonal of a matrix does."""
    return charges(((Slot(-1, k.cut) if isinstance(k, Slot) and k.axis == -2 else k, q) for k, q in items), group)


def relabel_phase(phase: Phase, move: Callable[[int], int | None], group: str) -> Phase:
    """Rename the axes that a phase speaks of."""
    across = None if phase.across is None else frozenset(a for x in phase.across if (a := move(x)) is not None)
    surely = frozenset(a for x in phase.surely if (a := move(x)) is not None)
    return replace(phase, charges=relabel_charges(phase.charges, move, group), across=across, surely=surely)


def relabel_charges(items: Charges, move: Callable[[int], int | None], group: str) -> Charges:
    """Rename the axes of charges; an axis that moves to None takes its charge along as `all` of its cut."""

    def renamed(key: Slot | Pick) -> Slot | Pick:
        if isinstance(key, Pick):
            return key
        axis = move(key.axis)
        return Pick("size-one", key.cut) if axis is None else Slot(axis, key.cut)

    return charges(((renamed(k), q) for k, q in items), group)
