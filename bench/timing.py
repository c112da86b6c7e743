"""Time whole processes as the operating system accounts for them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Run(NamedTuple):
    """One finished process: seconds on the clock, seconds of processors (children included), exit status."""

    wall: float
    cpu: float
    status: int


class Job(NamedTuple):
    """A command, the folder it runs in, and how often it is worth running."""

    command: Sequence[str]
    folder: Path
    runs: int


def timed(job: Job) -> Run:
    """Run a command to its end, its output thrown away."""
    start = time.perf_counter()
    process = subprocess.Popen(job.command, cwd=job.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, process.returncode)


def interleaved(jobs: Mapping[str, Job]) -> dict[str, list[Run]]:
    """Run all commands in turn, round after round, so that a drift of the machine hits them alike.

    Every command that runs more than once is run one time more, and that first run is not counted.
    """
    results: dict[str, list[Run]] = {name: [] for name in jobs}
    for job in jobs.values():
        if job.runs > 1:
            timed(job)
    for turn in range(max(job.runs for job in jobs.values())):
        for name, job in jobs.items():
            if turn < job.runs:
                results[name].append(timed(job))
    return results


def wall(runs: Sequence[Run]) -> float:
    """Return the median time on the clock."""
    return median(run.wall for run in runs)


def cpu(runs: Sequence[Run]) -> float:
    """Return the median processor time."""
    return median(run.cpu for run in runs)
