"""Every modelled operation, applied to tensors whose arbitrary choices are made anew, does what its rule says."""

from __future__ import annotations

import warnings

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
KINDS = sorted({m.kind for name in MODELS if (m := MODELS.get(name)) is not None and sampled(m)} & set(gauge.kinds()) - {"decompose"})


def abstract(place: Place, name: str) -> Tensor:
    """Return the neutral tensor that fills a place."""
    shape = place.shape
    dtype = {"index": "int", "distinct": "int", "mask": "bool", "complex": "complex"}.get(place.domain, "real")
    sizes = tuple((i - len(shape), n) for i, n in enumerate(shape))
    return gauge.tensor(term("foreign", name, place.argument), rank=len(shape), dtype=dtype, sizes=sizes)


def models_of(kind: str) -> list[Model]:
    found = [m for name in MODELS if (m := MODELS.get(name)) is not None and m.kind == kind and sampled(m)]
    return [m for m in found if not m.inplace]


def judged(model: Model, made: Sample, place: Place, specimen: Specimen) -> object:
    """Return what the algebra says of the call with the specimen in one place."""
    call = filled(made, lambda p: specimen.abstract if p is place else abstract(p, model.name))
    bound = MODELS.bind(model, list(call.positional), dict(call.keywords))
    if bound is None:
        return None
    options = {**model.options, **({"fields": model.fields} if model.fields else {})}
    return gauge.apply(model.kind, options, bound, context(), model.name)


def executed(model: Model, made: Sample, place: Place, specimen: Specimen, drawing: Drawing) -> object:
    """Return the real result; None where the library refuses the specimen."""
    generator = torch.Generator().manual_seed(3)
    given = specimen.numbers(drawing)

    def give(p: Place) -> torch.Tensor:
        if p is place:
            return given
        return fitting(p, generator).to(given.dtype if p.domain == "real" else fitting(p, generator).dtype)

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


def fits(place: Place, numbers: torch.Tensor) -> bool:
    return tuple(numbers.shape) == place.shape


def faults(model: Model, g: Gauge, specimen: Specimen, call: str) -> list[str]:
    """Return what the rule promises and the numbers do not keep."""
    made = sample(model)
    found = []
    complex_ = call != "torch.linalg.eigh"
    base = identity(complex_)
    for place in places(made):
        if not fits(place, specimen.numbers(base)):
            continue
        before = executed(model, made, place, specimen, base)
        if before is None:
            continue
        said = judged(model, made, place, specimen)
        for k, (claim, value) in enumerate(zip(tensors(said), tensors(before), strict=False)):
            if isinstance(claim, Tensor) and isinstance(value, torch.Tensor):
                found += _compare(model, g, specimen, call, made, place, claim, value, k)
    return found


def _compare(  # noqa: PLR0913
    model: Model, g: Gauge, specimen: Specimen, call: str, made: Sample, place: Place, claim: Tensor, value: torch.Tensor, k: int
) -> list[str]:
    found = []
    if claim.rank is not None and claim.rank != value.dim():
        found.append(f"{model.name}({place.argument}={specimen.name} of {call}): rank {value.dim()}, said {claim.rank}")
        return found
    for axis, size in claim.sizes:
        if isinstance(size, int) and (-axis > value.dim() or value.shape[axis] != size):
            found.append(f"{model.name}({place.argument}={specimen.name} of {call}): shape {tuple(value.shape)}, said {claim.sizes}")
    for drawing in drawings(call != "torch.linalg.eigh", g.ordered):
        try:
            promised = prediction(claim, g, value, drawing)
        except (IndexError, RuntimeError) as e:
            found.append(f"{model.name}({place.argument}={specimen.name} of {call}): the claim does not fit: {e}")
            break
        after = executed(model, made, place, specimen, drawing)
        if promised is None or after is None:
            continue
        if not same(tensors(after)[k], promised):  # type: ignore[arg-type]
            m = claim.motion(g)
            found.append(f"{model.name}({place.argument}={specimen.name} of {call}) part {k}: said {m.phase} {m.order}")
            break
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_no_operation_keeps_less_than_its_rule_promises(kind: str) -> None:
    found = []
    for call in CALLS:
        g, made = specimens(call)
        for model in models_of(kind):
            for specimen in made:
                found += faults(model, g, specimen, call)
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
