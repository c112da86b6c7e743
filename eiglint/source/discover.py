"""Which files a run looks at: those named, and in folders Python, notebooks and declarations of dependencies."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from eiglint.findings import Skipped
from eiglint.source.pins import declares_dependencies

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIXES = (".py", ".ipynb")
_OF_TOOLS = (
    ".eggs",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
)
NEVER = frozenset(
    {
        *_OF_TOOLS,
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "__pycache__",
        "__pypackages__",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "venv",
    }
)


class Missing(NamedTuple):
    """A path that was asked for and does not exist."""

    path: str


class Rules(NamedTuple):
    """Ignore patterns and the folder they are relative to."""

    folder: str
    spec: GitIgnoreSpec

    def match(self, path: str, *, is_folder: bool) -> bool:
        """Say whether the patterns exclude an absolute path."""
        relative = os.path.relpath(path, self.folder).replace(os.sep, "/")
        return not relative.startswith("..") and self.spec.match_file(relative + "/" * is_folder)


def discover(
    paths: Sequence[str], exclude: Sequence[tuple[Sequence[str], str]] = ()
) -> Iterator[str | Skipped | Missing]:
    """Yield each file once, as it was spelled; files named explicitly are never excluded.

    `exclude` holds patterns in the form of .gitignore, each with the folder that they are relative to.
    """
    excluded = [rules for lines, folder in exclude if (rules := _spec(lines, folder))]
    seen: set[str] = set()
    for path in paths:
        if path == "-":
            yield path
            continue
        found = _walk(path, excluded) if os.path.isdir(path) else _single(path)
        for item in found:
            key = os.path.abspath(item if isinstance(item, str) else item.path)
            if key not in seen:
                seen.add(key)
                yield item


def _single(path: str) -> Iterator[str | Skipped | Missing]:
    if not os.path.exists(path):
        yield Missing(path)
    elif not os.path.isfile(path) and not path.startswith(("/dev/fd/", "/proc/")):
        yield Skipped(path, "not a regular file")
    else:
        yield path


def _walk(top: str, excluded: list[Rules]) -> Iterator[str | Skipped]:
    """Walk a folder in the order of names. Links to folders are not followed, so no link can make a loop."""
    here = os.path.abspath(top)
    ignored = [rules for rules in _git_rules(here) if not rules.match(here, is_folder=True)]
    stack: list[tuple[str, list[Rules]]] = [(top, excluded + ignored)]
    while stack:
        folder, rules = stack.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Skipped(folder, f"cannot be read: {error.strerror}")
            continue
        if folder != top and any(entry.name == ".gitignore" for entry in entries):
            rules = [*rules, *_gitignore(os.path.abspath(folder))]
        below: list[tuple[str, list[Rules]]] = []
        for entry in entries:
            path = entry.path[2:] if entry.path.startswith("./") else entry.path
            if entry.is_dir(follow_symlinks=False):
                if _is_searched(entry, rules):
                    below.append((path, rules))
            elif _is_read(entry.name) and not _matches(path, rules, is_folder=False):
                yield path if _is_file(entry) else Skipped(path, "not a regular file, or a broken link")
        stack += reversed(below)


def _is_read(name: str) -> bool:
    return name.endswith(SUFFIXES) or declares_dependencies(name)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_searched(entry: os.DirEntry[str], rules: list[Rules]) -> bool:
    if entry.name in NEVER or os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
        return False
    return not _matches(entry.path, rules, is_folder=True)


def _matches(path: str, rules: list[Rules], *, is_folder: bool) -> bool:
    return bool(rules) and any(rule.match(os.path.abspath(path), is_folder=is_folder) for rule in rules)


def _git_rules(folder: str) -> list[Rules]:
    """Collect the ignore files from the repository's top down to the folder; none outside a repository."""
    chain = [Path(folder), *Path(folder).parents]
    top = next((index for index, parent in enumerate(chain) if (parent / ".git").exists()), None)
    if top is None:
        return _gitignore(folder)
    return [rules for parent in reversed(chain[: top + 1]) for rules in _gitignore(str(parent))]


def _gitignore(folder: str) -> list[Rules]:
    try:
        lines = Path(folder, ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    rules = _spec(lines, folder)
    return [rules] if rules else []


def _spec(lines: Sequence[str], folder: str) -> Rules | None:
    """Compile patterns in the form of .gitignore, if there are any: pathspec takes its time to load."""
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return None
    from pathspec import GitIgnoreSpec

    return Rules(folder, GitIgnoreSpec.from_lines(lines))
