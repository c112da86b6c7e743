"""The order and the rotation of a product (theory, sections 5 and 7)."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.arrangement import TIES, in_product, of_signs
from eiglint.gauge.context import Gauge
from eiglint.gauge.factors import (
    Lettered,
    Moving,
    batch_letters,
    is_broadcast,
    lettered,
    placed,
    reduced,
)
from eiglint.gauge.families import same_pair, scattered
from eiglint.gauge.letters import Contraction, Letter, Operand
from eiglint.gauge.state import (
    Mode,
    Motion,
    Order,
    Rotation,
    Slot,
    Why,
    dyad,
    of_clusters,
)
from eiglint.gauge.tensor import Tensor
from eiglint.gauge.terms import Term

MAY_VARY = "meets a value that may vary along the pairs"
"""Why order or rotation is not known where the rank of a factor is not."""

MAY_PAIR = "meets another slice, which may begin at the same pair"
"""Why they are not known where slices begin at numbers that the program computes."""


def order_of(gauge: Gauge, laid: Contraction, moving: Moving, cause: Why) -> Order:
    """Return what is left of the pairs' order in a product."""
    states = [m.order for _, m in moving]
    worst = max(states, key=lambda s: s.mode)
    if (
        worst.mode is Mode.MIXED
        and not any(s.sign or s.pointer for s in states)
        and all(s.mode is not Mode.FUN for s in states)
    ):
        return in_product(gauge, laid, [(o, m) for o, m in moving if not m.order.neutral], cause)
    signs = of_signs(moving) if worst.sign else None
    if signs is not None:
        return signs
    if worst.mode is Mode.UNKNOWN and any(s.mode is Mode.FUN for s in states):
        return scattered(states)
    if worst.mode >= Mode.UNKNOWN:
        return Order(Mode.BROKEN, cause=cause("mispaired")) if _sorted_beside_unsorted(moving) else worst
    if any(s.pointer for s in states):
        return Order(Mode.BROKEN, cause=cause("computes with positions of pairs"))
    if any(s.mode is Mode.FUN for s in states):
        rest = [(o, m) for o, m in moving if m.order.mode is not Mode.FUN and not m.order.neutral]
        left = order_of(gauge, laid, rest, cause) if rest else Order()
        shares = [s for s in states if s.mode is Mode.FUN]
        if _mingles_shares(laid, moving):
            return scattered(shares)
        return (same_pair(shares) if left.neutral else None) or scattered(shares)
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
            unsure = m is None and o.tensor.rank is None and not _certain(o, letter, laid)
            if unsure and not derives_from(o.tensor, gauge):
                doubtful = True
                continue
            reason = "mispaired" if derives_from(o.tensor, gauge) else "position weighted"
            return Order(Mode.BROKEN, cause=cause(reason))
    if len({letter for letter, _ in tags}) < len(tags):
        if all(_may_pair(a, b) for x, a in tags for y, b in tags if x == y):
            return Order(Mode.UNKNOWN, cause=cause(MAY_PAIR))
        return Order(Mode.BROKEN, cause=cause("mispaired"))  # one in the pairs' order, one reversed or rolled
    if doubtful:
        return Order(Mode.UNKNOWN, cause=cause(MAY_VARY))
    if worst.mode is Mode.MIXED:
        alone = len([s for s in states if not s.neutral]) == 1 and worst.sign
        return worst if alone else Order(Mode.UNKNOWN, cause=cause("combines rearranged values"))
    if _mingles_batches(laid, moving):
        return Order(Mode.BROKEN, cause=cause("mingles the orders of batch elements"))
    kept = {(laid.position(letter), cut) for letter, cut in tags}
    return Order(tags=frozenset(Slot(p, c) for p, c in kept if p is not None))


def _may_pair(a: object, b: object) -> bool:
    """Whether two selections of columns may be one: slices of which one begins at a number that is not known."""
    if a == b:
        return True
    match a, b:
        case (start, 1), (other, 1):
            return isinstance(start, Term) or isinstance(other, Term)
    return False


def _mingles_batches(laid: Contraction, moving: Moving) -> bool:
    """Whether pairs of different batch elements, each in an order of its own, are summed or set against each other."""
    tagged = [(o, m) for o, m in moving if m.order.tags]
    # Axes that a value of unknown rank may have in front are left out: nothing shows that they are there.
    batches = [batch_letters(o, replace(m, rest=None)) for o, m in tagged]
    summed = set(laid.contracted())
    letters = [{o.letter(s.axis) for s in m.order.tags} for o, m in tagged]
    for i in range(len(tagged)):
        if batches[i] & summed and any(laid.position(x) is not None for x in letters[i]):
            return True
        if any(letters[i] & letters[j] and batches[i] != batches[j] for j in range(i)):
            return True
    return False


def _mingles_shares(laid: Contraction, moving: Moving) -> bool:
    """Whether pairs that stand at one position of several batch elements are set against each other."""
    batches = [batch_letters(o, replace(m, rest=None)) for o, m in moving if m.order.mode is Mode.FUN]
    return len(set(batches)) > 1 or any(b & set(laid.contracted()) for b in batches)


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
    return any(o.tensor.certainly_has(a) for a in o.axes(letter)) or (letter in o.letters and not is_broadcast(laid))


