"""Every loss of the table gets the verdict that mathematics gives it, from gaugecheck, from torch and from a watch."""

from __future__ import annotations

import pytest
from loss_table import LOSSES, as_markdown, measure


@pytest.mark.parametrize("case", LOSSES, ids=lambda case: f"{case.row} {case.name}")
def test_each_way_to_look_at_a_loss_says_what_is_expected(case, device):
    assert measure(case, device) == case.expected


def test_no_row_is_left_out_and_none_is_told_twice():
    assert {case.row for case in LOSSES} == set(range(1, 26))
    assert len({(case.row, case.name) for case in LOSSES}) == len(LOSSES)


def test_a_watch_calls_no_loss_dependent_that_is_not_and_none_well_defined_that_is_not():
    for case in LOSSES:
        if case.expected.watch == "phase-dependent":
            assert case.expected.phase == "dependent"
        if case.expected.watch == "well-defined":
            assert case.expected.phase == "invariant"
            assert case.expected.order in ("", "invariant")


def test_the_table_can_be_printed(monkeypatch):
    monkeypatch.setattr("loss_table.LOSSES", LOSSES[:2])
    first, rule, *rows = as_markdown().splitlines()
    assert first == "| row | of | loss | phase | order | torch | watch |"
    assert rule.count("---") == 7
    assert rows[0] == "| 1 | complex hermitian | sum of the real part | dependent | - | raises | phase-dependent |"
    assert len(rows) == 2
