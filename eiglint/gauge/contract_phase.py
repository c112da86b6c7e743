"""The phase of a product: along a summed letter charges must cancel in the same gauge and slice (theory, section 4)."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.context import Gauge
from eiglint.gauge.factors import (
    Lettered,
    Moving,
    batch_letters,
    lettered,
    placed,
    reduced,
)
from eiglint.gauge.letters import Contraction, Letter
from eiglint.gauge.state import (
    Mode,
    Phase,
    Slot,
    Why,
    added_up,
    lost,
    spread,
)
from eiglint.gauge.terms import upright


def phase_of(gauge: Gauge, laid: Contraction, moving: Moving, cause: Why) -> tuple[Phase, bool]:
    """Return the phase of the product, and whether a charge grew where a conjugate would have cancelled it."""
    charged = [(o, m) for o, m in moving if not m.phase.neutral]
    if not charged:
        return Phase(), False
    worst = max((m.phase for _, m in charged), key=lambda p: p.mode)
    if worst.mode >= Mode.UNKNOWN:
        return worst, False
    if "earlier" in gauge.lineage[-2:-1] and len(charged) > 1:
        return Phase(Mode.UNKNOWN, cause=cause("combines values of several earlier iterations")), False
    contracted = set(laid.contracted())
    parts = [lettered(o, m.phase.charges) for o, m in charged]
    batches = _batches(charged)
    if worst.mode is Mode.EXACT:
        return _exact_phase(gauge, laid, charged, parts, batches, contracted, cause)
    if any(m.phase.summed for _, m in charged) and len(charged) > 1:
        return Phase(Mode.UNKNOWN, cause=worst.cause or cause("multiplies sums of entries of forgotten phase")), False
    if _meets_its_conjugate(gauge, charged):
        return Phase(), False
    wide = [spread(m.phase) for _, m in charged]
    letters = {o.letter(a) for (o, _), axes in zip(charged, wide, strict=True) for a in axes or ()}
    touched = contracted & letters or contracted & set().union(*batches)
    if worst.mode is Mode.FUN:
        sums = [reduced(p, gauge.group) for p in parts]
        same = all(s == sums[0] or s == {k: -q for k, q in sums[0].items()} for s in sums)
        if not same or touched or len(set(batches)) > 1:
            return Phase(Mode.BROKEN, cause=worst.cause or cause("function of several phases")), False
        kept = placed(laid, sums[0], gauge.group)
        return (Phase(Mode.FUN, kept, worst.cause) if kept else Phase()), False
    funny = any(m.phase.mode is Mode.FUN for _, m in charged)
    forgotten = None in wide
    # Phases that are forgotten on both sides may cancel entry by entry: the factors may be laid out alike.
    vague = any(m.phase.vague for _, m in charged) or sum(m.phase.mode is Mode.MIXED for _, m in charged) > 1
    # Beside factors that stay as they are, entries that surely differ go on differing along the same axes.
    surely = {charged[0][0].letter(a) for a in worst.surely} if len(charged) == 1 else set()
    if touched or funny or (forgotten and _summed(charged, contracted)):
        lone = any("det" in o.tensor.term.ops for o, _ in charged)
        reason = "determinant of one factor" if lone else "sums entries of unlike phase"
        if not funny and len(charged) == 1 and worst.laden and worst.vague:
            return added_up(worst, cause(reason)), False
        # Where it is forgotten along which axes entries differ, only a sum over all of them surely adds up unlike ones.
        vague = vague or not (touched or funny or _summed_whole(charged, contracted))
        met = frozenset(a for a in worst.surely if surely and charged[0][0].letter(a) in contracted)
        return lost(replace(worst, vague=vague, surely=met), cause(reason)), False
    across = None if forgotten else _positions(laid, letters)
    alone = len(charged) == 1 and not contracted
    as_laden = alone and worst.laden and all(o.tensor.value or o is charged[0][0] for o in laid.operands)
    made = Phase(Mode.MIXED, cause=worst.cause, across=across, vague=vague, surely=_positions(laid, surely))
    return replace(made, laden=as_laden, summed=worst.summed), False


def _positions(laid: Contraction, letters: set[Letter]) -> frozenset[int]:
    return frozenset(p for x in letters if (p := laid.position(x)) is not None)


def _batches(charged: Moving) -> list[frozenset[Letter]]:
    """Return the batch letters of each operand.

    Where one operand has a known rank and no batch axis, the decomposition had none, and those of unknown rank have
    none either.
    """
    found = [batch_letters(o, m) for o, m in charged]
    if any(o.tensor.rank is not None and not axes for (o, _), axes in zip(charged, found, strict=True)):
        return [
            axes if o.tensor.rank is not None or m.batch else frozenset()
            for (o, m), axes in zip(charged, found, strict=True)
        ]
    return found


def _meets_its_conjugate(gauge: Gauge, charged: Moving) -> bool:
    """Whether two factors are conjugates of one another, entry by entry along every axis where charges differ."""
    if len(charged) != 2 or any(m.phase.mode is not Mode.MIXED for _, m in charged):
        return False
    (x, m), (y, n) = charged
    (base, flip_x, conj_x), (other, flip_y, conj_y) = upright(x.tensor.term), upright(y.tensor.term)
    if base is not other or (conj_x == conj_y and gauge.group != "Z2"):
        return False
    across = spread(m.phase)
    if across is None or spread(n.phase) is None:
        if x.tensor.rank is None:
            return False
        across = frozenset(range(-x.tensor.rank, 0))
    swap = {-1: -2, -2: -1} if flip_x != flip_y else {}
    return all(x.letter(a) == y.letter(swap.get(a, a)) for a in across)


def _summed(charged: Moving, contracted: set[Letter]) -> bool:
    """Whether a summed letter is one that a moving operand has."""
    return any(o.has(letter_) for o, _ in charged for letter_ in contracted if letter_ in o.letters)


def _summed_whole(charged: Moving, contracted: set[Letter]) -> bool:
    """Whether every axis is summed of a moving operand whose entries differ along forgotten axes."""
    lost_axes = [o for o, m in charged if spread(m.phase) is None]
    return any(o.tensor.rank is not None and set(o.letters) <= contracted for o in lost_axes)


def _exact_phase(
    gauge: Gauge,
    laid: Contraction,
    charged: Moving,
    parts: list[Lettered],
    batches: list[frozenset[Letter]],
    contracted: set[Letter],
    cause: Why,
) -> tuple[Phase, bool]:
    total: Lettered = {}
    for part in parts:
        for key, q in part.items():
            total[key] = total.get(key, 0) + q
    left = reduced(total, gauge.group)
    lost = [k for k in left if k[0] == "slot" and k[1] in contracted]
    doubled = gauge.group == "U1" and _same_sense(charged)
    cancels = any(len([p for p in parts if p.get(k)]) > 1 for k in total)
    if len(set(batches)) > 1 and cancels:
        return Phase(Mode.BROKEN, cause=cause("pairs vectors of different batch elements")), False
    if lost:
        return Phase(Mode.BROKEN, cause=cause(*_why_lost(gauge, laid, parts, lost[0]))), doubled
    if left and contracted & set().union(*batches):
        return Phase(Mode.BROKEN, cause=cause("sums over the batch")), False
    return Phase(Mode.EXACT, placed(laid, left, gauge.group)), doubled


def _same_sense(charged: Moving) -> bool:
    """Whether charges that a conjugate would have made opposite add up: of two factors, or on two merged axes."""
    sums = [sum(q for _, q in m.phase.charges) for _, m in charged]
    if len([s for s in sums if s > 0]) > 1 or len([s for s in sums if s < 0]) > 1:
        return True
    for o, m in charged:
        signs: dict[object, set[bool]] = {}
        count: dict[object, int] = {}
        for key, q in m.phase.charges:
            if isinstance(key, Slot):
                letter = o.letter(key.axis)
                signs.setdefault(letter, set()).add(q > 0)
                count[letter] = count.get(letter, 0) + 1
        if any(n > 1 and len(signs[x]) == 1 for x, n in count.items()):
            return True
    return False


def _why_lost(
    gauge: Gauge, laid: Contraction, parts: list[Lettered], key: tuple[str, object, object]
) -> tuple[str, str]:
    """Name the reason why the charge at a summed letter does not cancel."""
    letter = key[1]
    here = [p[key] for p in parts if p.get(key)]
    if len(here) > 1:
        return "missing conjugate", ""
    if any(k[0] == "slot" and k[1] == letter and k != key for p in parts for k in p):
        return "slices do not pair", ""
    for o in laid.operands:
        m = o.tensor.moves.get(gauge)
        slots = [k for k, _ in m.phase.charges if isinstance(k, Slot)] if m is not None else []
        if letter in o.letters and slots and not any(o.letter(k.axis) == letter for k in slots):
            return "wrong axis", ""
        for g, other in o.tensor.motions:
            if g != gauge and any(isinstance(k, Slot) and o.letter(k.axis) == letter for k, _ in other.phase.charges):
                return "another decomposition", g.call
    return "weighted sum", ""
