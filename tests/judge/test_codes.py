"""Which code a finding has: one for each cause, the most specific one."""

from __future__ import annotations

import pytest

from eiglint import check_source
from eiglint.judge.codes import PHASE_REASONS, RANKING, rank
from eiglint.judge.wording import WORDING
from tests.judge.reading import codes, findings, only, source_line

BODY = """
    def f(A, t):
        L, V = {call}(A)
        {rest}
"""


def program(rest: str, call: str = "torch.linalg.eigh") -> str:
    return BODY.format(call=call, rest=rest.replace("; ", "\n        "))


@pytest.mark.parametrize(
    "rest",
    [
        "print(V); return L.sum()",
        "return V @ torch.diag(L) @ V.mT",
        "return V",
        "return V.abs().sum()",
        "print(V.sum()); return L",
        "V.sum(); return L",
        "if V.sum() > 0: print(L); return L",
        "return torch.where(V[0] < 0, -V, V)",
    ],
)
def test_nothing_is_said_of_what_is_fine_or_reaches_no_result(rest: str) -> None:
    assert codes(program(rest)) == []


@pytest.mark.parametrize(
    ("rest", "call", "code"),
    [
        ("return V.sum()", "torch.linalg.eig", "EIG101"),
        ("return V.sum()", "torch.linalg.eigh", "EIG102"),
        ("return V.real.sum()", "torch.linalg.eig", "EIG103"),
        ("return (V * V).sum()", "torch.linalg.eig", "EIG104"),
        ("return V @ V.mT", "torch.linalg.eig", "EIG104"),
        ("return V[:, :2] @ V[:, 1:3].mT", "torch.linalg.eigh", "EIG105"),
        ("return nn.functional.relu(V).sum()", "torch.linalg.eigh", "EIG106"),
        ("return nn.functional.mse_loss(V[:, 0], t)", "torch.linalg.eigh", "EIG107"),
        ("return (V[:, 0] - t).square().sum()", "torch.linalg.eigh", "EIG107"),
        ("return (V * torch.sign(V[0])).sum()", "torch.linalg.eigh", "EIG108"),
        ("print(V); return L[0].abs()", "torch.linalg.eig", "EIG201"),
        ("print(V); return (L.abs() * torch.arange(4)).sum()", "torch.linalg.eig", "EIG202"),
        ("i = L.imag.argsort(); return (V[:, i].abs() * L.abs()).sum()", "torch.linalg.eig", "EIG203"),
    ],
)
def test_each_way_to_lose_a_symmetry_has_its_code(rest: str, call: str, code: str) -> None:
    assert codes(program(rest, call)) == [code]


def test_the_doubled_phase_is_reported_where_the_conjugate_is_missing() -> None:
    text = """
        def f(A):
            L, V = torch.linalg.eig(A)
            W = V * V
            return W.real.sum()
    """
    found = only(text)
    assert found.code == "EIG104"
    assert source_line(text, found) == "W = V * V"


def test_one_cause_that_reaches_several_results_is_one_finding() -> None:
    assert codes(program("a = V.sum(); return a, a * 2, a + 1")) == ["EIG102"]


def test_two_causes_on_two_lines_are_two_findings() -> None:
    assert codes(program("a = V.sum(); b = V.mean(); return a, b")) == ["EIG102", "EIG102"]


def test_a_lost_phase_and_a_lost_order_of_one_operation_are_one_finding() -> None:
    assert codes(program("return (V @ t.reshape(4)).sum()", "torch.linalg.eig")) == ["EIG101"]


def test_a_picked_column_is_reported_beside_a_part_taken_later() -> None:
    assert codes(program("return V[:, 0].real.sum()", "torch.linalg.eig")) == ["EIG103", "EIG201"]


def test_a_sign_mask_that_is_never_applied_replaces_what_it_was_meant_for() -> None:
    used = "return V.sum()"
    assert codes(program(used)) == ["EIG102"]
    mask = "signs = torch.where(V[0] < 0, -1.0, 1.0); "
    assert codes(program(mask + used)) == ["EIG109"]
    assert codes(program(mask + "return nn.functional.relu(V).sum()")) == ["EIG109"]


def test_a_dead_mask_does_not_hide_a_missing_conjugate() -> None:
    found = codes(program("signs = torch.sgn(V[0]); return (V * V).sum()", "torch.linalg.eig"))
    assert "EIG104" in found


def test_a_negated_rotation_is_a_reflection_fix() -> None:
    found = findings("""
        def f(P):
            U, S, Vh = torch.linalg.svd(P)
            R = U @ Vh
            if torch.det(R) < 0:
                R = -R
            return R
    """)
    assert [f.code for f in found] == ["EIG110"]


def test_the_sharper_code_of_value_explains_the_phase_that_is_lost_with_it() -> None:
    assert codes("""
        def f(A):
            U, S, Vh = torch.linalg.svd(A)
            return (U @ torch.diag(S) @ Vh.mH).sum()
    """) == ["EIG408"]


def test_the_sign_of_the_covariance_is_zero_where_it_is_singular() -> None:
    found = codes("""
        def f(H):
            U, S, Vh = torch.linalg.svd(H)
            return (U @ Vh) * torch.sign(torch.det(H))
    """)
    assert found == ["EIG108"]


def test_the_documented_ranking_is_kept() -> None:
    specific = ["EIG408", "EIG407", "EIG104", "EIG103", "EIG105"]
    middle = ["EIG109", "EIG108", "EIG110"]
    late = ["EIG107", "EIG106"]
    order = [*specific, *middle, *late]
    assert sorted(order, key=rank) == order
    assert rank("EIG101") == rank("EIG102") > rank("EIG106")


def test_every_code_has_words_and_every_reason_a_known_code() -> None:
    assert {*PHASE_REASONS.values(), *RANKING} <= set(WORDING)


def test_messages_are_short_sentences_without_a_full_stop() -> None:
    for words in WORDING.values():
        assert not words.message.endswith(".")
        assert words.help


def test_the_message_speaks_of_the_library_that_decomposed() -> None:
    made = check_source("import jax.numpy as jnp\ndef f(A):\n    return jnp.linalg.svd(A)[0].sum()\n", "program.py")
    assert [f.message.rpartition("; ")[2] for f in made.findings] == ["jax never reports this"]
