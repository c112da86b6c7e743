"""Time the linter beside ruff, flake8 and TorchFix, as whole processes, and print tables.

python bench/static.py                     # torch_geometric's and torch's trees; fetches what it compares with
python bench/static.py --tree mine=src/    # another tree
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import NamedTuple

from packages import CACHE, environment, run, unpacked
from timing import Job, Run, cpu, interleaved, timed, wall

from eiglint.inspection import Inspector
from eiglint.source.config import Options
from eiglint.source.gate import names_decomposition

REPOSITORY = Path(__file__).resolve().parents[1]
HERE = "eiglint check --no-cache"
EIGLINT = (sys.executable, "-P", "-m", "eiglint", "check", "--no-cache", "--exit-zero")
"""With -P, since a tree's own modules (torch has a types.py) must not stand before Python's."""

PARSE_PROGRAM = """
import sys, time
import libcst
files = [open(path, "rb").read() for path in sys.stdin.read().splitlines()]
start = time.perf_counter()
for source in files:
    try:
        libcst.parse_module(source)
    except Exception:
        pass
print(time.perf_counter() - start)
"""


class Tools(NamedTuple):
    """The folders of programs of the environments that are compared."""

    plain: Path
    """flake8 and ruff alone."""
    plugin: Path
    """flake8 and this repository."""
    torchfix: Path


def prepare(cache: Path) -> Tools:
    """Make the environments, once."""
    return Tools(
        environment("plain", ["flake8==7.*", "ruff"], cache),
        with_plugin(environment("plugin", ["flake8==7.*", "libcst", "pathspec", "rich", "typer"], cache)),
        environment("torchfix", ["torchfix"], cache),
    )


def with_plugin(programs: Path) -> Path:
    """Install the repository as it is now; its dependencies are there."""
    run(
        [str(programs / "python"), "-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", str(REPOSITORY)]
    )
    return programs


def python_files(tree: Path) -> Iterator[Path]:
    """List the Python files of a tree."""
    return (path for path in sorted(tree.rglob("*.py")) if path.is_file())


def naming(tree: Path) -> list[Path]:
    """List the files that name a decomposition."""
    return [path for path in python_files(tree) if names_decomposition(path.read_bytes())]


def leading(tree: Path) -> list[Path]:
    """List the files that name a decomposition or lead to one through what they import: those that are analysed."""
    inspector = Inspector()
    return [path for path in python_files(tree) if inspector.concerns(str(path), path.read_bytes(), Options())]


def parse_seconds(files: Sequence[Path], runs: int) -> float:
    """Time LibCST's parser alone on these files, each run in a fresh process; return the median."""
    command = [sys.executable, "-c", PARSE_PROGRAM]
    text = "\n".join(map(str, files))
    outputs = (subprocess.run(command, input=text, capture_output=True, text=True, check=True) for _ in range(runs))
    return median(float(output.stdout) for output in outputs)


def skipped(tree: Path) -> list[tuple[str, str]]:
    """Ask the linter which files it did not analyse, and why."""
    command = [*EIGLINT, "--format", "json", "."]
    answer = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True)
    return [(entry["path"], entry["reason"]) for entry in json.loads(answer.stdout)["skipped"]]


def jobs(tree: Path, tools: Tools, runs: int, torchfix_runs: int) -> dict[str, Job]:
    """List the commands that are compared on a tree."""
    eiglint = [*EIGLINT, "."]
    ruff = [str(tools.plain / "ruff"), "check", "--select", "F", "--no-cache", "--isolated", "--exit-zero", "."]
    flake8 = [str(tools.plain / "flake8"), "-j1", "--select=F", "--isolated", "--exit-zero", "."]
    torchfix = [str(tools.torchfix / "torchfix"), "."]  # its default is one process for each processor
    table = {
        HERE: Job(eiglint, tree, runs),
        f"{HERE} -j 1": Job([*eiglint, "-j", "1"], tree, runs),
        "ruff check --select F --no-cache": Job(ruff, tree, runs),
        "flake8 -j1 --select=F": Job(flake8, tree, runs),
    }
    if torchfix_runs:
        table["TorchFix"] = Job(torchfix, tree, torchfix_runs)
    return table


