"""Products and contractions: the one rule behind `*`, `/`, matmul, outer, einsum, diag, trace and solve.

Along a letter that is summed over, the charges of the operands must cancel in the same gauge and the same slice; the
letters that remain keep what they carry (theory, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eiglint.gauge.context import Context, Gauge, Remark
from eiglint.gauge.letters import Contraction, Letter, Operand
from eiglint.gauge.state import (
    Cause,
    Charges,
    Live,
    Mode,
    Motion,
    Order,
    Phase,
    Pick,
    Rotation,
    Slot,
    Why,
    charges,
    lost,
    spread,
)
from eiglint.gauge.tensor import Tensor, settle
from eiglint.gauge.terms import Term, subterms, term

Lettered = dict[tuple[str, object, object], int]
"""Charges whose axes are named by letters: ("slot", letter, cut) or ("pick", key, cut) to q."""


TIES = "ties are not settled"

Moving = list[tuple[Operand, Motion]]
"""The operands that depend on a gauge, with how they do."""


def contract(laid: Contraction, context: Context, name: Term | None = None) -> Tensor:
    """Return the product of the operands, summed over the letters that the result does not have."""
    operands = laid.operands
    gauges = {g for o in operands for g, _ in o.tensor.motions}
    motions = {g: _motion(g, laid, context) for g in gauges}
    live = max((o.tensor.live for o in operands), default=Live.NO) if context.recording else Live.NO
    flags = {"diagonal"} if laid.diagonal else set()
    if any("zero" in o.tensor for o in operands):
        return Tensor(term("zero"), rank=_rank(laid), live=live, flags=frozenset({"zero", *flags}))
    for shared in ("nonzero", "unit"):
        if all(shared in o.tensor for o in operands) and not laid.contracted():
            flags.add(shared)
    if any("random" in o.tensor for o in operands):
        flags.add("random")
    label = name or term("product", laid.out, *(x for o in operands for x in (o.tensor.term, o.letters)))
    return Tensor(
        label,
        settle(motions),
        rank=_rank(laid),
        sizes=_sizes(laid),
        steady=_steady(laid),
        dtype=joint_dtype([o.tensor for o in operands]),
        live=live,
        doubt=max((o.tensor.doubt for o in operands), default=0),
        flags=frozenset(flags),
    )


def joint_dtype(tensors: Sequence[Tensor]) -> str | None:
    """Return the dtype that arithmetic promotes to, as far as it is known."""
    kinds = {t.dtype for t in tensors}
    if "complex" in kinds:
        return "complex"
    if None in kinds:
        return None
    return "real" if "real" in kinds else ("int" if "int" in kinds else "bool" if kinds else None)


def _rank(laid: Contraction) -> int | None:
    extra = 0
    for o in laid.operands:
        if o.tensor.rank is None:
            return None
        extra = max(extra, o.tensor.rank - len(o.letters))
    if _is_broadcast(laid):
        return max(o.tensor.rank or 0 for o in laid.operands)
    return extra + len([x for x in laid.out if any(x in o.letters and o.has(x) for o in laid.operands)])


def _is_broadcast(laid: Contraction) -> bool:
    return bool(laid.out) and all(isinstance(letter_, tuple) and letter_[:1] == ("axis",) for letter_ in laid.out)


def _sizes(laid: Contraction) -> tuple[tuple[int, object], ...]:
    found: dict[int, object] = {}
    for o in laid.operands:
        for axis, size in o.tensor.sizes:
            position = laid.position(o.letter(axis))
            if position is not None and (size != 1 or _all_single(laid, o.letter(axis))):
                found.setdefault(position, size)
    return tuple(sorted(found.items(), key=lambda item: item[0]))


def _all_single(laid: Contraction, letter: Letter) -> bool:
    """Whether every operand has size one along a letter, or lacks it."""
    return all(o.tensor.absent(a) or o.tensor.size(a) == 1 for o in laid.operands for a in o.axes(letter))


def _steady(laid: Contraction) -> frozenset[int]:
    candidates = {laid.position(o.letter(a)) for o in laid.operands for a in o.tensor.steady}
    return frozenset(
        p for p in candidates if p is not None and all(o.still(_letter_at(laid, p)) for o in laid.operands)
    )


def _letter_at(laid: Contraction, position: int) -> Letter:
    return laid.out[position] if -position <= len(laid.out) else ("...", -position - len(laid.out))


# --- one gauge --------------------------------------------------------------------------------------------------


def _motion(gauge: Gauge, laid: Contraction, context: Context) -> Motion:
    moving = _unbatched([(o, o.tensor.moves[gauge]) for o in laid.operands if gauge in o.tensor.moves])
    batch, rest = _batch(laid, moving)
    live = max(m.live for _, m in moving) if context.recording else Live.NO
    lead = max((m for _, m in moving), key=lambda m: (m.phase.mode, len(m.trail)))
    doubt = max(o.tensor.doubt for o in laid.operands)
    base = Motion(batch=batch, rest=rest, live=live, doubled=lead.doubled, trail=lead.trail)

    def cause(reason: str, other: str = "") -> Cause:
        return Cause(context.spot, reason, gauge, live, doubt, base.trail, other)

    phase, doubled = _phase(gauge, laid, moving, cause)
    if doubled and base.doubled is None:
        base = replace(base, doubled=context.spot).noted(context.spot, "charge doubled here")
    order = _order(gauge, laid, moving, cause)
    rotation = _rotation(gauge, laid, moving, cause)
    if not gauge.ordered and _adjoint_for_inverse(gauge, laid, moving):
        context.remarks.append(Remark("adjoint as inverse", context.spot, gauge, live, doubt, ()))
    return replace(base, phase=phase, order=order, rotation=rotation)


def _adjoint_for_inverse(gauge: Gauge, laid: Contraction, moving: list[tuple[Operand, Motion]]) -> bool:
    """Whether vectors of a general matrix, weighted by its eigenvalues, are summed with their own conjugates."""
    if gauge.group != "U1" or len(moving) < 2:
        return False
    summed = laid.contracted()
    for letter in summed:
        bearers = [
            o for o, m in moving if any(isinstance(k, Slot) and o.letter(k.axis) == letter for k, _ in m.phase.charges)
        ]
        kinds = {kind for o in bearers if (kind := vectors_kind(o.tensor.term)) is not None}
        weighted = any(_weighted(o.tensor.term) for o in laid.operands)
        if {"plain", "adjoint"} <= kinds and weighted:
            return True
    return False


def vectors_kind(t: Term) -> str | None:
    """Say whether a term is the vectors (perhaps with weighted columns) or their conjugate transpose."""
    op, flips = t.op, 0
    while op in ("swap", "conj", "matmul", "mul"):
        if op == "conj":
            flips += 1
        inner = [a for a in t.args if isinstance(a, Term)]
        t = next(
            (a for a in inner if any(x.op == "output" and "eigenvectors" in x.args for x in subterms(a))), inner[0]
        )
        if op in ("matmul", "mul") and any(x.op == "inverse" for x in subterms(t)):
            return None
        op = t.op
    if op != "output" or "eigenvectors" not in t.args:
        return None
    return "adjoint" if flips % 2 else "plain"


def _weighted(t: Term) -> bool:
    return any(x.op == "output" and "eigenvalues" in x.args for x in subterms(t))


def _unbatched(moving: Moving) -> Moving:
    """Take values of unknown rank for unbatched where their batch axes would fall on each other's rows or columns."""
    if all(m.rest is None for _, m in moving):
        return moving
    letters = [_batch_letters(o, m) for o, m in moving]
    shared = [{x for x in o.letters if o.has(x)} for o, _ in moving]
    for i in range(len(moving)):
        for j in range(len(moving)):
            if letters[i] & shared[j] - letters[j]:
                return [(o, replace(m, rest=None)) for o, m in moving]
    return moving


