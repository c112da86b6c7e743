"""Settles by the charges of single entries what charges per axis leave open (theory, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from eiglint.gauge.arguments import Arguments, Options
from eiglint.gauge.cell_moves import subscripted
from eiglint.gauge.cell_pieces import block_diagonal, joined
from eiglint.gauge.cell_rules import RULES
from eiglint.gauge.cell_states import element_of, grid_of, phase_from, shape_of
from eiglint.gauge.cells import MOST_CELLS, Cell, Grid, indices, rearranged, stretched
from eiglint.gauge.context import Context, Gauge
from eiglint.gauge.state import Cause, Mode, Phase, may_be_bare
from eiglint.gauge.tensor import Grids, Record, Tensor, as_tensor, settle, tensors_in
from eiglint.gauge.values import Number, Range

Work = Callable[[Gauge], Grid | None]


def settled(kind: str, options: Options, args: Arguments, made: object, context: Context, name: str) -> object:
    """Return the result of an operation, settled entry by entry where its state is open and its operands are known."""
    if isinstance(made, Record):
        first = settled(kind, options, args, made.values[0], context, name) if made.values else None
        return made if first is None or kind != "reduce" else Record(made.fields, (first, *made.values[1:]))
    if isinstance(made, tuple) and kind == "split":
        return _pieces(args, made, context)
    if not isinstance(made, Tensor) or not _open(made):
        return made
    asked = {**options, **{k: v for k, v in args.items() if v is not None}, "name": name}
    if asked.get("rounding_mode") or asked.get("alpha") not in (None, 1) or asked.get("reflected"):
        return made
    if kind == "join":
        pieces = tensors_in([asked.get("tensors")])
        return _settle(made, lambda g: _joined(asked, g) if _moves_as_one(pieces, g) else None, context)
    rule = RULES.get(kind)
    if rule is None:
        return made
    operands = _operands(kind, args)
    conjugates = kind == "conj" or (asked.get("conj") or asked.get("how") in ("mH", "H", "adjoint"))
    if conjugates and any(t.dtype is None for t in operands.values()):
        return made
    if kind == "conj" and operands["input"].dtype != "complex":
        return made

    def work(g: Gauge) -> Grid | None:
        if not _moves_as_one(operands.values(), g):
            return None
        grids = {k: grid_of(t, g) for k, t in operands.items()}
        known = {k: grid for k, grid in grids.items() if grid is not None}
        return rule(known, asked, g.group) if len(known) == len(grids) else None

    return _settle(made, work, context)


def _operands(kind: str, args: Arguments) -> dict[str, Tensor]:
    """Return the tensors that an operation reads, by the names of their arguments."""
    if kind in _LISTED:
        return {str(k): t for k, t in enumerate(tensors_in([args.get(_LISTED[kind])])[::-1])}
    found = {k: t for k, v in args.items() if (t := as_tensor(v)) is not None and k not in _NUMBERS}
    if kind in _WRITES and (src := as_tensor(args.get("src", args.get("value")))) is not None:
        found["src"] = src
    if kind == "gather" and (index := as_tensor(args.get("index"))) is not None:
        found["index"] = index
    return found


_LISTED = {"einsum": "operands", "multi_dot": "tensors"}
"""Kinds whose operands come in a list, and the argument that holds it."""
_WRITES = frozenset({"scatter", "index_fill", "index_copy"})
_NUMBERS = frozenset(
    {"dim", "dims", "dim0", "dim1", "dim2", "offset", "diagonal", "index", "start", "length", "exponent", "step", "n"}
)
"""Arguments that are numbers even where a tensor could stand."""


def settled_subscript(t: Tensor, items: Sequence[object], made: Tensor, context: Context) -> Tensor:
    """Return t[items], settled entry by entry."""
    if not _open(made):
        return made

    def work(g: Gauge) -> Grid | None:
        origin = _origin(t, g)
        grid = None if origin is None else grid_of(t, origin)
        found = None if grid is None else subscripted(grid.shape, items)
        if grid is None or found is None or origin is None:
            return None
        taken = rearranged(grid, *found)
        return taken if origin is g or origin == g else element_of(taken, origin, g)

    return _settle(made, work, context)


def _origin(t: Tensor, g: Gauge) -> Gauge | None:
    """Return the gauge itself, or that of the whole batch of which it is an element."""
    if g in t.gauges:
        return g
    return next((h for h in t.gauges if replace(h, lineage=g.lineage) == g and h.lineage == g.lineage[:-1]), None)


def settled_store(t: Tensor, items: Sequence[object], value: object, made: Tensor, context: Context) -> Tensor:
    """Return t after `t[items] = value`, settled entry by entry."""
    new = as_tensor(value)
    if new is None or not _open(made):
        return made

    def work(g: Gauge) -> Grid | None:
        if not _moves_as_one((t, new), g):
            return None
        grid, other = grid_of(t, g), grid_of(new, g)
        found = None if grid is None else subscripted(grid.shape, items)
        if grid is None or other is None or found is None or len(other.shape) > len(found[0]):
            return None
        shape, source = found
        laid = stretched(other, shape)
        written: dict[tuple[int, ...] | None, Cell] = {source(i): laid.at(i) for i in indices(shape)}
        return Grid(grid.shape, tuple(written.get(i, c) for i, c in zip(indices(grid.shape), grid.cells, strict=True)))

    return _settle(made, work, context)


def _moves_as_one(operands: Iterable[Tensor], g: Gauge) -> bool:
    """Whether an operand moves under a gauge, and none under that of a part of its batch or of a larger whole."""
    met = {h for t in operands for h in t.gauges}
    return g in met and not any(h != g and _one_in_the_other(g, h) for h in met)


def _one_in_the_other(g: Gauge, h: Gauge) -> bool:
    shared = min(len(g.lineage), len(h.lineage))
    return g.lineage[:shared] == h.lineage[:shared] and replace(g, lineage=()) == replace(h, lineage=())


def _pieces(args: Arguments, made: tuple[object, ...], context: Context) -> tuple[object, ...]:
    """Settle the pieces of a tensor, which follow one another along an axis, or are its positions."""
    t, dim = as_tensor(args.get("input")), args.get("dim", 0)
    if t is None or t.rank is None or not isinstance(dim, int) or not -t.rank <= dim < t.rank:
        return made
    start, found = 0, []
    for k, piece in enumerate(made):
        if not isinstance(piece, Tensor):
            return made
        length = piece.size(dim % t.rank - t.rank)
        single = piece.rank is not None and piece.rank < t.rank
        if not single and not isinstance(length, int):
            return made
        end = start + (length if isinstance(length, int) and not single else 1)
        item: object = k if single else Range(start, end, None)
        found.append(settled_subscript(t, [Range()] * (dim % t.rank) + [item], piece, context))
        start = end
    return tuple(found)


def _open(made: Tensor) -> bool:
    """Whether the phase of a value is lost, forgotten, nameless or not known under some gauge."""
    return any(_is_open(m.phase) for _, m in made.motions)


def _is_open(phase: Phase) -> bool:
    return phase.mode >= Mode.MIXED or any(may_be_bare(k) for k, _ in phase.charges)


def _joined(asked: Options, g: Gauge) -> Grid | None:
    how, given = str(asked.get("how", "cat")), asked.get("tensors")
    if not isinstance(given, tuple) or isinstance(given, Number | Range):
        return None
    found = tensors_in([given])[::-1]
    grids = [grid for t in found if (grid := grid_of(t, g)) is not None]
    if not grids or len(grids) < len(found):
        return None
    if how == "block_diag":
        return block_diagonal(grids)
    dim, rank = asked.get("dim", 0), len(grids[0].shape) + (how == "stack")
    if how not in ("cat", "stack") or not isinstance(dim, int) or not -rank <= dim < rank:
        return None
    return joined(grids, dim if dim < 0 else dim - rank, how == "stack")


def _settle(made: Tensor, work: Work, context: Context) -> Tensor:
    """Replace open states by what the entries say, and remember these."""
    motions, found, shape = dict(made.motions), {}, shape_of(made)
    for g, m in made.motions:
        if not _is_open(m.phase):
            continue
        grid = work(g)
        if grid is None or len(grid.cells) > MOST_CELLS or (shape is not None and shape != grid.shape):
            continue
        cause = Cause(context.spot, "sums entries of unlike phase", g, m.live, made.doubt, m.trail)
        found[g] = grid
        phase = phase_from(grid, g, m.phase, cause)
        if m.phase.mode >= Mode.MIXED or phase.mode is Mode.EXACT:
            motions[g] = replace(m, phase=phase)
    if not found:
        return made
    rank = len(next(iter(found.values())).shape)
    sizes = tuple((k - rank, n) for k, n in enumerate(next(iter(found.values())).shape))
    grids = Grids(made.term, tuple(found.items()))
    return replace(made, motions=settle(motions), grids=grids, rank=rank, sizes=sizes)
