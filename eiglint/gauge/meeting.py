"""Where vectors meet their partners: what is left is a function of the matrix itself (theory, section 7).

The algebra only tells of it: what the factors are, and whether the bases of equal eigenvalues went with the phases.
"""

from __future__ import annotations

from collections.abc import Sequence

from eiglint.gauge.context import Context, Gauge, Remark
from eiglint.gauge.contract_order import MAY_VARY
from eiglint.gauge.factors import Moving
from eiglint.gauge.letters import Contraction
from eiglint.gauge.state import Live, Mode, Motion, Pick, Slot
from eiglint.gauge.terms import Term

MEETING = "bases meet"


def remark_meeting(
    gauge: Gauge, laid: Contraction, moving: Moving, after: Motion, doubt: int, label: Term, context: Context
) -> None:
    """Tell of a contraction after which nothing of the phases and of the order of a decomposition is left.

    `whole` says that nothing of the bases is left either: U f(S) V^H, V f(L) V^-1, or a trace of such; also where
    that hangs on a factor of unknown rank, as in V exp(t L) V^H.
    """
    doubtful = after.rotation.cause is not None and after.rotation.cause.reason == MAY_VARY
    ordered = gauge.ordered or after.order.neutral or (doubtful and after.order.mode is Mode.UNKNOWN)
    if not (after.phase.neutral and ordered):
        return
    whole = after.rotation.neutral or doubtful
    bearers = [(o, m) for o, m in moving if not (m.rotation.neutral and m.phase.neutral)]
    if all(m.rotation.neutral for _, m in bearers):
        return
    contracted = set(laid.contracted())
    charged = [(o, k) for o, m in bearers for k, _ in m.phase.charges]
    slots = [k for o, k in charged if isinstance(k, Slot) and o.letter(k.axis) in contracted]
    if whole:
        slots += [k for _, m in bearers for k, _ in m.rotation.charges if isinstance(k, Slot)]
    picks = frozenset(k.key for _, k in charged if isinstance(k, Pick))
    if slots or picks:
        terms = tuple(o.tensor.term for o in laid.operands)
        live = max(m.live for _, m in bearers) if context.recording else Live.NO
        _remark(gauge, terms, slots, whole, live, max(doubt, int(doubtful)), label, context, picks)


def remark_trace(
    gauge: Gauge, before: Motion, after: Motion, doubt: int, inner: Term, label: Term, context: Context
) -> None:
    """Tell of a sum over the entries of a dyad, such as that of `(V.mH @ x).abs()**2 * f(L)`."""
    if before.rotation.mode is Mode.EXACT and not before.rotation.neutral and after.neutral:
        slots = [k for k, _ in before.rotation.charges if isinstance(k, Slot)]
        _remark(gauge, (inner,), slots, True, after.live, doubt, label, context)


def _remark(
    gauge: Gauge,
    factors: tuple[Term, ...],
    slots: Sequence[Slot],
    whole: bool,
    live: Live,
    doubt: int,
    label: Term,
    context: Context,
    picks: frozenset[object] = frozenset(),
) -> None:
    if live is Live.NO:
        return
    details = (
        ("result", label),
        ("factors", factors),
        ("whole", whole),
        ("picks", picks),
    )
    context.remarks.append(Remark(MEETING, context.spot, gauge, live, doubt, details))
