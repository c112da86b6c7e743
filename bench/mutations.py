"""Break what the analysis proves invariant in published packages, and count how often it says so of what then moves.

    pip install -r bench/mutations.txt
    pip install --no-deps -r bench/mutations-alone.txt
    python bench/mutations.py            # print
    python bench/mutations.py --write    # replace the part of docs/mutations.md between its two marks

Every decomposition that an exercise of `exercises.py` or `exercises_invariant.py` comes to, and that the analysis
proves invariant, is broken in the ways of `mutators.py`. The package's own function then runs with its changed code,
in place, under gaugecheck, on the inputs of the exercise; what moves is linted.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
import types
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.metadata import version
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

os.environ["PYTORCH_JIT"] = "0"  # scripted functions keep their old code

import torch
from exercises import Exercise, exercises
from exercises_invariant import invariant
from mutators import Mutation, Program, mutations, ways

import eiglint
from eiglint.check import check_source
from eiglint.findings import Finding, Report, Site
from eiglint.runtime.verdict import GaugeResult
from eiglint.source.config import Options

PAGE = Path(__file__).resolve().parents[1] / "docs" / "mutations.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
OUTCOMES = ("finding", "dependent", "leaves", "possible", "unknown", "invariant")
POSSIBLE = Options(min_certainty="possible")
ALSO = ("EIG407", "EIG408")  # findings on symmetry outside the groups phase and order


class Target(NamedTuple):
    """A decomposition that is proved invariant, with the exercises that come to it."""

    site: Site
    exercises: tuple[Exercise, ...]


class Outcome(NamedTuple):
    """A mutation that moves what the function returns, and what the linter makes of it."""

    package: str
    site: Site
    mutation: Mutation
    moved: str
    answer: str
    codes: tuple[str, ...]


@cache
def text_of(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@cache
def static(path: str, options: Options | None = None) -> Report:
    """Lint a file as it was published."""
    return check_source(text_of(path), path=path, options=options)


def proved(site: Site) -> bool:
    """Tell whether a decomposition has a symmetry and is free of all that it has."""
    answers = {site.phase, site.order}
    return "invariant" in answers and answers <= {"invariant", "none"}


def gauge(exercise: Exercise) -> GaugeResult:
    """Run an exercise in other gauges; its value alone is looked at."""
    torch.manual_seed(0)
    inputs = tuple(tensor.detach() for tensor in exercise.inputs)
    result = eiglint.gaugecheck(
        exercise.loss, inputs, symmetries=("phase", "order"), tries=3, check_grad=False, raise_exception=False
    )
    assert isinstance(result, GaugeResult)
    return result


def targets(chosen: Iterable[Exercise]) -> list[Target]:
    """List the proved decompositions that an exercise comes to without being moved by them."""
    reached: dict[Site, list[Exercise]] = {}
    for exercise in chosen:
        result = gauge(exercise)
        moving = {(s.path, s.line) for verdict in result.verdicts if not verdict.invariant for s in verdict.sites}
        lines = {(site.path, site.line) for site in result.sites} - moving
        for path in sorted({path for path, _ in lines if f"{os.sep}{exercise.package}{os.sep}" in path}):
            for site in static(path).sites:
                if proved(site) and (path, site.line) in lines:
                    reached.setdefault(site, []).append(exercise)
    return [Target(site, tuple(found)) for site, found in reached.items()]


@cache
def living(path: str) -> list[types.FunctionType]:
    """List the functions of a file that are alive, those inside others too."""
    return [one for one in gc.get_objects() if isinstance(one, types.FunctionType) and one.__code__.co_filename == path]


def codes(code: types.CodeType) -> Iterator[tuple[tuple[str, int], types.CodeType]]:
    """List the codes inside a module's code, by name and line."""
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield (inner.co_qualname, inner.co_firstlineno), inner
            yield from codes(inner)


@contextlib.contextmanager
def broken(path: str, source: str) -> Iterator[None]:
    """Let the functions of a file run another text; mutations move no line."""
    new = dict(codes(compile(source, path, "exec")))
    old = [(function, function.__code__) for function in living(path)]
    try:
        for function, code in old:
            function.__code__ = new.get((code.co_qualname, code.co_firstlineno), code)
        yield
    finally:
        for function, code in old:
            function.__code__ = code


def moved(target: Target, mutation: Mutation) -> str:
    """Say which symmetry moves the broken program; nothing where it fails, where it stays, or without a verdict."""
    for exercise in target.exercises:
        try:
            with broken(target.site.path, mutation.source):
                result = gauge(exercise)
        except Exception:  # what a broken program raises is of no concern here
            continue
        for verdict in result.verdicts:
            if verdict.invariant is False and any(site.line == target.site.line for site in verdict.sites):
                return verdict.symmetry
    return ""


def outcomes(target: Target, places: int) -> Iterator[Outcome]:
    """Break one decomposition's uses; of every operator the first places that move something are kept."""
    kept: Counter[str] = Counter()
    site = target.site
    for mutation in mutations(Program(text_of(site.path)), site.line, site.place.column):
        if kept[mutation.operator] < places and (symmetry := moved(target, mutation)):
            kept[mutation.operator] += 1
            yield judged(target, mutation, symmetry)


def judged(target: Target, mutation: Mutation, symmetry: str) -> Outcome:
    """Lint a broken file beside the file as it was."""
    package, site = target.exercises[0].package, target.site
    report, found = linted(site, mutation)
    if found:
        return Outcome(package, site, mutation, symmetry, "finding", found)
    answers = {answer for one in report.sites if one.line == site.line for answer in (one.phase, one.order)}
    answer = next(one for one in (*OUTCOMES, "none") if one in answers)
    if answer in ("unknown", "invariant"):
        found = linted(site, mutation, POSSIBLE)[1]
        answer = "possible" if found else answer
    return Outcome(package, site, mutation, symmetry, answer, found)


