"""Whole programs under watch: each decomposition gets the verdict that stands on its line."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest
import torch

import eiglint
from eiglint.runtime import Report
from fixtures.catalogue import HERE, marks

SCRIPTS = sorted((HERE / "scripts").glob("*.py"))
REFUTED = {"growing_flow": {"EIG302"}}
"""Written out, and with open gaps in every system that is fitted."""
EXPECTED = re.compile(r"#: ([\w-]+)(?:, probed: ([\w-]+))?")


def expected(script: Path, *, probed: bool) -> dict[int, str]:
    """The verdicts on the lines of a script; what only a probe settles is unsettled without one."""
    found = {}
    for number, line in enumerate(script.read_text().splitlines(), 1):
        if match := EXPECTED.search(line):
            plain, after_probe = match.groups()
            found[number] = after_probe or plain if probed else "unsettled" if plain == "order-dependent" else plain
    return found


def run(script: Path, **options: object) -> Report:
    with eiglint.watch(**options) as report, contextlib.redirect_stdout(io.StringIO()):  # type: ignore[arg-type]
        runpy.run_path(str(script), run_name="__main__")
    return report


def verdicts(report: Report, script: Path) -> dict[int, str]:
    return {site.line: site.verdict for site in report.sites if site.path == str(script)}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_linter_reports_what_stands_on_the_lines(script: Path) -> None:
    text = script.read_text()
    found = {(one.line, one.code) for one in eiglint.check_source(text, path=str(script)).findings}
    assert found == marks(text)["reported"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_watching_gives_each_decomposition_its_verdict(script: Path) -> None:
    assert verdicts(run(script), script) == expected(script, probed=False)


@pytest.mark.parametrize("script", [script for script in SCRIPTS if "#! " in script.read_text()], ids=lambda s: s.stem)
def test_a_probe_confirms_every_finding_that_execution_bears_out(script: Path) -> None:
    joined = run(script, probe=True).joined()
    assert {site.line: site.verdict for site in joined.sites} == expected(script, probed=True)
    refuted = {one.finding.code for one in joined.findings if one.status == "refuted"}
    assert refuted == REFUTED.get(script.stem, set())
    assert {one.status for one in joined.findings} <= {"confirmed", "refuted", "not applicable"}


def test_torch_refuses_right_gradients_of_a_growing_flow_and_the_repair_lets_all_of_them_pass() -> None:
    flow = runpy.run_path(str(HERE / "scripts" / "growing_flow.py"))
    with eiglint.watch() as plain:
        refused = flow["train"]()
    with eiglint.watch(on_roundoff="repair") as repaired:
        assert flow["train"]() == 0
    (site,), (mended,) = plain.sites, repaired.sites
    assert refused == site.refused > 0
    assert site.verdict == mended.verdict == "rounding"
    assert mended.refused == 0 < mended.repaired


def test_a_repaired_gradient_is_that_of_the_matrix_exponential_in_double_precision() -> None:
    flow = runpy.run_path(str(HERE / "scripts" / "growing_flow.py"))["Flow"](6, 3)
    times = torch.linspace(0.0, 8.0, 9)
    with eiglint.watch(on_roundoff="repair") as report:
        flow(times).square().mean().backward()
    exact = flow.generator.detach().double().requires_grad_()
    states = torch.linalg.matrix_exp(times.double()[:, None, None] * exact) @ flow.start.double()
    states.square().mean().backward()
    assert exact.grad is not None
    error = (flow.generator.grad - exact.grad).norm() / exact.grad.norm()
    (site,) = report.sites
    assert site.repaired == 1
    assert site.digits_lost is not None
    assert float(error) < torch.finfo(torch.float32).eps * 10 ** (site.digits_lost + 1.5)


NESTED = """\
import torch

def inner(A):
    V = torch.linalg.eigh(A.detach().clone().requires_grad_()).eigenvectors
    V.square()[0, 0].backward()

def outer(A: torch.Tensor):
    V = torch.linalg.eigh(A.double()).eigenvectors
    inner(A)
    return torch.exp(V[:, 0]).sum()

A = torch.arange(9.0, dtype=torch.float64).reshape(3, 3).sin()
outer((A + A.T).requires_grad_()).backward()
"""


def test_a_backward_inside_a_forward_does_not_hide_the_lines_after_it(tmp_path: Path) -> None:
    script = tmp_path / "nested.py"
    script.write_text(NESTED)
    found = {(one.finding.code, one.finding.line): one.status for one in run(script).joined().findings}
    assert found[("EIG106", 10)] == "unsettled"
