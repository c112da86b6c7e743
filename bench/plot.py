"""Draw errors against gaps, both on logarithmic axes, as an SVG file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

COLOURS = ("#c0392b", "#e67e22", "#1f6f8b", "#2c9c69")
LEFT, TOP, WIDTH, HEIGHT = 70, 20, 520, 300
LOWEST, HIGHEST = -17, 1
"""Powers of ten: an error beyond the upper one is drawn on it, NaN included."""

Curve = tuple[str, Sequence[float]]


def curves(gaps: Sequence[float], found: Sequence[Curve]) -> str:
    """Return the picture; a gap of 0 stands at the right end."""
    lines = [*frame(gaps)]
    for index, (name, errors) in enumerate(found):
        colour = COLOURS[index % len(COLOURS)]
        points = [(across(k, len(gaps)), down(error)) for k, error in enumerate(errors)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        y = TOP + 14 + 18 * index
        lines.append(f'<text x="{LEFT + WIDTH + 12}" y="{y}" fill="{colour}">{name}</text>')
    size = f'width="{LEFT + WIDTH + 130}" height="{TOP + HEIGHT + 50}"'
    body = "\n".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def across(index: int, count: int) -> float:
    """Return where a gap stands."""
    return LEFT + WIDTH * index / (count - 1)


def down(error: float) -> float:
    """Return where an error stands."""
    power = HIGHEST if not math.isfinite(error) else math.log10(max(error, 10.0**LOWEST))
    return TOP + HEIGHT * (HIGHEST - min(power, HIGHEST)) / (HIGHEST - LOWEST)


def frame(gaps: Sequence[float]) -> Iterator[str]:
    """Give the axes and what stands at them."""
    yield f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#888"/>'
    for index, gap in enumerate(gaps):
        x = across(index, len(gaps))
        yield (
            f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{gap:.0e}</text>'
            if gap
            else (f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">0</text>')
        )
    for power in range(LOWEST + 1, HIGHEST, 4):
        y = down(10.0**power)
        yield f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">1e{power}</text>'
    yield f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">NaN</text>'
    middle = LEFT + WIDTH / 2
    yield f'<text x="{middle}" y="{TOP + HEIGHT + 38}" text-anchor="middle">gap of two values</text>'
    yield (
        f'<text x="16" y="{TOP + HEIGHT / 2}" text-anchor="middle" '
        f'transform="rotate(-90 16 {TOP + HEIGHT / 2})">relative error of the gradient</text>'
    )
