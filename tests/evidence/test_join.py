"""Static findings of real texts, held against evidence: which line it concerns, whether it ran, what is new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eiglint.check import check_source
from eiglint.evidence.join import Joined, join, settled_by, summary_line
from eiglint.evidence.passed import Passes, statement_spans
from eiglint.evidence.records import Evidence, Pass, SiteEvidence
from eiglint.evidence.verdict import verdict_of
from eiglint.findings import Place, Report, Source
from eiglint.source.promises import read_promises

from .made import COMPLEX, REAL, UNDIFFERENTIATED, changed

TEXT = """\
import torch


def density(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum()


def adjoint(A, x):
    L, V = torch.linalg.eig(
        A
    )
    y = V @ (torch.exp(L) * (V.mH @ x.to(V.dtype)))
    return y.abs().square().sum()


def fine(A):
    L, V = torch.linalg.eig(A)  # eiglint: assume distinct
    return (V.abs().square().sum(-1) * A.diagonal()).sum()


def inverse(A, x):
    L, V = torch.linalg.eig(A)
    return (V @ (L * (torch.linalg.inv(V) @ x))).abs().sum()


def first(A):
    L = torch.linalg.eigvals(A)
    return L[0].abs()
"""
ALL = frozenset(range(1, 40))


class Program:
    """A file with its static findings, as a run may have left evidence of it."""

    def __init__(self, folder: Path, text: str = TEXT) -> None:
        self.path = str(folder / "model.py")
        self.text = text
        Path(self.path).write_text(text)
        self.report = check_source(text, path=self.path)

    def site(self, line: int, like: SiteEvidence = COMPLEX, **values: Any) -> SiteEvidence:
        return changed(like, path=self.path, line=line, **values)

    def evidence(self, *sites: SiteEvidence, lines: frozenset[int] = ALL, **values: Any) -> Evidence:
        return Evidence(sites, (Pass({self.path: lines}, sites),) if lines else (), **values)

    def join(self, *sites: SiteEvidence, lines: frozenset[int] = ALL, files: bool = True) -> Joined:
        evidence = self.evidence(*sites, lines=lines, files=(self.path,) if files else ())
        return join(evidence, self.report, read_promises(self.text, self.path))


def through(path: Path, lines: frozenset[int], line: int) -> list[Pass]:
    """The passes in which a line ran, of one that ran these lines."""
    return Passes([Pass({str(path): lines})]).through(Place(str(path), line, 1, line, 2))


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def said(joined: Joined) -> dict[str, tuple[str, str]]:
    return {one.finding.code: (one.status, one.reason) for one in joined.findings}


def test_the_text_has_the_findings_that_the_tests_speak_of(program: Program) -> None:
    found = [(finding.code, finding.line) for finding in program.report.findings]
    assert found == [("EIG104", 6), ("EIG407", 13), ("EIG302", 24), ("EIG404", 24), ("EIG201", 29)]


def test_each_finding_is_held_against_the_decomposition_that_it_comes_from(program: Program) -> None:
    joined = program.join(
        program.site(5, phase_residual=0.31),
        program.site(10, condition=1.0),
        program.site(23),
        program.site(28, call="torch.linalg.eigvals", family="eigvals", probe={"order": "moves"}),
    )
    assert {code: status for code, (status, _) in said(joined).items()} == {
        "EIG104": "confirmed",
        "EIG407": "refuted",
        "EIG302": "refuted",
        "EIG404": "not applicable",
        "EIG201": "confirmed",
    }
    assert [[one.finding.code for one in site.findings] for site in joined.sites] == [
        ["EIG104"],
        ["EIG407"],
        ["EIG302", "EIG404"],
        ["EIG201"],
    ]
    assert joined.new == ()
    assert (
        summary_line(joined) == "2 findings confirmed, 2 refuted, 0 unsettled, 0 not reached, 1 not applicable; 0 new"
    )


CHAINED = """\
import torch


def loss(A):
    L, V = (
        torch
        .linalg
        .eig(
            A
        )
    )
    return (V * V).sum()
"""


def test_evidence_from_the_line_of_the_name_belongs_to_a_call_over_several_lines(tmp_path: Path) -> None:
    program = Program(tmp_path, CHAINED)
    assert said(program.join(program.site(8, phase_residual=0.31)))["EIG104"][0] == "confirmed"


def test_a_finding_is_not_reached_where_its_own_line_did_not_run(program: Program) -> None:
    genuine = program.site(5, phase_residual=0.31)
    assert said(program.join(genuine, lines=frozenset({5, 7}))) | {} == said(
        program.join(genuine, lines=frozenset({5}))
    )
    assert said(program.join(genuine, lines=frozenset({5})))["EIG104"] == (
        "not reached",
        "line 6 did not run in the followed passes",
    )
    assert said(program.join(genuine, lines=frozenset({6})))["EIG104"][0] == "confirmed"


def test_a_finding_is_not_reached_where_nothing_was_differentiated(program: Program) -> None:
    bare = changed(UNDIFFERENTIATED, path=program.path)
    assert said(program.join(bare))["EIG104"] == ("not reached", "called 3 times, never differentiated")


def test_a_finding_is_not_reached_where_nothing_was_called(program: Program) -> None:
    assert said(program.join())["EIG104"] == ("not reached", "torch.linalg.eig in line 5 was never called")
    elsewhere = said(program.join(lines=frozenset(), files=False))["EIG104"]
    assert elsewhere == ("not reached", f"{program.path} was not executed")


def test_where_lines_are_not_seen_nothing_is_said_of_them(program: Program) -> None:
    joined = program.join(program.site(5, calls=0, phase_residual=0.31), lines=frozenset())
    assert said(joined)["EIG104"] == (
        "unsettled",
        "phase residual up to 0.31 in 12 measured backwards, but whether line 6 ran is not known (a scripted function)",
    )
    assert joined.new == ()
    traced = program.evidence(program.site(5, phase_residual=0.31), lines=frozenset({5}), followed=False)
    (finding, *_) = join(traced, program.report).findings
    assert finding.status == "unsettled"
    assert finding.reason.endswith("but whether line 6 ran is not known (another tracer was active)")
    seen = replace(traced, passes=(Pass({program.path: frozenset({6})}, traced.sites),))
    assert join(seen, program.report).findings[0].status == "confirmed"


def test_without_the_static_call_the_line_decides(program: Program) -> None:
    program.report = replace(program.report, sites=())
    assert said(program.join(program.site(5, phase_residual=0.31)))["EIG104"][0] == "confirmed"
    assert said(program.join(program.site(11)))["EIG407"][0] == "not reached"


def test_a_file_is_the_same_under_another_name(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(program.path).parent)
    Path("link.py").symlink_to("model.py")
    site = changed(COMPLEX, path="link.py", phase_residual=0.31)
    joined = join(Evidence((site,), (Pass({"./model.py": ALL}, (site,)),)), program.report)
    assert said(joined)["EIG104"][0] == "confirmed"


TWO = """\
import torch


def loss(A, B):
    (K, U), (L, V) = torch.linalg.eig(A), torch.linalg.eigh(B)
    return (U * U).sum() + V.sum()
"""


def test_of_two_decompositions_on_a_line_the_name_decides(tmp_path: Path) -> None:
    program = Program(tmp_path, TWO)
    assert [f.source.call for f in program.report.findings if f.source] == ["torch.linalg.eig", "torch.linalg.eigh"]
    joined = program.join(program.site(5, phase_residual=0.31), program.site(5, REAL, probe={"phase": "stays"}))
    assert [one.status for one in joined.findings] == ["confirmed", "refuted"]


SAME = TWO.replace("eigh", "eig")


def test_of_two_decompositions_with_one_name_both_findings_hear_the_same(tmp_path: Path) -> None:
    program = Program(tmp_path, SAME)
    assert len(program.report.sites) == 2
    joined = program.join(program.site(5, phase_residual=0.31))
    assert {one.status for one in joined.findings} == {"confirmed"}
    assert len(joined.findings) == 2


def test_the_verdict_hears_what_the_analysis_proved(program: Program) -> None:
    blind = program.site(18, blind=True)
    (site,) = program.join(blind).sites
    assert (site.static.phase, site.static.order) == ("invariant", "invariant") if site.static else False
    assert (site.verdict, site.settled_by) == ("well-defined", "static analysis of its file")
    (alone,) = join(Evidence((blind,)), Report()).sites
    assert (alone.static, alone.verdict, alone.settled_by) == (None, "unsettled", "")


def test_a_site_has_all_that_was_measured(program: Program) -> None:
    (site,) = program.join(program.site(5)).sites
    assert (site.line, site.phase_residual, site.shape) == (5, COMPLEX.phase_residual, (4, 4))


BY: list[tuple[SiteEvidence, str, str]] = [
    (changed(COMPLEX, phase_residual=0.31), "phase-dependent", "measured"),
    (changed(REAL, probe={"phase": "moves"}), "phase-dependent", "probe"),
    (changed(COMPLEX, probe={"order": "moves"}), "order-dependent", "probe"),
    (changed(REAL, nonfinite="here"), "degenerate", "measured"),
    (changed(REAL, nonfinite="downstream"), "nonfinite-input", "measured"),
    (changed(COMPLEX, refused=2), "rounding", "measured"),
    (changed(REAL, probe={"phase": "stays"}), "well-defined", "probe"),
    (changed(COMPLEX, probe={"order": "stays"}), "well-defined", "probe"),
    (changed(REAL, dtype="complex128", phase_residual=0.0, blind=False), "well-defined", "measured"),
    (changed(REAL, exercised=0), "well-defined", "measured"),
    (REAL, "unsettled", ""),
    (UNDIFFERENTIATED, "not-differentiated", ""),
]


@pytest.mark.parametrize(("site", "verdict", "by"), BY)
def test_a_verdict_says_by_what_it_was_reached(site: SiteEvidence, verdict: str, by: str) -> None:
    assert verdict_of(site) == verdict
    assert settled_by(site, verdict_of(site)) == by


def test_what_no_confirmed_finding_of_its_kind_explains_is_new(program: Program) -> None:
    genuine = {"phase_residual": 0.31}
    explained = program.join(program.site(5, **genuine))
    assert explained.new == ()
    no_finding = program.join(program.site(18, **genuine))
    assert [site.line for site in no_finding.new] == [18]
    other_kind = program.join(program.site(10, **genuine))
    assert [site.line for site in other_kind.new] == [10]
    did_not_run = program.join(program.site(5, **genuine), lines=frozenset({5}))
    assert [site.line for site in did_not_run.new] == [5]
    bad = program.join(
        program.site(5, nonfinite="here"), program.site(10, nonfinite="downstream"), program.site(18, refused=1)
    )
    assert [(site.line, site.verdict) for site in bad.new] == [(5, "degenerate"), (10, "nonfinite-input")]


def test_promises_and_what_was_not_observed_come_along(program: Program) -> None:
    evidence = Evidence((program.site(18, min_gap=0.0),), unobserved=("a compiled region",), hook="function mode")
    joined = join(evidence, program.report, read_promises(TEXT, program.path))
    assert [(held.promise.line, held.keeping) for held in joined.promises] == [(18, "broken")]
    assert (joined.unobserved, joined.hook) == (("a compiled region",), "function mode")


def test_a_finding_in_a_notebook_or_without_a_source_is_not_reached(program: Program) -> None:
    finding = program.report.findings[0]
    report = replace(program.report, findings=(replace(finding, cell=2), replace(finding, source=None)))
    joined = join(program.evidence(program.site(5, phase_residual=0.31)), report)
    assert [(one.status, one.reason) for one in joined.findings] == [
        ("not reached", "the lines of a notebook are not tied to evidence"),
        ("not reached", "it names no decomposition"),
    ]


def test_a_finding_about_another_file_is_held_against_that_file(program: Program, tmp_path: Path) -> None:
    helper = tmp_path / "helper.py"
    helper.write_text("import torch\n\n\ndef split(A):\n    return torch.linalg.eig(A)\n")
    finding = replace(program.report.findings[0], source=Source(str(helper), 5, 12, "torch.linalg.eig"))
    site = changed(COMPLEX, path=str(helper), phase_residual=0.31)
    joined = join(program.evidence(site), replace(program.report, findings=(finding,)))
    assert [one.status for one in joined.findings] == ["confirmed"]


STATEMENTS = """\
def f(A):
    x = g(
        A,
        h(A),
    )
    if x.sum(
    ) > 0:
        return x
    return [
        y
        for y in A
    ]
"""


@pytest.mark.parametrize(
    ("line", "passed", "ran"),
    [
        (4, {2}, True),
        (2, {4}, True),
        (4, {8}, False),
        (6, {8}, True),
        (8, {6}, False),
        (10, {11}, True),
        (9, {8}, False),
        (99, {99}, True),
    ],
)
def test_a_statement_ran_if_one_of_its_lines_did(tmp_path: Path, line: int, passed: set[int], ran: bool) -> None:
    path = tmp_path / "m.py"
    path.write_text(STATEMENTS)
    assert bool(through(path, frozenset(passed), line)) is ran


def test_a_file_that_cannot_be_parsed_is_judged_by_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text("def f(:\n    pass\n")
    assert statement_spans(str(path)) == []
    assert through(path, frozenset({2}), 2)
    assert not through(path, frozenset({2}), 1)


SHARED = """\
import torch


def modes(H):
    return torch.linalg.eigh(H).eigenvectors


def transposed(H: torch.Tensor):
    V = modes(H + 1j * H)
    return (V @ V.T).abs().sum()


def other(H: torch.Tensor):
    V = modes(H + 1j * H)
    return V.real.sum()
"""


def test_two_uses_of_one_decomposition_are_judged_by_the_passes_in_which_their_own_lines_ran(tmp_path: Path) -> None:
    program = Program(tmp_path, SHARED)
    found = {finding.line: finding for finding in program.report.findings}
    assert set(found) == {10, 15}
    badly, well = program.site(5, phase_residual=0.31), program.site(5, phase_residual=1e-17)
    passes = (
        Pass({program.path: frozenset({5, 9, 10})}, (badly,)),
        Pass({program.path: frozenset({5, 14, 15})}, (well,)),
    )
    joined = join(Evidence((badly,), passes, files=(program.path,)), program.report, read_promises("", program.path))
    assert {one.finding.line: one.status for one in joined.findings} == {10: "confirmed", 15: "refuted"}


BRANCHES = """\
import torch


def modes(A: torch.Tensor, small: bool):
    if small:
        L, V = torch.linalg.eigh(A)
    else:
        L, V = torch.linalg.eigh(A + 1)
    return L, V


def loss(A: torch.Tensor, small: bool):
    L, V = modes(A, small)
    return V.sum()


def weighed(A: torch.Tensor):
    L, V = torch.linalg.eigh(A)  # eiglint: assume distinct
    return (V.abs() * A).sum()
"""


def test_where_branches_meet_a_finding_speaks_of_the_decomposition_that_ran(tmp_path: Path) -> None:
    program = Program(tmp_path, BRANCHES)
    (finding,) = program.report.findings
    assert finding.source is not None
    named, other = (finding.source.line, ({6, 8} - {finding.source.line}).pop())
    moves = program.site(other, REAL, probe={"phase": "moves"})
    joined = program.join(moves)
    assert [one.status for one in joined.findings] == ["confirmed"]
    assert joined.new == ()
    both = program.join(moves, program.site(named, REAL))
    assert ([one.status for one in both.findings], both.new) == (["confirmed"], ())
    elsewhere = program.join(program.site(18, REAL, probe={"phase": "moves"}))
    assert [one.status for one in elsewhere.findings] == ["not reached"]
    without_its_line = program.join(moves, lines=frozenset({4, 5, 8}))
    assert [one.status for one in without_its_line.findings] == ["not reached"]
    assert [site.line for site in without_its_line.new] == [other]


ROTATIONS = """\
import torch


def factors(A: torch.Tensor, small: bool):
    if small:
        U, _, Vh = torch.linalg.svd(A)
    else:
        U, _, Vh = torch.linalg.svd(2 * A)
    return U, Vh


def rotated(A: torch.Tensor, B: torch.Tensor):
    U, Vh = factors(A, False)
    return U @ Vh @ B


def either(A: torch.Tensor, B: torch.Tensor, small: bool):
    U, Vh = factors(A, small)
    return U @ Vh @ B
"""


def test_where_branches_meet_equal_values_of_either_confirm_a_finding(tmp_path: Path) -> None:
    program = Program(tmp_path, ROTATIONS)
    found = {finding.line: finding for finding in program.report.findings}
    assert {line: one.code for line, one in found.items()} == {14: "EIG309", 19: "EIG309"}
    named = {line: {one.source.line, *(s.line for s in one.alternatives)} for line, one in found.items() if one.source}
    assert named == {14: {6, 8}, 19: {6, 8}}
    meets = program.site(8, REAL, call="torch.linalg.svd", nonfinite="here", min_gap=0.0)
    joined = program.join(meets, lines=frozenset({8, 18, 19}))
    assert {one.finding.line: one.status for one in joined.findings} == {14: "not reached", 19: "confirmed"}
    assert joined.new == ()


PARTNERS = """\
import torch


def overlap(A: torch.Tensor, B: torch.Tensor):
    V = torch.linalg.eigh(A)[1]
    W = torch.linalg.eigh(B)[1]
    return V @ W.T
"""


def test_a_finding_where_factors_of_two_calls_meet_speaks_of_both(tmp_path: Path) -> None:
    program = Program(tmp_path, PARTNERS)
    (finding,) = program.report.findings
    assert finding.source is not None
    assert (finding.code, finding.line) == ("EIG105", 7)
    (other,) = {5, 6} - {finding.source.line}
    joined = program.join(program.site(other, REAL, probe={"phase": "moves"}))
    assert ([one.status for one in joined.findings], joined.new) == (["confirmed"], ())


def test_a_finding_whose_line_ran_only_where_nothing_was_differentiated_does_not_deny_the_other_passes(
    program: Program,
) -> None:
    whole = program.site(5, phase_residual=0.31)
    passes = (
        Pass({program.path: frozenset({5, 6})}, (changed(UNDIFFERENTIATED, path=program.path),)),
        Pass({program.path: frozenset({5, 18})}, (whole,)),
    )
    joined = join(Evidence((whole,), passes), program.report)
    assert said(joined)["EIG104"] == ("not reached", "line 6 ran, but in no pass that was differentiated here")


SECOND = """\
import torch


def penalty(A):
    L = torch.linalg.eigvalsh(A)
    (force,) = torch.autograd.grad(L.square().sum(), A, create_graph=True)
    return force.square().sum()
"""


def test_a_second_derivative_is_held_against_the_passes_that_start_elsewhere(tmp_path: Path) -> None:
    program = Program(tmp_path, SECOND)
    first = program.site(5, like=REAL, call="torch.linalg.eigvalsh", exercised=0)
    whole = changed(first, exercised=1, nonfinite="here", min_gap=0.0)
    passes = (Pass({program.path: frozenset({5, 6})}, (first,)), Pass({program.path: frozenset({5})}, (whole,)))
    joined = join(Evidence((whole,), passes), program.report)
    assert said(joined)["EIG506"] == ("confirmed", "the gradient turns non-finite here")
    assert joined.new == ()
