"""The nearest pyproject.toml with a table for eiglint holds; what it says wrongly is named."""

from pathlib import Path

import pytest

from eiglint.source.config import ConfigError, Options, options_for, read_config


def configure(folder: Path, table: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pyproject.toml"
    file.write_text(table)
    return file


def test_without_a_table_nothing_is_said(tmp_path: Path) -> None:
    configure(tmp_path, "[tool.other]\nselect = 3\n")
    assert options_for(tmp_path / "a.py") == (Options(), None)


def test_the_nearest_table_holds_and_a_file_without_one_does_not_hide_it(tmp_path: Path) -> None:
    configure(tmp_path, '[tool.eiglint]\nselect = ["EIG1"]\n')
    configure(tmp_path / "a", "[project]\nname = 'x'\n")
    configure(tmp_path / "b", '[tool.eiglint]\nignore = ["missing-conjugate"]\nmin-certainty = "definite"\n')
    assert options_for(tmp_path / "a" / "x.py") == (Options(select=("EIG1",)), tmp_path)
    assert options_for(tmp_path / "b" / "x.py")[0] == Options(ignore=("EIG104",), min_certainty="definite")


def test_the_command_line_goes_before_the_file() -> None:
    file = Options(select=("EIG1",), min_certainty="definite")
    assert Options(select=("EIG2",)).over(file) == Options(select=("EIG2",), min_certainty="definite")


WRONG = {
    'selekt = ["EIG1"]': "unknown key `selekt` in [tool.eiglint]; the nearest known one is `select`",
    'min_certainty = "likely"': "unknown key `min_certainty` in [tool.eiglint]; the nearest known one is `min-",
    'select = "EIG1"': "`select` must be a list of strings",
    "exclude = [1]": "`exclude` must be a list of strings",
    'select = ["EIG777"]': "`select`: unknown rule `EIG777`",
    'ignore = ["mising-conjugate"]': "`ignore`: unknown rule `mising-conjugate`; did you mean `missing-conjugate`?",
    'min-certainty = "sure"': "`min-certainty` must be one of definite, likely, possible",
    'profile = "feature"': "`profile` must be one of autograd, features",
    "select = [": "pyproject.toml",
}


@pytest.mark.parametrize(("line", "message"), WRONG.items(), ids=WRONG.keys())
def test_a_mistake_is_an_error_that_names_file_and_key(tmp_path: Path, line: str, message: str) -> None:
    file = configure(tmp_path, f"[tool.eiglint]\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert message in str(caught.value)


def test_a_table_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be a table"):
        read_config(configure(tmp_path, "[tool]\neiglint = 3\n"))
