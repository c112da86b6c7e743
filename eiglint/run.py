"""What a run over files is asked to do, and its smallest piece: one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from eiglint.inspected import Inspected
from eiglint.inspection import Inspector, unreadable
from eiglint.source.config import Options, options_for


@dataclass(frozen=True, slots=True)
class Run:
    """What a run over files is asked to do besides the options of what is reported."""

    options: Options = field(default_factory=Options)
    config: Path | None = None
    jobs: int | None = 1
    """The number of processes; None chooses by the amount of work."""
    stdin: bytes = b""
    """What the path `-` stands for."""
    stdin_name: str = "<stdin>"
    fixing: bool = False
    """Whether findings come with their fixes."""


def inspect_file(inspector: Inspector, path: str, run: Run) -> Inspected:
    """Read and inspect one file."""
    try:
        source = Path(path).read_bytes()
    except OSError as error:
        return Inspected(skipped=(unreadable(path, error),))
    options, _ = options_for(Path(path), run.config)
    return inspector.inspect(path, source, run.options.over(options))
