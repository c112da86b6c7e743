"""Patterns of named axes, as einops writes them: `b (h w) ... -> b h 1 w`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from string import ascii_letters

Group = tuple[str, ...]
"""The names that one axis is made of; none for an axis of size one."""
DOTS = "..."
_WORD = re.compile(r"\.\.\.|[()]|\w+")


def sides(pattern: object) -> tuple[tuple[Group, ...], tuple[Group, ...]] | None:
    """Return the axes on both sides of the arrow; None for what is no such pattern.

    Numbers above one are names of their own, each another one: no two axes are the same because they are as long.
    """
    if not isinstance(pattern, str) or pattern.count("->") != 1:
        return None
    fresh = count()
    left, right = (_side(text, fresh) for text in pattern.split("->"))
    return None if left is None or right is None else (left, right)


def _side(text: str, fresh: count[int]) -> tuple[Group, ...] | None:
    groups: list[Group] = []
    inside: list[str] | None = None
    if _WORD.sub("", text).strip():
        return None
    for word in _WORD.findall(text):
        if word in "()":
            if (inside is None) != (word == "("):
                return None
            if inside is not None:
                groups.append(tuple(inside))
            inside = [] if word == "(" else None
            continue
        atoms = [] if word == "1" else [f"{word}#{next(fresh)}" if word.isdigit() else word]
        if inside is None:
            groups.append(tuple(atoms))
        else:
            inside += atoms
    names = [name for group in groups for name in group]
    return None if inside is not None or len(names) > len(set(names)) else tuple(groups)


def length(name: str) -> int | None:
    """Return the length of an axis that was written as a number."""
    number, mark, _ = name.partition("#")
    return int(number) if mark else None


def equation(pattern: object) -> str | None:
    """Return an einsum equation in single letters for one in words; None where that cannot be said."""
    if not isinstance(pattern, str) or pattern.count("->") != 1 or not set("()").isdisjoint(pattern):
        return None
    inputs, output = pattern.split("->")
    parts = [*(part.split() for part in inputs.split(",")), output.split()]
    words = list(dict.fromkeys(word for part in parts for word in part if word != DOTS))
    if len(words) > len(ascii_letters) or not all(word.isidentifier() for word in words):
        return None
    letters = {DOTS: DOTS, **dict(zip(words, ascii_letters, strict=False))}
    *laid, out = ("".join(letters[word] for word in part) for part in parts)
    return f"{','.join(laid)}->{out}"


def spelled_out(groups: Sequence[Group], rank: int, total: int) -> tuple[Group, ...]:
    """Return the axes with those that the dots stand for as `total - rank` names of their own."""
    names = [f"{DOTS}{i}" for i in range(total - rank)]
    out: list[Group] = []
    for group in groups:
        if group == (DOTS,):
            out += [(name,) for name in names]
        else:
            out.append(tuple(n for name in group for n in (names if name == DOTS else [name])))
    return tuple(out)
