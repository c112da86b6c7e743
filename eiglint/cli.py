"""The command line: check, run, explain, rules."""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from eiglint.catalogue import UnknownRule, find, resolve, rules
from eiglint.check import run_paths
from eiglint.evidence.attach import held_against
from eiglint.evidence.files import EvidenceError
from eiglint.evidence.files import read as read_evidence
from eiglint.evidence.join import summary_line
from eiglint.findings import Certainty, Profile, Report
from eiglint.fix_command import apply_fixes
from eiglint.program import ProgramError
from eiglint.report.lines import as_concise, as_github
from eiglint.report.records import as_json, as_json_lines
from eiglint.report.summary import skipped_lines, statistics, summary
from eiglint.run import Run
from eiglint.run_command import run_program
from eiglint.run_request import ProgramCommand, Request, RunError, failures
from eiglint.source.config import ConfigError, Options
from eiglint.version import __version__

app = typer.Typer(
    name="eiglint",
    help="Find results that depend on the arbitrary phase, sign or order of eigenvectors and singular vectors.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """The forms of a report."""

    CONCISE = "concise"
    FULL = "full"
    JSON = "json"
    JSONL = "jsonl"
    SARIF = "sarif"
    GITHUB = "github"


class RuleFormat(StrEnum):
    """The forms of the list of rules."""

    TEXT = "text"
    JSON = "json"


class Roundoff(StrEnum):
    """What happens where torch refuses a gradient for rounding alone."""

    TORCH = "torch"
    REPAIR = "repair"


class Least(StrEnum):
    """The least certainty that is reported."""

    DEFINITE = "definite"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Judged(StrEnum):
    """What is judged: what carries a gradient, or also vectors that are kept, saved or fed to a model without one."""

    AUTOGRAD = "autograd"
    FEATURES = "features"


def run() -> NoReturn:
    """Run the command line; no traceback reaches the user."""
    as_given = sys.stdout.errors
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(obj=as_given)
    except KeyboardInterrupt:
        _leave(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _leave(1)
    except (ConfigError, EvidenceError, ProgramError, RunError, UnknownRule) as error:
        _fail(str(error))
    except Exception as error:
        _fail(f"internal error: {type(error).__name__}: {error}; please report this")
    _leave(0)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"eiglint {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Find results that depend on the arbitrary phase, sign or order of eigenvectors and singular vectors."""


@app.command()
def check(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files, folders, notebooks, or - for standard input.  [default: .]")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", "--output-format", help="How findings are printed.")
    ] = Format.CONCISE,
    select: Annotated[list[str] | None, typer.Option(help="Codes, prefixes or names to report.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Codes, prefixes or names to leave out.")] = None,
    extend_select: Annotated[list[str] | None, typer.Option(help="Codes to report besides the others.")] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Patterns, as in .gitignore, of files to leave out.")
    ] = None,
    min_certainty: Annotated[
        Least | None, typer.Option(help="The least certainty that is reported.  [default: likely]")
    ] = None,
    profile: Annotated[
        Judged | None,
        typer.Option(help="Judge what carries a gradient, or also features stored without one.  [default: autograd]"),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A pyproject.toml to use instead of the nearest one.")] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="What `eiglint run` saw: each finding says what became of it.", metavar="FILE")
    ] = None,
    with_statistics: Annotated[bool, typer.Option("--statistics", help="Count the findings of each code.")] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even if something was found.")] = False,
    stdin_filename: Annotated[str, typer.Option(help="The name of what standard input holds.")] = "<stdin>",
    jobs: Annotated[str, typer.Option("-j", "--jobs", help="The number of processes, or auto.", metavar="N")] = "auto",
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write a cache.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Apply safe fixes, then report what is left.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print what --fix would change, and change nothing.")] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="With --fix or --diff: also fixes that may change the meaning.")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print findings only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also print every decomposition.")] = False,
) -> None:
    """Check files for results that depend on an arbitrary choice. Exits with 1 if something was found."""
    chosen = Options(
        select=_codes(select),
        ignore=_codes(ignore),
        extend_select=_codes(extend_select),
        exclude=tuple(_listed(exclude)) or None,
        min_certainty=_certainty(min_certainty),
        profile=_profile(profile),
    )
    if config is not None and not config.is_file():
        _fail(f"no such file: {config}")
    seen = read_evidence(evidence) if evidence is not None else None
    paths = paths or ["."]
    stdin = sys.stdin.buffer.read() if "-" in paths else b""
    if unsafe_fixes and not (fix or diff):
        _fail("--unsafe-fixes says which fixes are meant: it needs --fix or --diff")
    shows = form in (Format.FULL, Format.JSON, Format.JSONL, Format.SARIF) and not diff
    run = Run(chosen, config, _jobs(jobs), stdin, stdin_filename, fixing=shows)
    lost = False
    if fix or diff:
        applied = apply_fixes(paths, replace(run, fixing=False), unsafe=unsafe_fixes, write=not diff)
        for line in applied.notices if not quiet else applied.problems:
            typer.echo(f"eiglint: {line}", err=True)
        if diff:
            for path in applied.missing:
                typer.echo(f"eiglint: no such file or folder: {path}", err=True)
            sys.stdout.write(applied.diff)
            failed = applied.missing or applied.problems
            raise typer.Exit(2 if failed else int(bool(applied.diff) and not exit_zero))
        lost, run = bool(applied.problems), replace(run, stdin=applied.stdin)
    report, missing = run_paths(paths, run)
    for path in missing:
        typer.echo(f"eiglint: no such file or folder: {path}", err=True)
    sentence = ""
    if seen is not None:
        report, joined = held_against(report, seen, paths)
        sentence = f"evidence: {summary_line(joined)}"
    if fix and "-" in paths:
        sys.stdout.buffer.write(run.stdin)
        sys.stdout.flush()
    with redirect_stdout(sys.stderr) if fix and "-" in paths else nullcontext():
        _print(report, form, {stdin_filename: run.stdin} if "-" in paths else {})
    if with_statistics:
        typer.echo(statistics(report), nl=False, err=form in (Format.JSON, Format.JSONL, Format.SARIF))
    _notices(report, form, quiet=quiet, verbose=verbose)
    if sentence and not quiet and form in (Format.CONCISE, Format.FULL):
        typer.echo(sentence, err=True)
    raise typer.Exit(2 if missing or lost else int(bool(report.findings) and not exit_zero))


