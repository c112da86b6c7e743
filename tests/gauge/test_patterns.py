"""Patterns of named axes: what they say, and what becomes of signs under them."""

from __future__ import annotations

import pytest

from eiglint.gauge import patterns
from tests.gauge.words import charges, eigh, one, phase, plain, rotation


@pytest.mark.parametrize(
    ("pattern", "left", "right"),
    [
        ("i j -> j i", (("i",), ("j",)), (("j",), ("i",))),
        ("b (h w) -> b h 1 w", (("b",), ("h", "w")), (("b",), ("h",), (), ("w",))),
        ("... c -> (...) c", (("...",), ("c",)), (("...",), ("c",))),
        ("a () -> a 2", (("a",), ()), (("a",), ("2#0",))),
    ],
)
def test_a_pattern_is_read(pattern: str, left: object, right: object) -> None:
    assert patterns.sides(pattern) == (left, right)


@pytest.mark.parametrize("pattern", ["i j", "i i -> i", "i (j -> i j", "i ((j)) -> i j", "i, j -> i", 3])
def test_what_is_no_pattern_says_nothing(pattern: object) -> None:
    assert patterns.sides(pattern) is None


def test_words_become_letters() -> None:
    assert patterns.equation("... row pair, pair -> ... row") == "...ab,b->...a"
    assert patterns.equation("(a b) c -> a") is None
    assert patterns.equation("a b") is None


@pytest.mark.parametrize(
    ("pattern", "sizes", "expected"),
    [
        ("node mode -> mode node", {}, {-2: 1}),
        ("node mode -> 1 mode node", {}, {-2: 1}),
        ("node mode -> node mode 1", {}, {-2: 1}),
        ("(pair node) mode -> pair node mode", {"pair": 2}, {-1: 1}),
        ("(pair node) mode -> mode pair node", {"pair": 2}, {-3: 1}),
        ("(pair node) mode -> (node pair) mode", {"pair": 2}, {-1: 1}),
    ],
)
def test_signs_go_where_their_axis_goes(pattern: str, sizes: dict[str, int], expected: dict[object, int]) -> None:
    _, V = eigh(plain("A", sizes=(4, 4)))
    made = one("einops.rearrange", V, pattern, **sizes)
    assert charges(made) == expected
    assert made.rank == len(patterns.sides(pattern)[1])  # type: ignore[index]


def test_several_tensors_are_stacked_in_front() -> None:
    _, V = eigh()
    assert charges(one("einops.rearrange", (V, V), "copy node mode -> node copy mode")) == {-1: 1}


def test_copies_carry_the_signs_of_the_original() -> None:
    _, V = eigh()
    made = one("einops.repeat", V, "node mode -> node mode copy", copy=3)
    assert (charges(made), made.size(-1)) == ({-2: 1}, 3)


@pytest.mark.parametrize(
    ("pattern", "how", "expected"),
    [
        ("node mode -> mode", "sum", "carried"),
        ("node mode -> node", "sum", "depends: sum"),
        ("node mode -> node", "prod", "carried"),
        ("(half node) mode -> half mode", "mean", "carried"),
    ],
)
def test_a_reduction_runs_over_the_axes_that_disappear(pattern: str, how: str, expected: str) -> None:
    _, V = eigh(plain("A", sizes=(4, 4)))
    made = one("einops.reduce", V, pattern, how, **({"half": 2} if "half" in pattern else {}))
    assert phase(made) == expected


@pytest.mark.parametrize(
    "pattern", ["node mode other -> node", "node mode -> node", "node -> node", "node mode -> node mode new"]
)
def test_a_pattern_that_does_not_fit_leaves_nothing_known(pattern: str) -> None:
    _, V = eigh()
    assert phase(one("einops.rearrange", V, pattern)) == "unknown"


def test_an_einsum_in_words_is_the_one_in_letters() -> None:
    L, V = eigh()
    made = one("einops.einsum", V, L, V, "row pair, pair, column pair -> row column")
    assert (phase(made), rotation(made)) == ("fine", "fine")
    assert made.term is one("einsum", "ab,b,cb->ac", V, L, V).term
