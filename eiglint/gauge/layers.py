"""Layers with weights, and losses: where vectors meet numbers that know nothing of their gauge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eiglint.gauge.arrangement import is_placed, spoiled
from eiglint.gauge.changes import undiagonal
from eiglint.gauge.combine import add, combine
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.directions import normalize
from eiglint.gauge.elementwise import apply_map, power
from eiglint.gauge.products import matmul
from eiglint.gauge.reduction import reduce
from eiglint.gauge.scans import scan
from eiglint.gauge.shape import transpose
from eiglint.gauge.state import Cause, Live, Mode, Motion, Order, Phase, Rotation, Slot, lost
from eiglint.gauge.tensor import Tensor, as_tensor, named, opaque, settle
from eiglint.gauge.terms import term
from eiglint.gauge.times import product


def layer(options: Mapping[str, object], args: Mapping[str, object], context: Context, name: str) -> object:
    """Return the output of a layer that mixes axes with weights of its own.

    `mixes` says which: "last" (Linear, layer norm), "channels" and "all" (convolutions, recurrences, attention).
    `affine` says that the layer is `input @ weight.T + bias`, whatever the weight is. `scales` says that without
    weights the layer shifts and divides what it normalizes by moments of it, so that -x gives -f(x); where it is "size"
    the layer only divides by a mean of squares, which no sign changes.
    """
    t = as_tensor(args.get("input"))
    if t is None:
        return opaque(args.values(), context, name)
    others = [x for k, v in args.items() if k != "input" and (x := as_tensor(v)) is not None and x.motions]
    weight = as_tensor(args.get("weight"))
    affine = weight is not None and bool(options.get("affine"))
    if affine and weight is not None and (others or weight.rank == 1):
        made = matmul(t, weight if weight.rank == 1 else transpose(weight, context), context)
        shift = as_tensor(args.get("bias"))
        return made if shift is None else add(made, shift, context)
    if others:
        return opaque([t, *others], context, name)
    real = all(m.phase.neutral or g.group == "Z2" for g, m in t.motions)  # of complex entries torch squares no moduli
    if options.get("scales") == "size" and _is_alone(args.get("normalized_shape")) and real:
        made = normalize(t, -1, context)
        made = made if weight is None else product(made, weight, context)
        return replace(made, term=term("layer", name, t.term, *([] if weight is None else [weight.term])))
    t = undiagonal(t)
    last_only = options.get("mixes", "all") == "last"
    unbiased = args.get("bias") is False or options.get("bias") is False or (affine and args.get("bias") is None)

    odd = (
        bool(options.get("scales"))
        and _is_alone(args.get("normalized_shape"))
        and args.get("weight") is None
        and args.get("bias") is None
    )

    def motion(g: Gauge, m: Motion) -> Motion:
        cause = Cause(context.spot, "layer", g, m.live if context.recording else Live.NO, t.doubt, m.trail)
        linear = (odd and g.group == "Z2") or (unbiased and not options.get("nonlinear"))
        phase = _through(m, last_only, linear, cause)
        order = m.order
        if order.mode is Mode.EXACT and not order.neutral:
            hit = any(s.axis == -1 or not last_only for s in order.tags) or order.pointer
            order = Order(Mode.BROKEN, cause=cause) if hit else order
        elif is_placed(order):
            hit = order.summed or any(s.axis == -1 or not last_only for s in order.tags)
            order = spoiled(order, cause) if hit else order
        elif order.mode is Mode.MIXED:
            order = Order(Mode.UNKNOWN, cause=cause)  # the weights may lie over places in a forgotten arrangement
        rotation = m.rotation
        if rotation.mode is Mode.EXACT and rotation.charges:
            rotation = Rotation(Mode.BROKEN, cause=cause)
        return replace(m, phase=phase, order=order, rotation=rotation)

    return Tensor(
        term("layer", name, *(named(v) for k, v in sorted(args.items()) if k != "input"), t.term),
        settle({g: motion(g, m) for g, m in t.motions}),
        rank=t.rank,
        sizes=tuple((a, s) for a, s in t.sizes if a != -1) if last_only else (),
        dtype=t.dtype,
        live=Live.YES if context.recording else Live.NO,
        doubt=t.doubt,
    )


def _is_alone(shape: object) -> bool:
    """Whether the entries of the last axis are normalized, and no others with them."""
    return isinstance(shape, int) or (isinstance(shape, tuple) and len(shape) == 1)


def _through(m: Motion, last_only: bool, linear: bool, cause: Cause) -> Phase:
    phase = m.phase
    if phase.neutral or phase.mode >= Mode.UNKNOWN:
        return phase
    if phase.mode is Mode.MIXED:
        return lost(phase, cause)
    spread = (
        m.touches(-1)
        if last_only
        else bool(m.batch) or m.rest is not None or any(isinstance(k, Slot) for k, _ in phase.charges)
    )
    if spread:
        return Phase(Mode.BROKEN, cause=phase.cause or cause)
    if linear and phase.mode is Mode.EXACT:
        return phase
    return Phase(Mode.FUN, phase.charges, phase.cause or cause)


def attention(args: Mapping[str, object], context: Context, name: str) -> object:
    """Return softmax(q k^T / sqrt(d)) v: the weights of the rows sum products of entries, nonlinearly."""
    q, k, v = (as_tensor(args.get(key)) for key in ("input", "key", "value"))
    if q is None or k is None or v is None:
        return opaque(args.values(), context, name)
    if args.get("attn_mask") is not None or args.get("is_causal") or args.get("enable_gqa"):
        return attention_like(args, context, name)
    scores = matmul(q, transpose(k, context), context)
    return matmul(scan(scores, -1, "softmax", context), v, context)


def attention_like(args: Mapping[str, object], context: Context, name: str) -> object:
    """Return the result of an operation without weights that mixes several tensors in ways not followed."""
    return opaque(args.values(), context, name)


def loss(x: Tensor, target: Tensor, how: str, reduction: object, even: bool, context: Context) -> Tensor:
    """Return a loss of x against a target: the difference, squared or not, and its sum or mean."""
    if even:
        difference = add(x, target, context, -1)
        made = power(difference, 2, context) if _same_everywhere(difference) else _against(difference, context, how)
    else:
        made = combine([x, target], context, how)
    made = replace(made, term=term("loss", how, x.term, target.term))
    return made if reduction == "none" else reduce(made, None, False, "mean", context)


def _same_everywhere(difference: Tensor) -> bool:
    return all(m.phase.mode is Mode.EXACT for _, m in difference.motions)


def _against(difference: Tensor, context: Context, how: str) -> Tensor:
    return apply_map(difference, context, how, "even", zero=True)
