"""Values that are one of a few: what holds in each case holds, what moves in one case moves."""

from __future__ import annotations

from eiglint import check_source
from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import ALL, adjoint, at, eigh, matmul, mul, one, phase, plain


def vectors() -> Tensor:
    return eigh(plain("H", dtype="complex", sizes=(4, 4)))[1]


def said(*lines: str) -> str:
    """Return what is said of the phase of a function of V and of numbers w that nothing is known of."""
    body = "\n".join(f"    {line}" for line in ("_, V = torch.linalg.eigh(A)", *lines))
    call = "f(torch.randn(4, 4, requires_grad=True), torch.randn(4))"
    source = f"import torch\n\ndef f(A, w):\n{body}\n\ndef example():\n    return {call}\n"
    (site,) = check_source(source).sites
    return site.phase


BRANCH = ("if w.sum() > 1:", "    t = V", "else:")


def test_what_moves_after_one_branch_moves() -> None:
    assert said(*BRANCH, "    t = V.abs()", "return (V.T @ t @ V).sgn().sum()") == "dependent"


def test_what_stays_after_either_branch_stays() -> None:
    assert said(*BRANCH, "    t = -V", "return (t.T @ t).diagonal().sum()") == "invariant"


def test_two_values_of_one_branch_are_in_the_same_case() -> None:
    both = ("if w.sum() > 1:", "    t, u = V, V.T", "else:", "    t, u = V[:, :2], V[:, :2].T")
    assert said(*both, "return (t @ u).exp().sum()") != "dependent"


def test_values_of_two_branches_may_belong_together_in_a_way_that_is_not_seen() -> None:
    first = (*BRANCH, "    t = V.abs()")
    second = ("if w.sum() > 1:", "    u = V.T", "else:", "    u = V.abs().T")
    assert said(*first, *second, "return (t @ u).exp().sum()") != "dependent"


def test_a_choice_of_entries_may_be_all_of_one_side() -> None:
    V, M = vectors(), plain("M", dtype="complex", sizes=(4, 4))
    chosen = one("where", one("operator.gt", plain("w", sizes=(4, 4)), 0), V, M)
    part = at(chosen, ALL, Range(None, 2))
    assert phase(one("abs", matmul(part, at(chosen, Range(None, 2))))).startswith("depends")
    assert phase(one("abs", chosen)) == "fine"


def test_gathered_entries_may_be_the_first_ones_or_go_askew() -> None:
    index = plain("index", dtype="int", sizes=(4, 2))
    taken = one("gather", vectors(), -1, index)
    assert phase(one("abs", taken)) == "fine"
    assert phase(one("abs", matmul(adjoint(taken), plain("b", dtype="complex", sizes=(4,))))).startswith("depends")


def test_a_position_that_is_data_may_be_the_first() -> None:
    flat = one("reshape", vectors(), (-1,))
    pivot = at(flat, one("argmax", one("abs", flat)))
    turned = mul(flat, one("conj", pivot))
    assert phase(one("abs", one("diff", turned))).startswith("depends")
    assert phase(one("abs", turned)) == "fine"
