"""Numbers, counts and places as people read them."""

from __future__ import annotations

import math
import os
from pathlib import Path

from eiglint.evidence.verdict import eps_of


def counted(number: int, noun: str) -> str:
    """Return `1 time`, `3 times`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def short(value: float) -> str:
    """Return a number with two significant digits, `0.31` or `3e-09` as `3e-9`."""
    if not math.isfinite(value):
        return "infinity" if value > 0 else str(value)
    if value >= 99.5:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{value:.0f}" if value < 9999.5 else f"{float(mantissa):g}e{int(exponent)}"
    if value == 0 or value >= 9.95e-4:
        return f"{value:.2g}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def in_eps(value: float, dtype: str | None) -> str:
    """Return a size at rounding level as a number of rounding units: `12 eps`."""
    return f"{short(value / eps_of(dtype))} eps"


def shown(path: str) -> str:
    """Return a path from the current folder where it lies below."""
    try:
        return os.fspath(Path(path).relative_to(Path.cwd())) if os.path.isabs(path) else path
    except ValueError:
        return path


def shown_briefly(path: str) -> str:
    """Return the path of an installed file from its package on, any other as `shown` does."""
    _, installed, inside = Path(path).as_posix().rpartition("/site-packages/")
    return inside if installed else shown(path)
