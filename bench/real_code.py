"""Lint published packages, unpacked and not installed, and write the tables of docs/real-code.md.

python bench/real_code.py            # print
python bench/real_code.py --write    # replace the part of docs/real-code.md between the two marks
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from marked import DOCS, rewrite
from packages import CACHE, PINNED, Package, installed, unpacked

PAGE = DOCS / "real-code.md"
INSTALLED = "torch"

# From the worst to the best: a site is counted once, under the worst of its answers for phase and order.
ANSWERS = ("dependent", "unknown", "leaves", "invariant")

PROGRAM = """
import json, sys
from eiglint import check_paths
report = check_paths(sys.argv[1:])
print(json.dumps({
    "files": report.files,
    "findings": [(f.code, f.path, f.line, f.certainty, f.message) for f in report.findings],
    "sites": [(s.phase, s.order, s.obstacle and tuple(s.obstacle), s.path, s.line, s.call) for s in report.sites],
    "skipped": [tuple(s) for s in report.skipped],
    "unknown": report.unknown_callees,
}))
"""


class Verdicts(NamedTuple):
    """What the linter says of one package."""

    package: Package
    seconds: float
    answer: Mapping[str, Any]

    def sites(self) -> Counter[str]:
        """Count the decompositions by the worst of what is known of them."""
        return Counter(worst(site[:2]) for site in self.answer["sites"])

    def unknown(self) -> list[list[Any]]:
        """Return the sites of which nothing worse is known than that they could not be followed."""
        return [site for site in self.answer["sites"] if worst(site[:2]) == "unknown"]

    def codes(self) -> Counter[str]:
        """Count the findings by code."""
        return Counter(finding[0] for finding in self.answer["findings"])


def worst(site: Iterable[str]) -> str:
    """Return the worst answer of a site; one that has neither symmetry is invariant."""
    answers = set(site)
    return next((answer for answer in ANSWERS if answer in answers), "invariant")


def judge(package: Package) -> Verdicts:
    """Run the linter in a process of its own, in the package's folder, with its default options."""
    start = time.perf_counter()
    command = [sys.executable, "-c", PROGRAM, package.folder]
    output = subprocess.run(command, cwd=package.tree, capture_output=True, text=True, check=True).stdout
    return Verdicts(package, time.perf_counter() - start, json.loads(output))


def table(header: str, rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Format a Markdown table."""
    yield header
    yield "| " + " | ".join("---" for _ in header.strip("| ").split("|")) + " |"
    for row in rows:
        yield "| " + " | ".join(map(str, row)) + " |"


def counts(verdicts: Verdicts) -> list[object]:
    """Format one package's line of the first table."""
    name, version, _, _ = verdicts.package
    sites, codes = verdicts.sites(), verdicts.codes()
    figures = [verdicts.answer["files"], sites.total(), sites["invariant"], sites["dependent"], sites["leaves"]]
    tail = [len(verdicts.answer["skipped"]), codes["EIG901"], f"{verdicts.seconds:.1f}"]
    return [f"{name} {version}", *figures, sites["unknown"], *tail]


def total(results: list[Verdicts]) -> list[object]:
    """Format the line that adds all packages up, and says what part of the sites is unknown."""
    sites = sum((result.sites() for result in results), Counter[str]())
    files = sum(result.answer["files"] for result in results)
    skipped = sum(len(result.answer["skipped"]) for result in results)
    crashed = sum(result.codes()["EIG901"] for result in results)
    known = [sites["invariant"], sites["dependent"], sites["leaves"]]
    share = f"{sites['unknown']} ({sites['unknown'] / max(sites.total(), 1):.0%})"
    return ["together", files, sites.total(), *known, share, skipped, crashed, f"{sum(r.seconds for r in results):.0f}"]


def page(results: list[Verdicts]) -> Iterator[str]:
    """Write the measured part of the page."""
    yield "## Decompositions\n"
    header = (
        "| package | files | sites | proved invariant | dependent | leaves | unknown | skipped | EIG901 | seconds |"
    )
    yield from table(header, [*map(counts, results), total(results)])
    yield "\n## Findings by code\n"
    codes = sorted(set().union(*(result.codes() for result in results)))
    header = "| package | " + " | ".join(codes or ["-"]) + " |"
    yield from table(header, ([r.package.name, *(r.codes()[code] for code in codes)] for r in results))
    yield "\n## Every finding\n"
    for result in results:
        for code, path, line, certainty, message in result.answer["findings"]:
            yield f"- {result.package.name}: `{path}:{line}` {code} ({certainty}) {message}"
    yield "\n## What could not be followed\n"
    header = "| package | decomposition | stopped by | at |"
    yield from table(header, [stopped(r.package.name, site) for r in results for site in r.unknown()])
    yield "\n## Commonest unknown callees\n"
    callees: Counter[str] = Counter()
    for result in results:
        callees.update(dict(result.answer["unknown"]))
    yield from table("| callee | calls |", ((f"`{name}`", count) for name, count in callees.most_common(20)))


def stopped(package: str, site: list[Any]) -> list[object]:
    """Format one decomposition that is unknown, with the first thing that could not be followed."""
    _, _, obstacle, path, line, call = site
    what, where, at = obstacle or ("", "", 0)
    return [package, f"`{path}:{line}` {call}", what, f"`{where}:{at}`" if where else ""]


def main() -> None:
    """Print the tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", help="what to lint (default: what is pinned, and the installed torch)")
    parser.add_argument("--write", action="store_true", help="write into docs/real-code.md")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"where downloads are kept (default {CACHE})")
    arguments = parser.parse_args()
    names = arguments.packages or [*PINNED, INSTALLED]
    found = [installed(name) if name == INSTALLED else unpacked(name, arguments.cache) for name in names]
    text = "\n".join(page([judge(package) for package in found]))
    if arguments.write:
        rewrite(PAGE, "measured", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
