"""Runs many programs through execution and analysis, in several processes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

import torch

from accuracy.generate import generate
from accuracy.judge import Answer, judge
from accuracy.program import Program
from accuracy.truth import Truth, truth_of


class Case(NamedTuple):
    """One program with its truth and what was said of it."""

    number: int
    program: Program
    truth: Truth
    answer: Answer


def case_of(number: int, seed: int) -> Case | None:
    """Draw, execute and judge one program; None where there is no truth about it."""
    program = generate(seed, number)
    truth = None if program is None else truth_of(program)
    if program is None or truth is None or "phase" in truth.accidental:
        return None
    return Case(number, program, truth, judge(program))


def collected(programs: int, seed: int, jobs: int) -> Iterator[Case]:
    """Draw until both halves are full: programs whose result depends on phase or order, and others."""
    room = {True: programs // 2, False: programs - programs // 2}
    # Forked processes inherit a thread pool that torch has not started yet.
    with get_context("spawn").Pool(jobs, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        numbers = iter(range(programs * 20))
        for case in pool.imap(partial(case_of, seed=seed), numbers, chunksize=8):
            if case is None:
                continue
            depends = bool(case.truth.phase or case.truth.order)
            if room[depends]:
                room[depends] -= 1
                yield case
            if not any(room.values()):
                pool.terminate()
                return
