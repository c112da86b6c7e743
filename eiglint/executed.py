"""Which files of its own a program has executed."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Collection

_HERE = os.path.dirname(os.path.realpath(__file__)) + os.sep
_OF_THE_ENVIRONMENT = frozenset({"sitecustomize", "usercustomize"})
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def executed_files(observed: Collection[str] = ()) -> tuple[str, ...]:
    """Give the source files of the modules that are loaded, by absolute path.

    The standard library and eiglint itself are left out; of an installed package only the files in `observed` stay,
    where something was seen to be decomposed.
    """
    library = tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib"))
    seen = {os.path.realpath(path) for path in observed}
    files: set[str] = set()
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or not (path.endswith(".py") or name == "__main__"):
            continue
        path = os.path.abspath(path)
        if path in files or name in _OF_THE_ENVIRONMENT or path.endswith(".pyc") or not os.path.isfile(path):
            continue
        place = os.path.realpath(path)
        if place in seen or not (place.startswith((_HERE, *library)) or _is_installed(path) or _is_installed(place)):
            files.add(path)
    return tuple(sorted(files))


def _is_installed(path: str) -> bool:
    return not _INSTALLED.isdisjoint(path.split(os.sep))
