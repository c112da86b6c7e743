"""The static analysis as functions: of a text, and of files and folders."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from eiglint.findings import CERTAINTIES, HANDED_OUT, Finding, Report, Site, Skipped
from eiglint.inspected import Inspected
from eiglint.inspection import Inspector, unreadable
from eiglint.pinned import inspect_pin_files, inspect_pins
from eiglint.run import Run, inspect_file
from eiglint.source.config import Options, options_for, options_in
from eiglint.source.discover import Missing, discover
from eiglint.source.pins import declares_dependencies
from eiglint.source.text import decode, encode


def check_source(text: str | bytes, path: str = "<string>", *, options: Options | None = None) -> Report:
    """Check one text; `path` names it, decides whether it is a notebook, and is where its imports start from."""
    source = encode(text) if isinstance(text, str) else text
    inspector = Inspector()
    chosen = options or Options()
    if declares_dependencies(path):
        return assemble([inspect_pins(decode(source), path, chosen)], files=1)
    if not inspector.concerns(path, source, chosen):
        return Report(files=1)
    return assemble([inspector.inspect(path, source, chosen)], files=1)


def check_paths(paths: Sequence[str | os.PathLike[str]], run: Run | None = None) -> Report:
    """Check files and folders; a path that does not exist raises FileNotFoundError, after nothing was done."""
    names = [os.fspath(path) for path in paths]
    for name in names:
        if name != "-" and not os.path.exists(name):
            raise FileNotFoundError(name)
    return run_paths(names, run or Run())[0]


def run_paths(paths: Sequence[str], run: Run) -> tuple[Report, list[str]]:
    """Check files and folders; return the report and the paths that do not exist."""
    inspector = Inspector(fixing=run.fixing)
    missing: list[str] = []
    results: list[Inspected] = []
    work: list[tuple[str, int]] = []
    declaring: list[str] = []
    files = 0
    for item in discover(paths, _excludes(paths, run)):
        if isinstance(item, Missing):
            missing.append(item.path)
            continue
        if isinstance(item, Skipped):
            results.append(Inspected(skipped=(item,)))
            continue
        if declares_dependencies(item):
            declaring.append(item)
            files += item in paths
            continue
        files += 1
        if item == "-":
            results.append(_inspect_stdin(inspector, run))
            continue
        try:
            source = Path(item).read_bytes()
        except OSError as error:
            results.append(Inspected(skipped=(unreadable(item, error),)))
            continue
        if inspector.concerns(item, source, run.options.over(options_in(os.path.dirname(item), run.config))):
            work.append((item, len(source)))
    results += _inspect_all(inspector, work, run)
    results += inspect_pin_files(declaring, paths, [path for path, _ in work], run)
    return assemble(results, files), missing


def files_of(paths: Sequence[str], run: Run) -> list[str]:
    """Return the files that a run over paths reads, as it names them."""
    return [item for item in discover(paths, _excludes(paths, run)) if isinstance(item, str)]


def _inspect_all(inspector: Inspector, work: list[tuple[str, int]], run: Run) -> Iterable[Inspected]:
    from eiglint.parallel import inspect_in_processes, processes_for

    count = processes_for(run.jobs, [size for _, size in work])
    if count > 1:
        return inspect_in_processes([path for path, _ in work], replace(run, stdin=b""), count)
    return (inspect_file(inspector, path, run) for path, _ in work)


def _inspect_stdin(inspector: Inspector, run: Run) -> Inspected:
    found, _ = options_for(Path(run.stdin_name), run.config)
    options = run.options.over(found)
    if not inspector.concerns(run.stdin_name, run.stdin, options):
        return Inspected()
    return inspector.inspect(run.stdin_name, run.stdin, options)


def _excludes(paths: Sequence[str], run: Run) -> list[tuple[Sequence[str], str]]:
    """Collect the exclusions of the command line and of the configurations nearest to the paths."""
    here = os.getcwd()
    excludes: dict[tuple[Sequence[str], str], None] = {}
    if run.options.exclude:
        excludes[run.options.exclude, here] = None
    for path in paths:
        options, folder = options_for(Path(path), run.config)
        if options.exclude:
            excludes[options.exclude, str(folder or here)] = None
    return list(excludes)


def assemble(inspected: Iterable[Inspected], files: int) -> Report:
    """Join what the files have to say, in an order that depends on nothing but their content."""
    results = list(inspected)
    findings: dict[tuple[object, ...], Finding] = {}
    sites: dict[tuple[object, ...], Site] = {}
    skipped: set[Skipped] = set()
    unknown: Counter[str] = Counter()
    elsewhere: list[Site] = []
    checked = {result.path for result in results}
    for result in results:
        elsewhere += result.elsewhere
        for finding in result.findings:
            key = (os.path.abspath(finding.path), finding.cell, finding.line, finding.column, finding.code)
            known = findings.get(key)
            if known is None or CERTAINTIES.index(finding.certainty) < CERTAINTIES.index(known.certainty):
                findings[key] = finding
        sites.update(((site.path, site.cell, site.line, site.place.column), site) for site in result.sites)
        skipped.update(result.skipped)
        unknown.update(dict(result.unknown_callees))
    for site in elsewhere:
        # A file that was itself checked hears what other files make of its decompositions.
        place = (site.path, site.cell, site.line, site.place.column)
        if site.path in checked:
            sites[place] = sterner(sites[place], site) if place in sites else site
    called = {site.place[:3] for site in elsewhere}
    return Report(
        findings=tuple(sorted((f for f in findings.values() if not _has_caller(f, called)), key=_finding_order)),
        sites=tuple(sorted(sites.values(), key=lambda site: (site.path, site.cell or 0, site.line, site.place.column))),
        files=files,
        skipped=tuple(sorted(skipped)),
        unknown_callees=tuple(sorted(unknown.items(), key=lambda item: (-item[1], item[0]))),
    )


def _has_caller(finding: Finding, called: Container[tuple[str, int, int]]) -> bool:
    """Whether vectors are handed out to a file that was read too: it is that file's use of them that counts."""
    if not finding.trace or finding.trace[-1].note != HANDED_OUT or finding.source is None:
        return False
    return finding.source[:3] in called


def sterner(a: Site, b: Site) -> Site:
    """Return a site with the worse of two answers for every symmetry, and the gradient that either has."""
    symmetries = ("phase", "order", "rotation")
    answers = {name: max(getattr(a, name), getattr(b, name), key=WORSE.index) for name in symmetries}
    gradient = max(a.gradient, b.gradient, key=LIVELIER.index)
    unknown = "unknown" in (answers["phase"], answers["order"])
    return replace(a, **answers, gradient=gradient, obstacle=(a.obstacle or b.obstacle) if unknown else None)


LIVELIER = ("no", "unknown", "yes")
WORSE = ("none", "invariant", "leaves", "unknown", "dependent")


def _finding_order(finding: Finding) -> tuple[str, int, int, int, str]:
    return finding.path, finding.cell or 0, finding.line, finding.column, finding.code