def linted(site: Site, mutation: Mutation, options: Options | None = None) -> tuple[Report, tuple[str, ...]]:
    """Lint a broken file; the codes are of the findings that the file as it was does not have."""
    report = check_source(mutation.source, path=site.path, options=options)
    known = {(finding.code, finding.line) for finding in static(site.path, options).findings}
    new = {one.code for one in report.findings if (one.code, one.line) not in known and about(one, site)}
    return report, tuple(sorted(new))


def about(finding: Finding, site: Site) -> bool:
    """Tell whether a finding speaks of a symmetry, and of this decomposition or of the function around it."""
    if finding.group not in ("phase", "order") and finding.code not in ALSO:
        return False
    if finding.source is not None and (finding.source.path, finding.source.line) == (site.path, site.line):
        return True
    around = ways(Program(text_of(site.path)), site.line, site.place.column)
    spans = ((one.function.lineno, one.function.end_lineno or 0) for one in around)
    return finding.path == site.path and any(first <= finding.line <= last for first, last in spans)


def page(found: Sequence[Outcome], sites: Mapping[str, int]) -> Iterator[str]:
    """Write the measured part of the page."""
    versions = (f"{name} {version(DISTRIBUTIONS.get(name, name))}" for name in ("torch", *sites))
    yield f"With {', '.join(versions)}."
    yield "\n## Totals\n"
    header = ("moving", *OUTCOMES, "found", "reported")
    yield from table(("package", "proved", "broken", *header), package_rows(found, sites))
    yield "\n## By mutation\n"
    operators = dict.fromkeys(one.mutation.operator for one in found)
    yield from table(
        ("mutation", *header),
        ([name, *figures([one for one in found if one.mutation.operator == name])] for name in operators),
    )
    yield "\n## Without a finding\n"
    columns = ("site", "mutation", "before", "after", "moves by", "answer")
    yield from table(columns, (row(one) for one in found if one.answer != "finding"))
    yield "\n## With a finding\n"
    yield from table((*columns[:-1], "findings"), (row(one) for one in found if one.answer == "finding"))


DISTRIBUTIONS = {
    "egn": "egnlib",
    "curvlinops": "curvlinops-for-pytorch",
    "backpack": "backpack-for-pytorch",
    "asdl": "asdfghjkl",
}


def package_rows(found: Sequence[Outcome], sites: Mapping[str, int]) -> Iterator[list[object]]:
    """Count by package, and in all."""
    for name, proved_sites in sites.items():
        own = [one for one in found if one.package == name]
        yield [name, proved_sites, len({one.site for one in own}), *figures(own)]
    yield ["all", sum(sites.values()), len({one.site for one in found}), *figures(found)]


def figures(found: Sequence[Outcome]) -> list[object]:
    """Count outcomes; what leaves the function as covariant as it should be said to be is not counted as missed."""
    counts = Counter(one.answer for one in found)
    counted = len(found) - counts["leaves"]
    reported = counts["finding"] + counts["dependent"]
    shares = [f"{one / counted:.0%}" if counted else "" for one in (counts["finding"], reported)]
    return [len(found), *(counts[name] for name in OUTCOMES), *shares]


def row(one: Outcome) -> list[str]:
    """Format one mutation."""
    place = one.site
    short = place.path.rpartition(f"{os.sep}{one.package}{os.sep}")[2]
    before, after = (f"`{' '.join(text.split())}`".replace("|", "\\|") for text in one.mutation[2:4])
    where = f"{one.package} `{short}:{place.line}`"
    answer = ", ".join(one.codes) if one.answer == "finding" else " ".join((one.answer, ", ".join(one.codes))).strip()
    return [where, f"{one.mutation.operator}, line {one.mutation.line}", before, after, one.moved, answer]


def table(header: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Format a Markdown table."""
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("---" for _ in header) + " |"
    for cells in rows:
        yield "| " + " | ".join(map(str, cells)) + " |"


def write(text: str) -> None:
    """Replace what stands between the marks."""
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{PAGE} lacks the marks {BEGIN} and {END}")
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def measured(package: str, places: int) -> tuple[int, list[Outcome]]:
    """Break one package: how many decompositions there were to break, and what became of them."""
    warnings.simplefilter("ignore")  # what the packages themselves say of their inputs
    torch.set_num_threads(1)
    goals = targets([one for one in everything() if one.package == package])  # all drawn before any of them runs
    found = [one for target in goals for one in outcomes(target, places)]
    print(f"{package}: {len(found)} moving mutations of {len(goals)} decompositions", file=sys.stderr)
    return len(goals), found


def everything() -> Iterator[Exercise]:
    """Yield the exercises of both files."""
    yield from exercises()
    yield from invariant()


def main() -> None:
    """Print the tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", help="whose decompositions to break (default: all)")
    parser.add_argument("--places", type=int, default=1, help="of each mutation, in how many places (default 1)")
    parser.add_argument("--jobs", type=int, default=2, help="how many packages at a time (default 2)")
    parser.add_argument("--write", action="store_true", help="write into docs/mutations.md")
    arguments = parser.parse_args()
    names = arguments.packages or list(dict.fromkeys(one.package for one in everything()))
    with ProcessPoolExecutor(arguments.jobs) as pool:
        results = dict(zip(names, pool.map(measured, names, repeat(arguments.places)), strict=True))
    sites = {name: count for name, (count, _) in results.items() if count}
    text = "\n".join(page([one for _, found in results.values() for one in found], sites))
    if arguments.write:
        write(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
