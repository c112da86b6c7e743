"""Parts of complex values, casts to another dtype, and values cut off from the graph."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.changes import cause_at, changed, drop_rotation, only_order, undiagonal
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.elementwise import apply_map, mapped, modulus
from eiglint.gauge.state import Live, Mode, Motion, Rotation, is_dyad
from eiglint.gauge.tensor import Tensor, Whole
from eiglint.gauge.terms import term
from eiglint.gauge.ties import without_ties

LOGARITHM = "logarithm"
"""What logarithms are remembered as: their real part is the logarithm of a modulus."""


def part(t: Tensor, which: str, context: Context) -> Tensor:
    """Return the real or imaginary part or the angle, which read a phase and not a sign."""
    if which in ("real", "view_as_real") and t.dtype in ("real", "int", "bool"):
        return t
    if which == "angle" and "nonneg" in t and t.dtype not in ("complex", None):
        return zeros(t)
    if which == "real" and t.whole is not None and t.whole.part == "tied":
        return part(t.whole.of, which, context)  # conjugates have one real part
    t = without_ties(t) if which == "real" else t
    if which == "real" and t.whole is not None and t.whole.part == LOGARITHM:
        return apply_map(modulus(t.whole.of, context), context, "log")  # that of log z is log |z|
    t = undiagonal(t) if which == "angle" else t

    def change(g: Gauge, m: Motion) -> Motion:
        cause = cause_at(context, "complex part", g, m, t.doubt)
        made = replace(m, order=only_order(m.order, cause, linear=which != "angle"))
        if which == "angle":
            made = replace(made, rotation=drop_rotation(m, cause))
        elif g.group == "U1" and m.rotation.mode is Mode.EXACT and not all(is_dyad(k) for k, _ in m.rotation.charges):
            made = replace(made, rotation=Rotation(Mode.BROKEN, cause=cause))
        if g.group == "Z2" and which != "angle":
            return made
        return replace(made, phase=mapped(m.phase, g, "none", cause))

    kept = {"diagonal", "zero", "identity", "random"} | ({"nonneg"} if which == "real" else set())
    flags = t.flags & (kept if which != "angle" else {"random"})
    value = t.value.real if which == "real" and isinstance(t.value, complex | float | int) else None
    made = changed(t, change, context, which, flags=frozenset(flags), dtype="real", value=value)
    return replace(made, whole=Whole(which, t) if t.motions else None)


def zeros(like: Tensor) -> Tensor:
    """Return the zeros that an operation gives whatever the phases are."""
    everywhere = frozenset(range(-(like.rank or 6), 0))
    return Tensor(term("zero"), rank=like.rank, steady=everywhere, dtype="real", flags=frozenset({"zero"}))


def cast(t: Tensor, to: str, context: Context, name: str) -> Tensor:
    """Return t in another dtype; to real or integer it is the real part."""
    if to in ("real", "double", "float", "half") and t.dtype == "complex":
        return part(t, "real", context)
    if to in ("int", "bool"):
        made = t
        if t.dtype not in ("int", "bool"):
            made = apply_map(modulus(t, context) if to == "bool" else t, context, name, zero=True)
        return replace(detach(made), dtype=to, flags=made.flags | (t.flags & {"iota"}), value=t.value)
    kind = {"complex": "complex", "cdouble": "complex"}.get(to) or (
        "real" if to in ("real", "double", "float", "half") else t.dtype
    )
    if kind == "real" and to != "unchanged":
        t = known_real(t)
    # A real matrix in complex clothes still has conjugate pairs.
    widened = kind == "complex" and t.dtype != "complex"
    return replace(t, dtype=kind, flags=t.flags | {"widened"} if widened else t.flags)


def known_real(t: Tensor) -> Tensor:
    """Return a value of unknown dtype as a real one, which its own conjugate is."""
    if t.dtype is not None or t.motions:
        return t
    return replace(t, dtype="real", term=term("real", t.term))


def detach(t: Tensor) -> Tensor:
    """Return the same values, cut off from the graph.

    What still moves keeps its term, by which equal values are known; of an invariant value the term alone can tell that
    no gradient comes back through it.
    """
    motions = tuple((g, replace(m, live=Live.NO)) for g, m in t.motions)
    cut = t.neutral and bool(t.term.outputs)
    return replace(t, term=term("detach", t.term) if cut else t.term, motions=motions, live=Live.NO)


def detached_on_purpose(t: Tensor) -> Tensor:
    """Return what a call of `detach` does: what moves in no known way is told apart by its term too."""
    made = detach(t)
    lost = any(s.mode >= Mode.UNKNOWN for _, m in t.motions for s in (m.phase, m.order, m.rotation))
    known = any(not s.neutral and s.mode < Mode.UNKNOWN for _, m in t.motions for s in (m.phase, m.order))
    return replace(made, term=term("detach", t.term)) if lost and not known else made
