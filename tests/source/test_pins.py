"""A requirement is reported if it keeps torch before the release that checks phases, and only then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import eiglint
from eiglint.findings import Finding
from eiglint.source.pins import declares_dependencies, old_pins

FINE = {
    "any release": "torch",
    "a floor alone": "torch>=1.8",
    "a ceiling above": "torch>=1.8,<2",
    "a patch of the first that checks": "torch<1.11.1",
    "the first that checks": "torch==1.11",
    "any of the first series": "torch==1.*",
    "all but an old one": "torch!=1.10",
    "a comment": "# torch<1.11",
    "under a condition": "torch<1.11; python_version < '3.7'",
    "another package": "torchvision<0.5",
    "another package with a dash": "torch-geometric==1.0",
    "a compatible newer release": "torch~=1.11",
}
OLD = {
    "an upper bound": "torch<1.11",
    "an upper bound included": "torch<=1.10",
    "one release": "torch==1.10.2",
    "one release of one build": "torch==1.10.2+cu113",
    "one series": "torch==1.10.*",
    "a compatible patch": "torch~=1.10.0",
    "a range": "torch >= 1.8, < 1.11",
    "in parentheses": "torch (<1.11)",
    "with an extra": "torch[opt-einsum]==1.9",
}


@pytest.mark.parametrize("line", FINE.values(), ids=FINE.keys())
def test_a_requirement_that_lets_the_check_in_is_fine(line: str) -> None:
    assert list(old_pins(line, "requirements.txt")) == []


@pytest.mark.parametrize("line", OLD.values(), ids=OLD.keys())
def test_a_requirement_that_keeps_the_check_out_is_found(line: str) -> None:
    assert [pin.surely for pin in old_pins(line, "requirements.txt")] == [True]


def test_a_compatible_release_of_the_whole_series_is_in_doubt() -> None:
    assert [pin.surely for pin in old_pins("torch~=1.10", "requirements.txt")] == [False]


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("requirements-dev.txt", "numpy\ntorch<1.11\n", [2]),
        ("pyproject.toml", '[project]\ndependencies = [\n  "torch>=1.8,<1.11",\n  "torchvision<1",\n]\n', [3]),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = "~1.10"\n', [2]),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = {version = "<1.11", optional = true}\n', [2]),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = "^1.10"\n', []),
        ("setup.cfg", "[options]\ninstall_requires =\n    numpy\n    torch<1.11\n", [4]),
        ("environment.yml", "dependencies:\n  - pytorch=1.10\n  - pip:\n    - torch==1.10.1\n", [2, 4]),
        ("environment.yaml", "dependencies:\n  - pytorch::pytorch=1.10=py3_cuda\n  - pytorch=1.13\n", [2]),
        ("notes.txt", "torch<1.11\n", []),
    ],
)
def test_each_kind_of_file_is_read_in_its_own_form(path: str, text: str, lines: list[int]) -> None:
    assert [pin.line for pin in old_pins(text, path)] == lines
    assert declares_dependencies(path) is (path != "notes.txt")


# --- where it is looked for

PROGRAM = "import torch\n\n\ndef loss(A):\n    return torch.linalg.eigvalsh(A).sum()\n"


def project(folder: Path, requirement: str, program: str = PROGRAM) -> Path:
    (folder / "package").mkdir()
    (folder / "package" / "model.py").write_text(program, encoding="utf-8")
    (folder / "requirements.txt").write_text(f"numpy\n{requirement}\n", encoding="utf-8")
    return folder


def found(*paths: Path) -> list[Finding]:
    return [f for f in eiglint.check_paths(paths).findings if f.code == "EIG505"]


def test_a_pin_above_a_decomposition_is_reported_at_its_place(tmp_path: Path) -> None:
    (finding,) = found(project(tmp_path, "torch>=1.8,<1.11"))
    assert (Path(finding.path).name, finding.line, finding.column) == ("requirements.txt", 2, 1)
    assert finding.message.startswith("`torch>=1.8,<1.11` keeps torch before 1.11")
    assert finding.certainty == "definite"


def test_a_pin_is_no_matter_where_nothing_is_decomposed(tmp_path: Path) -> None:
    home = project(tmp_path, "torch<1.11", program="import torch\n\n\ndef loss(A):\n    return A.sum()\n")
    assert found(home) == []


def test_a_pin_file_that_is_named_is_read_in_any_case(tmp_path: Path) -> None:
    home = project(tmp_path, "torch<1.11", program="")
    assert len(found(home / "requirements.txt")) == 1


@pytest.mark.parametrize("comment", ["# noqa: EIG505", "# eiglint: ignore[old-torch]"])
def test_a_comment_on_the_line_silences_it(tmp_path: Path, comment: str) -> None:
    assert found(project(tmp_path, f"torch<1.11  {comment}")) == []


def test_an_unreadable_name_is_listed_and_hides_nothing(tmp_path: Path) -> None:
    home = project(tmp_path, "torch<1.11")
    (home / "environment.yml").mkdir()
    assert len(found(home)) == 1


def test_the_requirements_among_the_programs_are_reported_where_they_say() -> None:
    home = Path(__file__).resolve().parents[2] / "fixtures" / "old_pin" / "requirements.txt"
    marked = [i for i, line in enumerate(home.read_text(encoding="utf-8").splitlines(), 1) if "#! EIG505" in line]
    assert [finding.line for finding in found(home)] == marked != []


@pytest.mark.parametrize(
    "path",
    [
        *("requirements.txt", "deploy/requirements-gpu.txt", "dev_requirements.txt", "a/pyproject.toml", "setup.cfg"),
        *(
            "environment.yml",
            "conda/environment-dev.yaml",
            "requirements.in",
            "notes.txt",
            "setup.py",
            "env.yml",
        ),
    ],
)
def test_the_hook_for_requirements_is_given_the_files_that_are_read(path: str) -> None:
    hooks = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text().split("- id: ")
    (hook,) = [text for text in hooks if text.startswith("eiglint-pins\n")]
    (files,) = [line.split(": ")[1] for line in hook.splitlines() if line.startswith("  files: ")]
    assert bool(re.search(files, path)) == declares_dependencies(path)
