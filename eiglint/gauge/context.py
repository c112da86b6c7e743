"""Where an operation happens, and what the algebra has to say besides its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from eiglint.gauge.terms import Term


class Spot(NamedTuple):
    """A place in the program: the file and an opaque syntax handle (compared by identity)."""

    path: str
    node: object


@dataclass(frozen=True, slots=True)
class Gauge:
    """The arbitrary choices of one decomposition call: a phase (or sign) per column, an order, a basis per block.

    `group` is "U1" (phase), "Z2" (sign) or "field" (sign if the input is real, phase if complex, and the input's
    dtype is not known). `ordered` says that the library fixes the order. `lineage` tells apart executions of the
    same call: call chain, loop iteration, batch element.
    """

    spot: Spot
    call: str
    group: str
    ordered: bool
    conjugate_pairs: bool = False
    """Whether pairs may tie in modulus and real part: eig of an input not known to be complex."""
    has_vectors: bool = True
    lineage: tuple[object, ...] = ()
    promised: frozenset[str] = frozenset()
    """What a comment says of the call that cannot be seen: distinct, hermitian, real, complex, ordered."""

    @property
    def unitary(self) -> bool:
        """Whether the vectors are orthonormal: those of eigh, svd and qr are, and those of a Hermitian matrix."""
        return "hermitian" in self.promised or (self.ordered and "ordered" not in self.promised)


class Remark(NamedTuple):
    """Something worth telling that is not a lost symmetry: an explicit inverse, a removed spelling."""

    kind: str
    spot: Spot
    gauge: Gauge | None
    live: int
    doubt: int
    details: tuple[tuple[str, object], ...]


class Opened(NamedTuple):
    """A decomposition that was interpreted: its gauge, whether a gradient flows, and what it decomposed.

    `sizes` are the lengths that are known of that: pairs of an axis, counted from the right, and an int or a term.
    `input` is the term of the matrix, `matrix` all that is known of it. `prepared` says that the program expects the
    call to fail: it stands in a `try`, or under a test of what the library has.
    """

    gauge: Gauge
    live: int
    input: object
    absolute: bool = False
    """Whether the library refuses gradients that depend on a phase by an absolute tolerance."""
    sizes: tuple[tuple[int, object], ...] = ()
    matrix: object = None
    prepared: bool = False


@dataclass(slots=True)
class Context:
    """The circumstances of one operation, handed to every transfer function.

    `recording` is False under no_grad. `chain` is the call chain, which keeps the gauges of two calls of one helper
    apart. `complex_reading` asks for unknown dtypes to be read as complex instead of real.
    """

    spot: Spot
    recording: bool = True
    chain: tuple[object, ...] = ()
    complex_reading: bool = False
    vector_reading: str = ""
    """Which factors of unknown rank are read as vectors instead of matrices: none, "right" ones or "all"."""
    promised: frozenset[str] = frozenset()
    """What a comment promises of the decomposition that happens here."""
    gated: bool = False
    """Whether a flag decides if this happens at all (`if self.training:`), or it is part of a training step."""
    tests: tuple[Term, ...] = ()
    """The tests of decompositions' outputs that decided that this happens."""
    prepared: bool = False
    """Whether the program expects that this may fail, or be absent: a `try` or a `hasattr` stands around it."""
    lowering: bool = False
    """Whether matrix products are computed in half precision here (autocast)."""
    in_case: bool = False
    """Whether one of the cases of a value is looked at: those of others are not taken apart as well."""
    branched: bool = False
    """Whether a test that nobody can decide stands around this: with which cases of earlier tests, nobody knows."""
    before: int = 0
    """How many decompositions had been interpreted when the function that runs now was entered from outside."""
    remarks: list[Remark] = field(default_factory=list)
    decomposed: list[Opened] = field(default_factory=list)

    def is_from_before(self, gauge: Gauge) -> bool:
        """Whether vectors were kept from another run: by an object, in another of its methods."""
        spots = [opened.gauge.spot for opened in self.decomposed]
        return gauge.spot in spots[: self.before] and gauge.spot not in spots[self.before :]