def compare(name: str, tree: Path, tools: Tools, runs: int, torchfix_runs: int) -> None:
    """Print the table of one tree."""
    left_out = skipped(tree)
    refused = {tree / path for path, _ in left_out}
    named = [path for path in naming(tree) if path not in refused]
    led = [path for path in leading(tree) if path not in refused]
    results = interleaved(jobs(tree, tools, runs, torchfix_runs))
    own = wall(results[HERE])
    print(f"\n## {name}: {sum(1 for _ in python_files(tree))} files\n")
    print("| | runs | wall, s | processors, s | wall / ours | exit |\n| --- | --- | --- | --- | --- | --- |")
    for tool, timings in results.items():
        print(row(tool, timings, own))
    for what, files in (("that name a decomposition", named), ("that name one or lead to one", led)):
        parse = parse_seconds(files, runs)
        print(f"| LibCST's parser alone: {len(files)} files {what} | {runs} | {parse:.2f} | | {parse / own:.2f} | |")
    print(f"\nskipped: {len(left_out)}")
    for path, reason in left_out:
        print(f"- {path}: {reason}")


def row(tool: str, timings: Sequence[Run], own: float) -> str:
    """Format one line of a table: medians."""
    status = sorted({timing.status for timing in timings})
    figures = f"{wall(timings):.2f} | {cpu(timings):.2f} | {wall(timings) / own:.2f}"
    return f"| {tool} | {len(timings)} | {figures} | {', '.join(map(str, status))} |"


def without_decompositions(tree: Path, target: Path) -> Path:
    """Copy the files of a tree that the gate turns away."""
    shutil.rmtree(target, ignore_errors=True)
    for path in python_files(tree):
        if not names_decomposition(path.read_bytes()):
            copy = target / path.relative_to(tree)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    return target


def plugin_cost(tree: Path, tools: Tools, pairs: int) -> None:
    """Print what the flake8 plugin costs where there is nothing to find: the median over interleaved pairs."""
    options = ["-j1", "--select=F,EIG", "--isolated", "--exit-zero", "."]
    without = Job([str(tools.plain / "flake8"), *options], tree, pairs)
    with_it = Job([str(tools.plugin / "flake8"), *options], tree, pairs)
    timed(without), timed(with_it)
    rounds = [(timed(without), timed(with_it)) for _ in range(pairs)]
    ratios = sorted(b.wall / a.wall for a, b in rounds)
    print(f"\n## flake8 on {sum(1 for _ in python_files(tree))} files that use no decomposition, {pairs} pairs\n")
    print("| | wall, s | processors, s |\n| --- | --- | --- |")
    for name, runs in (("without the plugin", [a for a, _ in rounds]), ("with it", [b for _, b in rounds])):
        print(f"| {name} | {wall(runs):.2f} | {cpu(runs):.2f} |")
    print(f"\nwith / without: median {ratios[len(ratios) // 2]:.3f}, from {ratios[0]:.3f} to {ratios[-1]:.3f}")


def torch_tree() -> Path:
    """Return the folder of the installed torch."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        raise SystemExit("torch is not installed")
    return Path(spec.origin).parent


def trees(arguments: argparse.Namespace) -> dict[str, Path]:
    """Return the trees that were asked for."""
    if arguments.tree:
        return {name: Path(path).resolve() for name, _, path in (entry.partition("=") for entry in arguments.tree)}
    return {"torch_geometric": unpacked("torch_geometric", arguments.cache).tree, "torch": torch_tree()}


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command (default 5)")
    parser.add_argument("--torchfix-runs", type=int, default=1, help="runs of TorchFix, which is slow (default 1)")
    parser.add_argument("--pairs", type=int, default=7, help="pairs for the cost of the plugin (default 7)")
    parser.add_argument("--tree", action="append", metavar="NAME=PATH", help="time on this tree (may be repeated)")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"where downloads are kept (default {CACHE})")
    return parser.parse_args()


def main() -> None:
    """Print the tables."""
    arguments = options()
    chosen = trees(arguments)
    tools = prepare(arguments.cache)
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, medians of {arguments.runs} interleaved runs")
    for name, tree in chosen.items():
        compare(name, tree, tools, arguments.runs, arguments.torchfix_runs)
    first = next(iter(chosen.values()))
    plugin_cost(without_decompositions(first, arguments.cache / "quiet"), tools, arguments.pairs)


if __name__ == "__main__":
    main()
