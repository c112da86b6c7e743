"""A vocabulary for the algebra's own tests: decompositions, operations by torch's names, verdicts in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from eiglint import gauge
from eiglint.gauge import Context, Gauge, Mode, Motion, Record, Spot, Tensor
from eiglint.gauge.state import Order, Phase, Rotation, Slot
from eiglint.gauge.terms import term
from eiglint.gauge.values import Range
from eiglint.models import load

MODELS = load()
ALL = Range()
Step = Callable[[Tensor], Tensor]
"""What a test does to vectors."""


class Verdict(NamedTuple):
    """What is known of the three symmetries: fine, carried, function, mixed, unknown or depends (with the reason).

    The order is "-" where the library fixes it.
    """

    phase: str
    order: str
    rotation: str


def here() -> Context:
    """Return the circumstances of an operation at a place of its own."""
    return Context(Spot("words.py", object()))


def plain(name: str, rank: int | None = 2, dtype: str | None = "real", sizes: tuple[int, ...] = ()) -> Tensor:
    """Return an input or a weight, which depends on no decomposition."""
    known = tuple((k - len(sizes), n) for k, n in enumerate(sizes))
    return gauge.tensor(term("input", name), rank=len(sizes) or rank, dtype=dtype, sizes=known)


def do(name: str, *args: object, at: Context | None = None, **keywords: object) -> object:
    """Apply an operation as the tables in rules/models describe it: `abs`, `operator.add`, `einops.reduce`."""
    full = name if name.startswith(("operator.", "einops.")) else f"torch.{name}"
    model = MODELS.get(full)
    assert model is not None, full
    bound = MODELS.bind(model, args, keywords)
    assert bound is not None, full
    options = {**model.options, **({"fields": model.fields} if model.fields else {})}
    return gauge.apply(model.kind, options, bound, at or here(), full)


def one(name: str, *args: object, at: Context | None = None, **keywords: object) -> Tensor:
    """Apply an operation whose result is a tensor."""
    made = do(name, *args, at=at, **keywords)
    assert isinstance(made, Tensor), made
    return made


def several(name: str, *args: object, at: Context | None = None, **keywords: object) -> list[Tensor]:
    """Apply an operation that returns several tensors."""
    made = do(name, *args, at=at, **keywords)
    values = made.values if isinstance(made, Record) else made
    assert isinstance(values, tuple)
    assert all(isinstance(t, Tensor) for t in values)
    return [t for t in values if isinstance(t, Tensor)]


def eig(of: Tensor | None = None, at: Context | None = None) -> list[Tensor]:
    return several("linalg.eig", of or plain("A"), at=at)


def eigh(of: Tensor | None = None, at: Context | None = None) -> list[Tensor]:
    return several("linalg.eigh", of or plain("A"), at=at)


def hermitian() -> list[Tensor]:
    """Return values and vectors of a complex Hermitian matrix."""
    return eigh(plain("H", dtype="complex"))


def svd(of: Tensor | None = None, **keywords: object) -> list[Tensor]:
    return several("linalg.svd", of or plain("A"), **keywords)


def add(x: object, y: object) -> Tensor:
    return one("operator.add", x, y)


def sub(x: object, y: object) -> Tensor:
    return one("operator.sub", x, y)


def mul(x: object, y: object) -> Tensor:
    return one("operator.mul", x, y)


def div(x: object, y: object) -> Tensor:
    return one("operator.truediv", x, y)


def matmul(*factors: Tensor) -> Tensor:
    """Return the product of a chain of matrices, from left to right."""
    made = factors[0]
    for factor in factors[1:]:
        made = one("operator.matmul", made, factor)
    return made


def transposed(t: Tensor) -> Tensor:
    return one("Tensor.mT", t)


def adjoint(t: Tensor) -> Tensor:
    return one("Tensor.mH", t)


def at(t: Tensor, *items: object) -> Tensor:
    """Return t[items]."""
    return gauge.subscript(t, items, here())


def column(t: Tensor, k: object) -> Tensor:
    return at(t, ALL, k)


def only(t: Tensor) -> Gauge:
    """Return the one gauge that a tensor depends on."""
    (g,) = t.gauges
    return g


def motion(t: Tensor, g: Gauge | None = None) -> Motion:
    """Return how a tensor moves under a gauge, or under the only one there is."""
    return t.motion(g if g is not None or t.neutral else only(t)) if not t.neutral else Motion()


def verdict(t: Tensor, g: Gauge | None = None) -> Verdict:
    """Return in words how a tensor moves under a gauge, or under the only one there is."""
    m = motion(t, g)
    settled = all(known.ordered for known in ([g] if g is not None else t.gauges))
    return Verdict(_word(m.phase), "-" if settled and not t.neutral else _word(m.order), _word(m.rotation))


def phase(t: Tensor, g: Gauge | None = None) -> str:
    return verdict(t, g).phase


def order(t: Tensor, g: Gauge | None = None) -> str:
    return verdict(t, g).order


def rotation(t: Tensor, g: Gauge | None = None) -> str:
    return verdict(t, g).rotation


def charges(t: Tensor, g: Gauge | None = None) -> dict[object, int]:
    """Return the charges by axis (an int), or by picked column (a tuple with its key)."""
    return {k.axis if isinstance(k, Slot) else (k.key,): q for k, q in motion(t, g).phase.charges}


def tags(t: Tensor, g: Gauge | None = None) -> set[int]:
    """Return the axes that run over the pairs in their arbitrary order."""
    return {s.axis for s in motion(t, g).order.tags}


def _word(state: Phase | Order | Rotation) -> str:
    if state.neutral:
        return "fine"
    if state.mode is Mode.BROKEN:
        return f"depends: {state.cause.reason}" if state.cause else "depends"
    if state.mode is Mode.EXACT:
        return "points at pairs" if isinstance(state, Order) and state.pointer else "carried"
    return {Mode.FUN: "function", Mode.MIXED: "mixed", Mode.UNKNOWN: "unknown"}[state.mode]
