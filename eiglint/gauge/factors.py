"""The factors of a product, their charges under letters, and their batches."""

from __future__ import annotations

from dataclasses import replace

from eiglint.gauge.letters import Contraction, Letter, Operand
from eiglint.gauge.state import (
    Charges,
    Motion,
    Pick,
    Slot,
    charges,
)

Lettered = dict[tuple[str, object, object], int]
"""Charges whose axes are named by letters: ("slot", letter, cut) or ("pick", key, cut) to q."""


Moving = list[tuple[Operand, Motion]]
"""The operands that depend on a gauge, with how they do."""


def is_broadcast(laid: Contraction) -> bool:
    """Whether the operands are laid over each other entry by entry."""
    return bool(laid.out) and all(isinstance(letter_, tuple) and letter_[:1] == ("axis",) for letter_ in laid.out)


def unbatched(moving: Moving) -> Moving:
    """Take values of unknown rank for unbatched where their batch axes would fall on each other's rows or columns."""
    if all(m.rest is None for _, m in moving):
        return moving
    letters = [batch_letters(o, m) for o, m in moving]
    shared = [{x for x in o.letters if o.has(x)} for o, _ in moving]
    for i in range(len(moving)):
        for j in range(len(moving)):
            if letters[i] & shared[j] - letters[j]:
                return [(o, replace(m, rest=None)) for o, m in moving]
    return moving


def batch_of(laid: Contraction, moving: Moving) -> tuple[frozenset[int], int | None]:
    """Return the batch axes of the result: those named, and where all further ones begin."""
    axes: set[int] = set()
    rest = None
    for o, m in moving:
        named = set(m.batch) | (set(range(-len(o.letters), 0)) if m.rest is not None else set())
        for axis in named:
            if m.is_batch(axis):
                position = laid.position(o.letter(axis))
                if position is not None:
                    axes.add(position)
        if m.rest is not None:
            rest = -(len(laid.out) + 1)
    while rest is not None and rest + 1 in axes:
        rest += 1
        axes.remove(rest)
    return frozenset(axes), rest


def batch_letters(o: Operand, m: Motion) -> frozenset[Letter]:
    """Return the letters of an operand along which the choices differ."""
    named = set(m.batch) | (set(range(-len(o.letters), 0)) if m.rest is not None else set())
    return frozenset(o.letter(a) for a in named if m.is_batch(a) and not o.tensor.absent(a))


def lettered(o: Operand, items: Charges) -> Lettered:
    """Return charges with their axes named by letters."""
    found: Lettered = {}
    for key, q in items:
        name = ("slot", o.letter(key.axis), key.cut) if isinstance(key, Slot) else ("pick", key.key, key.cut)
        found[name] = found.get(name, 0) + q
    return found


def placed(laid: Contraction, named: Lettered, group: str) -> Charges:
    """Return lettered charges on the axes of the result; letters that are gone must not occur."""
    pairs: list[tuple[Slot | Pick, int]] = []
    for (kind, where, cut), q in named.items():
        if kind == "pick":
            pairs.append((Pick(where, cut), q))  # type: ignore[arg-type]
        else:
            position = laid.position(where)
            if position is not None:
                pairs.append((Slot(position, cut), q))  # type: ignore[arg-type]
    return charges(pairs, group)


def reduced(named: Lettered, group: str) -> Lettered:
    """Reduce charges modulo the group and drop the zeros."""
    return {k: r for k, q in named.items() if (r := q % 2 if group == "Z2" else q)}
