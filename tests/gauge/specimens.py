"""Tensors that carry charges, in the algebra and in numbers, under one drawing of the arbitrary choices or another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from eiglint import gauge
from eiglint.gauge import Context, Gauge, Mode, Record, Spot, Tensor
from eiglint.gauge.state import WHOLE, Charges, Pick, Slot
from eiglint.gauge.terms import term
from eiglint.models import load

SIZE = 4


class Drawing(NamedTuple):
    """One way to make the choices: a phase or sign and a place for every pair."""

    phases: torch.Tensor
    order: torch.Tensor


class Specimen(NamedTuple):
    """A value in the algebra, and its numbers under a drawing."""

    name: str
    abstract: Tensor
    numbers: Callable[[Drawing], torch.Tensor]


def context() -> Context:
    """Return the circumstances of an operation at a place of its own."""
    return Context(Spot("specimen.py", object()))


def identity(complex_: bool) -> Drawing:
    phases = torch.ones(SIZE, dtype=torch.complex128 if complex_ else torch.float64)
    return Drawing(phases, torch.arange(SIZE))


def drawings(complex_: bool, ordered: bool) -> list[Drawing]:
    """Return other legal choices: angles that are no multiples of each other, or signs; another order for eig."""
    if complex_:
        phases = torch.exp(1j * torch.tensor([0.7, 2.9, -1.3, 1.9], dtype=torch.float64))
        signs = [phases, phases.conj() ** 2]
    else:
        rows = ([-1, 1, 1, 1], [1, -1, 1, 1], [1, 1, -1, 1], [1, 1, 1, -1], [-1, 1, -1, 1])
        signs = [torch.tensor(r, dtype=torch.float64) for r in rows]
    made = [Drawing(s, torch.arange(SIZE)) for s in signs]
    if not ordered:
        plain = torch.ones_like(signs[0])
        made += [Drawing(plain, torch.tensor(p)) for p in ([1, 0, 2, 3], [3, 2, 0, 1])]
    return made


def specimens(call: str) -> tuple[Gauge, list[Specimen]]:
    """Return the gauge of a decomposition and values of many kinds that are made of its outputs."""
    generator = torch.Generator().manual_seed(7)
    raw = torch.randn(SIZE, SIZE, generator=generator, dtype=torch.float64)
    other = torch.randn(SIZE, SIZE, generator=generator, dtype=torch.float64)
    complex_ = call != "torch.linalg.eigh"
    if call == "torch.linalg.eigh":
        values, vectors = torch.linalg.eigh(raw + raw.T)
    elif call == "complex eigh":
        values, vectors = torch.linalg.eigh(torch.complex(raw + raw.T, other - other.T))
    else:
        values, vectors = torch.linalg.eig(torch.complex(raw, other))
    name = "torch.linalg.eigh" if "eigh" in call else "torch.linalg.eig"
    source = gauge.tensor(
        term("input", call),
        rank=2,
        dtype="real" if call == "torch.linalg.eigh" else "complex",
        sizes=((-2, SIZE), (-1, SIZE)),
    )
    model = load().get(name)
    assert model is not None
    made = gauge.apply("decompose", model.options, {"input": source}, context(), name)
    assert isinstance(made, Record)
    big_l, big_v = made.values
    assert isinstance(big_l, Tensor)
    assert isinstance(big_v, Tensor)
    weights = torch.randn(SIZE, SIZE, generator=generator, dtype=vectors.dtype)
    return big_v.motions[0][0], _made_of(big_l, big_v, values, vectors, weights, complex_)


def _made_of(
    big_l: Tensor, big_v: Tensor, values: torch.Tensor, vectors: torch.Tensor, weights: torch.Tensor, complex_: bool
) -> list[Specimen]:
    def v(d: Drawing) -> torch.Tensor:
        return vectors[:, d.order] * d.phases

    def adjoint(t: Tensor) -> Tensor:
        return _one("transpose", t, how="mH")

    middle = gauge.tensor(
        term("weights"), rank=2, dtype="complex" if complex_ else "real", sizes=((-2, SIZE), (-1, SIZE))
    )
    inverse = _one("inverse", big_v)
    square = _two("matmul", _two("matmul", inverse, middle), big_v)
    return [
        Specimen("vectors", big_v, v),
        Specimen("adjoint", adjoint(big_v), lambda d: v(d).mH),
        Specimen("values", big_l, lambda d: values[d.order]),
        Specimen("one column", _pick(big_v, -1, 1), lambda d: v(d)[:, 1]),
        Specimen("one row", _pick(big_v, -2, 0), lambda d: v(d)[0]),
        Specimen("similar matrix", square, lambda d: torch.linalg.inv(v(d)) @ weights @ v(d)),
        Specimen("diagonal", _one("diag_embed", big_l), lambda d: torch.diag(values[d.order])),
        Specimen("exponentials", _one("map", big_v), lambda d: torch.exp(v(d))),
        Specimen("moduli", _one("modulus", big_v), lambda d: v(d).abs()),
        Specimen("flattened", _one("reshape", big_v, how="flatten"), lambda d: v(d).flatten()),
    ]


def _one(kind: str, t: Tensor, **options: object) -> Tensor:
    made = gauge.apply(kind, options, {"input": t}, context(), kind)
    assert isinstance(made, Tensor)
    return made


def _two(kind: str, a: Tensor, b: Tensor) -> Tensor:
    made = gauge.apply(kind, {}, {"input": a, "other": b}, context(), kind)
    assert isinstance(made, Tensor)
    return made


def _pick(t: Tensor, axis: int, index: int) -> Tensor:
    made = gauge.apply("select_axis", {}, {"input": t, "dim": axis, "index": index}, context(), "select")
    assert isinstance(made, Tensor)
    return made


def prediction(t: Tensor, g: Gauge, before: torch.Tensor, drawing: Drawing) -> torch.Tensor | None:
    """Return the numbers that the algebra predicts under a drawing; None where it promises nothing."""
    motion = t.motion(g)
    if motion.order.mode is not Mode.EXACT or motion.order.pointer or motion.phase.mode is not Mode.EXACT:
        return None
    made = before
    for slot in motion.order.tags:
        if slot.cut != WHOLE:
            return None
        if not g.ordered:
            made = made.index_select(slot.axis, drawing.order)
            if "diagonal" in t and slot.axis == -1:
                made = made.index_select(-2, drawing.order)
    factor = factors(motion.phase.charges, drawing.phases, made)
    return None if factor is None else made * factor


def factors(items: Charges, phases: torch.Tensor, like: torch.Tensor) -> torch.Tensor | None:
    """Return what the charges multiply each entry by."""
    made = torch.ones((), dtype=phases.dtype)
    for key, q in items:
        one = _phase_of(key, phases)
        if one is None:
            return None
        power = one**q
        if isinstance(key, Slot):
            shape = [1] * like.dim()
            shape[key.axis] = like.shape[key.axis]
            power = power[: like.shape[key.axis]].reshape(shape)
        made = made * power
    return made


def _phase_of(key: Slot | Pick, phases: torch.Tensor) -> torch.Tensor | None:
    start, step = key.cut
    if not isinstance(start, int) or not isinstance(step, int):
        return None
    columns = phases[start:] if step == 1 else phases.flip(0) if (start, step) == (-1, -1) else phases[start::step]
    if isinstance(key, Slot):
        return columns
    if key.key == "all":
        return columns.prod()
    return columns[key.key] if isinstance(key.key, int) else None


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two results agree to rounding wherever both are finite."""
    if a.shape != b.shape:
        return False
    if a.dtype == torch.bool or b.dtype == torch.bool:
        return bool((a == b).all())
    coarse = any(t.dtype in (torch.float16, torch.bfloat16, torch.complex32) for t in (a, b))
    single = any(t.dtype in (torch.float32, torch.complex64) for t in (a, b))
    x, y = a.to(torch.complex128), b.to(torch.complex128)
    # A pole stays a pole; its sign and its NaN do not survive the factors of the prediction.
    finite = torch.isfinite(x) & torch.isfinite(y)
    return torch.allclose(x[finite], y[finite], 2e-2 if coarse else 1e-4 if single else 1e-6, 1e-6)


def tensors(value: object) -> Sequence[object]:
    """Return the parts of a result."""
    return value.values if isinstance(value, Record) else value if isinstance(value, tuple | list) else (value,)
