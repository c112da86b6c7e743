"""The programs for other libraries, and the tables behind them, are held against execution; absent libraries skip."""

from __future__ import annotations

import importlib
import os
from typing import Any

import numpy as np
import pytest

from fixtures.catalogue import Program, Source, sources
from fixtures.observe import GRADIENT, ORDER, PHASE, VALUE
from models.regauge import MODELS, bind, decompositions, home_of, outputs, redrawn, regauged
from models.regauge import Draw as Drawing

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

LIBRARY = {
    "jax_modes": "jax",
    "tensorflow_pairs": "tensorflow",
    "numpy_formulas": "numpy",
    "autograd_losses": "autograd",
}
SILENT = (VALUE | GRADIENT | frozenset({"EIG111"})) - PHASE - ORDER
"""Codes that speak of no value moving under other phases or another order, or of vectors that move as they should."""
FILES = [source for source in sources() if source.path.stem in LIBRARY]
PROGRAMS = [pytest.param(s, p, id=f"{s.path.stem}-{p.name}") for s in FILES for p in s.programs]


def prepared(library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed: its programs cannot be run")
    if library == "numpy":
        pytest.importorskip("scipy", reason="scipy is not installed: the programs that use it cannot be run")
    if library == "jax":
        importlib.import_module("jax").config.update("jax_enable_x64", True)


def arguments(library: str, inputs: tuple[Any, ...]) -> list[Any]:
    if library == "numpy" or library == "autograd":
        return list(inputs)
    if library == "jax":
        return [importlib.import_module("jax.numpy").asarray(x) for x in inputs]
    return [importlib.import_module("tensorflow").constant(x) for x in inputs]


def value(source: Source, program: Program) -> np.ndarray[Any, Any]:
    library = LIBRARY[source.path.stem]
    module = importlib.import_module(source.module)
    importlib.reload(module)  # compiled functions are traced with the wrappers of their time
    inputs = module.EXAMPLES[program.name](np.random.default_rng(5))
    return np.asarray(getattr(module, program.name)(*arguments(library, inputs)))


def moves(source: Source, program: Program, **symmetry: bool) -> bool:
    """Whether a result changes when the decompositions return something as good."""
    library = LIBRARY[source.path.stem]
    first = value(source, program)
    assert np.all(np.isfinite(first))
    others = []
    for seed in range(4):
        with redrawn(library, seed, **symmetry):
            others.append(value(source, program))
    return max(float(np.max(np.abs(o - first))) for o in others) > 1e-5 * (1 + float(np.max(np.abs(first))))


def codes_of(source: Source, program: Program) -> frozenset[str]:
    later = {code for line, code in source.later if program.first <= line <= program.last}
    return (program.reachable | later) - SILENT


@pytest.mark.parametrize(("source", "program"), PROGRAMS)
def test_a_program_moves_as_its_name_and_codes_say(source: Source, program: Program) -> None:
    prepared(LIBRARY[source.path.stem])
    if importlib.import_module(source.module).EXAMPLES[program.name] is None:
        assert not program.reachable
        return
    codes = codes_of(source, program)
    if program.verdict == "bad" and not codes:
        assert {code for _, code in program.reported} <= SILENT
        return
    assert moves(source, program, phases=True) == bool(codes - ORDER)
    assert moves(source, program, order=True) == bool(codes & ORDER)


@pytest.mark.parametrize("source", FILES, ids=lambda s: s.path.stem)
def test_every_program_has_an_input(source: Source) -> None:
    prepared(LIBRARY[source.path.stem])
    assert set(importlib.import_module(source.module).EXAMPLES) == {p.name for p in source.programs}


def promise(a: Any, parts: dict[str, Any]) -> bool:
    """Whether outputs are what a decomposition promises."""
    if "vectors" in parts:
        return bool(np.allclose(a @ parts["vectors"], parts["vectors"] * parts["values"][..., None, :]))
    if "triangle" in parts:
        return bool(np.allclose(parts["left"] @ parts["triangle"], a))
    k = parts["values"].shape[-1]
    right = parts["right"] if parts["adjoint"] else np.conj(np.swapaxes(parts["right"], -1, -2))
    return bool(np.allclose((parts["left"][..., :k] * parts["values"][..., None, :]) @ right[..., :k, :], a))


REQUIRED: dict[str, dict[str, Any]] = {
    "jax.lax.linalg.eig": {"compute_left_eigenvectors": False},
    "scipy.sparse.linalg.eigs": {"k": 2},
    "scipy.sparse.linalg.eigsh": {"k": 2},
    "scipy.sparse.linalg.svds": {"k": 2},
}
"""Without these the tables say nothing, or the call has no default."""
GONE = frozenset({"tensorflow.raw_ops.BatchSelfAdjointEigV2", "tensorflow.raw_ops.BatchSvd"})
"""Names that exist, and whose kernels do not any more."""


def call(name: str, library: str, a: Any) -> tuple[Any, Any]:
    """Call a decomposition; return what it gives and what the tables say of that."""
    module, last = home_of(name)
    (given,) = arguments(library, (a,))
    settings = dict(REQUIRED.get(name, {}))
    model = MODELS.get(name)
    assert model is not None
    if "Tout" in model.params:
        settings["Tout"] = np.complex128
    if model.params[0] == "*":
        settings["input"], positional = given, ()
    else:
        positional = (given,)
    bound = bind(model, positional, settings)
    assert bound is not None
    return getattr(module, last)(*positional, **settings), outputs(model, bound)


def by_role(made: Any, specs: Any) -> dict[str, Any]:
    parts = {str(s["role"]): np.asarray(p) for s, p in zip(specs, made, strict=True)}
    right = next((s for s in specs if s["role"] == "right"), None)
    return {**parts, "adjoint": right is not None and right["index"] == -2}


@pytest.mark.parametrize("library", ["autograd", "jax", "numpy", "tensorflow"])
@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
def test_outputs_keep_their_promise_under_every_choice_of_the_tables(library: str, complex_: bool) -> None:
    prepared(library)
    g = np.random.default_rng(1)
    for name in set(decompositions(library)) - GONE:
        model = MODELS.get(name)
        assert model is not None
        rows = 6 if not (model.options.get("square") or "eig" in name) else 4
        a = g.standard_normal((rows, 4)) + (1j * g.standard_normal((rows, 4)) if complex_ else 0)
        if name.startswith("scipy.sparse.linalg.eig"):
            a = np.pad(a, ((0, 2), (0, 2))) + np.diag(np.arange(6.0))
        if model.options.get("hermitian"):
            a = a + np.conj(a.T)
        if name == "scipy.sparse.linalg.svds":
            a[:, 2:] = a[:, :2]  # of rank 2, so that two triples are all of it
        made, specs = call(name, library, a)
        if len(specs) == 1:
            assert (np.asarray(made).ndim, bool(specs[0].get("charge"))) == (1, False), name
            continue
        assert promise(a, by_role(made, specs)), name
        other = regauged(model, made, specs, Drawing(3, phases=True, order=True), library)
        assert promise(a, by_role(other, specs)), name
        changed = by_role(other, specs)
        assert any(not np.allclose(x, changed[r]) for r, x in by_role(made, specs).items() if r != "adjoint"), name


@pytest.mark.parametrize("library", ["autograd", "jax", "numpy", "tensorflow"])
def test_only_sorted_values_are_said_to_be_ordered(library: str) -> None:
    prepared(library)
    a = np.random.default_rng(2).standard_normal((4, 4))
    for name in set(decompositions(library)) - GONE:
        model = MODELS.get(name)
        assert model is not None
        if ".sparse." in name:
            continue
        made, specs = call(name, library, a + a.T if model.options.get("hermitian") else a)
        values = next((np.asarray(p) for s, p in zip(specs, made, strict=False) if s["role"] == "values"), None)
        if values is None or values.ndim != 1:
            continue
        sorted_ = bool(np.all(np.diff(values.real) >= 0) or np.all(np.diff(values.real) <= 0))
        assert sorted_ or not model.options["ordered"], name
        assert model.options["ordered"] or "complex" in str(values.dtype) or library in ("numpy", "autograd"), name