@app.command(
    "run",
    cls=ProgramCommand,
    context_settings={"allow_interspersed_args": False},
    options_metavar="[OPTIONS] {SCRIPT | -m MODULE}",
    no_args_is_help=True,
)
def run_it(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="The program, and what it is given.", metavar="ARGS", show_default=False),
    ] = None,
    module: Annotated[
        str | None, typer.Option("-m", help="Run a module, as `python -m` does.", metavar="MODULE")
    ] = None,
    output: Annotated[
        str, typer.Option("-o", "--output", help="Where the evidence goes.", metavar="FILE")
    ] = ".eiglint-evidence.json",
    append: Annotated[bool, typer.Option("--append", help="Add to the evidence that is there.")] = False,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Repeat each loss under other signs and orders, to settle what watching cannot."),
    ] = False,
    on_roundoff: Annotated[
        Roundoff,
        typer.Option(help="Where torch refuses a gradient for rounding alone: let it, or repair the gradient."),
    ] = Roundoff.TORCH,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(help="Exit with 1 on findings that are confirmed, or on new ones.", metavar="confirmed|new"),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Leave the table out.")] = False,
) -> None:
    """Run a program and watch its decompositions: which findings are confirmed, which refuted, and what is new.

    The table goes to standard error. Exits with the program's status.
    """
    if module is None and not arguments:
        _fail("run needs a script, or -m and a module")
    target, *given = [module, *(arguments or [])] if module is not None else arguments or []
    request = Request(
        target,
        tuple(given),
        module is not None,
        output,
        append,
        probe,
        on_roundoff.value,
        failures(fail_on or []),
        quiet,
    )
    sys.stdout.reconfigure(errors=context.obj)  # type: ignore[union-attr]
    raise typer.Exit(run_program(request))


