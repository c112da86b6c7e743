"""What the tables say of a decomposition's outputs leaves alone what defines it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence

import pytest
import torch

from eiglint.models import bind, load
from models.sample_calls import Sample, invoke, last, of_torch
from models.test_functions import close

MODELS = load()
LIVING = sorted(n for n in MODELS.decompositions if of_torch(n) and not MODELS.get(n).removed_in)
N = 9

Outputs = Mapping[str, torch.Tensor]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def matrix(name: str, dtype: torch.dtype) -> torch.Tensor:
    """Return a matrix that the decomposition accepts, of low rank for those that approximate."""
    made = torch.randn(N, N, dtype=dtype, generator=torch.Generator().manual_seed(4))
    if MODELS.get(name).options.get("hermitian"):
        return made @ made.mH + torch.eye(N, dtype=dtype)
    if last(name) in ("svd_lowrank", "pca_lowrank"):
        made[:, 2:] = made[:, :1]
        made = made - made.mean(0)
    return made


def specs(name: str) -> Sequence[Mapping[str, object]]:
    return MODELS.get(name).options["outputs"]  # type: ignore[return-value]


def outputs(name: str, a: torch.Tensor, **flags: object) -> dict[str, torch.Tensor]:
    """Return the real outputs by role."""
    torch.manual_seed(0)
    made = invoke(MODELS.get(name), Sample((a,), flags))
    parts = made if isinstance(made, tuple) else (made,)
    return {str(spec["role"]): part for spec, part in zip(specs(name), parts, strict=True)}


def regauged(name: str, parts: Outputs, phases: torch.Tensor) -> dict[str, torch.Tensor]:
    """Multiply the outputs by phases as the charges of the table have it."""
    made = dict(parts)
    for spec in specs(name):
        charge = spec.get("charge")
        if isinstance(charge, Mapping):
            role = str(spec["role"])
            axis = int(charge["axis"])
            by = phases[: parts[role].shape[axis]] ** int(charge["q"])
            made[role] = parts[role] * (by if axis == -1 else by[:, None])
    return made


def holds(name: str, a: torch.Tensor, parts: Outputs) -> bool:
    """Whether the outputs are what the decomposition promises."""
    if last(name) == "lobpcg":  # an iteration
        return torch.allclose(a @ parts["vectors"], parts["vectors"] * parts["values"], rtol=1e-4, atol=1e-4)
    if "vectors" in parts:
        return close(a.to(parts["vectors"].dtype) @ parts["vectors"], parts["vectors"] * parts["values"])
    if "triangle" in parts:
        return close(parts["left"] @ parts["triangle"], a)
    right = parts["right"]
    adjoint = next(s for s in specs(name) if s["role"] == "right")["index"] == -2
    return close((parts["left"] * parts["values"]) @ (right if adjoint else right.mH), a)


WITH_VECTORS = [n for n in LIVING if len(specs(n)) > 1]
CASES = [
    (name, dtype)
    for name in WITH_VECTORS
    for dtype in (torch.float64, torch.complex128)
    if last(name) != "lobpcg" or not dtype.is_complex  # which takes real matrices alone
]
EXTRA: dict[str, dict[str, object]] = {
    "lobpcg": {"k": 2, "niter": 200, "tol": 1e-14},
    "svd_lowrank": {"q": 4},
    "pca_lowrank": {"q": 4},
}


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_outputs_keep_their_promise_under_every_choice_of_phases(name: str, dtype: torch.dtype) -> None:
    a = matrix(name, dtype)
    parts = outputs(name, a, **EXTRA.get(last(name), {}))
    field = MODELS.get(name).options["group"] == "field" and not dtype.is_complex
    angles = torch.rand(N, dtype=torch.float64, generator=torch.Generator().manual_seed(8))
    phases = (
        torch.where(angles > angles[0], 1.0, -1.0).double()
        if field
        else torch.polar(torch.ones(N, dtype=torch.float64), angles * 6)
    )
    assert holds(name, a, parts)
    moved = regauged(name, parts, phases)
    assert holds(name, a, moved)
    assert not all(close(parts[r], moved[r]) for r in parts)


@pytest.mark.parametrize("name", [n for n in WITH_VECTORS if "triangle" not in {s["role"] for s in specs(n)}])
def test_an_index_names_the_axis_that_runs_over_the_pairs(name: str) -> None:
    a = matrix(name, torch.float64)
    parts = outputs(name, a, **EXTRA.get(last(name), {}))
    pairs = parts["values"].shape[-1]
    for spec in specs(name):
        assert parts[str(spec["role"])].shape[int(spec["index"])] >= pairs  # type: ignore[call-overload]


@pytest.mark.parametrize("name", LIVING)
def test_only_sorted_outputs_are_said_to_be_ordered(name: str) -> None:
    if "values" not in {s["role"] for s in specs(name)}:
        return
    values = outputs(name, matrix(name, torch.float64), **EXTRA.get(last(name), {}))["values"]
    if not MODELS.get(name).options["ordered"]:
        assert values.is_complex()
        return
    falling = torch.sort(values, descending=True).values
    assert close(values, falling) or close(values, falling.flip(0))


@pytest.mark.parametrize("name", LIVING)
def test_a_group_follows_the_field_only_where_the_outputs_do(name: str) -> None:
    parts = outputs(name, matrix(name, torch.float64), **EXTRA.get(last(name), {}))
    assert any(p.is_complex() for p in parts.values()) == (MODELS.get(name).options["group"] == "phase")


@pytest.mark.parametrize("name", [n for n in LIVING if MODELS.get(n).options.get("variants")])
def test_flags_leave_out_or_fill_up_the_outputs_that_the_table_names(name: str) -> None:
    model = MODELS.get(name)
    a = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    for variant in model.options["variants"]:  # type: ignore[attr-defined]
        made = invoke(model, Sample((a,), {variant["flag"]: variant["value"]}))
        for field in variant.get("empty", ()):
            part = getattr(made, field)
            assert part.numel() == 0 or bool((part == 0).all())
        sizes = [getattr(made, field).shape for field in variant.get("full", ())]
        assert all(rows == columns for rows, columns in sizes)


@pytest.mark.parametrize("name", [n for n in LIVING if MODELS.get(n).options.get("variants")])
def test_flags_stand_in_the_bound_arguments_even_where_the_call_leaves_them_out(name: str) -> None:
    model = MODELS.get(name)
    bound = bind(model, ["A"], {})
    assert bound is not None
    assert {v["flag"] for v in model.options["variants"]} <= bound.keys()  # type: ignore[attr-defined]
