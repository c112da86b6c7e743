"""Real processes: a program under python, and the same program under `eiglint.program`."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

OURS = """
import sys
from eiglint import program
_, flag, name, *arguments = sys.argv
prepare = program.prepare_module if flag == "-m" else program.prepare_script
try:
    status = program.run(prepare(name, arguments))
except program.ProgramError as error:
    sys.exit(f"refused: {error}")
program.finish()
sys.exit(status)
"""


class Ended(NamedTuple):
    """What a process left: exit status and both streams."""

    status: int
    out: str
    err: str


def run(folder: Path, *command: str) -> Ended:
    """Run this environment's python in a folder."""
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def under_python(folder: Path, *command: str, flags: tuple[str, ...] = ()) -> Ended:
    """Run `python SCRIPT ...` or `python -m MODULE ...`."""
    return run(folder, *flags, *command)


def under_eiglint(folder: Path, *command: str, flags: tuple[str, ...] = ()) -> Ended:
    """Run the same through `eiglint.program`."""
    as_module = command if command[0] == "-m" else ("script", *command)
    return run(folder, *flags, "-c", OURS, *as_module)
