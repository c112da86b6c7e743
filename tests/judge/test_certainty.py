"""How sure a finding is: `definite`, `likely`, `possible`, and where gradients decide."""

from __future__ import annotations

import pytest

from eiglint import check_source
from eiglint.gauge import Live
from eiglint.judge.verdicts import certainty
from eiglint.source.config import Options
from tests.judge.reading import codes, findings, only, site


def test_a_value_out_of_reach_of_any_gradient_is_not_reported() -> None:
    text = """
        @torch.no_grad()
        def f(A):
            return torch.linalg.eigh(A)[1].sum()
    """
    assert codes(text) == []
    assert site(text).gradient == "no"


def test_a_function_whose_callers_need_no_gradient_is_silent() -> None:
    text = """
        def f(A):
            return torch.linalg.eigh(A)[1].sum()

        A = torch.randn(4, 4)
        with torch.no_grad():
            f(A)
    """
    assert codes(text) == []
    assert site(text).gradient == "no"


def test_what_passed_a_function_out_of_sight_is_not_reported() -> None:
    text = """
        import other

        def f(A):
            return other.g(torch.linalg.eigh(A)[1]).sum()
    """
    assert codes(text) == []
    assert site(text).phase == "unknown"


def test_ties_that_are_not_settled_are_not_reported() -> None:
    text = """
        def f(A):
            L = torch.linalg.eigvals(A)
            return L[L.abs().argmax()].imag
    """
    assert codes(text) == []
    assert site(text).order == "unknown"


def test_what_is_possible_with_complex_input_is_told_beside_a_gradient_of_the_same_product() -> None:
    text = "import torch\ndef f(A):\n    L, V = torch.linalg.eigh(A)\n    return (V * L.exp()) @ V.mT\n"
    found = check_source(text, options=Options(min_certainty="possible")).findings
    assert [(f.code, f.certainty) for f in found] == [("EIG104", "possible"), ("EIG302", "likely")]


def test_conjugate_pairs_that_tie_have_one_modulus() -> None:
    text = """
        def f(A):
            L = torch.linalg.eigvals(A)
            return L[L.abs().argmax()].abs()
    """
    assert codes(text) == []
    assert site(text).order == "invariant"


def test_a_finding_is_definite_where_dtype_and_gradient_are_known() -> None:
    found = only("""
        A = torch.randn(4, 4, requires_grad=True)
        L, V = torch.linalg.eigh(A)
        V.sum().backward()
    """)
    assert (found.code, found.certainty) == ("EIG102", "definite")


def test_a_finding_is_likely_where_nobody_says_whether_a_gradient_flows() -> None:
    found = only("""
        def f(A):
            return torch.linalg.eigh(A)[1].sum()
    """)
    assert (found.code, found.certainty) == ("EIG102", "likely")


def test_a_caller_that_needs_the_gradient_makes_it_definite() -> None:
    text = """
        def f(A):
            return torch.linalg.eigh(A)[1].sum()

        A = torch.randn(4, 4, requires_grad=True)
        f(A).backward()
    """
    assert only(text).certainty == "definite"
    assert site(text).gradient == "yes"


@pytest.mark.parametrize(
    ("live", "doubt", "word"),
    [
        (Live.YES, 0, "definite"),
        (Live.YES, 1, "likely"),
        (Live.MAYBE, 0, "likely"),
        (Live.MAYBE, 1, "likely"),
        (Live.YES, 2, "possible"),
        (Live.NO, 2, "possible"),
    ],
)
def test_certainty_is_that_of_the_weakest_fact(live: Live, doubt: int, word: str) -> None:
    assert certainty(live, doubt) == word


GENERAL = """
    {guard}
    def f(A):
        L, V = torch.linalg.eig(A)
        return {result}
"""
NO_GRADIENT, UNKNOWN = "@torch.no_grad()", ""


def test_an_explicit_inverse_is_harmless_without_a_gradient() -> None:
    result = "V @ torch.diag(L) @ torch.linalg.inv(V)"
    assert codes(GENERAL.format(guard=NO_GRADIENT, result=result)) == []
    assert codes(GENERAL.format(guard=UNKNOWN, result=result)) == ["EIG404"]


def test_the_adjoint_for_the_inverse_is_wrong_without_a_gradient_too() -> None:
    result = "V @ torch.diag(torch.exp(L)) @ V.mH"
    for guard in (NO_GRADIENT, UNKNOWN):
        assert codes(GENERAL.format(guard=guard, result=result)) == ["EIG407"]


def test_a_factor_taken_for_the_other_is_wrong_without_a_gradient_too() -> None:
    for guard in (NO_GRADIENT, UNKNOWN):
        text = f"""
            {guard}
            def f(A):
                U, S, Vh = torch.linalg.svd(A)
                return U @ torch.diag(S) @ Vh.mH
        """
        assert codes(text) == ["EIG408"]


def test_a_removed_spelling_is_definite_whatever_flows() -> None:
    for guard in (NO_GRADIENT, UNKNOWN):
        found = findings(f"""
            {guard}
            def f(A):
                L, V = torch.symeig(A, eigenvectors=True)
                return L
        """)
        assert [(f.code, f.certainty) for f in found] == [("EIG405", "definite")]
