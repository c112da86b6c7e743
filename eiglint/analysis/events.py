"""What the interpreter tells the judge: values that reach results, values that reach nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from eiglint.gauge import Gauge, Opened, Remark, Spot, Tensor
from eiglint.gauge.terms import Term
from eiglint.models import Models, load

How = Literal["returned", "yielded", "stored", "argument", "backward"]
Keeping = Literal["saved", "stored", "handed out"]


class Reached(NamedTuple):
    """A tensor that depends on a decomposition and reaches a result."""

    how: How
    value: Tensor
    spot: Spot
    to: str = ""
    """The callee, where it is an argument of one that nobody knows."""


class Differentiated(NamedTuple):
    """A tensor that is differentiated: a backward, or a function whose derivatives are asked for.

    `roles` says for each decomposition that it is made of which outputs it is made of. `real` says that the call
    refuses complex values, `again` that its derivatives are differentiated once more; `inside` are the decompositions
    whose own outputs it is differentiated by, so that no gradient goes through them, `growing` those of which an
    exponential is taken.
    """

    value: Tensor
    spot: Spot
    call: str
    roles: tuple[tuple[Gauge, frozenset[str]], ...]
    real: bool
    again: bool
    inside: frozenset[Gauge]
    growing: frozenset[Gauge]


class Swallowed(NamedTuple):
    """A handler that drops an error of a backward (`what` is "gradient") or of a decomposition ("result")."""

    what: Literal["gradient", "result"]
    gauge: Gauge
    live: int
    spot: Spot


class Severed(NamedTuple):
    """A value that was cut off from the graph: the term it has since, and the call that did it.

    `copied` says that its numbers were copied into a new tensor, which nobody writes who means `detach`.
    """

    term: Term
    call: str
    spot: Spot
    copied: bool


class Underived(NamedTuple):
    """A decomposition that its library cannot differentiate with these arguments, and how doubtful that is."""

    gauge: Gauge
    doubt: int


class Kept(NamedTuple):
    """A tensor that depends on a decomposition and is kept for later, and what is kept beside it.

    `internal` says that its object kept it for its own use.
    """

    how: Keeping
    value: Tensor
    spot: Spot
    beside: tuple[Tensor, ...]
    internal: bool


class Unused(NamedTuple):
    """A tensor that is computed and never read: a local variable, or (name "") a dropped result.

    `near` is a decomposition that another variable of the function depends on, where the tensor holds random signs.
    """

    name: str
    value: Tensor
    spot: Spot
    near: Gauge | None = None


class Taken(NamedTuple):
    """Which outputs of a decomposition are read, where its result is taken apart at once."""

    gauge: Gauge
    fields: frozenset[str]


class Revealed(NamedTuple):
    """What `reveal_gauge(x)` was asked about."""

    spot: Spot
    value: object


class Truncated(NamedTuple):
    """A file of which a part was not analysed, and why."""

    path: str
    reason: str


class Crash(NamedTuple):
    """An internal error: the file, the place that was being interpreted, the traceback."""

    path: str
    spot: Spot | None
    traceback: str


class Ran(NamedTuple):
    """A root that was run ("" is the top level, which always is): whether a rank was assumed, what was decomposed."""

    root: str
    assumed: bool
    spots: frozenset[Spot]


@dataclass(slots=True)
class Outcome:
    """All that one analysis found."""

    reached: list[Reached] = field(default_factory=list)
    proved: list[Reached] = field(default_factory=list)
    """What reaches a result and is made of decompositions, but depends on no choice of theirs."""
    differentiated: list[Differentiated] = field(default_factory=list)
    swallowed: list[Swallowed] = field(default_factory=list)
    severed: list[Severed] = field(default_factory=list)
    underived: list[Underived] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    """What is kept, where the settings ask for `features`."""
    unused: list[Unused] = field(default_factory=list)
    revealed: list[Revealed] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    decomposed: list[Opened] = field(default_factory=list)
    renamed: list[tuple[Gauge, Gauge]] = field(default_factory=list)
    """Decompositions of exclusive branches: the first goes under the name of the second from there on."""
    ends: dict[Term, frozenset[Gauge]] = field(default_factory=dict)
    """What reaches results, may carry a gradient and is made of a decomposition's outputs, the invariant included; and
    the decompositions through which no gradient comes back, wherever it does so."""
    carried: dict[Term, set[Term]] = field(default_factory=dict)
    """For each name that a loop gave a value, the values that went under it."""
    handmade: list[Remark] = field(default_factory=list)
    """What is remarked inside the methods of classes whose author owns the gradient."""
    ran: list[Ran] = field(default_factory=list)
    unknown_callees: Counter[str] = field(default_factory=Counter)
    truncated: list[Truncated] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    models: Models = field(default_factory=load)
    """What the tables say of the calls that were met."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How unknown dtypes and ranks are read, and how much work is done.

    `budget` bounds the repeated evaluations of one module's roots, `patience` those of one root before it decomposes
    anything; `depth` bounds that of inlined calls.
    `only` names the roots that are run; None runs all. `features` follows the decompositions of libraries that do not
    differentiate too, NumPy's and SciPy's, whose results carry no gradient, and collects what is kept.
    """

    complex_reading: bool = False
    vector_reading: str = ""
    budget: int = 120_000
    patience: int = 5_000
    depth: int = 12
    only: frozenset[str] | None = None
    features: bool = False
