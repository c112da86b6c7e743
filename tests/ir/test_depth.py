"""Deep trees are lowered and found, and Python's recursion limit is as it was."""

from __future__ import annotations

import sys

import pytest

from eiglint.ir.parse import lower_module

from .walk import instructions

TERMS = 1000

DEEP = {
    "a sum": "x = " + " + ".join(["a"] * TERMS),
    "powers": "x = " + " ** ".join(["a"] * TERMS),
    "ands": "x = " + " and ".join(["a"] * TERMS),
    "a chain of comparisons": "x = " + " < ".join(["a"] * TERMS),
    "calls of methods": "x = a" + ".f()" * (TERMS // 2),
    "calls of calls": "x = a" + "()" * TERMS,
    "subscripts": "x = a" + "[0]" * TERMS,
    "signs": "x = " + "-" * TERMS + "a",
    "conditional expressions": "x = " + "a if b else " * TERMS + "c",
    "lambdas": "x = " + "lambda: " * TERMS + "a",
    "adjacent strings": "x = " + "'a' " * TERMS,
    "calls within calls": "x = " + "f(" * 180 + ")" * 180,
    "loops of a comprehension": "x = [a " + "for a in b " * TERMS + "]",
    "branches": "if a:\n  b\n" + "elif c:\n  d\n" * (3 * TERMS),
}


@pytest.mark.parametrize("case", DEEP)
def test_deep_trees_survive(case: str) -> None:
    limit = sys.getrecursionlimit()
    module = lower_module(DEEP[case].encode(), "model.py", "model")
    handles = [item.at for item in instructions(module.body) if hasattr(item, "at")]
    assert len(module.resolve(handles)) == len({id(handle) for handle in handles})
    assert sys.getrecursionlimit() == limit
