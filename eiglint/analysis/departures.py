"""Calls that leave the graph: those that cut a value off from it, and those that have no derivative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eiglint import gauge
from eiglint.analysis.derivatives import gauges_of
from eiglint.analysis.events import Severed, Underived
from eiglint.analysis.frame import Frame
from eiglint.analysis.plain import deep_tensors
from eiglint.analysis.values import Layer, Value
from eiglint.gauge import Gauge, Live, Remark, Tensor
from eiglint.gauge.decompose import chosen_variants
from eiglint.gauge.tensor import CERTAIN, LIKELY, POSSIBLE
from eiglint.gauge.terms import term
from eiglint.models.schema import Model


def noted(model: Model, arguments: Mapping[str, Value], made: Value, node: object, frame: Frame) -> Value:
    """Record what a call does to the graph besides its result, and return that result.

    A value that was cut off gets a term of its own, by which it is known where it comes back.
    """
    if frame.state.recording is False:
        return made
    if model.options.get("severs") and isinstance(made, Tensor):
        return _severed(model, made, node, frame)
    if "differentiable" in model.options or "variants" in model.options:
        _note_missing(model, arguments, node, frame)
    return made


def scaled(model: Model, bound: Mapping[str, Value], node: object, frame: Frame) -> Value:
    """Return a loss times a large positive number, which changes none of its symmetries."""
    holder, loss = bound.get("self"), bound.get("input")
    if not isinstance(loss, Tensor):
        return gauge.opaque(deep_tensors([loss], frame), frame.context(node), model.name)
    off = isinstance(holder, Layer) and (str(model.options["unless"]), False) in holder.settings
    return loss if off else replace(loss, term=term("scaled", loss.term), value=None)


def _severed(model: Model, made: Tensor, node: object, frame: Frame) -> Tensor:
    """Mark a value of decompositions that a gradient went through, whole numbers and masks left out."""
    own = gauges_of(made)
    if not own or made.dtype in ("int", "bool") or not any(_lives(g, frame) for g in own):
        return made
    label = term("severed", made.term, model.name, frame.world.number(node), *frame.chain, *frame.turn)
    record = Severed(label, model.name, frame.spot(node), model.kind != "detach")
    if record not in frame.world.outcome.severed:
        frame.world.outcome.severed.append(record)
    return replace(made, term=label)


def _lives(g: Gauge, frame: Frame) -> bool:
    """Whether a gradient may flow into what was decomposed."""
    return any(o.gauge == g and o.live != Live.NO for o in reversed(frame.world.outcome.decomposed))


def _note_missing(model: Model, arguments: Mapping[str, Value], node: object, frame: Frame) -> None:
    """Record a call that its library cannot differentiate: `differentiable` says for which shapes it can.

    "never"; "square" or "wide": for no other matrices, so that one of unknown shape is in doubt. A wide matrix has at
    least as many columns as rows.
    """
    variants = chosen_variants(model.options, arguments)
    shapes = next((v["differentiable"] for v in variants if "differentiable" in v), model.options.get("differentiable"))
    given = deep_tensors(list(arguments.values()), frame)
    live = max([t.live for t in given], default=Live.NO)
    if shapes is None or shapes == "always" or live is Live.NO:
        return
    matrix = arguments.get("input")
    doubt = _doubt(str(shapes), matrix if isinstance(matrix, Tensor) else None)
    if doubt is None:
        return
    if model.kind != "decompose":
        details = (("call", model.name),)
        frame.world.outcome.remarks.append(Remark("no derivative", frame.spot(node), None, live, doubt, details))
        return
    g = frame.world.outcome.decomposed[-1].gauge
    if g.spot == frame.spot(node):
        frame.world.outcome.underived.append(Underived(g, doubt))


def _doubt(shapes: str, matrix: Tensor | None) -> int | None:
    """Return how doubtful it is that a matrix is not among the shapes that are differentiated; None if it is."""
    if shapes == "never":
        return CERTAIN
    rows, columns = (None, None) if matrix is None else (matrix.size(-2), matrix.size(-1))
    if rows is not None and rows == columns:
        return None
    if isinstance(rows, int) and isinstance(columns, int):
        return None if shapes == "wide" and rows < columns else CERTAIN
    return LIKELY if shapes == "wide" else POSSIBLE
