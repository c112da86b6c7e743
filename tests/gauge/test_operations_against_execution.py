"""Every modelled operation, applied to tensors whose arbitrary choices are made anew, does what its rule says."""

from __future__ import annotations

import warnings
from itertools import combinations, product

import pytest
import torch

from eiglint import gauge
from eiglint.gauge import Gauge, Mode, Tensor
from eiglint.gauge.terms import term
from eiglint.models import Model, load
from tests.gauge.specimens import Drawing, Specimen, context, drawings, identity, prediction, same, specimens, tensors
from tests.models.sample_calls import Sample, filled, fitting, invoke, sample, sampled
from tests.models.sample_calls import Slot as Place

MODELS = load()
CALLS = ("torch.linalg.eigh", "complex eigh", "torch.linalg.eig")
KINDS = sorted(
    {m.kind for name in MODELS if (m := MODELS.get(name)) is not None and sampled(m)}
    & set(gauge.kinds()) - {"decompose"}
)


def abstract(place: Place, name: str) -> Tensor:
    """Return the neutral tensor that fills a place."""
    shape = place.shape
    dtype = {"index": "int", "distinct": "int", "mask": "bool", "complex": "complex"}.get(place.domain, "real")
    sizes = tuple((i - len(shape), n) for i, n in enumerate(shape))
    return gauge.tensor(term("foreign", name, place.argument), rank=len(shape), dtype=dtype, sizes=sizes)


def models_of(kind: str) -> list[Model]:
    found = [m for name in MODELS if (m := MODELS.get(name)) is not None and m.kind == kind and sampled(m)]
    return [m for m in found if not m.inplace]


Filling = tuple[tuple[Place, Specimen], ...]
"""Which places of a call hold a specimen; the others hold tensors that know nothing of the gauge."""


def held(filling: Filling, place: Place) -> Specimen | None:
    return next((s for p, s in filling if p is place), None)


def judged(model: Model, made: Sample, filling: Filling) -> object:
    """Return what the algebra says of the call."""

    def give(p: Place) -> Tensor:
        specimen = held(filling, p)
        return specimen.abstract if specimen is not None else abstract(p, model.name)

    call = filled(made, give)
    bound = MODELS.bind(model, list(call.positional), dict(call.keywords))
    if bound is None:
        return None
    options = {**model.options, **({"fields": model.fields} if model.fields else {})}
    return gauge.apply(model.kind, options, bound, context(), model.name)


def executed(model: Model, made: Sample, filling: Filling, drawing: Drawing) -> object:
    """Return the real result; None where the library refuses the specimens."""
    generator = torch.Generator().manual_seed(3)
    dtype = filling[0][1].numbers(drawing).dtype
    for _, specimen in filling[1:]:
        dtype = torch.promote_types(dtype, specimen.numbers(drawing).dtype)
    mixed = len(filling) > 1

    def give(p: Place) -> torch.Tensor:
        specimen = held(filling, p)
        if specimen is not None:
            numbers = specimen.numbers(drawing)
            return numbers.to(dtype) if mixed else numbers
        drawn = fitting(p, generator)
        return drawn.to(dtype) if p.domain == "real" else drawn

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(0)
            return invoke(model, filled(made, give))
    except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
        return None


def places(made: Sample) -> list[Place]:
    found: list[Place] = []

    def note(p: Place) -> Place:
        if p.domain in ("real", "complex") and not any(p is q for q in found):
            found.append(p)
        return p

    filled(made, note)
    return found


def faults(model: Model, g: Gauge, made: Sample, filling: Filling, complex_: bool) -> list[str]:
    """Return what the rule promises and the numbers do not keep."""
    before = executed(model, made, filling, identity(complex_))
    if before is None:
        return []
    said = judged(model, made, filling)
    label = f"{model.name}({', '.join(f'{p.argument}={s.name}' for p, s in filling)}) of {g.call} in {g.group}"
    found = []
    for part, (claim, value) in enumerate(zip(tensors(said), tensors(before), strict=False)):
        if not isinstance(claim, Tensor) or not isinstance(value, torch.Tensor):
            continue
        misfit = shape_fault(claim, value)
        if misfit:
            found.append(f"{label}: {misfit}")
            continue
        for drawing in drawings(complex_, g.ordered):
            after = executed(model, made, filling, drawing)
            if after is not None and (fault := motion_fault(claim, g, value, tensors(after)[part], drawing)):
                found.append(f"{label} part {part}: {fault}")
                break
    return found


def shape_fault(claim: Tensor, value: torch.Tensor) -> str:
    if claim.rank is not None and claim.rank != value.dim():
        return f"rank {value.dim()}, said {claim.rank}"
    for axis, size in claim.sizes:
        if isinstance(size, int) and (-axis > value.dim() or value.shape[axis] != size):
            return f"shape {tuple(value.shape)}, said {claim.sizes}"
    return ""


def motion_fault(claim: Tensor, g: Gauge, before: torch.Tensor, after: object, drawing: Drawing) -> str:
    try:
        promised = prediction(claim, g, before, drawing)
    except (IndexError, RuntimeError) as e:
        return f"the claim does not fit: {e}"
    if promised is None or (isinstance(after, torch.Tensor) and same(after, promised)):
        return ""
    m = claim.motion(g)
    return f"said {m.phase} {m.order}"


def fits(place: Place, specimen: Specimen, complex_: bool) -> bool:
    return tuple(specimen.numbers(identity(complex_)).shape) == place.shape


@pytest.mark.parametrize("kind", KINDS)
def test_no_operation_keeps_less_than_its_rule_promises(kind: str) -> None:
    found = []
    for call in CALLS:
        g, available = specimens(call)
        complex_ = g.group == "U1"
        for model in models_of(kind):
            made = sample(model)
            for place in places(made):
                for specimen in available:
                    if fits(place, specimen, complex_):
                        found += faults(model, g, made, ((place, specimen),), complex_)
    assert not found, "\n".join(sorted(found)[:40])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_operation_on_two_moving_tensors_keeps_less_than_its_rule_promises(kind: str) -> None:
    found = []
    for call in CALLS:
        g, available = specimens(call)
        complex_ = g.group == "U1"
        for model in models_of(kind):
            made = sample(model)
            for one, two in combinations(places(made), 2):
                for s, t in product(available, available):
                    if fits(one, s, complex_) and fits(two, t, complex_):
                        found += faults(model, g, made, ((one, s), (two, t)), complex_)
    assert not found, "\n".join(sorted(found)[:40])


def test_the_specimens_themselves_move_as_said() -> None:
    for call in CALLS:
        g, made = specimens(call)
        complex_ = call != "torch.linalg.eigh"
        for specimen in made:
            before = specimen.numbers(identity(complex_))
            for drawing in drawings(complex_, g.ordered):
                promised = prediction(specimen.abstract, g, before, drawing)
                assert promised is None or same(specimen.numbers(drawing), promised), (call, specimen.name)


def test_vectors_are_not_called_invariant() -> None:
    for call in CALLS:
        g, made = specimens(call)
        assert made[0].abstract.motion(g).phase.charges
        assert made[0].abstract.motion(g).phase.mode is Mode.EXACT
