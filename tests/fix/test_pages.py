"""The pages say which rules have a fix and how safe it is, and the fixes agree."""

from __future__ import annotations

import pytest

from eiglint.catalogue import rules
from eiglint.fix.propose import FIXERS

from .programs import CASES


def test_the_rules_with_a_fix_are_those_whose_pages_say_so() -> None:
    assert {code for code, rule in rules().items() if rule.fix != "none"} == set(FIXERS)


@pytest.mark.parametrize("code", sorted(FIXERS))
def test_a_page_says_how_safe_its_fix_is_and_why(code: str) -> None:
    rule = rules()[code]
    kinds = {"safe" if case.safe else "unsafe" for case in CASES.values() if case.code == code}
    assert kinds <= {rule.fix}
    advice = rule.page.partition("## Use instead")[2].partition("\n## ")[0]
    assert ("--fix --unsafe-fixes" if rule.fix == "unsafe" else "`--fix`") in advice
    assert f" {rule.fix.capitalize()}: " in " ".join(advice.split())
