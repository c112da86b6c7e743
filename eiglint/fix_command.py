"""`eiglint check --fix` and `--diff`: find, fix, write; what cannot be written is said, and loses nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eiglint.check import files_of, run_paths
from eiglint.run import Run


class Applied(NamedTuple):
    """What fixing came to."""

    diff: str
    stdin: bytes
    """What standard input holds after its fixes."""
    notices: tuple[str, ...]
    """What is said of it, problems included."""
    problems: tuple[str, ...]
    missing: tuple[str, ...]


def apply_fixes(paths: Sequence[str], run: Run, *, unsafe: bool, write: bool) -> Applied:
    """Fix files and standard input; without `write` nothing changes, and the diff says what would."""
    report, missing = run_paths(paths, run)
    from eiglint.fix.files import as_diff, fix_files
    from eiglint.fix.write import WriteError, replace_file

    fixed = list(fix_files(report, files_of(paths, run), run, unsafe=unsafe))
    problems = [f"{file.path} cannot be fixed: {file.problem}" for file in fixed if file.problem]
    changed = [file for file in fixed if not file.problem]
    stdin, count, files = run.stdin, 0, 0
    for file in changed:
        is_stdin = "-" in paths and file.path == run.stdin_name
        try:
            if is_stdin:
                stdin = file.content[1]
            elif write:
                replace_file(file.path, *file.content)
        except WriteError as error:
            problems.append(f"{file.path} is not written: {error}")
            continue
        count, files = count + len(file.findings), files + 1
    word = "fixed" if write else "would fix"
    sentence = f"{word} {count} finding{'s' * (count != 1)} in {files} file{'s' * (files != 1)}"
    said = [*problems, sentence] if count else problems
    return Applied(as_diff(changed), stdin, tuple(said), tuple(problems), tuple(missing))
