"""Drops what a disagreement does not need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from accuracy.judge import judge
from accuracy.program import Program
from accuracy.tally import disagreements
from accuracy.truth import truth_of

_TRIALS = 60


def shrunk(program: Program, kind: tuple[str, str]) -> Program:
    """Return a smaller program that shows the same disagreement."""
    left = _TRIALS

    def shows(candidate: Program) -> bool:
        nonlocal left
        left -= 1
        truth = truth_of(candidate)
        return truth is not None and kind in disagreements(truth, judge(candidate))

    while left > 0:
        smaller = _first_that(shows, _smaller(program), lambda: left > 0)
        if smaller is None:
            return program
        program = smaller
    return program


def _first_that(
    shows: Callable[[Program], bool], candidates: Iterator[Program], more: Callable[[], bool]
) -> Program | None:
    for candidate in candidates:
        if not more():
            return None
        if shows(candidate):
            return candidate
    return None


def _smaller(program: Program) -> Iterator[Program]:
    """Propose programs with one step less: one that returns earlier, or one that goes around a step."""
    for place, step in enumerate(program.body):
        for ending in (step.name, f"{step.name}.abs().sum()", f"{step.name}.sum()"):
            shorter = program._replace(body=program.body[: place + 1], result=ending).needed()
            if _size(shorter) < _size(program):
                yield shorter
    for place in reversed(range(len(program.body))):
        step = program.body[place]
        known = [name for name in _known(program, place) if name in step.words]
        for name in known:
            yield _around(program, place, name)


def _known(program: Program, place: int) -> list[str]:
    opened = [name for line in program.opening for name in re.findall(r"\w+", line.split(" = ")[0])]
    return [*(given.name for given in program.inputs), *opened, *(step.name for step in program.body[:place])]


def _around(program: Program, place: int, name: str) -> Program:
    """Let what follows a step use one of its operands instead of its result."""
    gone = re.compile(rf"\b{program.body[place].name}\b")
    after = tuple(step._replace(text=gone.sub(name, step.text)) for step in program.body[place + 1 :])
    body = program.body[:place] + after
    return program._replace(body=body, result=gone.sub(name, program.result)).needed()


def _size(program: Program) -> tuple[int, int]:
    return len(program.body), len(program.definition)
