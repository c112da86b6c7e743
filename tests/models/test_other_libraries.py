"""The tables say of NumPy, SciPy, JAX, TensorFlow and autograd what the installed ones say; where absent, they skip."""

from __future__ import annotations

import inspect
import os
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import pytest

import eiglint
from eiglint.analysis import Outcome, Settings, analyse
from eiglint.gauge import Live, Mode
from eiglint.ir.parse import lower_module
from eiglint.models import Model, load

MODELS = load()
LIBRARIES = ("autograd", "einops", "jax", "numpy", "scipy", "tensorflow")
CLASSES = {"tensorflow.Tensor": "tensorflow.python.framework.ops.EagerTensor"}
"""What stands for a class whose methods are added when it runs eagerly."""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def names_of(library: str) -> list[str]:
    found = [n for n in MODELS if n.partition(".")[0] == library]
    assert found
    return [n for n in found if not model_of(n).removed_in]


def model_of(name: str) -> Model:
    model = MODELS.get(name)
    assert model is not None
    return model


@cache
def found(dotted: str) -> object:
    """Return what a dotted name stands for; AttributeError where there is no such thing."""
    dotted = CLASSES.get(dotted, dotted)
    head, _, last = dotted.rpartition(".")
    if not head:
        return import_module(dotted)
    base = found(head)
    try:
        return getattr(base, last)
    except AttributeError:
        if not inspect.ismodule(base) or find_spec(dotted) is None:
            raise
        return import_module(dotted)


def misnamed(name: str) -> list[str]:
    """Return the parameters of a model that the real call does not have, or has in another place."""
    model = model_of(name)
    real = found(name)
    if model.attribute or not callable(real):
        return []
    try:
        signature = inspect.signature(real)
    except ValueError:  # written in C, without a text signature
        return []
    kinds = inspect.Parameter
    actual = list(signature.parameters.values())
    rest = {p.kind for p in actual}
    placed = [p for p in actual if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
    if inspect.isclass(real) is False and inspect.isclass(found(name.rpartition(".")[0])) and not _has_self(placed):
        placed = [kinds("self", kinds.POSITIONAL_ONLY), *placed]
    wrong = []
    for form in (model, *model.forms):
        named_only = False
        for i, param in enumerate(form.params):
            named_only = named_only or param.startswith("*")
            if param.startswith("*"):
                continue
            if named_only:
                known = any(p.name == param and p.kind is not kinds.POSITIONAL_ONLY for p in actual)
                if not known and kinds.VAR_KEYWORD not in rest:
                    wrong.append(param)
            elif i < len(placed):
                if placed[i].kind is not kinds.POSITIONAL_ONLY and placed[i].name not in (param, "self"):
                    wrong.append(f"{param} for {placed[i].name}")
            elif kinds.VAR_POSITIONAL not in rest:
                wrong.append(param)
    return wrong


def _has_self(placed: list[inspect.Parameter]) -> bool:
    return bool(placed) and placed[0].name == "self"


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_name_exists_in_the_installed_library(library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed: its names cannot be looked up")
    missing = []
    for name in names_of(library):
        try:
            found(name)
        except (AttributeError, ModuleNotFoundError):
            missing.append(name)
    assert missing == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_parameters_are_called_and_ordered_as_the_installed_library_has_them(library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed: its signatures cannot be read")
    wrong = {name: parameters for name in names_of(library) if (parameters := misnamed(name))}
    assert wrong == {}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_removed_call_is_gone_from_the_installed_library(library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed: its names cannot be looked up")
    for name in (n for n in MODELS if n.partition(".")[0] == library and model_of(n).removed_in):
        with pytest.raises(AttributeError):
            found(name)


@pytest.mark.parametrize("library", ["numpy", "scipy"])
def test_arrays_of_libraries_that_do_not_differentiate_carry_no_gradient(library: str) -> None:
    assert not any(model_of(n).gradient for n in names_of(library))


@pytest.mark.parametrize("library", ["autograd", "jax", "tensorflow"])
def test_those_of_the_others_do_even_where_they_mirror_one_that_does_not(library: str) -> None:
    assert all(model_of(n).gradient for n in names_of(library))


NUMPY = """
import numpy as np
def basis(laplacian):
    _, vectors = np.linalg.eigh(laplacian)
    return np.tanh(vectors[:, :2].sum(axis=1))
"""


def outcome_of(features: bool) -> Outcome:
    module = lower_module(NUMPY.encode(), "program.py", "program")
    return analyse({"program": module}, lambda _: None, Settings(features=features))


def test_decompositions_without_a_gradient_are_not_followed_unless_that_is_asked_for() -> None:
    assert outcome_of(features=False).decomposed == []
    assert eiglint.check_source(NUMPY, path="program.py").sites == ()


def test_what_is_followed_there_is_told_to_carry_no_gradient() -> None:
    made = outcome_of(features=True)
    assert [(o.gauge.call, o.live) for o in made.decomposed] == [("numpy.linalg.eigh", Live.NO)]
    motions = [motion for reached in made.reached for _, motion in reached.value.motions]
    assert [(m.phase.mode, m.live) for m in motions] == [(Mode.BROKEN, Live.NO)]
