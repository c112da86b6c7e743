"""The printed table: one row a decomposition, its findings below it, nothing cut off, and sentences that hold."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from eiglint.evidence.join import Joined, join
from eiglint.evidence.records import Evidence, Pass, SiteEvidence
from eiglint.evidence.table import as_text, table
from eiglint.evidence.words import counted, in_eps, short
from eiglint.findings import Finding, Place, Report, Site, Source
from eiglint.source.promises import Promises, read_promises

from .made import COMPLEX, REAL, UNDIFFERENTIATED, changed

EPS = 2.0**-52
WIDTHS = (80, 100, 180)


def finding(code: str, line: int, source: int, path: str = "model.py") -> Finding:
    place = Place(path, line, 1, line, 9)
    return Finding(code, "a-name", "phase", "error", "definite", place, "", source=Source(path, source, 8, "eig"))


def joined(*sites: SiteEvidence, findings: tuple[Finding, ...] = (), promises: Promises | None = None) -> Joined:
    lines = {path: frozenset(range(1, 99)) for path in ("model.py", "other.py")}
    statics = tuple(
        Site(Place(site.path, site.line, 8, site.line, 9), site.call, "yes", "unknown", "unknown", "unknown")
        for site in sites
    )
    return join(Evidence(sites, (Pass(lines, sites),)), Report(findings, statics), promises)


ALL = joined(
    changed(COMPLEX, line=30, phase_residual=0.31, tests=("tests/test_a.py::test_x", "tests/test_b.py::test_y")),
    changed(COMPLEX, line=5, path="deep/" * 12 + "model.py"),
    changed(REAL, line=12),
    changed(REAL, line=14, nonfinite="here", min_gap=0.0),
    changed(UNDIFFERENTIATED, line=16),
    findings=(
        finding("EIG104", 31, 30),
        finding("EIG102", 13, 12),
        finding("EIG404", 13, 12),
        finding("EIG201", 3, 2, "other.py"),
    ),
    promises=read_promises("x = 1  # eiglint: assume real\ny = 1  # eiglint: assume odds\n", "model.py"),
)
ALL = ALL._replace(unobserved=("2 compiled regions ran and were not observed",))

SEEN = """\
line  call              backwards  measured                           verdict
model.py
12    torch.linalg.eigh 12         smallest gap 0.2, 14 digits left; signs unseen   unsettled
    EIG102  line 13  unsettled  real vectors: a sign leaves no trace in a gradient; use --probe or gaugecheck
30    torch.linalg.eig  12         residual 0.31 (genuine)            phase-dependent
    EIG104  line 31  confirmed  phase residual up to 0.31 in 12 measured backwards
    torch stays silent here

