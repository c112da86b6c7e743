"""Folders are searched for Python files and notebooks; what was named explicitly is always looked at."""

import os
from pathlib import Path

import pytest

from eiglint.findings import Skipped
from eiglint.source.discover import Missing, discover


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def found(root: Path, *paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
    items = discover([str(root / path) for path in paths or ("",)], [(exclude, str(root))])
    return [os.path.relpath(item, root) for item in items if isinstance(item, str)]


def test_other_files_and_the_folders_of_tools_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "a.pyc", "stub.pyi", ".git/x.py", ".venv/x.py", "node_modules/x.py", "__pycache__/x.py")
    make(tmp_path, "env/pyvenv.cfg", "env/lib/x.py")
    assert found(tmp_path) == []


def test_python_files_and_notebooks_are_found_in_the_order_of_names(tmp_path: Path) -> None:
    make(tmp_path, "b/c.py", "a.py", "z.py", "b/n.ipynb")
    assert found(tmp_path) == ["a.py", "z.py", "b/c.py", "b/n.ipynb"]


def test_ignored_files_are_left_out_from_the_top_of_the_repository_down(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "src/a.py", "src/generated/b.py", "src/deep/c.py", "src/deep/kept.py")
    (tmp_path / ".gitignore").write_text("generated/\n")
    (tmp_path / "src/deep/.gitignore").write_text("# a comment\n*\n!kept.py\n")
    assert found(tmp_path) == ["src/a.py", "src/deep/kept.py"]
    assert found(tmp_path, "src") == ["src/a.py", "src/deep/kept.py"]


def test_a_file_or_folder_that_was_named_is_looked_at_even_if_it_is_ignored(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "generated/b.py", ".venv/c.py")
    (tmp_path / ".gitignore").write_text("generated/\n.venv/\n")
    assert found(tmp_path, "generated/b.py") == ["generated/b.py"]
    assert found(tmp_path, "generated") == ["generated/b.py"]
    assert found(tmp_path, ".venv") == [".venv/c.py"]


def test_patterns_leave_files_out_but_not_those_that_were_named(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "old/b.py", "test_c.py")
    assert found(tmp_path, exclude=("old/", "test_*.py")) == ["a.py"]
    assert found(tmp_path, "old/b.py", exclude=("old/",)) == ["old/b.py"]


def test_a_file_is_found_once(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    assert found(tmp_path, "a.py", "", "a.py") == ["a.py"]


def test_links_to_folders_make_no_loop(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b/c.py")
    (tmp_path / "b" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    assert found(tmp_path) == ["a.py", "b/c.py"]
    assert [item for item in discover([str(tmp_path)]) if isinstance(item, Skipped)] == [
        Skipped(str(tmp_path / "self.py"), "not a regular file, or a broken link")
    ]


def test_a_path_that_does_not_exist_is_told_apart(tmp_path: Path) -> None:
    assert list(discover([str(tmp_path / "nope.py")])) == [Missing(str(tmp_path / "nope.py"))]


def test_standard_input_passes_through() -> None:
    assert list(discover(["-"])) == ["-"]


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert [type(item) for item in discover([str(tmp_path), str(tmp_path / "pipe.py")])] == [Skipped]