def _batch(laid: Contraction, moving: list[tuple[Operand, Motion]]) -> tuple[frozenset[int], int | None]:
    axes: set[int] = set()
    rest = None
    for o, m in moving:
        named = set(m.batch) | (set(range(-len(o.letters), 0)) if m.rest is not None else set())
        for axis in named:
            if m.is_batch(axis):
                position = laid.position(o.letter(axis))
                if position is not None:
                    axes.add(position)
        if m.rest is not None:
            rest = -(len(laid.out) + 1)
    while rest is not None and rest + 1 in axes:
        rest += 1
        axes.remove(rest)
    return frozenset(axes), rest


def _batch_letters(o: Operand, m: Motion) -> frozenset[Letter]:
    named = set(m.batch) | (set(range(-len(o.letters), 0)) if m.rest is not None else set())
    return frozenset(o.letter(a) for a in named if m.is_batch(a) and not o.tensor.absent(a))


def lettered(o: Operand, items: Charges) -> Lettered:
    """Return charges with their axes named by letters."""
    found: Lettered = {}
    for key, q in items:
        name = ("slot", o.letter(key.axis), key.cut) if isinstance(key, Slot) else ("pick", key.key, key.cut)
        found[name] = found.get(name, 0) + q
    return found


def placed(laid: Contraction, named: Lettered, group: str) -> Charges:
    """Return lettered charges on the axes of the result; letters that are gone must not occur."""
    pairs: list[tuple[Slot | Pick, int]] = []
    for (kind, where, cut), q in named.items():
        if kind == "pick":
            pairs.append((Pick(where, cut), q))  # type: ignore[arg-type]
        else:
            position = laid.position(where)
            if position is not None:
                pairs.append((Slot(position, cut), q))  # type: ignore[arg-type]
    return charges(pairs, group)


