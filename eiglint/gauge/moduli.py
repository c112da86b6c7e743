"""Values whose moduli are simpler than they are, rearranged: |P(x)| is P(|x|) for whatever moves entries about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eiglint.gauge.context import Context
from eiglint.gauge.elementwise import modulus
from eiglint.gauge.tensor import Record, Tensor, Whole
from eiglint.gauge.times import SIMPLER_MODULI
from eiglint.gauge.values import Number, Range, Unknown

MOVING = frozenset(
    ("permute", "transpose", "movedim", "unsqueeze", "squeeze", "expand", "repeat", "reshape", "flip", "roll", "narrow")
) | {"diag", "diag_embed", "diagonal", "split", "index_select", "select_axis", "triangle", "unflatten"}
"""Kinds of operations that put every entry somewhere, or nowhere, and zeros beside them."""


TAKING = frozenset({"gather", "take", "index_select", "lookup", "narrow", "select_axis", "masked", "take_along"})
"""Kinds of operations that leave some entries, and of what these were parts of, others."""
_OF_ALL = frozenset({"sorted", "root", "abs", "pair", "pair2"}) | SIMPLER_MODULI
"""What is known of all entries together, or of a value of the same shape."""


def forgotten(made: object, given: object) -> object:
    """Forget what was known of all entries together where some were taken."""
    if not isinstance(given, Tensor) or given.whole is None or given.whole.part not in _OF_ALL:
        return made
    if isinstance(made, tuple) and not isinstance(made, Record | Number | Unknown | Range):
        return tuple(forgotten(part, given) for part in made)
    stale = isinstance(made, Tensor) and made.whole is given.whole and made.term is not given.term
    return replace(made, whole=None) if isinstance(made, Tensor) and stale else made


def sized(made: object, given: object, again: Callable[[Tensor, Context], object], context: Context) -> object:
    """Remember of rearranged entries what their moduli are, where these are simpler than the entries.

    `again` repeats the rearrangement with other entries.
    """
    if not isinstance(given, Tensor) or given.whole is None or given.whole.part not in SIMPLER_MODULI:
        return made
    if not given.motions or given.whole.part == "tied":
        return made
    quiet = replace(context, remarks=[], decomposed=list(context.decomposed))
    return _with(made, again(modulus(given, quiet), quiet))


def _with(made: object, sizes: object) -> object:
    plain = not isinstance(made, Record | Number | Unknown | Range)
    if isinstance(made, tuple) and isinstance(sizes, tuple) and plain and len(made) == len(sizes):
        return tuple(_with(m, s) for m, s in zip(made, sizes, strict=True))
    if isinstance(made, Tensor) and isinstance(sizes, Tensor) and made.whole is None:
        return replace(made, whole=Whole("sized", sizes))
    return made
