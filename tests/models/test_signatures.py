"""The tables say of each operation what the installed torch says."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from eiglint.models import Model, bind, load
from models.sample_calls import (
    NO_SAMPLE,
    SURROUNDINGS,
    Sample,
    filled,
    find,
    fitting,
    invoke,
    last,
    of_torch,
    sample,
    sampled,
)

MODELS = load()
NAMES = [n for n in MODELS if of_torch(n)]
APPLIED = [name for name in NAMES if sampled(MODELS.get(name))]
CALLS = [n for n in APPLIED if not n.startswith("operator.") and not MODELS.get(n).attribute]
NAMED = [n for n in CALLS if not any(p.startswith("*") and p != "*" for p in MODELS.get(n).params)]
POSITIONAL_ONLY = frozenset({"tensor_split", "hsplit", "vsplit", "dsplit"})
"""Their documented parameter has other names at run time, one for each form."""
RIVALS = frozenset({"unbiased", "correction"})
"""Two ways to say one thing, which torch refuses together."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def drawn(model: Model, seed: int = 1) -> Sample:
    generator = torch.Generator().manual_seed(seed)
    return filled(sample(model), lambda slot: fitting(slot, generator))


def by_name(model: Model) -> dict[str, object]:
    """Return the sample's arguments by parameter."""
    made = drawn(model)
    positional = list(made.positional)
    return {
        p: made.keywords[p] if p in made.keywords else positional.pop(0)
        for p in model.params
        if p in made.keywords or (positional and p != "*")
    }


def called(model: Model, arguments: dict[str, object]) -> object:
    """Call with keywords throughout, the receiver of a method apart."""
    receiver = (arguments.pop(model.params[0]),) if model.name.startswith("torch.Tensor.") else ()
    torch.manual_seed(0)
    return invoke(model, Sample(receiver, arguments))


def alike(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        a, b = torch.from_numpy(a), torch.from_numpy(b)
    if isinstance(a, torch.Tensor):
        if not isinstance(b, torch.Tensor) or a.shape != b.shape or a.dtype != b.dtype:
            return False
        return torch.allclose(a.to(torch.complex128), b.to(torch.complex128), rtol=1e-12, atol=1e-12, equal_nan=True)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b, strict=True))  # type: ignore[arg-type]
    return a == b or (isinstance(a, float) and math.isnan(a))


def test_every_name_exists_or_says_in_which_release_it_is_gone() -> None:
    missing, optional = [], []
    for name in NAMES:
        try:
            find(name)
        except ModuleNotFoundError as e:
            optional.append(e.name)
        except AttributeError:
            missing.append(name)
    assert set(optional) <= {"tensorboard"}
    assert [n for n in missing if not MODELS.get(n).removed_in] == []


def test_a_removed_call_is_refused_by_the_installed_torch() -> None:
    removed = [n for n in NAMES if MODELS.get(n).removed_in]
    assert removed
    for name in removed:
        arguments = [torch.eye(2)] * (2 if "A" in MODELS.get(name).params else 1)
        with pytest.raises((RuntimeError, AttributeError)):
            find(name)(*arguments)


def test_whatever_is_removed_or_deprecated_says_how_it_is_written_today() -> None:
    assert all(MODELS.get(n).deprecated for n in NAMES if MODELS.get(n).removed_in)


def test_attributes_are_read_and_everything_else_is_called() -> None:
    wrong = []
    for name in NAMES:
        model = MODELS.get(name)
        if not name.startswith("torch.Tensor.") or model.removed_in:
            continue
        member = getattr(torch.Tensor, last(name))
        if callable(member) == model.attribute:
            wrong.append(name)
    assert wrong == []


def test_only_a_handful_of_operations_have_no_sample_call() -> None:
    applied = {n for n in NAMES if MODELS.get(n).kind not in SURROUNDINGS}
    left = {n for n in applied if not sampled(MODELS.get(n)) and not MODELS.get(n).removed_in}
    unexplained = {n for n in left if last(n).rstrip("_") not in NO_SAMPLE and last(n) not in NO_SAMPLE}
    assert all(
        n.startswith("torch.sparse.") or any(p.startswith("**") for p in MODELS.get(n).params) for n in unexplained
    )
    assert len(APPLIED) > 800


@pytest.mark.parametrize("name", APPLIED)
def test_the_sample_call_runs_and_binds(name: str) -> None:
    model = MODELS.get(name)
    made = drawn(model)
    bound = bind(model, made.positional, made.keywords)
    assert bound is not None
    invoke(model, made)


@pytest.mark.parametrize("name", [n for n in NAMED if last(n) not in POSITIONAL_ONLY])
def test_parameters_are_called_and_ordered_as_the_table_says(name: str) -> None:
    model = MODELS.get(name)
    torch.manual_seed(0)
    assert alike(invoke(model, drawn(model)), called(model, by_name(model)))


@pytest.mark.parametrize("name", [n for n in NAMED if last(n) not in POSITIONAL_ONLY])
def test_defaults_are_those_of_the_table(name: str) -> None:
    model = MODELS.get(name)
    arguments = by_name(model)
    spoken = {k: v for k, v in model.defaults.items() if v is not None and k not in arguments and k not in RIVALS}
    assert alike(called(model, dict(by_name(model))), called(model, {**by_name(model), **spoken}))


@pytest.mark.parametrize("name", [n for n in CALLS if MODELS.get(n).fields])
def test_results_that_are_tuples_have_the_fields_of_the_table(name: str) -> None:
    model = MODELS.get(name)
    made = invoke(model, drawn(model))
    assert isinstance(made, tuple)
    assert len(made) == len(model.fields)
    if model.options.get("named") is not False:
        assert all(getattr(made, field) is made[i] for i, field in enumerate(model.fields))


@pytest.mark.parametrize("name", [n for n in CALLS if not MODELS.get(n).fields])
def test_results_without_fields_are_no_named_tuples(name: str) -> None:
    made = invoke(MODELS.get(name), drawn(MODELS.get(name)))
    assert not hasattr(made, "n_fields")


@pytest.mark.parametrize("name", [n for n in CALLS if MODELS.get(n).inplace])
def test_what_overwrites_its_first_argument_returns_it(name: str) -> None:
    made = drawn(MODELS.get(name))
    assert invoke(MODELS.get(name), made) is made.positional[0]


@pytest.mark.parametrize("name", [n for n in CALLS if not MODELS.get(n).inplace])
def test_nothing_else_overwrites_an_argument(name: str) -> None:
    made = drawn(MODELS.get(name))
    tensors = [x for x in made.positional if isinstance(x, torch.Tensor)]
    before = [t._version for t in tensors]
    invoke(MODELS.get(name), made)
    assert [t._version for t in tensors] == before
