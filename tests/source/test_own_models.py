"""A project may model calls of its own: they are found, judged, and what is wrong in their tables is named."""

from pathlib import Path

import pytest

from eiglint.check import check_paths
from eiglint.source.config import ConfigError, read_config

TABLE = """
spell = ["my.{}"]

[[decompose]]
names = ["eigh_safe"]
params = "input"
fields = ["values", "vectors"]
group = "field"
ordered = true
square = true
hermitian = true
outputs = [
  { field = "values", role = "values", index = -1, square = true },
  { field = "vectors", role = "vectors", index = -1, square = true, charge = { axis = -1, q = 1 }, orthogonal = true },
]
"""
OWN = "def eigh_safe(A):\n    return backend(A)\n\n\ndef same(x):\n    return 2 * x\n"
CODE = "import torch\n{}\n\n\ndef loss(A, w):\n    L, V = {}(A)\n    return torch.relu({} @ w).sum()\n"
IMPORTS = {
    "by name": ("from my import eigh_safe", "eigh_safe", "V"),
    "by an alias": ("import my as m", "m.eigh_safe", "V"),
    "by the module": ("import my", "my.eigh_safe", "V"),
    "beside a function that is not modelled": ("from my import eigh_safe, same", "eigh_safe", "same(V)"),
}


def project(folder: Path, table: str, models: str = '["ops.toml"]') -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.eiglint]\nmodels = {models}\n")
    (folder / "ops.toml").write_text(table)
    (folder / "my.py").write_text(OWN)
    return folder


@pytest.mark.parametrize(("line", "call", "used"), IMPORTS.values(), ids=IMPORTS.keys())
def test_without_the_table_nobody_knows_the_call(tmp_path: Path, line: str, call: str, used: str) -> None:
    project(tmp_path, TABLE, "[]")
    (tmp_path / "a.py").write_text(CODE.format(line, call, used))
    assert check_paths([tmp_path]).sites == ()


@pytest.mark.parametrize(("line", "call", "used"), IMPORTS.values(), ids=IMPORTS.keys())
def test_a_call_that_the_project_models_is_a_decomposition(tmp_path: Path, line: str, call: str, used: str) -> None:
    project(tmp_path, TABLE)
    (tmp_path / "a.py").write_text(CODE.format(line, call, used))
    report = check_paths([tmp_path])
    assert [(site.call, site.phase) for site in report.sites] == [("my.eigh_safe", "dependent")]
    assert [(finding.code, finding.line) for finding in report.findings] == [("EIG102", 7)]


WRONG = {
    "a kind that does not exist": ("[[decompos]]\nnames = ['my.f']\n", "unknown kind 'decompos'"),
    "a key that does not exist": ("[[map]]\nnames = ['my.f']\nparityy = 'odd'\n", "parityy"),
    "no TOML": ("[[", "ops.toml"),
}


@pytest.mark.parametrize(("table", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_in_a_table_is_an_error_of_the_configuration(tmp_path: Path, table: str, message: str) -> None:
    project(tmp_path, table)
    with pytest.raises(ConfigError) as caught:
        check_paths([tmp_path])
    assert str(caught.value).startswith(f"{tmp_path / 'pyproject.toml'}: `models`: {tmp_path / 'ops.toml'}: ")
    assert message in str(caught.value)


def test_a_table_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = project(tmp_path, TABLE, '["none.toml"]') / "pyproject.toml"
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        read_config(file)


def test_models_that_are_no_list_of_strings_are_an_error(tmp_path: Path) -> None:
    file = project(tmp_path, TABLE, '"ops.toml"') / "pyproject.toml"
    with pytest.raises(ConfigError, match="`models` must be a list of strings"):
        read_config(file)
