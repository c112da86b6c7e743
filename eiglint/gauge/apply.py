"""The one door into the algebra: a kind of operation, its options, its arguments, its result.

The kinds are those that rules/models uses. A kind or a form of arguments without a rule gives an opaque result, never
an invariant one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from eiglint.gauge import (
    directions,
    matrix,
    parts,
    products,
    read_arrays,
    read_axes,
    read_more,
    read_one,
    read_patterns,
    read_placing,
    read_several,
    scans,
    shape,
    taking,
)
from eiglint.gauge import elementwise as maps
from eiglint.gauge.arguments import Arguments, NoRuleError, Options, Rule, integers, listed, maybe, need
from eiglint.gauge.cases import by_cases
from eiglint.gauge.cell_settling import settled
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.create import create
from eiglint.gauge.layers import attention, attention_like, layer
from eiglint.gauge.moduli import MOVING, TAKING, forgotten, sized
from eiglint.gauge.overwriting import read_overwrite
from eiglint.gauge.pieces import centred, masked, roll, split
from eiglint.gauge.precision import with_precision
from eiglint.gauge.state import Live, Mode, Motion, Phase, Roots, joint_roots
from eiglint.gauge.tensor import Record, Tensor, named, opaque, tensors_in
from eiglint.gauge.unlike import with_names
from eiglint.gauge.values import Number, Range


def apply(kind: str, options: Options, args: Arguments, context: Context, name: str = "") -> object:
    """Return the result of one operation of the given kind; opaque where there is no rule for it."""
    rule = RULES.get(kind)
    if rule is None or options.get("stochastic"):
        return opaque(args.values(), context, name or kind)
    try:
        made = rule(options, args, context, name or kind)
    except NoRuleError:
        made = opaque(args.values(), context, name or kind)
    inputs = tensors_in(args.values())
    if kind not in _OPENING:
        made = by_cases(made, dict(args), lambda a, c: apply(kind, options, cast(Arguments, a), c, name), context)
    if kind in TAKING | MOVING:
        made = forgotten(made, args.get("input"))
    if kind in MOVING:
        made = sized(made, args.get("input"), lambda a, c: apply(kind, options, {**args, "input": a}, c, name), context)
    made = settled(kind, options, args, made, context, name)
    if isinstance(made, Tensor):
        made = with_names(made)
    return _recorded(_rooted(with_precision(kind, options, made, inputs, context), inputs), context)


_OPENING = frozenset({"decompose", "create", "requires"})
"""These make something new, which is made once."""


def _rooted(made: object, inputs: Sequence[Tensor]) -> object:
    """Note for every sign that a value is a function of at which exact values that began."""
    match made:
        case Tensor():
            motions = {g: _rooted_motion(g, m, inputs) for g, m in made.motions}
            if all(motions[g] is m for g, m in made.motions):
                return made
            return replace(made, motions=tuple(motions.items()))
        case Record():
            return Record(made.fields, tuple(_rooted(v, inputs) for v in made.values))
        case tuple() if not isinstance(made, Number | Range):
            return tuple(_rooted(v, inputs) for v in made)
        case _:
            return made


def _rooted_motion(g: Gauge, m: Motion, inputs: Sequence[Tensor]) -> Motion:
    if g.group != "Z2" or m.phase.neutral or m.phase.mode > Mode.FUN:
        return m
    held = [(t, t.motion(g).phase) for t in inputs]
    moving = [(t, p) for t, p in held if not p.neutral]
    fun = m.phase.mode is Mode.FUN
    if not fun and not any(p.roots != frozenset() or p.mode is not Mode.EXACT for _, p in moving):
        return m if m.phase.roots == frozenset() else replace(m, phase=replace(m.phase, roots=frozenset()))
    roots = joint_roots(_roots_of(t, p) for t, p in moving)
    return m if roots == m.phase.roots else replace(m, phase=replace(m.phase, roots=roots))


def _roots_of(t: Tensor, phase: Phase) -> Roots:
    if phase.mode is Mode.EXACT:
        return phase.roots if phase.roots != frozenset() else frozenset({t.term})
    return phase.roots if phase.mode is Mode.FUN and phase.roots else None


def _recorded(made: object, context: Context) -> object:
    """Under no_grad nothing carries a gradient."""
    if context.recording or not isinstance(made, Tensor):
        return made
    return replace(parts.detach(made), live=Live.NO)


RULES: dict[str, Rule] = {
    "map": read_one.read_map,
    "modulus": lambda o, a, c, n: maps.modulus(need(a, "input"), c),
    "conj": lambda o, a, c, n: maps.conj(need(a, "input"), c),
    "neg": lambda o, a, c, n: maps.neg(need(a, "input"), c),
    "power": read_one.read_power,
    "sgn": lambda o, a, c, n: maps.sgn(need(a, "input"), c, n, str(o.get("zero", "zero"))),
    "part": read_one.read_part,
    "complex": read_one.read_complex,
    "same": lambda o, a, c, n: need(a, "input"),
    "dropout": lambda o, a, c, n: need(a, "input"),
    "cast": read_one.read_cast,
    "detach": lambda o, a, c, n: parts.detached_on_purpose(need(a, "input")),
    "requires": read_one.read_requires,
    "add": read_several.read_add,
    "product": read_several.read_product,
    "divide": read_several.read_divide,
    "combine": read_several.read_combine,
    "compare": read_several.read_compare,
    "logical": read_several.read_logical,
    "select": read_several.read_select,
    "matmul": read_arrays.read_matmul,
    "contract": read_several.read_contract,
    "einsum": read_several.read_einsum,
    "pattern_product": read_patterns.read_pattern_product,
    "pattern": read_patterns.read_pattern,
    "tensordot": lambda o, a, c, n: products.tensordot(need(a, "input"), need(a, "other"), a.get("dims", 2), c),
    "kron": lambda o, a, c, n: products.kron(need(a, "input"), need(a, "other"), c),
    "cross": lambda o, a, c, n: products.cross(need(a, "input"), need(a, "other"), a.get("dim"), c),
    "fused": read_several.read_fused,
    "multi_dot": lambda o, a, c, n: products.multi_dot(listed(a, "tensors"), c),
    "trace": read_arrays.read_trace,
    "diagonal": lambda o, a, c, n: products.diagonal(
        need(a, "input"), c, a.get("offset", 0), a.get("dim1", o.get("dim1", 0)), a.get("dim2", o.get("dim2", 1))
    ),
    "unordered": read_more.read_unordered,
    "nonzero": lambda o, a, c, n: opaque([maps.modulus(need(a, "input"), c)], c, n),
    "reduce": read_one.read_reduce,
    "scan": read_one.read_scan,
    "normalize": lambda o, a, c, n: directions.normalize(need(a, "input"), a.get("dim"), c),
    "inverse": lambda o, a, c, n: matrix.inverse(need(a, "input"), c, bool(o.get("pseudo"))),
    "solve": read_several.read_solve,
    "det": lambda o, a, c, n: matrix.det(need(a, "input"), c, str(o.get("how", "det"))),
    "matfun": read_more.read_matrix_function,
    "polar": read_more.read_polar,
    "canonical": read_more.read_canonical,
    "flow": read_more.read_flow,
    "matrix_norm": read_one.read_matrix_norm,
    "cond": lambda o, a, c, n: matrix.matrix_number(need(a, "input"), c, n),
    "rank": lambda o, a, c, n: matrix.matrix_number(need(a, "input"), c, n),
    "transpose": read_axes.read_transpose,
    "permute": read_arrays.read_permute,
    "movedim": lambda o, a, c, n: shape.movedim(need(a, "input"), a.get("source"), a.get("destination"), c),
    "unsqueeze": lambda o, a, c, n: shape.unsqueeze(need(a, "input"), a.get("dim"), c),
    "squeeze": lambda o, a, c, n: shape.squeeze(need(a, "input"), a.get("dim"), c),
    "expand": read_axes.read_expand,
    "repeat": read_axes.read_repeat,
    "reshape": read_axes.read_reshape,
    "diag": lambda o, a, c, n: products.diag(need(a, "input"), c, a.get("diagonal", 0)),
    "diag_embed": lambda o, a, c, n: products.diag_embed(need(a, "input"), c, a.get("offset", 0)),
    "triangle": read_axes.read_triangle,
    "join": read_axes.read_join,
    "split": lambda o, a, c, n: split(need(a, "input"), a.get("sizes"), a.get("dim", 0), str(o.get("how", "split")), c),
    "flip": read_arrays.read_flip,
    "roll": lambda o, a, c, n: (
        centred(need(a, "input"), integers(a.get("dims")), n, c)
        if o.get("shifts") == "half"
        else roll(need(a, "input"), integers(a.get("shifts")), integers(a.get("dims")), c)
    ),
    "index_select": read_axes.read_index_select,
    "lookup": read_placing.read_lookup,
    "msort": read_placing.read_msort,
    "hsplit": read_placing.read_hsplit,
    "index_add": read_placing.read_index_add,
    "gather": lambda o, a, c, n: taking.gather(need(a, "input"), a.get("dim"), need(a, "index"), c),
    "narrow": read_axes.read_narrow,
    "select_axis": read_axes.read_select_axis,
    "masked": lambda o, a, c, n: masked(
        need(a, "input"), need(a, "mask"), maybe(a, "value"), str(o.get("how", "fill")), c
    ),
    "sort": read_arrays.read_sort,
    "array": read_arrays.read_array,
    "create": create,
    "addcmul": read_more.read_addcmul,
    "lerp": read_more.read_lerp,
    "reductions": read_more.read_reductions,
    "running": read_more.read_running,
    "glu": lambda o, a, c, n: scans.scan(need(a, "input"), a.get("dim", -1), "glu", c),
    "diff": lambda o, a, c, n: scans.scan(need(a, "input"), a.get("dim", -1), "diff", c, (named(a.get("n")),)),
    "fft": read_more.read_fft,
    "trapezoid": read_more.read_trapezoid,
    "distance": read_more.read_distance,
    "broadcast": read_more.read_broadcast,
    "unflatten": read_more.read_unflatten,
    "atleast": read_more.read_atleast,
    "pad": read_more.read_pad,
    "repeat_interleave": read_more.read_repeat_interleave,
    "take": read_more.read_take,
    "masked_scatter": read_overwrite,
    "scatter": read_overwrite,
    "index_fill": read_overwrite,
    "index_copy": read_overwrite,
    "assign": lambda o, a, c, n: need(a, "src"),
    "contrast": read_more.read_contrast,
    "layer": layer,
    "attention": lambda o, a, c, n: attention(a, c, n) if o.get("how") == "dot" else attention_like(a, c, n),
    "loss": read_several.read_loss,
    "cosine_similarity": lambda o, a, c, n: directions.cosine(need(a, "x1"), need(a, "x2"), a.get("dim"), c),
    "decompose": read_more.read_decomposition,
}


def kinds() -> Sequence[str]:
    """Return the names of all kinds that have a rule."""
    return sorted(RULES)