def _reduced(named: Lettered, group: str) -> Lettered:
    return {k: r for k, q in named.items() if (r := q % 2 if group == "Z2" else q)}


def _phase(gauge: Gauge, laid: Contraction, moving: Moving, cause: Why) -> tuple[Phase, bool]:
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
    batches = [_batch_letters(o, m) for o, m in charged]
    if worst.mode is Mode.EXACT:
        return _exact_phase(gauge, laid, charged, parts, batches, contracted, cause)
    wide = [spread(m.phase) for _, m in charged]
    letters = {o.letter(a) for (o, _), axes in zip(charged, wide, strict=True) for a in axes or ()}
    touched = contracted & letters or contracted & set().union(*batches)
    if worst.mode is Mode.FUN:
        sums = [_reduced(p, gauge.group) for p in parts]
        same = all(s == sums[0] or s == {k: -q for k, q in sums[0].items()} for s in sums)
        if not same or touched:
            return Phase(Mode.BROKEN, cause=worst.cause or cause("function of several phases")), False
        kept = placed(laid, sums[0], gauge.group)
        return (Phase(Mode.FUN, kept, worst.cause) if kept else Phase()), False
    funny = any(m.phase.mode is Mode.FUN for _, m in charged)
    forgotten = None in wide
    vague = any(m.phase.vague for _, m in charged)
    if touched or funny or (forgotten and contracted_in(laid, charged, contracted)):
        lone = any(x.op == "det" for o, _ in charged for x in subterms(o.tensor.term))
        reason = "determinant of one factor" if lone else "sums entries of unlike phase"
        return lost(replace(worst, vague=vague), cause(reason)), False
    across = None if forgotten else frozenset(p for x in letters if (p := laid.position(x)) is not None)
    return Phase(Mode.MIXED, cause=worst.cause, across=across, vague=vague), False


def contracted_in(laid: Contraction, charged: list[tuple[Operand, Motion]], contracted: set[Letter]) -> bool:
    """Whether a summed letter is one that a moving operand has."""
    return any(o.has(letter_) for o, _ in charged for letter_ in contracted if letter_ in o.letters)


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
    left = _reduced(total, gauge.group)
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


# --- order and rotation -----------------------------------------------------------------------------------------


