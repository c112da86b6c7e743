"""The inferred type of a tensor in words, as `reveal_gauge` prints it."""

from __future__ import annotations

from eiglint.gauge import Gauge, Live, Mode, Motion, Tensor
from eiglint.gauge.state import Charges, Pick, Slot

GRADIENT = {Live.NO: "no gradient", Live.MAYBE: "gradient unknown", Live.YES: "carries a gradient"}


def describe(value: object) -> str:
    """Return one line that says how a value transforms under each gauge."""
    if not isinstance(value, Tensor):
        return f"not a tensor: {type(value).__name__.lower()}"
    shape = f"rank {value.rank}" if value.rank is not None else "rank unknown"
    kind = value.dtype or "dtype unknown"
    head = f"tensor ({kind}, {shape}, {GRADIENT[value.live]})"
    if value.neutral:
        return f"{head}: invariant"
    return f"{head}: " + "; ".join(_motion(g, m) for g, m in value.motions)


def _motion(g: Gauge, m: Motion) -> str:
    kind = "phase" if g.group == "U1" else "sign"
    parts = [f"{kind} {_phase(m)}"]
    if not g.ordered:
        parts.append(f"order {_order(m)}")
    parts.append(f"rotation {_rotation(m)}")
    return f"`{g.call}`: " + ", ".join(parts)


def _phase(m: Motion) -> str:
    phase = m.phase
    if phase.neutral:
        return "invariant"
    match phase.mode:
        case Mode.EXACT:
            return f"carried: {_charges(phase.charges)}"
        case Mode.FUN:
            return f"an arbitrary function of it: {_charges(phase.charges)}"
        case Mode.MIXED:
            return "carried, which entry how is forgotten"
        case Mode.UNKNOWN:
            return f"unknown ({phase.cause.reason})" if phase.cause else "unknown"
        case _:
            return f"lost ({phase.cause.reason})" if phase.cause else "lost"


def _charges(items: Charges) -> str:
    words = []
    for key, q in sorted(items, key=repr):
        where = f"axis {key.axis}" if isinstance(key, Slot) else f"column {_column(key)}"
        words.append(f"{q:+d} on {where}")
    return ", ".join(words)


def _column(key: Pick) -> str:
    return str(key.key) if isinstance(key.key, int | str) else "of a computed index"


def _order(m: Motion) -> str:
    order = m.order
    if order.neutral:
        return "invariant"
    if order.pointer:
        return "points at pairs"
    if order.mode is Mode.EXACT:
        return "carried: " + ", ".join(f"axis {s.axis}" for s in sorted(order.tags))
    words = {Mode.FUN: "of single pairs", Mode.MIXED: "rearranged", Mode.UNKNOWN: "unknown"}
    state = words.get(order.mode, "lost")
    return f"{state} ({order.cause.reason})" if order.cause else state


def _rotation(m: Motion) -> str:
    if m.rotation.neutral:
        return "invariant"
    return {Mode.EXACT: "carried", Mode.UNKNOWN: "unknown"}.get(m.rotation.mode, "lost")
