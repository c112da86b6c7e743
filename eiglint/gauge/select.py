"""Comparisons and choices: a step in the sign of a vector, and what it chooses between."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.cases import like_shaped, with_cases
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.coins import coin, noted_turn
from eiglint.gauge.combine import TINY, add, combine, joint_sizes, side_by_side_order
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.contract import joint_dtype
from eiglint.gauge.elementwise import modulus, neg
from eiglint.gauge.join import join
from eiglint.gauge.mirrors import even_in_sign
from eiglint.gauge.singular import GUARDED, remark_masked
from eiglint.gauge.state import Cause, Live, Mode, Motion, Phase, Rotation, Slot, laden, spread
from eiglint.gauge.tensor import LIKELY, Tensor, constant, settle
from eiglint.gauge.terms import Term, negated, term
from eiglint.gauge.times import product, remark_reflection
from eiglint.gauge.zeros import sign_at_zero


def compare(x: Tensor, y: Tensor, context: Context, name: str) -> Tensor:
    """Compare entries. `v < 0` is a step in the sign of v: its distance from 1/2 is odd."""
    if x.term is y.term and x.motions:
        flags = frozenset({"zero"} if name in ("lt", "gt", "ne", "less", "greater", "not_equal") else ())
        return Tensor(term(name, x.term, y.term), rank=x.rank, sizes=x.sizes, dtype="bool", live=Live.NO, flags=flags)
    made = combine([x, y], context, name, dtype="bool", reason="compared by its sign")
    motions = {}
    for g, m in made.motions:
        p, q = x.motion(g).phase, y.motion(g).phase
        alike = p.mode is Mode.EXACT and p == q and not x.motion(g).across_batch_of(y.motion(g))
        if name in ("eq", "ne", "equal", "not_equal") and (alike or 0 in (x.value, y.value)):
            # Whether two numbers agree, or one is 0, is the same whatever phase they have in common.
            homogeneous = p.homogeneous and q.homogeneous
            m = replace(m, phase=Phase()) if homogeneous else m
        at_zero = (y.value == 0 and x.motion(g).phase.mode is Mode.EXACT) or (
            x.value == 0 and y.motion(g).phase.mode is Mode.EXACT
        )
        # f(v) < f(-v) asks for the sign of v as v < 0 does.
        asked = name in ("lt", "le", "gt", "ge") and (at_zero or even_in_sign(g, x, y))
        step = asked and g.group == "Z2" and m.phase.mode is Mode.FUN
        phase = replace(m.phase, centre=0.5) if step else m.phase
        # The comparison carries no gradient, but what it weights or selects does: the doubt about it stays alive.
        live = max(x.motion(g).live, y.motion(g).live) if context.recording else Live.NO
        motions[g] = replace(m, phase=phase, live=live)
    return replace(made, motions=settle(motions), live=Live.NO)


def select(test: Tensor, a: Tensor, b: Tensor, context: Context) -> Tensor:
    """Return a where the test holds and b elsewhere."""
    if a == b:
        return a
    settled = settled_sign(test, a, b, context)
    if settled is not None:
        return settled
    guarded = _guarded(test.term, a, b)
    if guarded is not None:
        remark_masked(test, guarded, context)
        kept = _beside_zeros(test.term, guarded, b if guarded is a else a, context)
        return replace(kept, doubt=max(kept.doubt, LIKELY), value=None, flags=kept.flags | {GUARDED})
    if negated(a.term) is b.term:
        remark_reflection(b if a.term.op == "neg" else a, test, context)
        size = _size_by_its_sign(test, a, b, context)
        if size is not None:
            return size
    steps = {g: m.phase for g, m in test.motions if m.phase.mode is Mode.FUN and m.phase.centre == 0.5}
    if steps and negated(a.term) is b.term:
        return product(b, _sign_of(test, steps, context), context)
    if steps and a.value is not None and b.value is not None:
        return _two_values(test, a.value, b.value, steps, context)
    if test.neutral or all(m.phase.neutral and m.order.neutral for _, m in test.motions):
        made = _chosen(test, a, b, context)
        made = _such_as(test, a, b, made)
        drawn = test.neutral and negated(a.term) is b.term and coin(test.term)
        return noted_turn(made, a, context) if drawn else made
    made = _decided(test, a, b, context)
    free = all(m.phase.neutral for _, m in test.motions) or negated(a.term) is b.term
    return _such_as(test, a, b, made) if free else made


def _such_as(test: Tensor, a: Tensor, b: Tensor, made: Tensor) -> Tensor:
    """Remember that a test of entries, which is data, may hold everywhere or nowhere."""
    return with_cases(made, like_shaped([a, b], made), ("where", test.term), every=False) if test.rank else made


def _size_by_its_sign(test: Tensor, a: Tensor, b: Tensor, context: Context) -> Tensor | None:
    """Return |x| for where(x > 0, x, -x), and -|x| for the contrary choice: an x that has an order is real."""
    op, (left, right) = test.term.op, test.term.args if len(test.term.args) == 2 else (None, None)
    zero = constant(0).term, constant(0.0).term
    if op not in ("gt", "ge", "lt", "le") or left not in (a.term, b.term) or right not in zero:
        return None
    size = modulus(a, context)
    return size if (left is a.term) == (op in ("gt", "ge")) else neg(size, context)


def settled_sign(test: Tensor, a: Tensor, b: Tensor, context: Context) -> Tensor | None:
    """Return `where(s == 0, 1, s)` of a sign s: what `where(x < 0, -1, 1)` is, a sign that is never 0."""
    op, (left, right) = test.term.op, test.term.args if len(test.term.args) == 2 else (None, None)
    signs, other = (b, a) if op == "eq" else (a, b)
    if op not in ("eq", "ne") or left is not signs.term or right is not constant(0).term:
        return None
    if "sign" not in signs or other.value is None or abs(other.value) != 1:
        return None
    settled = replace(signs, term=term("signs", signs.term), flags=(signs.flags - {"sign"}) | {"nonzero"})
    return sign_at_zero(settled, signs.term, context)


def _guarded(test: Term, a: Tensor, b: Tensor) -> Tensor | None:
    """Return the branch that counts where the test guards against a value that is almost zero: |x| > eps."""
    if len(test.args) != 2 or not all(isinstance(x, Term) for x in test.args):
        return None
    left, right = test.args
    bound = right.args[0] if isinstance(right, Term) and right.op == "constant" else None
    tiny = isinstance(bound, int | float) and 0 <= bound <= TINY
    if not tiny or not isinstance(left, Term) or left.op not in ("abs", "norm"):
        return None
    if test.op in ("gt", "ge", "ne"):
        return a
    return b if test.op in ("lt", "le", "eq") else None


def _beside_zeros(test: Term, guarded: Tensor, other: Tensor, context: Context) -> Tensor:
    """Return what a guard keeps, given what it puts where the guarded value is 0: zeros have any phase."""
    alike = all(other.motion(g).phase == m.phase for g, m in guarded.motions)
    if alike or other.value == 0 or "zero" in other:
        return guarded
    return sign_at_zero(guarded, test, context)


def _decided(test: Tensor, a: Tensor, b: Tensor, context: Context) -> Tensor:
    """Return a choice whose test moves: under a gauge that the test does not know, it is a choice like any other."""
    chosen = _chosen(test, a, b, context)
    reflected = negated(a.term) is b.term  # whatever is chosen, every entry moves by a factor of modulus 1
    mingled = combine([test, a, b], context, "where", dtype=joint_dtype([a, b]), reason="chosen by a sign or phase")
    motions = {}
    for g in chosen.gauges | mingled.gauges:
        knows = not test.motion(g).phase.neutral
        motion = (mingled if knows else chosen).motion(g)
        if knows and reflected and a.motion(g).phase.homogeneous:
            motion = replace(motion, phase=_reflected(test, a, a.motion(g).phase, motion.phase.cause, g))
        # A test carries no gradient, but which gradient flows hangs on it.
        live = max(motion.live, a.live, b.live) if knows and context.recording else motion.live
        motions[g] = replace(motion, live=live)
    return replace(mingled, motions=settle(motions))


def _reflected(test: Tensor, a: Tensor, phase: Phase, cause: Cause | None, g: Gauge) -> Phase:
    """Return the phase of a or -a where the choice hangs on the phase itself: still one factor for each entry."""
    known = spread(phase)
    across = None if test.rank is None or a.rank is None or known is None else known | _varying(test)
    return Phase(Mode.MIXED, cause=cause, across=across, laden=laden(phase, g.group) and g.group == "U1")


def _sign_of(test: Tensor, steps: dict[Gauge, Phase], context: Context) -> Tensor:
    """Return the tensor of signs that a step function stands for: never 0."""
    motions = dict(test.motions)
    for g, phase in steps.items():
        motions[g] = replace(motions[g], phase=Phase(Mode.EXACT, phase.charges))
    signs = replace(
        test, term=term("signs", test.term), motions=settle(motions), dtype="real", flags=frozenset({"unit", "nonzero"})
    )
    return sign_at_zero(signs, test.term, context)


def _two_values(
    test: Tensor, a: float | complex, b: float | complex, steps: dict[Gauge, Phase], context: Context
) -> Tensor:
    signs = _sign_of(test, steps, context)
    if isinstance(a, complex) or isinstance(b, complex):
        return combine([test, constant(a), constant(b)], context, "where")
    if a == -b:
        return signs
    return add(product(signs, constant((a - b) / 2), context), constant((a + b) / 2), context)


def _chosen(test: Tensor, a: Tensor, b: Tensor, context: Context) -> Tensor:
    met = join(a, b, context, test.term)
    ranks = [t.rank for t in (test, a, b) if t.rank is not None]
    if len(ranks) == 3:  # laid over each other, not one of the two
        met = replace(met, rank=max(ranks), sizes=joint_sizes([test, a, b]))
    if a.value is not None and b.value is not None and a.value == -b.value:
        met = replace(met, term=term("either", test.term, a.term, b.term), flags=met.flags | {"unit", "nonzero"})
    if test.rank == 0 and test.neutral:
        return met
    if test.rank:
        # Entries of both kinds stand side by side: a test of each entry chooses among them.
        motions = {g: _chosen_entries(g, m, test, [undiagonal(a), undiagonal(b)], context) for g, m in met.motions}
        met = replace(met, motions=settle(motions))
    return combine_order(test, met, context)


def _chosen_entries(g: Gauge, m: Motion, test: Tensor, sides: list[Tensor], context: Context) -> Motion:
    """Return a motion after a choice for each entry: an arrangement or a basis survives no foreign choice."""
    cause = Cause(context.spot, "position weighted", g, m.live, max(test.doubt, *(t.doubt for t in sides)), m.trail)
    order, rotation = m.order, m.rotation
    if order.mode is Mode.MIXED and not order.sign:
        order = side_by_side_order(g, [test, *sides], lambda reason: cause._replace(reason=reason))
    if rotation.mode is Mode.MIXED:
        rotation = Rotation(Mode.BROKEN, cause=cause._replace(reason="masks a basis of equal eigenvalues"))
    # Which entry carries which charge now hangs on every axis along which the test varies.
    across = None if m.phase.across is None else m.phase.across | _varying(test)
    phase = replace(m.phase, vague=False, across=across) if m.phase.mode is Mode.MIXED else m.phase
    return replace(m, phase=phase, order=order, rotation=rotation)


def _varying(test: Tensor) -> frozenset[int]:
    """Return the axes along which a test of known rank may differ from entry to entry."""
    return frozenset(a for a in range(-(test.rank or 0), 0) if not test.still_along(a))


def combine_order(test: Tensor, met: Tensor, context: Context) -> Tensor:
    """Let a mask act on what it selects: it follows the pairs, is the same for all of them, or weights positions."""
    motions = dict(met.motions)
    for g in test.gauges | met.gauges:
        m = test.motion(g)
        held = motions.get(g, Motion(live=m.live))

        def cause(reason: str, g: Gauge = g, held: Motion = held) -> Cause:
            return Cause(context.spot, reason, g, held.live, max(test.doubt, met.doubt), held.trail)

        order = side_by_side_order(g, [test, met], cause)
        rotation = held.rotation
        axes = {k.axis for k, _ in rotation.charges if isinstance(k, Slot)}
        if rotation.mode is Mode.EXACT and any(not test.still_along(a) for a in axes):
            rotation = Rotation(Mode.BROKEN, cause=cause("masks a basis of equal eigenvalues"))
        if not m.rotation.neutral and m.rotation.mode >= rotation.mode:
            rotation = Rotation(Mode.BROKEN, cause=m.rotation.cause or cause("masks a basis of equal eigenvalues"))
        motions[g] = replace(held, order=order, rotation=rotation, batch=held.batch | m.batch)
    return replace(met, motions=settle(motions))
