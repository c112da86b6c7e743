"""A decomposition opens a gauge: its outputs carry the charges that the tables in rules/models give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from eiglint.gauge.arguments import NoRuleError, names
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.context import Context, Gauge, Opened
from eiglint.gauge.precision import remark_low
from eiglint.gauge.state import (
    NEUTRAL,
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
    charges,
    is_dyad,
    merge_last_two,
)
from eiglint.gauge.tensor import LIKELY, Record, Tensor, settle
from eiglint.gauge.terms import term
from eiglint.gauge.zeros import TRIANGLE

Spec = Mapping[str, object]


def decompose(t: Tensor, options: Spec, args: Spec, context: Context, name: str) -> object:
    """Return the outputs of a decomposition of t.

    `outputs` lists for each output its field, its role, the axis that carries a charge, the axis that runs over the
    pairs, and whether only the `largest` values are found; `group` is "phase" where outputs are complex whatever the
    input, "field" where they follow its dtype. `variants` say which outputs a flag leaves `empty`, which alone it
    returns (`only`), and where all is `unknown`.
    """
    if context.vector_reading and t.rank in (0, 1):
        raise NoRuleError(name)  # nothing is proved by a reading under which the program does not run
    outputs: Sequence[Spec] = options["outputs"]  # type: ignore[assignment]
    chosen = chosen_variants(options, args)
    if any(variant.get("unknown") for variant in chosen):
        raise NoRuleError(name)
    empty = frozenset(field for variant in chosen for field in names(variant, "empty"))
    undefined = frozenset(field for variant in chosen for field in names(variant, "undefined"))
    outputs = _kept(outputs, chosen)
    always = options.get("group") == "phase"
    promised = context.promised
    assumed = t.dtype is None and not always and promised.isdisjoint({"real", "complex"})
    told = t.dtype is None and "complex" in promised
    complex_ = always or t.dtype == "complex" or told or (assumed and context.complex_reading)
    gauge = Gauge(
        context.spot,
        name,
        "U1" if complex_ else "Z2",
        bool(options.get("ordered", True)) or "ordered" in promised,
        conjugate_pairs=always and (t.dtype != "complex" or "widened" in t),
        has_vectors=any(spec.get("charge") and spec["field"] not in empty for spec in outputs),
        lineage=tuple(context.chain),
        promised=promised,
    )
    live = t.live if context.recording else Live.NO
    absolute = bool(options.get("absolute"))
    context.decomposed.append(Opened(gauge, live, t.term, absolute, t.sizes, t, context.prepared))
    remark_low(t, gauge, context)
    t = undiagonal(t)
    doubt = max(t.doubt, LIKELY if assumed else 0)
    square = bool(options.get("square"))
    lopsided = bool(options.get("hermitian")) and "hermitian" not in t and "hermitian" not in promised
    inherited, broken = _inherited(t, outputs, context, square, lopsided, name)
    kind = "complex" if complex_ else ("real" if t.dtype is None else t.dtype)
    reduced = bool(options.get("all_pairs")) and not chosen
    made = [
        _nothing(gauge, spec)
        if spec["field"] in empty
        else _output(
            t, spec, gauge, live, doubt, kind, options, {**broken, **inherited[i]}, reduced, spec["field"] in undefined
        )
        for i, spec in enumerate(outputs)
    ]
    if len(made) == 1:
        return made[0]
    return Record(tuple(str(spec["field"]) for spec in outputs), tuple(made))


def chosen_variants(options: Spec, args: Spec) -> list[Spec]:
    """Return the variants that the flags of this call ask for."""
    variants: Sequence[Spec] = options.get("variants", ())  # type: ignore[assignment]
    given = [(variant, args.get(str(variant["flag"]))) for variant in variants]
    return [v for v, value in given if value == v["value"] and type(value) is type(v["value"])]


def _kept(outputs: Sequence[Spec], chosen: Sequence[Spec]) -> Sequence[Spec]:
    """Return the outputs that the call returns: all of them, or those that a variant names."""
    kept = next((names(v, "only") for v in chosen if "only" in v), None)
    return outputs if kept is None else [spec for spec in outputs if spec["field"] in kept]


def _nothing(gauge: Gauge, spec: Spec) -> Tensor:
    return Tensor(term("empty", gauge, str(spec["field"])), live=Live.NO, flags=frozenset({"zero"}))


def _output(
    t: Tensor,
    spec: Spec,
    gauge: Gauge,
    live: Live,
    doubt: int,
    kind: str | None,
    options: Spec,
    inherited: dict[Gauge, Motion],
    reduced: bool,
    undefined: bool,
) -> Tensor:
    role = str(spec["role"])
    charge = spec.get("charge")
    pairs = [(Slot(int(charge["axis"])), int(charge["q"]))] if isinstance(charge, Mapping) else []
    index = spec.get("index")
    tags = frozenset({Slot(int(index))}) if isinstance(index, int) else frozenset[Slot]()
    values = role == "values"
    square = bool(options.get("square"))
    lead = -1 if values else -2
    batch_start = lead - 1
    rank = t.rank - 1 if values and t.rank is not None else t.rank
    batch = frozenset(range(-rank, lead)) if rank is not None else frozenset[int]()
    own = charges(pairs, gauge.group)
    motion = Motion(
        Phase(Mode.EXACT, own),
        Order(Mode.EXACT, tags),
        Rotation(Mode.EXACT, NEUTRAL if "distinct" in gauge.promised else own),
        batch,
        batch_start if rank is None else None,
        live,
        None,
        ((gauge.spot, "decomposed here"),),
    )
    if role == TRIANGLE:
        motion = replace(motion, order=Order(), rotation=Rotation())
    marks: tuple[str, ...] = ("orthogonal",) if gauge.unitary and role in ("vectors", "left", "right") else ()
    largest = bool(spec.get("largest"))
    facts = {"square": values and square, "largest": largest, "undefined": undefined, "rows": undefined and index == -2}
    marks += tuple([mark for mark, holds in facts.items() if holds])
    return Tensor(
        term("output", gauge, str(spec["field"]), t.term, role, *marks),
        settle({gauge: motion, **inherited}),
        rank=rank,
        sizes=_sizes(t, values, square or _as_many_pairs(t, options), role, index if reduced else None),
        dtype="real" if values and options.get("ordered", True) else kind,
        live=live,
        doubt=doubt,
        flags=frozenset({"nonneg"} if values and not square else ()),
    )


def _as_many_pairs(t: Tensor, options: Spec) -> bool:
    """Whether a square matrix has as many singular vectors, or columns of Q, as it has rows, reduced or not."""
    return bool(options.get("all_pairs")) and t.size(-1) is not None and t.size(-1) == t.size(-2)


def _sizes(t: Tensor, values: bool, square: bool, role: str, pairs: object) -> tuple[tuple[int, object], ...]:
    """Carry known lengths over; `pairs` is the axis that runs over as many pairs as the shorter side has entries."""
    found: dict[int, object] = {}
    shift = 1 if values else 0
    for axis, size in t.sizes:
        if axis < -2:
            found[axis + shift] = size
    n = t.size(-1) if t.size(-1) is not None else t.size(-2)
    if square and n is not None:
        found[-1] = n
        if not values:
            found[-2] = n
    elif role == "left" and t.size(-2) is not None:
        found[-2] = t.size(-2)
    rows, columns = t.size(-2), t.size(-1)
    if isinstance(pairs, int) and isinstance(rows, int) and isinstance(columns, int):
        if not values:
            found[-3 - pairs] = rows if role == "left" else columns
        found[pairs] = min(rows, columns)
    return tuple(sorted(found.items(), key=lambda s: s[0]))


def _inherited(
    t: Tensor, outputs: Sequence[Spec], context: Context, square: bool, lopsided: bool, name: str
) -> tuple[list[dict[Gauge, Motion]], dict[Gauge, Motion]]:
    """Hand on what the input itself carries.

    D1 A D2 with unitary diagonal D1 and D2 has the factors D1 U and Vh D2, and the same singular values; an
    eigenvalue problem needs D2 to be the inverse of D1. Anything else makes every output depend on that gauge.
    """
    kept: list[dict[Gauge, Motion]] = [{} for _ in outputs]
    broken: dict[Gauge, Motion] = {}
    triangular = any(s.get("role") == TRIANGLE for s in outputs)
    for g, m in t.motions:
        cause = Cause(context.spot, f"input of {name}", g, m.live, t.doubt, m.trail)
        # Only one triangle is read, which reordering rows and columns together does not respect.
        reordered = lopsided and not g.ordered and bool(m.order.tags)
        passed = not reordered and _passes(g, m, square, triangular)
        if not passed:
            broken[g] = Motion(
                _spoiled(m.phase, cause),
                m.order if m.order.neutral else Order(Mode.UNKNOWN, cause=cause),
                m.rotation if m.rotation.neutral else Rotation(Mode.UNKNOWN, cause=cause),
                live=m.live,
                trail=m.trail,
            )
            continue
        turned = triangular and any(isinstance(k, Slot) and k.axis == -1 for k, _ in m.rotation.charges)
        if turned or not _basis_passes(g, m, square, lopsided):
            m = replace(m, rotation=Rotation(Mode.BROKEN, cause=cause))
        for i, spec in enumerate(outputs):
            kept[i][g] = _side(m, spec, g)
    return kept, broken


def _basis_passes(g: Gauge, m: Motion, square: bool, lopsided: bool) -> bool:
    """Whether a change of basis in the input is a change of basis in the factors: unitary, or a similarity."""
    items = m.rotation.charges
    if m.rotation.neutral or m.rotation.mode is not Mode.EXACT:
        return True
    if any(is_dyad(k) for k, _ in items) or not (g.unitary or (square and not lopsided)):
        return False
    return not square or not merge_last_two(items, g.group)


def _spoiled(phase: Phase, cause: Cause) -> Phase:
    """Return the phase of every output where the input's charges are of no form that a decomposition hands on.

    Where it is forgotten which entry carries which charge, the values may still be fine: that is not known.
    """
    if phase.neutral or phase.mode is Mode.UNKNOWN:
        return phase
    if phase.mode is Mode.MIXED:
        return Phase(Mode.UNKNOWN, cause=cause)
    return Phase(Mode.BROKEN, cause=phase.cause or cause)


def _passes(g: Gauge, m: Motion, square: bool, triangular: bool) -> bool:
    if m.phase.mode is not Mode.EXACT or m.order.mode is not Mode.EXACT or m.order.pointer:
        return False
    if any(isinstance(k, Pick) for k, _ in m.phase.charges) and triangular:
        return False
    inner = {s.axis for s in m.order.tags if s.axis in (-1, -2)}
    if square:
        if any(isinstance(k, Pick) for k, _ in m.phase.charges):
            return False
        merged = merge_last_two(m.phase.charges, g.group)
        return not any(isinstance(k, Slot) and k.axis == -1 for k, _ in merged) and len(inner) != 1
    if triangular:  # A D = Q (R D): the columns' phases stay in R, their order does not
        return (g.ordered or -1 not in inner) and not m.is_batch(-1)
    return not any(isinstance(k, Pick) for k, _ in m.phase.charges)


def _side(m: Motion, spec: Spec, g: Gauge) -> Motion:
    """Hand the rows' charges to the left factor and the columns' to the right one, conjugated where it is V, not Vh."""
    role = str(spec["role"])
    values = role == "values"
    upright = role == "right" and spec.get("index") == -1
    side = {"vectors": -2, "left": -2, "right": -1, TRIANGLE: -1}.get(role)

    def keep(axis: int) -> int | None:
        if axis < -2:
            return axis + 1 if values else axis
        if axis != side:
            return None
        return -2 if upright else axis

    def kept(items: Charges) -> Charges:
        sense = -1 if upright else 1
        return charges(
            (
                (Slot(a, k.cut), sense * q if k.axis == -1 else q)
                for k, q in items
                if isinstance(k, Slot) and (a := keep(k.axis)) is not None
            ),
            g.group,
        )

    return replace(
        m,
        phase=Phase(Mode.EXACT, kept(m.phase.charges)),
        order=Order(Mode.EXACT, frozenset(Slot(a, s.cut) for s in m.order.tags if (a := keep(s.axis)) is not None)),
        rotation=replace(m.rotation, charges=kept(m.rotation.charges)),
        batch=frozenset(a for b in m.batch if (a := keep(b)) is not None),
        rest=(m.rest + 1 if values else m.rest) if m.rest is not None else None,
    )
