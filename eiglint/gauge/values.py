"""What an operation of the algebra may be given besides tensors."""

from __future__ import annotations

from typing import NamedTuple

from eiglint.gauge.terms import Term


class Number(NamedTuple):
    """A Python number (size, index, scale) whose value is not known, only its provenance."""

    term: Term
    integer: bool = False


class Range(NamedTuple):
    """A slice `lower:upper:step` used as an index; each bound is an int, a Number or None."""

    lower: object = None
    upper: object = None
    step: object = None


class Unknown(NamedTuple):
    """A value nothing is known of, and which depends on no decomposition.

    `last` are the last items where it is a sequence that begins with something unknown: `(*batch, 1, 1)`.
    """

    term: Term
    last: tuple[object, ...] = ()
