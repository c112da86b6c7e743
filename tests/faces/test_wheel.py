"""The wheel carries the rules, and works in an environment that has nothing else and no torch."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from .programs import PHASE

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_rules_the_models_and_the_type_marker(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    pages = {f"eiglint/_rules/{page.name}" for page in (ROOT / "rules").glob("EIG*.md")}
    assert pages <= names
    assert {"eiglint/_rules/models/torch.toml", "eiglint/py.typed"} <= names
    assert not [name for name in names if name.startswith(("tests/", "fixtures/", "rules/"))]


@pytest.mark.network
def test_an_empty_environment_can_check_explain_and_run_flake8(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = str(tmp_path / "env" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", f"{wheel}[flake8]"], check=True, capture_output=True)
    (tmp_path / "phase.py").write_text(PHASE)

    def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([python, "-m", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ask("torch").returncode != 0
    checked = ask("eiglint", "check", "phase.py")
    assert (checked.returncode, checked.stdout.count("EIG104")) == (1, 3)
    assert ask("eiglint", "explain", "EIG104").stdout.startswith("# missing-conjugate (EIG104)")
    assert "EIG104" in ask("eiglint", "rules").stdout
    assert ask("flake8", "--select=EIG", "phase.py").stdout.count("EIG104") == 3
