"""Evidence of two runs as one: counts add, of measurements the worst stays, names of one file are one file."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings

from eiglint.evidence.files import merged
from eiglint.evidence.merge import merged_site
from eiglint.evidence.records import Evidence, Pass, SiteEvidence
from eiglint.evidence.verdict import digits_left

from .made import COMPLEX, EVIDENCE, SITES, changed

COUNTS = ("calls", "backwards", "exercised", "sampled", "refused", "repaired")


def place(site: SiteEvidence) -> tuple[str, int, str]:
    return site.path, site.line, site.call


def counts(evidence: Evidence) -> dict[tuple[str, int, str], tuple[int, ...]]:
    return {place(site): tuple(getattr(site, name) for name in COUNTS) for site in evidence.sites}


@settings(max_examples=40, deadline=None)
@given(EVIDENCE, EVIDENCE)
def test_the_order_of_two_runs_does_not_matter_to_counts_lines_and_files(a: Evidence, b: Evidence) -> None:
    one, other = merged(a, b), merged(b, a)
    assert counts(one) == counts(other)
    assert (one.lines, one.files, one.hook, one.torch) == (other.lines, other.files, other.hook, other.torch)
    assert one.followed == (a.followed and b.followed)


@settings(max_examples=40, deadline=None)
@given(EVIDENCE, EVIDENCE, EVIDENCE)
def test_three_runs_can_be_joined_in_any_grouping(a: Evidence, b: Evidence, c: Evidence) -> None:
    one, other = merged(merged(a, b), c), merged(a, merged(b, c))
    assert counts(one) == counts(other)
    assert (one.lines, one.files, one.unobserved) == (other.lines, other.files, other.unobserved)


@settings(max_examples=40, deadline=None)
@given(EVIDENCE)
def test_nothing_added_changes_nothing_and_paths_are_not_doubled(evidence: Evidence) -> None:
    alone = merged(evidence, Evidence(hook=evidence.hook))
    assert sorted(alone.sites, key=place) == sorted(evidence.sites, key=place)
    twice = merged(evidence, evidence)
    assert list(map(place, twice.sites)) == list(map(place, alone.sites))
    assert (twice.lines, twice.files, twice.unobserved) == (alone.lines, alone.files, alone.unobserved)


@settings(max_examples=40, deadline=None)
@given(SITES, SITES)
def test_the_worst_of_two_measurements_stays(a: SiteEvidence, b: SiteEvidence) -> None:
    both = merged_site(a, b)
    for name in ("phase_residual", "block_residual", "amplification", "asymmetry", "condition", "null_gradient"):
        assert getattr(both, name) == max(
            (x for x in (getattr(a, name), getattr(b, name)) if x is not None), default=None
        )
    assert both.min_gap == min((x for x in (a.min_gap, b.min_gap) if x is not None), default=None)
    assert both.blind == (a.blind or b.blind)
    left = [digits_left(one) for one in (a, b)]
    known = [digits for digits in left if digits is not None]
    if known and max(known) > -math.inf:
        assert digits_left(both) == pytest.approx(min(known))


def test_what_happened_here_outweighs_downstream_and_what_moved_outweighs_what_stayed() -> None:
    bad = changed(COMPLEX, nonfinite="here", probe={"phase": "moves", "order": "no verdict"}, tests=("b", "a"))
    mild = changed(COMPLEX, nonfinite="downstream", probe={"phase": "stays", "order": "stays"}, tests=("a",))
    for both in (merged_site(bad, mild), merged_site(mild, bad)):
        assert both.nonfinite == "here"
        assert both.probe == {"phase": "moves", "order": "no verdict"}
        assert both.tests == ("a", "b")
    assert merged_site(mild, COMPLEX).nonfinite == "downstream"


def test_the_coarser_precision_stays_and_accuses_nobody() -> None:
    """10 of 15.65 digits lost are 5.65 left, which single precision could have had too."""
    fine = changed(COMPLEX, digits_lost=10.0)
    coarse = changed(COMPLEX, dtype="complex64", digits_lost=1.0)
    both = merged_site(fine, coarse)
    assert both.dtype == "complex64"
    assert digits_left(both) == pytest.approx(5.65)


def test_complex_vectors_stay_where_real_ones_were_met_too() -> None:
    assert merged_site(changed(COMPLEX, dtype="float64"), COMPLEX).dtype == "complex128"


def test_one_file_has_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.py").symlink_to("model.py")
    spellings = ("model.py", str(tmp_path / "model.py"), "./model.py", "link.py")
    runs = [
        Evidence((changed(COMPLEX, path=path),), (Pass({path: frozenset({n})}),), files=(path,))
        for n, path in enumerate(spellings)
    ]
    both = runs[0]
    for run in runs[1:]:
        both = merged(both, run)
    assert [(site.path, site.calls) for site in both.sites] == [("model.py", 48)]
    assert both.lines == {"model.py": frozenset({0, 1, 2, 3})}
    assert both.files == ("model.py",)


def test_every_field_of_a_site_survives_joining_with_itself() -> None:
    both = merged_site(COMPLEX, COMPLEX)
    for each in fields(SiteEvidence):
        once = getattr(COMPLEX, each.name)
        assert getattr(both, each.name) == (2 * once if each.name in COUNTS else once)
