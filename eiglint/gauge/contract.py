"""Products and contractions: the one rule behind `*`, `/`, matmul, outer, einsum, diag, trace and solve.

Along a letter that is summed over, the charges of the operands must cancel in the same gauge and the same slice; the
letters that remain keep what they carry (theory, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eiglint.gauge.context import Context, Gauge, Remark
from eiglint.gauge.contract_order import order_of, rotation_of
from eiglint.gauge.contract_phase import phase_of
from eiglint.gauge.draws import drawn_within, is_even_in_law
from eiglint.gauge.factors import (
    batch_of,
    is_broadcast,
    unbatched,
)
from eiglint.gauge.letters import Contraction, Letter, Operand
from eiglint.gauge.meeting import remark_meeting
from eiglint.gauge.state import (
    Cause,
    Live,
    Mode,
    Motion,
    Order,
    Phase,
    Rotation,
    Slot,
)
from eiglint.gauge.tensor import POSSIBLE, Tensor, settle
from eiglint.gauge.terms import Term, term
from eiglint.gauge.thin import remark_thin


def contract(laid: Contraction, context: Context, name: Term | None = None) -> Tensor:
    """Return the product of the operands, summed over the letters that the result does not have."""
    operands = laid.operands
    gauges = {g for o in operands for g, _ in o.tensor.motions}
    label = name or term("product", laid.out, *(x for o in operands for x in (o.tensor.term, o.letters)))
    motions = {g: _motion(g, laid, context, label) for g in gauges}
    remark_thin(laid, label, context)
    live = max((o.tensor.live for o in operands), default=Live.NO) if context.recording else Live.NO
    flags = {"diagonal"} if laid.diagonal else set()
    if any("zero" in o.tensor for o in operands):
        everywhere = frozenset(range(-(_rank(laid) or 6), 0))
        return Tensor(term("zero"), rank=_rank(laid), steady=everywhere, live=live, flags=frozenset({"zero", *flags}))
    for shared in ("nonzero", "unit"):
        if all(shared in o.tensor for o in operands) and not laid.contracted():
            flags.add(shared)
    if all("nonneg" in o.tensor for o in operands):
        flags.add("nonneg")
    if any("random" in o.tensor for o in operands):
        flags.add("random")
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
    if is_broadcast(laid):
        return max(o.tensor.rank or 0 for o in laid.operands)
    return extra + len([x for x in laid.out if any(x in o.letters and o.has(x) for o in laid.operands)])


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


def _motion(gauge: Gauge, laid: Contraction, context: Context, label: Term) -> Motion:
    moving = unbatched([(o, o.tensor.moves[gauge]) for o in laid.operands if gauge in o.tensor.moves])
    batch, rest = batch_of(laid, moving)
    live = max(m.live for _, m in moving) if context.recording else Live.NO
    lead = max((m for _, m in moving), key=lambda m: (m.phase.mode, len(m.trail)))
    doubt = max(o.tensor.doubt for o in laid.operands)
    base = Motion(batch=batch, rest=rest, live=live, doubled=lead.doubled, trail=lead.trail)
    told = POSSIBLE if _alike_in_distribution(gauge, laid, moving, context) else doubt

    def cause(reason: str, other: str = "") -> Cause:
        return Cause(context.spot, reason, gauge, live, told, base.trail, other)

    phase, doubled = phase_of(gauge, laid, moving, cause)
    if doubled and base.doubled is None:
        base = replace(base, doubled=context.spot).noted(context.spot, "charge doubled here")
    order = order_of(gauge, laid, moving, cause)
    rotation = rotation_of(gauge, laid, moving, cause)
    if phase.mode is Mode.BROKEN and _may_be_met(gauge, moving, laid, context):
        met = cause("meets an argument that may carry the same phases")
        phase = Phase(Mode.UNKNOWN, cause=met)
        order = Order(Mode.UNKNOWN, cause=met) if order.mode is Mode.BROKEN else order
        rotation = Rotation(Mode.UNKNOWN, cause=met) if rotation.mode is Mode.BROKEN else rotation
    if not gauge.unitary and _adjoint_for_inverse(gauge, laid, moving):
        context.remarks.append(Remark("adjoint as inverse", context.spot, gauge, live, doubt, ()))
    made = replace(base, phase=phase, order=order, rotation=rotation)
    remark_meeting(gauge, laid, moving, made, doubt, label, context)
    return made


def _may_be_met(gauge: Gauge, moving: list[tuple[Operand, Motion]], laid: Contraction, context: Context) -> bool:
    """Whether vectors from before are summed against an argument, which may hold coefficients of the same vectors.

    An object that keeps its vectors is handed what its other methods made of them: `inverse_transform(transform(x))`.
    """
    given = any("param" in o.tensor.term.ops for o in laid.operands if gauge not in o.tensor.moves)
    return given and len(moving) == 1 and context.is_from_before(gauge)


def _alike_in_distribution(
    gauge: Gauge, laid: Contraction, moving: list[tuple[Operand, Motion]], context: Context
) -> bool:
    """Whether vectors are mixed by draws that know no sign, as where one samples by a root of a covariance.

    The draws of one seed move with a sign; with it the draws are as likely as without.
    """
    if len(moving) != 1:
        return False
    vectors, m = moving[0]
    cases = vectors.tensor.cases
    alone = [m] if cases is None or cases.of is not vectors.tensor.term else [t.motion(gauge) for t in cases.values]
    if any(n.phase.mode is not Mode.EXACT for n in alone):
        return False
    summed = {vectors.letter(k.axis) for n in alone for k, _ in n.phase.charges if isinstance(k, Slot)} - set(laid.out)
    drawn = [o for o in laid.operands if o is not vectors and is_even_in_law(o.tensor.term, gauge.group)]
    anew = [o for o in drawn if o.tensor.live is not Live.YES and drawn_within(o.tensor.term, context.chain)]
    likely = [o for o in anew if gauge.group != "U1" or o.tensor.dtype == "complex"]
    return bool(summed) and summed <= {letter for o in likely for letter in o.letters if o.has(letter)}


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
        t = next((a for a in inner if any("eigenvectors" in x.args for x in a.outputs)), inner[0])
        if op in ("matmul", "mul") and "inverse" in t.ops:
            return None
        op = t.op
    if op != "output" or "eigenvectors" not in t.args:
        return None
    return "adjoint" if flips % 2 else "plain"


def _weighted(t: Term) -> bool:
    return any("eigenvalues" in x.args for x in t.outputs)
