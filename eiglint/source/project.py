"""Where a file stands among the modules of its project, and where the modules are that it imports."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

from eiglint.source.imports import Imported

_INSTALLED = ("site-packages", "dist-packages")


class Home(NamedTuple):
    """Where a file stands among modules: its dotted name, and the folders that absolute imports start from."""

    name: str
    is_package: bool
    roots: tuple[str, ...]
    only: str = ""
    """The only outermost package that is followed: that of the file itself, where it is an installed one."""


def home_of(path: str) -> Home:
    """Find the module name of a file from the packages that enclose it."""
    return _home_of(os.path.abspath(path))


@cache
def _home_of(path: str) -> Home:
    folder, file = os.path.split(path)
    stem = os.path.splitext(file)[0]
    is_package = stem == "__init__"
    packages, roots, only = _packages(folder)
    if os.path.basename(folder) in _INSTALLED:
        only = stem
    return Home(".".join(packages if is_package and packages else (*packages, stem)), is_package, roots, only)


@cache
def _packages(folder: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return the packages that a folder is inside of, and from where its files import."""
    above, name = os.path.split(folder)
    if above != folder and os.path.exists(os.path.join(folder, "__init__.py")):
        outer, roots, only = _packages(above)
        return (*outer, name), roots, only or (name if os.path.basename(above) in _INSTALLED else "")
    if name in _INSTALLED:
        return (), (folder,), ""
    return (), tuple(dict.fromkeys((folder, *_project_roots(folder)))), ""


@cache
def _project_roots(folder: str) -> tuple[str, ...]:
    """Return the folder of the nearest pyproject.toml, setup.py or repository, and its src."""
    for parent in (Path(folder), *Path(folder).parents):
        if any(os.path.exists(parent / mark) for mark in ("pyproject.toml", "setup.py", ".git")):
            return (str(parent), str(parent / "src"))
    return ()


def locate(dotted: str, home: Home) -> str | None:
    """Return the file of a module as a file at `home` would import it, if it belongs to the project."""
    if not dotted or (home.only and dotted.partition(".")[0] != home.only):
        return None
    return _locate(dotted, home.roots)


@cache
def _locate(dotted: str, roots: tuple[str, ...]) -> str | None:
    for root in roots:
        base = os.path.join(root, *dotted.split("."))
        for candidate in (os.path.join(base, "__init__.py"), base + ".py"):
            if os.path.isfile(candidate):
                return candidate
    return None


def absolute(imported: Imported, home: Home) -> str:
    """Return the dotted name of the module that an import names, relative ones resolved."""
    if not imported.level:
        return imported.module
    package = home.name.split(".") if home.is_package else home.name.split(".")[:-1]
    kept = package[: len(package) - imported.level + 1]
    return ".".join([*kept, imported.module] if imported.module else kept)