@app.command()
def explain(code: Annotated[str, typer.Argument(help="The code or name of a rule.")]) -> None:
    """Show the page of a rule."""
    page = find(code).page
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(page))
    else:
        typer.echo(page, nl=False)


@app.command("rules")
def list_rules(
    form: Annotated[
        RuleFormat, typer.Option("--format", "--output-format", help="How they are listed.")
    ] = RuleFormat.TEXT,
) -> None:
    """List the rules."""
    if form is RuleFormat.JSON:
        fields = ("code", "name", "group", "severity", "default", "profile", "fix", "summary")
        listed = [{field: getattr(rule, field) for field in fields} for rule in rules().values()]
        typer.echo(json.dumps(listed, indent=1))
        return
    for rule in rules().values():
        remark = "(off) " if not rule.default else "" if rule.profile == "autograd" else f"({rule.profile}) "
        typer.echo(f"{rule.code}  {rule.name:<24}{remark}{rule.summary}")


def _print(report: Report, form: Format, texts: dict[str, bytes]) -> None:
    """Print the findings in the form that was asked for."""
    match form:
        case Format.CONCISE:
            sys.stdout.write(as_concise(report))
        case Format.GITHUB:
            sys.stdout.write(as_github(report))
        case Format.JSON:
            sys.stdout.write(as_json(report))
        case Format.JSONL:
            sys.stdout.write(as_json_lines(report))
        case Format.SARIF:
            from eiglint.report.sarif import as_sarif

            sys.stdout.write(as_sarif(report))
        case Format.FULL:
            from rich.console import Console

            from eiglint.report.excerpts import Excerpts
            from eiglint.report.full import as_full

            if report.findings:
                Console(highlight=False, soft_wrap=True).print(as_full(report, Excerpts(texts)))
    sys.stdout.flush()


def _notices(report: Report, form: Format, *, quiet: bool, verbose: bool) -> None:
    """Say on standard error what was skipped and what was found in sum."""
    for line in skipped_lines(report, every=verbose):
        typer.echo(f"eiglint: {line}", err=True)
    if verbose:
        for site in report.sites:
            answers = f"phase {site.phase}, order {site.order}, rotation {site.rotation}, gradient {site.gradient}"
            typer.echo(f"{site.path}:{site.line}:{site.place.column}: {site.call}: {answers}", err=True)
        for name, count in report.unknown_callees:
            typer.echo(f"eiglint: unknown: {name} ({count})", err=True)
    if not quiet and form in (Format.CONCISE, Format.FULL):
        typer.echo(summary(report), err=True)


def _listed(values: list[str] | None) -> list[str]:
    return [part.strip() for value in values or [] for part in value.split(",") if part.strip()]


def _codes(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else resolve(_listed(values))


def _certainty(least: Least | None) -> Certainty | None:
    names: dict[Least | None, Certainty] = {
        Least.DEFINITE: "definite",
        Least.LIKELY: "likely",
        Least.POSSIBLE: "possible",
    }
    return names.get(least)


def _profile(chosen: Judged | None) -> Profile | None:
    names: dict[Judged | None, Profile] = {Judged.AUTOGRAD: "autograd", Judged.FEATURES: "features"}
    return names.get(chosen)


def _jobs(value: str) -> int | None:
    if value == "auto":
        return None
    if not value.isdigit() or int(value) < 1:
        _fail(f"--jobs must be a number from 1 on, or auto, not `{value}`")
    return int(value)


def _fail(message: str) -> NoReturn:
    """Say what is wrong with the request, and exit with 2."""
    sys.stderr.write(f"eiglint: {message}\n")
    _leave(2)


def _leave(status: int) -> NoReturn:
    sys.exit(status)
