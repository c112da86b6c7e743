"""`eiglint run`: a program under watch, then the table on standard error and the evidence in a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from eiglint.run_request import Failure, Request, RunError

if TYPE_CHECKING:
    from eiglint.evidence.join import Joined
    from eiglint.evidence.records import Evidence
    from eiglint.program import Program
    from eiglint.runtime.report import Report


def need_torch() -> None:
    """Refuse what cannot be watched."""
    if find_spec("torch") is None:
        raise RunError("watching a program needs torch: pip install 'eiglint[runtime]'")


def run_program(request: Request) -> int:
    """Run the program, print the table and write the evidence; return the exit status."""
    need_torch()
    output = os.path.abspath(request.output)
    earlier = _earlier(output, request)
    process, folder, path = os.getpid(), os.getcwd(), list(sys.path)
    program = _prepared(request)
    status, report, unobserved = _watched(program, request)
    if os.getpid() != process:
        return status  # a fork that came to the end of the program: its parent reports
    sys.path[:] = path
    with suppress(OSError):
        os.chdir(folder)
    evidence = _with_files(report.evidence(), unobserved)
    return _conclude(request, output, evidence if earlier is None else _merged(earlier, evidence), status)


def _earlier(output: str, request: Request) -> Evidence | None:
    """Read what there is to be appended to; what would go wrong with the file goes wrong before the program runs."""
    folder = os.path.dirname(output)
    if not os.path.isdir(folder):
        raise RunError(f"--output {request.output}: there is no folder {os.path.dirname(request.output)}")
    if os.path.isdir(output):
        raise RunError(f"--output {request.output}: it is a folder")
    if not os.access(folder if os.path.isfile(output) or not os.path.exists(output) else output, os.W_OK):
        raise RunError(f"--output {request.output}: it cannot be written there")
    if not request.append or not os.path.exists(output):
        return None
    from eiglint.evidence.files import read

    return read(request.output)


def _prepared(request: Request) -> Program:
    from eiglint.program import prepare_module, prepare_script

    prepare = prepare_module if request.as_module else prepare_script
    return prepare(request.target, request.arguments)


def _watched(program: Program, request: Request) -> tuple[int, Report, tuple[str, ...]]:
    """Run the program to its very end, its threads and exit handlers included."""
    # What registers with `threading` when it is imported must do so before `finish`.
    import concurrent.futures.process
    import concurrent.futures.thread  # noqa: F401

    from eiglint.children import Children
    from eiglint.program import finish, run
    from eiglint.runtime import watch

    children = Children()
    with watch(on_roundoff=request.on_roundoff, probe=request.probe) as report:
        status = run(program)
        finish()
    return status, report, children.unobserved


def _with_files(evidence: Evidence, unobserved: tuple[str, ...]) -> Evidence:
    from eiglint.executed import executed_files

    files = executed_files({site.path for site in evidence.sites})
    return replace(evidence, files=files, unobserved=(*evidence.unobserved, *unobserved))


def _merged(earlier: Evidence, evidence: Evidence) -> Evidence:
    from eiglint.evidence.merge import merged

    return merged(earlier, evidence)


def _conclude(request: Request, output: str, evidence: Evidence, status: int) -> int:
    """Write the evidence, say what it means, and give the exit status."""
    from eiglint.evidence.files import EvidenceError, write
    from eiglint.evidence.gather import joined_with_files

    with suppress(OSError, ValueError):  # a closed pipe is python's to complain of
        sys.stdout.flush()
    unwritten = ""
    try:
        write(output, evidence)
    except EvidenceError as error:
        unwritten = str(error)
    joined = joined_with_files(evidence)
    failed = failed_on(joined, request.fail_on) if status == 0 else ""
    if not request.quiet:
        _print_table(joined)
        _say("" if unwritten else f"evidence: {request.output}")
    _say(failed and f"eiglint: {failed}: exit status 1")
    _say(unwritten and f"eiglint: {unwritten}")
    return status or (2 if unwritten else int(bool(failed)))


def failed_on(joined: Joined, fail_on: Iterable[Failure]) -> str:
    """Say which of the things to fail on were found; nothing if none was."""
    counts = {"confirmed": len(joined.with_status("confirmed")), "new": len(joined.new)}
    return ", ".join(f"{counts[word]} {word}" for word in fail_on if counts[word])


def _print_table(joined: Joined) -> None:
    from rich.console import Console

    from eiglint.evidence.table import as_text, table

    stream = sys.__stderr__  # the program may have put something else in its place
    if stream is None or stream.closed:
        return
    if stream.isatty():
        Console(file=stream, highlight=False).print("", table(joined))
    else:
        _say("\n" + as_text(joined, _columns()).rstrip("\n"))


def _columns() -> int:
    """Give the width for a table that no terminal shows: what COLUMNS says, or 100."""
    given = os.environ.get("COLUMNS", "")
    return int(given) if given.isdecimal() and int(given) >= 40 else 100


def _say(line: str) -> None:
    stream = sys.__stderr__
    if line and stream is not None and not stream.closed:
        with suppress(OSError):
            stream.write(f"{line}\n")
            stream.flush()
