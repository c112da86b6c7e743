"""The slips that published programs are broken with: what each offers, and where."""

from __future__ import annotations

import pytest

from bench.mutators import OPERATORS, Mutation, Program, mutations

PROGRAM = """\
import torch


def f(A, x):
    B = A.abs() @ A.mH
    L, V = torch.linalg.eigh(A)
    {}


def g(V):
    return V.abs()
"""

CASES = (
    ("drop the conjugate", "return V * V.conj()", ["V"]),
    ("drop the conjugate", "return V * torch.conj(V)", ["V"]),
    ("transpose for adjoint", "return V @ V.mH", ["V.mT"]),
    ("transpose for adjoint", "return V @ V.adjoint()", ["V.t()"]),
    ("adjoint for transpose", "return V @ V.mT", ["V.mH"]),
    ("adjoint for transpose", "return V @ V.transpose(-1, -2)", ["V.mH"]),
    ("drop the transpose", "return V @ V.transpose(-1, -2)", ["V"]),
    ("drop the absolute value", "return V.abs()", ["V"]),
    ("drop the square", "return V.pow(2)", ["V"]),
    ("drop the inverse", "return V @ torch.linalg.inv(V)", ["V"]),
    ("drop the sign", "return V * V[0].sign()", ["V[0]"]),
    ("drop the sort", "return L.abs().sort().values", ["L.abs()"]),
    ("drop the sort", "return torch.sort(L)[0]", ["L"]),
    ("index the unsorted", "return V[:, L.argsort()]", ["V"]),
    ("index the unsorted", "k = L.argmax()\n    return V[:, k]", ["V"]),
    ("index the unsorted", "return V.gather(1, L.argsort())", ["V"]),
    ("drop the flip", "return V.flip(-1)", ["V"]),
    ("sum for norm", "return V.norm(dim=0)", ["V.sum(dim=0)"]),
    ("drop a factor", "return V.mT @ x", ["V.mT", "x"]),
    ("shift a slice", "return V[:, :2]", ["V[:, 0 + 1:2 + 1]"]),
    ("the other axis", "return V.sum(-1)", ["V.sum(-2)"]),
    ("swap einsum's letters", 'return torch.einsum("ij,j->i", V, x)', ["torch.einsum('ji,j->i', V, x)"]),
    ("decompose again", "return V", ["torch.linalg.eigh(2 * A)[1]"]),
    ("transpose one use", "return V @ V", ["V.mT", "V.mT"]),
    ("reverse one use", "return V", ["V.flip(-1)"]),
    ("roll one use", "return V", ["V.roll(1, -1)"]),
    ("rectify one use", "return V", ["V.relu()"]),
    ("offset one use", "return V", ["(V + 0.1)"]),
    ("absolute value of one use", "return V", ["V.abs()"]),
    ("first of one use", "return V", ["V[..., :1]"]),
    ("running sum of one use", "return V", ["V.cumsum(-1)"]),
    ("real part of one use", "return V", ["V.real"]),
)


def broken(statement: str) -> list[Mutation]:
    return list(mutations(Program(PROGRAM.format(statement)), 6, 12))


@pytest.mark.parametrize(("operator", "statement", "after"), CASES)
def test_each_slip_offers_what_it_is_named_for(operator: str, statement: str, after: list[str]) -> None:
    assert [mutation.after for mutation in broken(statement) if mutation.operator == operator] == after


def test_every_slip_is_tried_here() -> None:
    assert {name for name, _, _ in CASES} == {operator.name for operator in OPERATORS}


def test_what_does_not_come_of_the_decomposition_is_left_alone() -> None:
    assert {mutation.line for mutation in broken("return V.abs() @ V.mH")} == {7}


def test_what_is_computed_of_the_results_is_followed_through_names() -> None:
    found = broken("W = V * L\n    y = W.abs()\n    return y.abs()")
    assert [one.line for one in found if one.operator == "drop the absolute value"] == [8, 9]


def test_a_call_that_is_used_in_place_is_changed_as_a_name_is() -> None:
    text = "def f(A):\n    return eigvals(A).abs().max()\n"
    found = list(mutations(Program(text), 2, 12))
    assert [one.after for one in found if one.operator == "first of one use"] == ["eigvals(A)[..., :1]"]


def test_no_line_moves_and_no_text_comes_twice() -> None:
    statement = "return torch.einsum(\n        'ij,jk->ik',\n        V,\n        V.mT,\n    )"
    found = broken(statement)
    assert found
    assert {len(one.source.splitlines()) for one in found} == {len(PROGRAM.format(statement).splitlines())}
    assert len({one.source for one in found}) == len(found)


def test_a_place_outside_of_functions_offers_nothing() -> None:
    assert list(mutations(Program("import torch\nV = torch.linalg.eigh(A)[1]\nV.abs()\n"), 2, 5)) == []


def test_a_helper_that_returns_the_call_is_followed_to_its_callers() -> None:
    text = "def solve(A):\n    return eigh(A)\n\n\ndef f(A):\n    L, V = solve(A)\n    return V.abs()\n"
    found = list(mutations(Program(text), 2, 12))
    assert [one.line for one in found if one.operator == "drop the absolute value"] == [7]
