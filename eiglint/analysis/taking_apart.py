"""Which outputs of a decomposition are read, where its result is taken apart as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterator

from eiglint.analysis.events import Taken
from eiglint.analysis.frame import Frame, World
from eiglint.analysis.values import Value
from eiglint.gauge import Gauge, Record, Tensor
from eiglint.ir import instructions as ir


def note_unpacked(target: ir.Expression, source: ir.Expression, value: Value, frame: Frame) -> None:
    """Note the variables that `L, V = eigh(A)` binds."""
    if not isinstance(target, ir.Sequence) or not isinstance(value, Record) or len(target.items) != len(value.values):
        return
    for item, (gauge, field) in zip(target.items, outputs(value, source), strict=False):
        local = isinstance(item, ir.Name) and frame.function is not None
        known = isinstance(item, ir.Name) and item.id not in frame.globals and item.id not in frame.nonlocals
        named = (frame.world.number(item.at), item.id) if isinstance(item, ir.Name) and local and known else None
        frame.world.unpacked[gauge, field] = named


def note_picked(source: ir.Expression, value: Value, part: Value, frame: Frame) -> None:
    """Note which output `eigh(A)[0]` or `eigh(A).eigenvalues` picks."""
    if isinstance(value, Record) and isinstance(part, Tensor):
        for gauge, field in outputs(value, source):
            if part.term.op == "output" and part.term.args[1] == field:
                frame.world.unpacked[gauge, field] = None


def outputs(value: Record, source: ir.Expression) -> Iterator[tuple[Gauge, str]]:
    """Return the outputs of the decomposition that an expression calls; nothing where it calls something else."""
    made = [v.term for v in value.values if isinstance(v, Tensor) and v.term.op == "output"]
    if not isinstance(source, ir.Call) or len(made) != len(value.values):
        return
    for t in made:
        gauge, field = t.args[0], t.args[1]
        if isinstance(gauge, Gauge) and gauge.spot.node is source.at:
            yield gauge, str(field)


def taken(world: World) -> list[Taken]:
    """Return the outputs that were read, by decomposition."""
    found: dict[Gauge, set[str]] = {}
    for (gauge, field), site in world.unpacked.items():
        fields = found.setdefault(gauge, set())
        if site is None or site in world.read:
            fields.add(field)
    return [Taken(gauge, frozenset(fields)) for gauge, fields in found.items()]
