"""A promise in a comment tells the analysis a fact that it cannot see; without one nothing is taken for granted."""

from __future__ import annotations

import pytest

from tests.judge.reading import codes, only, report, site


def answers(comment: str, call: str, rest: str) -> tuple[str, str, str]:
    made = site(f"""
        def f(A, x):
            L, V = torch.linalg.{call}(A){comment}
            return {rest}
    """)
    return made.phase, made.order, made.rotation


@pytest.mark.parametrize(
    ("comment", "call", "rest", "expected"),
    [
        ("", "eig", "L[0]", ("invariant", "dependent", "invariant")),
        ("  # eiglint: assume ordered", "eig", "L[0]", ("invariant", "none", "invariant")),
        ("", "eigh", "V.abs()", ("invariant", "none", "dependent")),
        ("  # eiglint: assume distinct", "eigh", "V.abs()", ("invariant", "none", "none")),
        ("  # eiglint: assume distinct, ordered", "eig", "L[0] * V.abs()", ("invariant", "none", "none")),
    ],
)
def test_a_promised_fact_settles_its_symmetry_alone(
    comment: str, call: str, rest: str, expected: tuple[str, str, str]
) -> None:
    assert answers(comment, call, rest) == expected


def test_promised_numbers_are_no_assumption_any_more() -> None:
    program = """
        def f(A: torch.Tensor):
            A = A.clone().requires_grad_(True)
            L, V = torch.linalg.eigh(A){}
            return V.sum().exp()
    """
    assert only(program.format("")).certainty == "likely"
    assert only(program.format("  # eiglint: assume real")).certainty == "definite"
    assert only(program.format("  # eiglint: assume complex")).code == "EIG101"


def test_a_known_dtype_is_believed_before_a_comment() -> None:
    assert codes("""
        def f(A: torch.Tensor):
            L, V = torch.linalg.eigh(A.to(torch.float64))  # eiglint: assume complex
            return V.sum(0).exp()
    """) == ["EIG106"]


def test_the_adjoint_is_the_inverse_where_the_matrix_is_promised_to_be_hermitian() -> None:
    program = """
        def f(A):
            L, V = torch.linalg.eig(A){}
            return V @ torch.diag(L.exp()) @ V.mH
    """
    assert codes(program.format("")) == ["EIG407"]
    assert codes(program.format("  # eiglint: assume hermitian")) == []


def test_a_promise_speaks_of_its_own_line_or_of_the_statement_below() -> None:
    sites = report("""
        def f(A, B):
            # eiglint: assume ordered
            first = torch.linalg.eigvals(A)[0]
            second = torch.linalg.eigvals(B)[0]
            both = (
                torch.linalg.eigvals(A + B)[0]  # eiglint: assume ordered
                + torch.linalg.eigvals(A - B)[0]
            )
            return first, second, both
    """).sites
    assert [s.order for s in sites] == ["none", "dependent", "none", "dependent"]


def test_an_order_does_not_make_vectors_orthonormal() -> None:
    program = """
        def f(A):
            L, V = torch.linalg.eig(A)  # eiglint: assume ordered
            return V @ torch.diag(L.exp()) @ V.mH
    """
    assert codes(program) == ["EIG407"]
