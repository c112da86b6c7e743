"""Run real functions of published packages under watch and gaugecheck, beside what the static analysis says of them.

    pip install torch==2.13.0 kornia geoopt linear_operator xitorch torch_geometric pypose \\
        roma botorch torchmetrics pytest
    python bench/exercised.py            # print
    python bench/exercised.py --write    # replace the part of docs/real-code.md between its two marks

Each package's installed files are linted once, whole, down to the findings that are merely possible.
"""

from __future__ import annotations

import argparse
import math
import os
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import NamedTuple

import torch
from exercises import Exercise, exercises
from marked import DOCS, rewrite

import eiglint
from eiglint.catalogue import rules
from eiglint.check import run_paths
from eiglint.evidence.join import JoinedFinding, JoinedSite, join
from eiglint.evidence.measured import worst
from eiglint.evidence.records import Evidence
from eiglint.evidence.status import STATUSES
from eiglint.evidence.words import short
from eiglint.findings import Place, Report
from eiglint.run import Run
from eiglint.runtime.verdict import GaugeResult
from eiglint.source.config import Options

PAGE = DOCS / "real-code.md"
STEP, TOLERANCE = 1e-6, 1e-4


class Row(NamedTuple):
    """A decomposition that an exercise ran; none where an exercise ran none that was seen."""

    exercise: Exercise
    plain: JoinedSite | None
    probed: JoinedSite | None
    new: bool
    checked: str
    slope: str


def folder(package: str) -> str:
    """Find the installed files of a package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is not installed: pip install {package}")
    return spec.submodule_search_locations[0]


@cache
def static(package: str) -> Report:
    """Lint a package, once."""
    options = Options(min_certainty="possible")
    return run_paths([folder(package)], Run(options=options, jobs=None))[0]


def watched(exercise: Exercise, probe: bool) -> tuple[Evidence, str]:
    """Run the loss and its backward under watch; say what torch raised, if it did."""
    torch.manual_seed(0)
    raised = ""
    with eiglint.watch(probe=probe) as report:
        try:
            exercise.loss(*exercise.inputs).backward()
        except RuntimeError as error:
            raised = str(error).splitlines()[0].partition(": [")[0]
    for tensor in exercise.inputs:
        tensor.grad = None
    return report.evidence(), raised


def rows(exercise: Exercise) -> Iterator[Row]:
    """Run one exercise; give a row for each decomposition in the package's files."""
    report = static(exercise.package)
    evidence, raised = watched(exercise, probe=False)
    probed = join(watched(exercise, probe=True)[0], report)
    plain = {(site.path, site.line, site.call): site for site in join(evidence, report).sites}
    checked = f"torch raised: {raised}" if raised else gauge(exercise)
    slope = "" if raised else against_differences(exercise)
    home = folder(exercise.package) + os.sep
    sites = [site for site in probed.sites if site.path.startswith(home)]
    if not sites:
        yield Row(exercise, None, None, False, checked, slope)
    for site in sites:
        first = plain[site.path, site.line, site.call]
        yield Row(exercise, first, site, any(site is one for one in probed.new), checked, slope)


def gauge(exercise: Exercise) -> str:
    """Say what gaugecheck finds of the whole exercise, in few words."""
    torch.manual_seed(0)
    result = eiglint.gaugecheck(exercise.loss, exercise.inputs, raise_exception=False)
    assert isinstance(result, GaugeResult)
    if not result.sites:
        return "saw no decomposition"
    said = []
    for verdict in result.verdicts:
        if verdict.invariant is False:
            size = max(verdict.value_deviation or 0.0, verdict.gradient_deviation or 0.0)
            lines = ", ".join(f"{os.path.basename(site.path)}:{site.line}" for site in verdict.sites)
            said.append(f"{verdict.symmetry} of {lines} moves it by {size:.2g}")
        elif verdict.invariant is None:
            said.append(f"{verdict.symmetry}: {verdict.reason}")
    return "; ".join(said) or "stays"


def against_differences(exercise: Exercise) -> str:
    """Compare the gradient along one direction with a central difference of the loss."""
    directions = [along(tensor) for tensor in exercise.inputs if tensor.requires_grad]
    torch.manual_seed(0)
    exercise.loss(*exercise.inputs).backward()
    slope = 0.0
    for tensor, direction in zip(leaves(exercise.inputs), directions, strict=True):
        if tensor.grad is not None:
            slope += float((tensor.grad.conj() * direction).real.sum())
        tensor.grad = None
    ends = [moved(exercise, directions, sign * STEP) for sign in (1, -1)]
    difference = (ends[0] - ends[1]) / (2 * STEP)
    error = abs(slope - difference) / max(abs(slope), abs(difference), 1e-300)
    return "agrees" if error < TOLERANCE else "NaN" if math.isnan(error) else f"off by {short(error)}"


