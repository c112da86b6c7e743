"""Reductions along axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from eiglint.gauge.arrangement import has_copies, is_placed, reduced, spoiled
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.elementwise import modulus, power, turned_back
from eiglint.gauge.families import share_over_batch
from eiglint.gauge.meeting import remark_trace
from eiglint.gauge.mirrors import even_together
from eiglint.gauge.shape import axes_of, doubted, inserted
from eiglint.gauge.singular import remark_taken
from eiglint.gauge.state import (
    Cause,
    Live,
    Mode,
    Motion,
    Order,
    Phase,
    Pick,
    Rotation,
    Slot,
    added_up,
    charges,
    is_dyad,
    lost,
    of_clusters,
    of_moduli,
    relabel_charges,
    relabel_phase,
    spread,
)
from eiglint.gauge.tensor import Tensor, Whole, constant, everything, opaque, settle
from eiglint.gauge.terms import Term, term
from eiglint.gauge.ties import without_ties
from eiglint.gauge.times import product
from eiglint.gauge.unlike import as_total

Axes = tuple[int, ...] | None
"""The axes that are reduced; None for all."""

NORMS = frozenset({"norm", "variance"})
ALONE = frozenset({"sum", "mean", "prod", "max", "min"})
TRUTHS = frozenset({"any", "all", "count"})
"""Reductions that ask of every entry whether it is 0, which no phase changes."""
POSITIONS = frozenset({"argmax", "argmin", "argother"})


def reduce(
    t: Tensor, dim: object, keepdim: object, how: str, context: Context, details: tuple[object, ...] = ()
) -> Tensor:
    """Reduce over the given dimensions, or over all of them."""
    euclidean = how == "norm" and all(d in (None, 2, "fro") for d in details)
    pair = _pair_of_parts(t, dim, keepdim is True, "euclidean" if euclidean else how, context)
    if pair is not None:
        return pair
    if t.rank == 0 and how in ALONE:
        return t  # the only entry there is
    if how in TRUTHS:
        t = modulus(t, context)
    if how in NORMS and t.whole is not None and t.whole.part == "tied":
        t = t.whole.of  # conjugates have one norm
    t = without_ties(t) if how in NORMS else t
    if how == "norm" and t.whole is not None and t.whole.part == "scaled":
        t = modulus(t, context)
    if how == "norm" and t.whole is not None and t.whole.part == "turned":
        t = turned_back(t, t.whole.of)
    if how == "norm" and t.whole is not None and t.whole.part in ("power", "scaled", "sized"):
        t = modulus(t, context)
    if how == "norm" and t.whole is not None and t.whole.part == "abs":
        inner = t.whole.of  # a norm of moduli is that of the entries, of which the basis is known
        t = replace(t, motions=settle({g: replace(m, rotation=inner.motion(g).rotation) for g, m in t.motions}))
    t = undiagonal(t)
    dim = None if t.rank == 0 or dim == () else dim
    if (ones := _summed_shares(t, dim, how)) is not None:
        t = ones
    axes, guess = _axes(t, dim)
    if t.whole is not None and _over_sorted(t.whole, axes, how, details):
        return reduce(t.whole.of, dim, keepdim, how, context, details)  # the same entries in another order
    if axes is None and dim is not None:
        return opaque([t], context, how)
    t = doubted(t, guess)
    keep = keepdim is True
    sides = _sides(t, axes, how)
    label = term(how, t.term, axes if axes is None else tuple(sorted(axes)), keep, *details)
    motions = {g: _reduced(g, m, t, axes, keep, how, euclidean, label, context) for g, m in t.motions}
    for g, m in t.motions:
        if sides and even_together(g, m.phase, sides):
            motions[g] = replace(motions[g], phase=Phase())
    rank = 0 if axes is None else t.rank if keep or t.rank is None else t.rank - len(axes)
    live = t.live if context.recording and how not in POSITIONS | TRUTHS else Live.NO
    if live is Live.NO:
        # A position carries no gradient, but what it weights or selects does: the doubt about it stays alive.
        motions = {g: m if m.order.pointer else replace(m, live=Live.NO) for g, m in motions.items()}
    move = _moves(axes, keep)
    steady = {a for s in t.steady if (a := move(s)) is not None} | (set(axes) if axes and keep else set())
    sizes = {a: s for axis, s in t.sizes if (a := move(axis)) is not None}
    sizes.update(dict.fromkeys(axes or (), 1) if keep else {})
    flags = {"nonneg"} if how in NORMS else set(t.flags & {"nonneg"} if how in ("sum", "mean", "max", "min") else ())
    if how == "norm":
        flags.add("norm")
    if how in NORMS | {"sum", "mean", "prod", "max", "min"}:
        flags |= t.flags & {"zero"}
    if how in POSITIONS and t.term.op in ("abs", "modulus"):
        flags.add("largest" if how == "argmax" else "smallest")
    if how in POSITIONS and tied(t):
        flags.add("tied")
    dtype = "int" if how in POSITIONS | {"count"} else "bool" if how in ("any", "all") else t.dtype
    if how in ("sum", "mean"):
        for g, m in t.motions:
            remark_trace(g, m, motions[g], t.doubt, t.term, label, context)
    made = Tensor(
        label,
        settle(motions),
        rank=rank,
        sizes=tuple(sorted(sizes.items(), key=lambda s: s[0])),
        steady=frozenset(steady),
        dtype="real" if how in NORMS and dtype == "complex" else dtype,
        live=live,
        doubt=t.doubt,
        flags=frozenset(flags | (t.flags & {"random"})),
    )
    if how in ("max", "min"):
        remark_taken(t, made, context)
    if how in ("sum", "mean"):
        return as_total(made, t)
    return _root_of_squares(made, t, dim, keepdim, context) if euclidean else made


def _root_of_squares(made: Tensor, t: Tensor, dim: object, keepdim: object, context: Context) -> Tensor:
    """Remember the sum of squares whose root a Euclidean norm is: a sum over a block does not see its basis."""
    if t.whole is not None and t.whole.part == "root":
        squares = t.whole.of
    elif any(m.rotation.mode is Mode.EXACT and m.rotation.charges for _, m in t.motions):
        squares = power(modulus(t, context), 2, context)
    else:
        return made
    total = reduce(squares, dim, keepdim, "sum", replace(context, remarks=[]))
    motions = {g: replace(m, rotation=Rotation()) if total.motion(g).rotation.neutral else m for g, m in made.motions}
    return replace(made, motions=settle(motions), whole=Whole("root", total))


def _summed_shares(t: Tensor, dim: object, how: str) -> Tensor | None:
    """Return entries that add up to 1 whatever they are: what softmax gives, summed along its axis and any others."""
    if how not in ("sum", "mean") or t.term.op != "softmax" or t.rank is None or not isinstance(t.term.args[1], int):
        return None
    axes, _ = _axes(t, dim)
    if axes is not None and t.term.args[1] not in axes:
        return None
    return replace(t, term=term("shares", t.term), motions=(), live=Live.NO, whole=None)


def _sides(t: Tensor, axes: Axes, how: str) -> list[Term]:
    """Return the values that were stacked along the very axis that is reduced without regard to their order."""
    stacked = t.term.op.rpartition(".")[2] == "stack" and axes is not None and t.term.args[:1] == axes
    return [a for a in t.term.args[1:] if isinstance(a, Term)] if stacked and how in SYMMETRIC else []


def _pair_of_parts(t: Tensor, dim: object, keep: bool, how: str, context: Context) -> Tensor | None:
    """Recognise view_as_real(z).pow(2).sum(-1) and view_as_real(z).norm(dim=-1), over further axes or over all."""
    if t.whole is None or (t.whole.part, how) not in (("pair2", "sum"), ("pair2", "mean"), ("pair", "euclidean")):
        return None
    of = t.whole.of
    axes, guess = _axes(t, dim)
    if (axes is None and dim not in (None, ())) or guess or -1 not in (axes or (-1,)):
        return None
    size = modulus(of, context)
    size = size if how == "euclidean" else power(size, 2, context)
    others = None if axes is None else tuple(a + 1 for a in axes if a != -1)
    if others != ():
        size = reduce(size, others, keep, "norm" if how == "euclidean" else how, context)
    if how == "mean":
        size = product(size, constant(0.5), context)
    return inserted(size, -1) if keep else size


def _over_sorted(whole: Whole, axes: Axes, how: str, details: tuple[object, ...]) -> bool:
    """Whether a reduction that knows no positions runs over the axis along which entries were sorted."""
    entrywise = how in SYMMETRIC and not any(isinstance(d, str) for d in details)
    return whole.part == "sorted" and entrywise and (axes is None or whole.axis in axes)


def _axes(t: Tensor, dim: object) -> tuple[tuple[int, ...] | None, bool]:
    if dim is None or dim == ():
        return None, False
    dims: Sequence[object] = dim if isinstance(dim, tuple) else (dim,)
    found, guessed = axes_of(t, dims)
    known = tuple(axis for axis in found if axis is not None)
    return (known, guessed) if len(known) == len(found) else (None, False)


def _moves(axes: tuple[int, ...] | None, keep: bool) -> Callable[[int], int | None]:
    """Return how axes are renumbered when some disappear."""

    def move(axis: int) -> int | None:
        if axes is None or axis in axes:
            return None
        return axis if keep else axis + sum(1 for a in axes if a > axis)

    return move


def _reduced(
    g: Gauge, m: Motion, t: Tensor, axes: Axes, keep: bool, how: str, euclidean: bool, label: Term, context: Context
) -> Motion:
    live = m.live if context.recording else Live.NO
    cause = Cause(context.spot, how, g, live, t.doubt, m.trail)
    move = _moves(axes, keep)
    touched = (axes is None and _somewhere(m)) or (axes is not None and any(m.touches(a) for a in axes))
    phase = _reduced_phase(g, m.phase, touched, how, axes, t, cause)
    phase = relabel_phase(phase, move, g.group)
    order = _reduced_order(m.order, axes, how, move, cause)
    if m.batch and (axes is None or any(m.is_batch(a) for a in axes)):
        order = share_over_batch(order, how in ("sum", "mean"), label)
    followed = is_placed(order) or (order.mode is Mode.EXACT and bool(order.tags))
    if followed and axes is not None and any(m.is_batch(a) for a in axes):
        mingled = cause._replace(reason="mingles the orders of batch elements")
        # Pairs of different elements, each in an order of its own, may be added up if all that follows is linear.
        together = Order(Mode.MIXED, order.tags, order.cause or mingled, summed=True, vague=order.vague)
        order = together if how in ("sum", "mean") else spoiled(together, mingled)
    rotation = m.rotation
    if rotation.mode is Mode.MIXED and how == "norm":
        rotation = Rotation(Mode.UNKNOWN, cause=cause)
    if rotation.mode is Mode.EXACT and rotation.charges:
        hit = axes is None or any(isinstance(k, Slot) and k.axis in axes for k, _ in rotation.charges)
        kept = euclidean and g.unitary and _over_bases(g, m, axes)
        linear = how in ("sum", "mean")
        if linear:
            over = (k for k, _ in rotation.charges if is_dyad(k) and (axes is None or k.axis in axes))  # type: ignore[union-attr]
            traced = frozenset(over)
            rotation = replace(rotation, charges=frozenset(c for c in rotation.charges if c[0] not in traced))
            hit = any(isinstance(k, Slot) and (axes is None or k.axis in axes) for k, _ in rotation.charges)
        over_batch = bool(m.batch) or m.rest is not None if axes is None else any(m.is_batch(a) for a in axes)
        batched = not rotation.neutral and over_batch
        if kept:
            rotation = Rotation()
        elif batched:
            rotation = Rotation(Mode.BROKEN, cause=cause)  # every batch element has a basis of its own
        elif hit or not linear:
            rotation = Rotation(Mode.BROKEN, cause=cause)
        else:
            rotation = replace(rotation, charges=relabel_charges(rotation.charges, move, g.group))
    batch = frozenset(a for b in m.batch if (a := move(b)) is not None)
    rest = None if axes is None or m.rest is None else (move(m.rest) or m.rest)
    return replace(m, phase=phase, order=order, rotation=rotation, batch=batch, rest=rest, live=live)


def _over_bases(g: Gauge, m: Motion, axes: Axes) -> bool:
    """Whether a Euclidean norm runs over every axis that is a basis, whole blocks of it: unitary rotations keep it."""
    slots = [k for k, _ in m.rotation.charges if isinstance(k, Slot)]
    if not all(of_clusters(s.cut, g) for s in slots):
        return False
    return not any(map(is_dyad, slots)) and (axes is None or {s.axis for s in slots} <= set(axes))


def _somewhere(m: Motion) -> bool:
    return bool(m.batch) or m.rest is not None or spread(m.phase) != frozenset()


def _reduced_phase(g: Gauge, phase: Phase, touched: bool, how: str, axes: Axes, t: Tensor, cause: Cause) -> Phase:
    if phase.neutral or phase.mode >= Mode.UNKNOWN:
        return phase
    if phase.mode is Mode.FUN:
        if touched:
            return Phase(Mode.BROKEN, cause=phase.cause or cause)
        return replace(phase, centre=phase.centre if how == "mean" else None)
    if how == "norm":
        return of_moduli(phase, cause)
    if phase.mode is Mode.MIXED:
        if how == "prod" and phase.homogeneous:
            # A product of entries each of which moves by a factor moves by their product.
            left = None if phase.across is None else frozenset[int]() if axes is None else phase.across - set(axes)
            return Phase(Mode.MIXED, cause=phase.cause or cause, across=left, vague=phase.vague)
        if how in ("sum", "mean") and touched and phase.laden and phase.vague:
            return added_up(phase, cause)
        if how in ("sum", "mean") and not touched:
            return phase
        met = phase.surely if axes is None else phase.surely & set(axes)
        return lost(replace(phase, surely=met), cause)
    if how == "variance" and not touched:
        return Phase()
    if how == "prod":
        return _product_over(g, phase, axes, t, cause)
    if touched:
        return Phase(Mode.BROKEN, cause=cause)
    if how in ("sum", "mean"):
        return phase
    return Phase(Mode.FUN, phase.charges, cause)


def _product_over(g: Gauge, phase: Phase, axes: Axes, t: Tensor, cause: Cause) -> Phase:
    """A product over n entries multiplies charges by n; over the columns themselves it collects all their phases."""
    over = set(axes) if axes is not None else {k.axis for k, _ in phase.charges if isinstance(k, Slot)}
    pairs: list[tuple[Slot | Pick, int]] = []
    for key, q in phase.charges:
        inside = isinstance(key, Slot) and key.axis in over
        others = len([a for a in over if not (isinstance(key, Slot) and a == key.axis)])
        lengths = [t.size(a) for a in over if not (isinstance(key, Slot) and a == key.axis)]
        if (others or axes is None) and not all(isinstance(n, int) for n in lengths):
            return Phase(Mode.MIXED, cause=cause)
        factor = 1
        for n in lengths:
            factor *= n if isinstance(n, int) else 1
        pairs.append((Pick(everything(t), key.cut) if inside else key, q * factor))
    return Phase(Mode.EXACT, charges(pairs, g.group))


ENTRIES = frozenset({"logsumexp", "median", "quantile", "mode", "kthvalue"})
SYMMETRIC = NORMS | TRUTHS | ENTRIES | {"sum", "mean", "prod", "max", "min"}


def _reduced_order(order: Order, axes: Axes, how: str, move: Callable[[int], int | None], cause: Cause) -> Order:
    if order.neutral or order.mode >= Mode.UNKNOWN:
        return order
    if order.pointer:
        return Order(Mode.BROKEN, cause=cause)
    everything = axes is None
    over = set(axes or ())
    linear = how in ("sum", "mean")
    if order.sign and how == "norm":
        return Order()
    if order.sign and linear:
        return order
    if is_placed(order):
        left = reduced(order, axes, linear, how in SYMMETRIC, cause)
        tags = frozenset(Slot(a, s.cut) for s in left.tags if (a := move(s.axis)) is not None)
        return replace(left, tags=tags)
    if order.mode is Mode.MIXED:
        total = everything and how in SYMMETRIC and not order.sign and (linear or not order.summed)
        return Order() if total else Order(Mode.UNKNOWN, cause=cause)
    hit = [s for s in order.tags if everything or s.axis in over]
    rest = frozenset(Slot(a, s.cut) for s in order.tags if (a := move(s.axis)) is not None)
    if hit and how in POSITIONS and has_copies(hit[0].cut):
        return Order(Mode.UNKNOWN, cause=cause)  # pairs that are there twice tie
    if hit and how in POSITIONS:
        return Order(tags=rest, pointer=True, into=hit[0].cut)
    if hit and how not in SYMMETRIC:
        return Order(Mode.BROKEN, cause=cause)
    return replace(order, tags=rest)


def tied(t: Tensor) -> bool:
    """Whether conjugate pairs of a real matrix tie in the values that decide: moduli, real parts, norms."""
    unsettled = any(g.conjugate_pairs and not m.order.neutral for g, m in t.motions)
    return unsettled and not t.term.ops.isdisjoint(("abs", "real", "norm", "power"))