def derives_from(t: Tensor, gauge: Gauge) -> bool:
    """Whether a tensor was computed from the outputs of the gauge's decomposition, by its term."""
    return any(gauge in x.args for x in t.term.outputs)


def rotation_of(gauge: Gauge, laid: Contraction, moving: Moving, cause: Why) -> Rotation:
    """Return which bases of equal eigenvalues a product still carries."""
    worst = max((m.rotation for _, m in moving), key=lambda s: s.mode)
    if worst.mode >= Mode.UNKNOWN:
        return worst
    if worst.mode is Mode.MIXED:
        # A linear function of rearranged basis entries still moves; two of them may have met their partners.
        alone = len([m for _, m in moving if not m.rotation.neutral]) == 1
        return worst if alone else Rotation(Mode.UNKNOWN, cause=worst.cause)
    parts = [lettered(o, m.rotation.charges) for o, m in moving]
    total: Lettered = {}
    for part in parts:
        for key, q in part.items():
            total[key] = total.get(key, 0) + q
    contracted = set(laid.contracted())
    merged = _merged_letters(moving)
    broken = Rotation(Mode.BROKEN, cause=cause("mixes a basis of equal eigenvalues"))
    if any(_meets_rows(o, m) for o, m in moving):
        return broken
    left = {k: q for k, q in reduced(total, gauge.group).items() if k[1] not in contracted}
    for key in list(total):
        if key[0] == "pick":
            continue
        letter, traced = key[1], isinstance(key[2], tuple) and key[2][0] == "dyad"
        bearers = [p for p in parts if any(k[:2] == key[:2] for k in p)]
        meets = [o for o in laid.operands if o.has(letter) and not o.still(letter) and o.tensor.value is None]
        strangers = [o for o in meets if not _follows(o, gauge, letter)]
        if any(not _may_follow(o, gauge, letter, laid) for o in strangers):
            return broken
        if strangers:
            return Rotation(Mode.UNKNOWN, cause=cause(MAY_VARY))
        if any(cut != key[2] and _may_pair(cut, key[2]) for o in meets for cut in _cuts(o, gauge, letter)):
            return Rotation(Mode.UNKNOWN, cause=cause(MAY_PAIR))
        met = not reduced({key: total[key]}, gauge.group) and len(bearers) == (1 if letter in merged else 2)
        if _of_unlike_elements([om for om, p in zip(moving, parts, strict=True) if p in bearers]):
            return broken
        if traced and len(bearers) == 1 and letter not in merged:
            continue  # the trace of a dyad, or its diagonal still
        if traced or (met and not of_clusters(key[2], gauge)):
            return broken
        if met and letter not in contracted:
            # Entry by entry, as in the diagonal of V^H M V: the basis of a block counts, the sum over it does not.
            left["slot", letter, dyad(key[2])] = 1  # type: ignore[arg-type]
        elif not met and (letter in contracted or len(bearers) != 1 or letter in merged):
            return broken
    return Rotation(Mode.EXACT, placed(laid, left, gauge.group))


def _cuts(o: Operand, gauge: Gauge, letter: Letter) -> set[object]:
    """Return which parts of the pairs an operand runs over along a letter."""
    m = o.tensor.moves.get(gauge)
    return {s.cut for s in m.order.tags if o.letter(s.axis) == letter} if m is not None else set()


def _may_follow(o: Operand, gauge: Gauge, letter: Letter, laid: Contraction) -> bool:
    """Whether an operand of which too little is known may be constant along the letter, or a function of the values."""
    m = o.tensor.moves.get(gauge)
    if m is None:
        return o.tensor.rank is None and not _certain(o, letter, laid) and not derives_from(o.tensor, gauge)
    return m.rotation.neutral and m.order.cause is not None and m.order.cause.reason == MAY_VARY


def _of_unlike_elements(moving: Moving) -> bool:
    """Whether bases of several batch elements, each in a basis of its own, lie across each other."""
    known = all(m.rest is None for _, m in moving)
    return known and len({batch_letters(o, m) for o, m in moving}) > 1


def _meets_rows(o: Operand, m: Motion) -> bool:
    """Whether a basis axis of an operand is laid on another axis of it that carries no basis, as in its diagonal."""
    charged = {k.axis for k, _ in m.rotation.charges if isinstance(k, Slot)}
    return any(
        axis not in charged and not o.tensor.still_along(axis)
        for slot in charged
        for axis in o.axes(o.letter(slot))
        if axis != slot
    )


def _merged_letters(moving: Moving) -> set[Letter]:
    """The letters that one operand has on two axes with a basis of the gauge along each."""
    found: set[Letter] = set()
    for o, m in moving:
        letters = [o.letter(k.axis) for k, _ in m.rotation.charges if isinstance(k, Slot)]
        found |= {x for x in letters if letters.count(x) > 1}
    return found


def _follows(o: Operand, gauge: Gauge, letter: Letter) -> bool:
    """Whether along the letter an operand is a basis of the gauge or a function of its eigenvalues."""
    m = o.tensor.moves.get(gauge)
    if m is None or m.rotation.mode is not Mode.EXACT:
        return False
    return any(o.letter(s.axis) == letter for s in m.order.tags)
