"""What was put together can be taken apart: a position or a slice of `stack` and `cat` is that of a piece, or of some.

Unlike pieces side by side forget which entry carries which charge. Where the program names positions along the axis of
the pieces by numbers, it names the pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from eiglint.gauge.parts import detach
from eiglint.gauge.state import Live, Mode
from eiglint.gauge.tensor import Tensor, Whole

MOST_PIECES = 64
JOINED = frozenset({"stack", "cat"})


def with_pieces(made: Tensor, pieces: Sequence[Tensor], axis: int | None, name: str) -> Tensor:
    """Remember the pieces where what they are together has forgotten something."""
    forgotten = any(s.mode is not Mode.EXACT for _, m in made.motions for s in (m.phase, m.order, m.rotation))
    if axis is None or name not in JOINED or not forgotten or len(pieces) > MOST_PIECES:
        return made
    kept = tuple(replace(t, whole=None) if t.whole is not None and t.whole.part in JOINED else t for t in pieces)
    return replace(made, whole=Whole(name, kept[0], axis=axis, pieces=kept))


def piece_at(t: Tensor, axis: int, key: object) -> tuple[Tensor, int | None] | None:
    """Return the piece that holds one position of an axis, and which of its own (None where it has no such axis)."""
    bounds = _bounds(t, axis)
    if bounds is None or t.whole is None or not isinstance(key, int) or not 0 <= key < bounds[-1]:
        return None
    number = next(i for i, end in enumerate(bounds[1:]) if key < end)
    place = None if t.whole.part == "stack" else key - bounds[number]
    return _as_part(t.whole.pieces[number], t), place


def pieces_in(t: Tensor, axis: int, lower: object, upper: object) -> list[tuple[Tensor, int, int]] | None:
    """Return the pieces of which a slice holds some positions, with the bounds of these in each; None if not known."""
    bounds = _bounds(t, axis)
    if bounds is None or t.whole is None or not isinstance(lower, int | None) or not isinstance(upper, int | None):
        return None
    span = range(bounds[-1])[slice(lower, upper)]
    found = []
    for piece, start, end in zip(t.whole.pieces, bounds, bounds[1:], strict=False):
        first, last = max(start, span.start), min(end, span.stop)
        if first < last:
            found.append((_as_part(piece, t), first - start, last - start))
    return found


def _bounds(t: Tensor, axis: int) -> list[int] | None:
    """Return where the pieces begin and end, where they lie along this axis and all their lengths are known."""
    if t.whole is None or t.whole.part not in JOINED or t.whole.axis != axis:
        return None
    lengths = [1 if t.whole.part == "stack" else piece.size(axis) for piece in t.whole.pieces]
    known = [n for n in lengths if isinstance(n, int)]
    return list(accumulate(known, initial=0)) if len(known) == len(lengths) else None


def _as_part(piece: Tensor, t: Tensor) -> Tensor:
    """Return a piece with the dtype that all of them together have."""
    widened = t.dtype == "complex" and piece.dtype != "complex"
    flags = piece.flags | {"widened"} if widened else piece.flags
    made = replace(piece, dtype=t.dtype, flags=flags, doubt=max(piece.doubt, t.doubt))
    return detach(made) if t.live is Live.NO else made
