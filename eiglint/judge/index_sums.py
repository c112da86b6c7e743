"""Einsum specifications in a normal form: letters renamed by where they occur, operands sorted."""

from __future__ import annotations

from collections.abc import Sequence

from eiglint.gauge.terms import Term, term


def relettered(text: str, operands: Sequence[Term], swap: tuple[int, int] | None) -> Term | None:
    """Return the term of an einsum whose result has two axes exchanged; None for a text that does not say enough."""
    inputs, arrow, output = text.replace(" ", "").partition("->")
    letters = inputs.split(",")
    if not arrow or len(letters) != len(operands):
        return None
    out = list(output.replace("...", "."))
    if swap is not None:
        if len(out) < -swap[0] or "." in (out[swap[0]], out[swap[1]]):
            return None
        out[swap[0]], out[swap[1]] = out[swap[1]], out[swap[0]]
    names = {letter: f"out{k}" for k, letter in enumerate(out)}
    pairs = [(operand, own.replace("...", ".")) for operand, own in zip(operands, letters, strict=True)]
    pairs.sort(key=lambda pair: (id(pair[0]), [names.get(letter, "sum") for letter in pair[1]]))
    for _, own in pairs:
        for letter in own:
            names.setdefault(letter, f"sum{len(names)}")
    return term("index sum", len(out), *(x for t, own in pairs for x in (t, tuple(names[c] for c in own))))
