"""Real processes: the command line, and what it printed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple


class Found(NamedTuple):
    """What every face says about a finding."""

    path: str
    line: int
    column: int
    code: str
    message: str


class Spoken(NamedTuple):
    """The exit status and the two streams of a run."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def found(self) -> list[Found]:
        """The findings of `--format json`."""
        return [Found(*(record[field] for field in Found._fields)) for record in self.json["findings"]]


def run(
    command: list[str], folder: Path, given: bytes = b"", seconds: float = 120
) -> subprocess.CompletedProcess[bytes]:
    """Run a Python module or script of this environment in a folder."""
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}", "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=folder, input=given, capture_output=True, timeout=seconds, env=environment, check=False
    )


def eiglint(folder: Path, *arguments: str, given: bytes = b"", seconds: float = 120) -> Spoken:
    """Run `eiglint`, and hold that no traceback reached the user whatever was asked."""
    done = run([sys.executable, "-m", "eiglint", *arguments], folder, given, seconds)
    spoken = Spoken(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in spoken.out + spoken.err, spoken.err
    return spoken
