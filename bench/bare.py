"""Import a module of a large package without the packages that all of its other modules need."""

from __future__ import annotations

import importlib
import sys
import types
from importlib.machinery import PathFinder
from pathlib import Path


def bare(name: str) -> types.ModuleType:
    """Import a module, with empty packages in the place of those around it: their `__init__.py` does not run."""
    *packages, _ = name.split(".")
    around = ""
    folders: list[str] | None = None
    for package in packages:
        around = f"{around}.{package}".lstrip(".")
        if around not in sys.modules:
            spec = PathFinder.find_spec(around, folders)
            if spec is None or not spec.submodule_search_locations:
                raise ModuleNotFoundError(f"No module named {around!r}", name=around)
            empty = types.ModuleType(around)
            empty.__path__ = [str(Path(one)) for one in spec.submodule_search_locations]
            sys.modules[around] = empty
        folders = list(sys.modules[around].__path__)
    return importlib.import_module(name)
