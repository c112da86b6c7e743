"""What the sites say of all uses of a decomposition together."""

from __future__ import annotations

from pathlib import Path

import pytest

from eiglint import check_source
from fixtures import zero_signs
from tests.judge.reading import report, site


def uses(rest: str, call: str = "torch.linalg.eig") -> tuple[str, str, str]:
    made = site(f"""
        def f(A, g):
            L, V = {call}(A)
            {rest}
    """)
    return made.phase, made.order, made.rotation


@pytest.mark.parametrize(
    ("rest", "call", "answers"),
    [
        ("return V @ torch.diag(L) @ torch.linalg.inv(V)", "torch.linalg.eig", ("invariant", "invariant", "invariant")),
        ("return L.sum()", "torch.linalg.eig", ("invariant", "invariant", "invariant")),
        ("return V.abs()", "torch.linalg.eig", ("invariant", "leaves", "dependent")),
        ("return L, V", "torch.linalg.eig", ("leaves", "leaves", "leaves")),
        ("return V.sum(-1)", "torch.linalg.eig", ("dependent", "invariant", "dependent")),
        ("return L[0]", "torch.linalg.eig", ("invariant", "dependent", "invariant")),
        ("return g(V)", "torch.linalg.eig", ("unknown", "unknown", "unknown")),
        ("return V @ V.mT", "torch.linalg.eigh", ("invariant", "none", "invariant")),
        ("return V", "torch.linalg.eigh", ("leaves", "none", "leaves")),
        ("return L @ V", "torch.linalg.qr", ("invariant", "none", "none")),
        ("g.data = V", "torch.linalg.eigh", ("leaves", "none", "leaves")),
        ("g.copy_(V)", "torch.linalg.eigh", ("leaves", "none", "leaves")),
        ("g.data.copy_(V)", "torch.linalg.eigh", ("leaves", "none", "leaves")),
        ("v = V[0].reshape(g.n, g.n); return v.trace()", "torch.linalg.eigh", ("dependent", "none", "leaves")),
        ("print(V)", "torch.linalg.eig", ("invariant", "invariant", "invariant")),
    ],
)
def test_each_use_has_its_answer(rest: str, call: str, answers: tuple[str, str, str]) -> None:
    assert uses(rest, call) == answers


def test_values_alone_have_no_phase_and_no_basis() -> None:
    made = site("""
        def f(A):
            return torch.linalg.eigvals(A).abs().sum()
    """)
    assert (made.phase, made.order, made.rotation) == ("none", "invariant", "none")


def test_the_worst_use_decides() -> None:
    assert uses("return V.abs().sum(), V.sum()")[0] == "dependent"
    assert uses("g(V); return V.abs()")[0] == "unknown"


def test_a_loss_that_still_carries_a_sign_is_dependent_where_a_result_would_leave() -> None:
    made = site("""
        A = torch.randn(4, 4, requires_grad=True)
        L, V = torch.linalg.eigh(A)
        V[0, 0].backward()
    """)
    assert made.phase == "dependent"


@pytest.mark.parametrize(
    ("before", "gradient"),
    [
        ("A = torch.randn(4, 4)", "no"),
        ("A = torch.randn(4, 4, requires_grad=True)", "yes"),
        ("from data import A", "unknown"),
    ],
)
def test_the_gradient_is_that_of_the_input(before: str, gradient: str) -> None:
    made = site(f"""
        {before}
        V = torch.linalg.eigh(A).eigenvectors
    """)
    assert made.gradient == gradient


def test_every_call_is_a_site_in_the_order_of_the_text() -> None:
    made = report("""
        def f(A):
            return torch.linalg.eigh(A)[1]

        def g(A):
            U, S, Vh = torch.linalg.svd(A)
            return U @ Vh, torch.linalg.eigvals(A).sum()
    """).sites
    assert [s.call for s in made] == ["torch.linalg.eigh", "torch.linalg.svd", "torch.linalg.eigvals"]


def test_a_helper_that_is_called_from_several_places_is_one_site() -> None:
    made = report("""
        def helper(A):
            return torch.linalg.eigh(A)[1]

        def f(A):
            return helper(A).abs()

        def g(A):
            return helper(A).sum()
    """).sites
    assert len(made) == 1
    assert made[0].phase == "dependent"


def test_a_program_without_decompositions_has_no_sites() -> None:
    assert report("x = torch.ones(3).sum()").sites == ()


def test_an_unknown_site_names_what_could_not_be_followed_first() -> None:
    made = site("""
        def f(A, g, h):
            L, V = torch.linalg.eigh(A)
            x = g(V)
            return h(x)
    """)
    assert made.obstacle == ("passes `g`", "program.py", 6)


def test_a_site_that_is_known_has_no_obstacle() -> None:
    made = site("""
        def f(A, g):
            L, V = torch.linalg.eigh(A)
            return g(V) + V.sum(), V.sum()
    """)
    assert (made.phase, made.obstacle) == ("dependent", None)


def test_what_an_unknown_mask_picks_is_unknown_and_not_lost() -> None:
    made = report("""
        def f(A, g):
            L, V = torch.linalg.eigh(A)
            U, S, Vh = torch.linalg.svd(g(V))
            return (S[S > 0.1] ** 2).sum()
    """)
    assert [s.phase for s in made.sites] == ["unknown", "invariant"]
    assert [f.code for f in made.findings] == ["EIG406"]


def test_a_loss_of_which_one_branch_may_be_fine_is_unknown() -> None:
    made = site("""
        A = torch.randn(4, 4, requires_grad=True)
        L, V = torch.linalg.eigh(A)
        x = V[0, 0] if len(input()) else V[0, 0] ** 2
        x.backward()
    """)
    assert (made.phase, made.obstacle) == ("unknown", ("entries of unlike phase side by side", "program.py", 6))


@pytest.mark.parametrize(
    ("matrix", "parts", "phase"),
    [
        ("A", "U[:, :2], U[:, -1:]", "unknown"),
        ("A", "U[:, :k], U[:, m:]", "unknown"),
        ("A", "U[:, :2], U[:, 3:]", "dependent"),
        ("A", "U[:, :2], U[:, 2:]", "invariant"),
    ],
)
def test_slices_put_together_may_be_all_columns_where_it_is_not_known_where_they_begin(
    matrix: str, parts: str, phase: str
) -> None:
    text = f"""
    def f(A, k, m):
        U, S, Vh = torch.linalg.svd({matrix})
        return torch.cat([{parts}], 1) @ Vh
    """
    assert site(text).phase == phase


def test_signs_of_what_is_zero_for_every_input_are_never_proved_fine() -> None:
    path = Path(zero_signs.__file__)
    sites = check_source(path.read_text(), path.name).sites
    answers = [s.phase for s in sites]
    assert answers == ["invariant" if name.endswith("_ok") else "unknown" for name in zero_signs.EXAMPLES]


def test_a_reading_under_which_a_vector_would_be_decomposed_proves_nothing() -> None:
    made = site("""
        def f(A, n: int = 2):
            _, V = torch.linalg.eigh(A @ A.T)
            rho = V[-1].reshape(n, n)
            return (rho / rho.trace()).sum()
    """)
    assert made.phase == "dependent"
