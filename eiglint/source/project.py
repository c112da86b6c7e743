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


@cache
def home_of(path: str) -> Home:
    """Find the module name of a file from the packages that enclose it."""
    file = Path(os.path.abspath(path))
    is_package = file.stem == "__init__"
    parts = [] if is_package else [file.stem]
    folder = file.parent
    while os.path.exists(folder / "__init__.py") and folder != folder.parent:
        parts.insert(0, folder.name)
        folder = folder.parent
    name = ".".join(parts) or file.stem
    if folder.name in _INSTALLED:
        return Home(name, is_package, (str(folder),), name.partition(".")[0])
    roots = dict.fromkeys([str(folder), *_project_roots(str(folder))])
    return Home(name, is_package, tuple(roots))


@cache
def _project_roots(folder: str) -> tuple[str, ...]:
    """Return the folder of the nearest pyproject.toml, setup.py or repository, and its src."""
    for parent in (Path(folder), *Path(folder).parents):
        if any(os.path.exists(parent / mark) for mark in ("pyproject.toml", "setup.py", ".git")):
            return (str(parent), str(parent / "src"))
    return ()


@cache
def locate(dotted: str, home: Home) -> str | None:
    """Return the file of a module as a file at `home` would import it, if it belongs to the project."""
    outermost = dotted.partition(".")[0]
    if not dotted or (home.only and outermost != home.only):
        return None
    for root in home.roots:
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
