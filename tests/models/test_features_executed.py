"""Programs for the `features` profile are linted under it and run; the default profile has nothing to say of them."""

from __future__ import annotations

import importlib
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import eiglint
from eiglint.check import check_paths
from eiglint.run import Run
from eiglint.source.config import Options
from fixtures.catalogue import HERE, Program, Source, read
from models.regauge import redrawn

SOURCES = [read(path) for path in sorted((HERE / "features").glob("*_features.py"))]
FILES = [pytest.param(source, id=source.path.stem) for source in SOURCES]
PROGRAMS = [pytest.param(s, p, id=f"{s.path.stem}-{p.name}") for s in SOURCES for p in s.programs]
ARRAYS = [case for case in PROGRAMS if not case.values[0].path.stem.startswith("frozen")]
TENSORS = [case for case in PROGRAMS if case.values[0].path.stem.startswith("frozen")]


@pytest.mark.parametrize("source", FILES)
def test_exactly_the_codes_on_the_lines_are_reported(source: Source) -> None:
    report = eiglint.check_source(source.text, path=str(source.path), options=Options(profile="features"))
    assert {(finding.line, finding.code) for finding in report.findings} == source.reported


@pytest.mark.parametrize("source", FILES)
def test_the_default_profile_is_silent(source: Source) -> None:
    assert eiglint.check_source(source.text, path=str(source.path)).findings == ()


@pytest.mark.parametrize("source", FILES)
@pytest.mark.parametrize("code", ["EIG106", "EIG111"])
def test_each_library_has_three_faults_and_three_near_misses(source: Source, code: str) -> None:
    faults, near = (Counter(found for _, found in marks) for marks in (source.reported, source.fine))
    assert faults[code] >= 3
    assert near[code] >= 3


@pytest.mark.parametrize(("source", "program"), ARRAYS)
def test_arrays_move_under_other_signs_as_the_names_say(source: Source, program: Program) -> None:
    if "scipy" in source.path.stem:
        pytest.importorskip("scipy", reason="scipy is not installed: the programs that use it cannot be run")
    module: Any = importlib.import_module(source.module)
    inputs = module.EXAMPLES[program.name]
    if inputs is None:
        pytest.skip("its result is random, or a decomposition")

    def value() -> Any:
        return np.asarray(getattr(module, program.name)(*inputs(np.random.default_rng(5))), dtype=complex)

    first, others = value(), []
    for seed in range(4):
        with redrawn("numpy", seed, phases=True):
            others.append(value())
    moved = any(other.shape != first.shape or abs(other - first).max() > 1e-6 for other in others)
    assert moved == (program.verdict == "bad")


@pytest.mark.parametrize(("source", "program"), TENSORS)
def test_tensors_move_under_other_signs_as_the_names_say(source: Source, program: Program) -> None:
    torch = pytest.importorskip("torch")
    module: Any = importlib.import_module(source.module)
    inputs = module.EXAMPLES[program.name](torch.Generator().manual_seed(11))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = eiglint.gaugecheck(
            getattr(module, program.name), inputs, symmetries=("phase",), raise_exception=False, check_grad=False
        )
    assert result.phase.invariant is (program.verdict == "ok")


def test_what_another_checked_file_makes_of_vectors_counts_and_not_that_they_are_handed_to_it(tmp_path: Path) -> None:
    run = Run(Options(profile="features"), jobs=1)
    library, user = tmp_path / "library.py", tmp_path / "user.py"
    library.write_text("import numpy as np\n\n\ndef basis(A):\n    return np.linalg.eigh(A)[1][:, :3]\n")
    alone = check_paths([library], run)
    user.write_text("from library import basis\n\n\ndef project(A, x):\n    V = basis(A)\n    return V @ V.T @ x\n")
    assert [finding.code for finding in alone.findings] == ["EIG111"]
    assert check_paths([library, user], run).findings == ()
