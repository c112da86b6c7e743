"""Several files at a time, each in one of a few processes; a process that dies costs only its own file."""

from __future__ import annotations

import multiprocessing
import os
import platform
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from eiglint.inspected import Inspected
from eiglint.inspection import Inspector, died
from eiglint.run import Run, inspect_file

_WORTH_BYTES = 400_000
"""Below this amount of source to analyse, starting processes takes longer than it saves."""

_inspector: Inspector | None = None


def processes_for(jobs: int | None, sizes: Sequence[int]) -> int:
    """Choose the number of processes."""
    if jobs is not None:
        return min(jobs, len(sizes))
    return min(os.cpu_count() or 1, len(sizes)) if sum(sizes) >= _WORTH_BYTES else 1


def inspect_in_processes(paths: Sequence[str], run: Run, count: int) -> Iterator[Inspected]:
    """Inspect files in processes, the largest first; those at work when one died are tried again alone."""
    lost: list[str] = []
    with _pool(count) as pool:
        futures = {path: pool.submit(_work, path, run) for path in sorted(paths, key=os.path.getsize, reverse=True)}
        for path in paths:
            try:
                yield futures[path].result()
            except BrokenProcessPool:
                lost.append(path)
    for path in lost:
        with _pool(1) as pool:
            try:
                yield pool.submit(_work, path, run).result()
            except BrokenProcessPool:
                yield Inspected((died(path),))


def _pool(count: int) -> ProcessPoolExecutor:
    """Start processes: by fork on Linux, where the parser that was loaded once then serves all."""
    if platform.system() == "Linux":
        import eiglint.ir.parse  # noqa: F401

        return ProcessPoolExecutor(count, multiprocessing.get_context("fork"))
    return ProcessPoolExecutor(count)


def _work(path: str, run: Run) -> Inspected:
    global _inspector
    _inspector = _inspector or Inspector(fixing=run.fixing)
    return inspect_file(_inspector, path, run)
