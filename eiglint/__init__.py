"""Finds results that depend on the arbitrary phase, sign or order of eigenvectors and singular vectors.

Importing this package loads neither torch nor libcst: names are fetched when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from eiglint.version import __version__

if TYPE_CHECKING:
    from eiglint import linalg
    from eiglint.check import check_paths, check_source
    from eiglint.runtime import GaugeError, IllDefinedError, gaugecheck, watch

__all__ = [
    "GaugeError",
    "IllDefinedError",
    "__version__",
    "check_paths",
    "check_source",
    "gaugecheck",
    "linalg",
    "reveal_gauge",
    "watch",
]

_HOMES = {
    "check_paths": "eiglint.check",
    "check_source": "eiglint.check",
    "gaugecheck": "eiglint.runtime",
    "GaugeError": "eiglint.runtime",
    "IllDefinedError": "eiglint.runtime",
    "linalg": "eiglint.linalg",
    "watch": "eiglint.runtime",
}

T = TypeVar("T")


def reveal_gauge(x: T) -> T:
    """Return `x` as it is; `eiglint check` prints what it inferred about it."""
    return x


def __getattr__(name: str) -> object:
    """Fetch a public name from the module that defines it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(_HOMES[name])
    value: object = home if home.__name__ == f"{__name__}.{name}" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, the ones not fetched yet included."""
    return sorted(__all__)