1 finding confirmed, 0 refuted, 1 unsettled, 0 not reached; 0 new
"""


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_the_table_as_a_whole() -> None:
    few = joined(
        changed(COMPLEX, line=30, phase_residual=0.31),
        changed(REAL, line=12),
        findings=(finding("EIG104", 31, 30), finding("EIG102", 13, 12)),
    )
    assert words(as_text(few, 120)) == words(SEEN)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_asked_and_no_word_is_lost(width: int) -> None:
    text = as_text(ALL, width)
    assert max(map(len, text.splitlines())) <= width
    assert not any(line.endswith(" ") for line in text.splitlines())
    assert "…" not in text
    whole = "".join(as_text(ALL, 400).split())
    assert sorted(whole) == sorted("".join(text.split()))


def test_rows_stand_in_the_order_of_path_and_line_those_that_never_ran_included() -> None:
    text = as_text(ALL, 180).partition("\n\n")[0]
    places = [line.split()[0] for line in text.splitlines()[1:] if line[:1].strip()]
    assert places == [f"{'deep/' * 12}model.py", "5", "model.py", "12", "14", "16", "30", "other.py", "2"]


def test_a_row_that_never_ran_says_so() -> None:
    text = as_text(joined(findings=(finding("EIG201", 3, 2, "gone.py"),)), 100)
    assert words(text)[:4] == [
        ["line", "call", "verdict"],
        ["gone.py"],
        ["2", "eig", "not", "reached"],
        ["EIG201", "line", "3", "not", "reached", "gone.py", "was", "not", "executed"],
    ]


def test_the_paragraphs_below_say_what_does_not_hold_and_what_was_not_seen() -> None:
    text = as_text(replace_promise(ALL), 180)
    tail = text[text.index("promises that do not hold") :]
    assert tail.splitlines() == [
        "promises that do not hold",
        "    model.py:12 assume complex: the vectors are float64",
        "",
        "promises that cannot be read",
        "    model.py:2: `odds` is nothing that can be assumed (known: distinct, hermitian, real, complex, ordered)",
        "",
        "not observed",
        "    2 compiled regions ran and were not observed",
        "",
        "1 finding confirmed, 0 refuted, 1 unsettled, 1 not reached, 1 not applicable; 1 new",
    ]


def replace_promise(whole: Joined) -> Joined:
    promises = read_promises("\n" * 11 + "x = 1  # eiglint: assume complex\n", "model.py")
    again = joined(changed(REAL, line=12), promises=promises)
    return whole._replace(promises=(*whole.promises, *again.promises))


def test_a_promise_that_was_not_measured_is_no_broken_one() -> None:
    assert "promises that do not hold" not in as_text(ALL, 100)


def test_what_could_not_be_followed_is_named() -> None:
    text = as_text(joined(REAL)._replace(hook="function mode"), 180)
    assert "not observed\n    backward passes that start inside another one" in text
    assert "not observed\n    which lines ran (another tracer" in as_text(joined(REAL)._replace(followed=False), 180)


def test_nothing_seen_is_said_in_a_sentence() -> None:
    assert as_text(Joined(), 100) == (
        "no decomposition was seen\n\n0 findings confirmed, 0 refuted, 0 unsettled, 0 not reached; 0 new\n"
    )


SENTENCES: dict[str, tuple[SiteEvidence, list[str]]] = {
    "rounding": (
        changed(COMPLEX, phase_residual=0.2 * EPS, refused=3),
        [
            "residual 0.2 eps (rounding)",
            "torch refused 3 times: rounding, not a phase dependence (residual 0.2 eps); "
            "watch(on_roundoff='repair') goes on",
        ],
    ),
    "refused once, rightly": (
        changed(COMPLEX, phase_residual=0.31, refused=1),
        ["residual 0.31 (genuine)", "torch refused 1 time: rightly, the loss depends on the phase"],
    ),
    "refused, between": (
        changed(COMPLEX, phase_residual=1e-10, refused=1),
        ["residual 1e-10 (between rounding and genuine)", "torch refused 1 time: residual 1e-10, more than rounding"],
    ),
    "refused because of NaN": (
        changed(COMPLEX, nonfinite="downstream", refused=2),
        [
            "NaN or infinity arrives from downstream",
            "it speaks of a phase, but the gradient that arrived was non-finite",
        ],
    ),
    "silent": (changed(COMPLEX, phase_residual=0.31), ["torch stays silent here"]),
    "moved": (changed(REAL, probe={"phase": "moves"}), ["other phases or signs move the loss", "torch stays silent"]),
    "order": (changed(COMPLEX, probe={"order": "moves"}), ["another order moves the loss", "torch stays silent here"]),
    "signs": (REAL, ["smallest gap 0.2, 14 digits left; signs unseen"]),
    "order alone": (COMPLEX, ["residual 12 eps (rounding); order unseen"]),
    "phases and order": (changed(COMPLEX, blind=True), ["14 digits left; phases and order unseen"]),
    "degenerate": (changed(REAL, digits_lost=13.0, min_gap=3e-9), ["smallest gap 3e-9, 2 digits left", "degenerate"]),
    "cancelled": (changed(REAL, digits_lost=15.5), ["smallest gap 0.2, next to no gradient comes out"]),
    "dropped": (
        changed(REAL, null_gradient=0.5),
        ["torch drops a share of 0.5 of the gradient: what arrives at vectors beyond min(m, n)"],
    ),
    "NaN": (changed(REAL, nonfinite="here", min_gap=0.0), ["NaN or infinity made here, smallest gap 0"]),
    "repaired": (
        changed(COMPLEX, repaired=5, repaired_residue=3e-15),
        ["repaired 5 times: a residue of rounding was projected out, at most 3e-15 of the gradient"],
    ),
    "never differentiated": (UNDIFFERENTIATED, ["never differentiated", "not-differentiated"]),
    "values": (changed(REAL, exercised=0), ["a gradient reaches the values alone"]),
    "by a probe": (changed(REAL, probe={"phase": "stays"}), ["well-defined (probe)"]),
    "no probe": (
        changed(REAL, probe_failure="m.py:3 draws numbers"),
        ["could not repeat a loss: m.py:3 draws numbers"],
    ),
    "new": (changed(COMPLEX, phase_residual=0.31), ["new: no static finding explains this"]),
    "tests": (
        changed(COMPLEX, phase_residual=0.31, tests=("t.py::a", "t.py::b", "t.py::c")),
        ["reached by t.py::a and 2 more tests"],
    ),
}


@pytest.mark.parametrize(("site", "sentences"), SENTENCES.values(), ids=SENTENCES.keys())
def test_a_row_says_what_was_measured_and_what_torch_made_of_it(site: SiteEvidence, sentences: list[str]) -> None:
    text = as_text(joined(site), 180)
    assert [sentence for sentence in sentences if sentence not in text] == []


def test_nothing_is_said_of_dropped_gradients_that_are_rounding() -> None:
    for share in (None, 0.0, 3 * EPS):
        assert "drops" not in as_text(joined(changed(REAL, null_gradient=share)), 180)


def test_torch_is_not_called_silent_where_all_is_well_or_where_it_refused() -> None:
    for site in (COMPLEX, REAL, changed(COMPLEX, phase_residual=0.31, refused=1)):
        assert "silent" not in as_text(joined(site), 180)


def test_what_the_analysis_proved_is_marked() -> None:
    proved = Site(Place("model.py", 5, 8, 5, 9), REAL.call, "yes", "invariant", "none", "unknown")
    assert "well-defined (static)" in as_text(join(Evidence((REAL,)), Report(sites=(proved,))), 100)


def test_the_table_on_a_terminal_says_the_same_in_colour() -> None:
    stream = io.StringIO()
    Console(file=stream, width=100, force_terminal=True, color_system="standard").print(table(ALL))
    assert "\x1b[1;31m" in stream.getvalue()
    plain = io.StringIO()
    Console(file=plain, width=100).print(table(ALL))
    assert [line.rstrip() for line in plain.getvalue().splitlines()] == as_text(ALL, 100).splitlines()


def test_a_finding_in_another_file_is_named_with_it() -> None:
    here = replace(finding("EIG104", 7, 30), place=Place("other.py", 7, 1, 7, 2))
    assert "EIG104  other.py:7  confirmed" in as_text(
        joined(changed(COMPLEX, line=30, phase_residual=0.31), findings=(here,)), 100
    )


def test_a_finding_in_an_installed_file_is_named_from_its_package_on() -> None:
    place = Place("/usr/lib/python3.11/site-packages/pack/inner/other.py", 7, 1, 7, 2)
    there = replace(finding("EIG104", 7, 30), place=place)
    text = as_text(joined(changed(COMPLEX, line=30, phase_residual=0.31), findings=(there,)), 100)
    assert "EIG104  pack/inner/other.py:7  " in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.314, "0.31"),
        (3e-9, "3e-9"),
        (9.96e-4, "0.001"),
        (12.0, "12"),
        (99.7, "100"),
        (1234.5, "1234"),
        (1e5, "1e5"),
        (float("inf"), "infinity"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short(value) == text


def test_counts_and_rounding_units_are_words() -> None:
    assert (counted(1, "time"), counted(2, "time"), counted(12000, "time")) == ("1 time", "2 times", "12,000 times")
    assert (in_eps(12 * EPS, "float64"), in_eps(12 * 2.0**-23, "complex64")) == ("12 eps", "12 eps")
