"""What a file imports is followed: packages, re-exports, wrappers, registries, methods of classes elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from eiglint.check import check_paths
from eiglint.findings import Report

WRONG = "vectors.exp().sum()"
FINE = "vectors.square().exp().sum()"

PACKAGES: dict[str, dict[str, str]] = {
    "a relative import": {
        "app/__init__.py": "",
        "app/low.py": "def basis(A):\n    return torch.linalg.eigh(A)[1]\n",
        "app/high.py": "from .low import basis\n\n\ndef loss(A):\n    vectors = basis(A)\n    return RESULT\n",
    },
    "star imports in a row": {
        "low.py": "from torch.linalg import eigh\n\n\ndef basis(A):\n    return eigh(A)[1]\n",
        "middle.py": "from low import *\n",
        "high.py": "from middle import *\n\n\ndef loss(A):\n    vectors = basis(A)\n    return RESULT\n",
    },
    "a module held by packages": {
        "app/__init__.py": "from . import linalg\n",
        "app/linalg/__init__.py": "from . import decomp\n",
        "app/linalg/decomp.py": "def basis(A):\n    return torch.linalg.eigh(A)[1]\n",
        "high.py": "import app\n\n\ndef loss(A):\n    vectors = app.linalg.decomp.basis(A)\n    return RESULT\n",
    },
    "imports inside functions": {
        "low.py": "def basis(A):\n    from torch import linalg\n    return linalg.eigh(A)[1]\n",
        "high.py": "def loss(A):\n    from low import basis\n    vectors = basis(A)\n    return RESULT\n",
    },
    "a module imported by its name": {
        "low.py": "def basis(A):\n    return torch.linalg.eigh(A)[1]\n",
        "high.py": "import importlib\n\nlow = importlib.import_module('low')\n\n\ndef loss(A):\n"
        "    vectors = low.basis(A)\n    return RESULT\n",
    },
    "a function defined under a condition": {
        "low.py": "import sys\n\nif sys.version_info >= (3, 8):\n\n    def basis(A):\n"
        "        return torch.linalg.eigh(A)[1]\n\n"
        "else:\n\n    def basis(A):\n        return torch.linalg.eigh(A).eigenvectors\n",
        "high.py": "from low import basis\n\n\ndef loss(A):\n    vectors = basis(A)\n    return RESULT\n",
    },
    "a decomposition as a default": {
        "low.py": "def basis(A, solver=torch.linalg.eigh):\n    return solver(A)[1]\n",
        "high.py": "from low import basis\n\n\ndef loss(A):\n    vectors = basis(A)\n    return RESULT\n",
    },
    "a decorator of another file": {
        "wrap.py": "def symmetric(f):\n    def inner(A):\n        return f((A + A.mT) / 2)\n\n    return inner\n",
        "low.py": "from wrap import symmetric\n\n\n@symmetric\ndef basis(A):\n    return torch.linalg.eigh(A)[1]\n",
        "high.py": "from low import basis\n\n\ndef loss(A):\n    vectors = basis(A)\n    return RESULT\n",
    },
    "a compiled function": {
        "low.py": "@torch.compile(fullgraph=True)\ndef basis(A):\n    return torch.linalg.eigh(A)[1]\n",
        "high.py": "from low import basis\n\n\ndef loss(A):\n    vectors = basis(A)\n    return RESULT\n",
    },
    "a registry": {
        "low.py": "SOLVERS = {}\n\n\ndef register(f):\n    SOLVERS[f.__name__] = f\n    return f\n\n\n"
        "@register\ndef basis(A):\n    return torch.linalg.eigh(A)[1]\n\n\nSOLVERS['basis'] = basis\n\n\n"
        "def get(name):\n    return SOLVERS[name]\n",
        "high.py": "from low import get\n\n\ndef loss(A):\n    vectors = get('basis')(A)\n    return RESULT\n",
    },
    "another body of the same function": {
        "low.py": "import functools\n\n\n@functools.singledispatch\ndef basis(A):\n    return A\n\n\n"
        "@basis.register(torch.Tensor)\ndef _of_tensor(A):\n    return torch.linalg.eigh(A)[1]\n",
        "high.py": "from low import basis\n\n\ndef loss(A):\n    vectors = basis(A)\n    return RESULT\n",
    },
    "a closure that keeps its result": {
        "low.py": "def prepared(A):\n    state, V = {}, torch.linalg.eigh(A)[1]\n\n    def step():\n"
        "        state['V'] = V\n\n    return step, state\n",
        "high.py": "from low import prepared\n\n\ndef loss(A):\n    step, state = prepared(A)\n    step()\n"
        "    vectors = state['V']\n    return RESULT\n",
    },
    "a recursion that counts down": {
        "low.py": "def basis(A, n):\n    return torch.linalg.eigh(A)[1] if n == 0 else basis(A @ A, n - 1)\n",
        "high.py": "from low import basis\n\n\ndef loss(A):\n    vectors = basis(A, 2)\n    return RESULT\n",
    },
    "modules that import each other": {
        "low.py": "import high\n\n\ndef basis(A):\n    return torch.linalg.eigh(A)[1]\n",
        "high.py": "import low\n\n\ndef loss(A):\n    vectors = low.basis(A)\n    return RESULT\n",
    },
    "a class of another file": {
        "low.py": "class Model:\n    def fit(self, A):\n"
        "        self.V = torch.linalg.eigh(A)[1]\n        return self\n",
        "high.py": "from low import Model\n\n\ndef loss(A):\n    vectors = Model().fit(A).V\n    return RESULT\n",
    },
}


def written(folder: Path, files: dict[str, str], result: str) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if not text else "import torch\n" + text.replace("RESULT", result))
    return folder


def places(report: Report) -> set[tuple[str, int, int, str, str]]:
    return {(f.path, f.line, f.column, f.code, f.certainty) for f in report.findings}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_fine_use_behind_imports_is_proved(name: str, tmp_path: Path) -> None:
    folder = written(tmp_path, PACKAGES[name], FINE)
    report = check_paths([folder])
    assert {finding.code for finding in report.findings} <= {"EIG301"}  # all but its gradient where eigenvalues meet
    assert {site.phase for site in report.sites} <= {"invariant", "leaves"}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_wrong_use_behind_imports_is_reported_where_it_happens(name: str, tmp_path: Path) -> None:
    folder = written(tmp_path, PACKAGES[name], WRONG)
    found = {(Path(f.path).name, f.code) for f in check_paths([folder]).findings}
    assert found == {("high.py", "EIG106")} or found == {("high.py", "EIG102")}


@pytest.mark.parametrize("result", [WRONG, FINE])
@pytest.mark.parametrize("name", PACKAGES)
def test_files_one_by_one_give_what_the_folder_gives(name: str, result: str, tmp_path: Path) -> None:
    folder = written(tmp_path, PACKAGES[name], result)
    alone = [places(check_paths([path])) for path in sorted(folder.rglob("*.py"))]
    assert set().union(*alone) == places(check_paths([folder]))
    for path, found in zip(sorted(folder.rglob("*.py")), alone, strict=True):
        own = {place for place in places(check_paths([folder])) if place[0] == str(path)}
        assert {place for place in found if place[0] == str(path)} == own