def _order(gauge: Gauge, laid: Contraction, moving: Moving, cause: Why) -> Order:
    states = [m.order for _, m in moving]
    worst = max(states, key=lambda s: s.mode)
    if worst.mode >= Mode.UNKNOWN:
        return Order(Mode.BROKEN, cause=cause("mispaired")) if _sorted_beside_unsorted(moving) else worst
    if any(s.pointer for s in states):
        return Order(Mode.BROKEN, cause=cause("computes with positions of pairs"))
    tags = {(o.letter(s.axis), s.cut) for o, m in moving for s in m.order.tags}
    doubtful = False
    for letter, _ in tags:
        for o in laid.operands:
            m = o.tensor.moves.get(gauge)
            tagged = m is not None and any(o.letter(s.axis) == letter for s in m.order.tags)
            if tagged and _merges(o, letter, m):
                paired = any(s.axis in o.axes(letter) for g, n in o.tensor.motions if g != gauge for s in n.order.tags)
                return Order(Mode.BROKEN, cause=cause("mispaired" if paired else "position weighted"))
            if tagged or not o.has(letter) or o.still(letter) or o.tensor.value is not None:
                continue
            if m is None and o.tensor.rank is None and not _certain(o, letter, laid):
                doubtful = True
                continue
            reason = "mispaired" if derives_from(o.tensor, gauge) else "position weighted"
            return Order(Mode.BROKEN, cause=cause(reason))
    if doubtful:
        return Order(Mode.UNKNOWN, cause=cause("meets a value that may vary along the pairs"))
    if worst.mode is Mode.MIXED:
        others = [o for o in laid.operands if o.tensor.rank != 0 and o.tensor.value is None]
        alone = len([s for s in states if not s.neutral]) == 1 and (worst.sign or len(others) == 1)
        return worst if alone else Order(Mode.UNKNOWN, cause=cause("combines rearranged values"))
    kept = {(laid.position(letter), cut) for letter, cut in tags}
    return Order(tags=frozenset(Slot(p, c) for p, c in kept if p is not None))


def _sorted_beside_unsorted(moving: Moving) -> bool:
    """Whether values put in another order, ties or not, meet pairs in the order they came in."""
    tagged = {o.letter(s.axis) for o, m in moving if m.order.mode is Mode.EXACT for s in m.order.tags}
    return any(
        m.order.mode is Mode.UNKNOWN
        and m.order.cause is not None
        and m.order.cause.reason == TIES
        and any(letter in o.letters and o.has(letter) for letter in tagged)
        for o, m in moving
    )


def _merges(o: Operand, letter: Letter, m: Motion | None) -> bool:
    """Whether an operand has the letter twice, once along the pairs and once along something else."""
    if m is None or "diagonal" in o.tensor:
        return False
    tagged = {s.axis for s in m.order.tags}
    return any(axis not in tagged and not o.tensor.still_along(axis) for axis in o.axes(letter))


def _certain(o: Operand, letter: Letter, laid: Contraction) -> bool:
    """Whether an operand certainly has the axis of a letter: contractions need it, broadcasting does not."""
    return any(o.tensor.certainly_has(a) for a in o.axes(letter)) or (letter in o.letters and not _is_broadcast(laid))


def derives_from(t: Tensor, gauge: Gauge) -> bool:
    """Whether a tensor was computed from the outputs of the gauge's decomposition, by its term."""
    return any(x.op == "output" and gauge in x.args for x in subterms(t.term))


def _rotation(gauge: Gauge, laid: Contraction, moving: Moving, cause: Why) -> Rotation:
    worst = max((m.rotation for _, m in moving), key=lambda s: s.mode)
    if worst.mode >= Mode.UNKNOWN:
        return worst
    parts = [lettered(o, m.rotation.charges) for o, m in moving]
    total: Lettered = {}
    for part in parts:
        for key, q in part.items():
            total[key] = total.get(key, 0) + q
    contracted = set(laid.contracted())
    for key in list(total):
        if key[0] == "pick":
            continue
        bearers = [p for p in parts if p.get(key)]
        letter = key[1]
        meets = [o for o in laid.operands if o.has(letter) and not o.still(letter) and o.tensor.value is None]
        foreign = [o for o in meets if not _follows(o, gauge, letter)]
        cancelled = len(bearers) == 2 and not (total[key] % 2 if gauge.group == "Z2" else total[key])
        paired = cancelled if letter in contracted else len(bearers) == 1
        if foreign or not paired:
            return Rotation(Mode.BROKEN, cause=cause("mixes a basis of equal eigenvalues"))
    left = {k: q for k, q in _reduced(total, gauge.group).items() if k[1] not in contracted}
    return Rotation(Mode.EXACT, placed(laid, left, gauge.group))


def _follows(o: Operand, gauge: Gauge, letter: Letter) -> bool:
    """Whether along the letter an operand is a basis of the gauge or a function of its eigenvalues."""
    m = o.tensor.moves.get(gauge)
    if m is None or m.rotation.mode is not Mode.EXACT:
        return False
    return any(o.letter(s.axis) == letter for s in m.order.tags)
