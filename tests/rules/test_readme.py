"""The first screen of the README shows a real program and what the linter really says of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_output_in_the_readme_is_the_output_of_its_program(tmp_path: Path) -> None:
    (_, program), (_, session) = re.findall(r"^```(python|console)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[:2]
    name = program.split("\n", 1)[0].removeprefix("# ")
    command, shown = session.split("\n", 1)
    (tmp_path / name).write_text(program, encoding="utf-8")
    words = command.removeprefix("$ eiglint ").split()
    run = subprocess.run(
        [sys.executable, "-m", "eiglint", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stdout.splitlines() == shown.splitlines()