def leaves(inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [tensor for tensor in inputs if tensor.requires_grad]


def along(tensor: torch.Tensor) -> torch.Tensor:
    """Draw a direction; of a Hermitian matrix a Hermitian one, since decompositions read one triangle."""
    torch.manual_seed(1)
    direction = torch.randn_like(tensor)
    square = tensor.ndim >= 2 and tensor.shape[-1] == tensor.shape[-2]
    return direction + direction.mH if square and torch.allclose(tensor, tensor.mH) else direction


def moved(exercise: Exercise, directions: Sequence[torch.Tensor], step: float) -> float:
    """Evaluate the loss a step away."""
    each = iter(directions)
    inputs = [tensor.detach() + step * next(each) if tensor.requires_grad else tensor for tensor in exercise.inputs]
    torch.manual_seed(0)
    return float(exercise.loss(*inputs))


def cells(row: Row) -> list[str]:
    """Format one row of the table."""
    site, plain = row.probed, row.plain
    if site is None or plain is None:
        return [row.exercise.what, "none seen", "", "", "", row.checked, row.slope, ""]
    place = os.path.relpath(site.path, folder(row.exercise.package))
    known = site.static.phase if site.static else "not known"
    if site.static and site.static.order not in ("none", "invariant"):
        known += f", order {site.static.order}"
    first = worst(plain) if plain.verdict == "not-differentiated" else f"{plain.verdict}: {worst(plain)}"
    second = "same" if plain.verdict == site.verdict else site.verdict
    second = "no verdict" if site.probe_failure else second
    joined = [outcome(one) for one in met(row)] + ["new"] * row.new
    if site.null_gradient:
        joined.append(f"torch drops {short(site.null_gradient)} of the gradient")
    call = site.call.rpartition(".")[2]
    seen = [known, first, second, row.checked, row.slope, "; ".join(joined)]
    return [row.exercise.what, f"`{place}:{site.line}` {call}", *seen]


def met(row: Row) -> list[JoinedFinding]:
    """Return the findings of a row's decomposition whose line ran there."""
    return [one for one in row.probed.findings if one.status != "not reached"] if row.probed else []


def outcome(one: JoinedFinding) -> str:
    """Name a finding, how sure the analysis is of it, and what the run made of it."""
    finding = one.finding
    return f"{finding.code} `{os.path.basename(finding.path)}:{finding.line}` ({finding.certainty}): {one.status}"


def untouched(name: str, found: Sequence[Row]) -> list[str]:
    """List the findings of a package that no exercise came to, those that nothing measures left out."""
    seen = {id(one.finding) for row in found for one in met(row)}
    return [
        f"{finding.code} `{os.path.relpath(finding.path, folder(name))}:{finding.line}` ({finding.certainty})"
        for finding in static(name).findings
        if id(finding) not in seen and (rule := rules().get(finding.code)) and rule.runtime != "none"
    ]


HEADER = ("exercise", "decomposition", "static", "watch", "with `probe`", "gaugecheck", "gradient", "joined")


def page(found: Sequence[Row]) -> Iterator[str]:
    """Write the measured part of the page."""
    names = list(dict.fromkeys(row.exercise.package for row in found))
    yield f"With torch {torch.__version__.partition('+')[0]}, {', '.join(f'{name} {version(name)}' for name in names)}."
    for name in names:
        own = [row for row in found if row.exercise.package == name]
        yield f"\n### {name}\n"
        yield "| " + " | ".join(HEADER) + " |"
        yield "| " + " | ".join("---" for _ in HEADER) + " |"
        for row in own:
            yield "| " + " | ".join(cells(row)) + " |"
        if left := untouched(name, own):
            yield f"\nFindings that no row above came to: {', '.join(left)}."
    yield f"\n{summary(found)}"


def summary(found: Sequence[Row]) -> str:
    """Count what became of the findings; one that is confirmed in one row and refuted in another counts in both."""
    statuses: dict[tuple[str, Place], set[str]] = {}
    for row in found:
        for one in met(row):
            statuses.setdefault((one.finding.code, one.finding.place), set()).add(one.status)
    named = [status for status in STATUSES if status not in ("not reached", "not applicable")]
    counts = ", ".join(f"{sum(status in held for held in statuses.values())} {status}" for status in named)
    new = sum(row.new for row in found)
    return f"The rows came to {len(statuses)} findings: in some row {counts}. {new} of {len(found)} rows are new."


def main() -> None:
    """Print the tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", help="whose exercises to run (default: all)")
    parser.add_argument("--write", action="store_true", help="write into docs/real-code.md")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # what the packages themselves say of their inputs
    chosen = [one for one in exercises() if not arguments.packages or one.package in arguments.packages]
    text = "\n".join(page([row for exercise in chosen for row in rows(exercise)]))
    if arguments.write:
        rewrite(PAGE, "exercised", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
