"""A test of the gaps between sorted eigenvalues settles the basis in its branch; other tests settle nothing."""

from __future__ import annotations

import pytest

from tests.judge.reading import site


def rotation(guard: str, call: str = "eigh", use: str = "V.abs()") -> str:
    return site(f"""
        def f(A, eps):
            L, V = torch.linalg.{call}(A)
            {guard}
                return {use}
            raise ValueError("eigenvalues meet")
    """).rotation


@pytest.mark.parametrize(
    "guard",
    [
        "if (L.diff() > eps).all():",
        "if torch.all(torch.diff(L) > 1e-6):",
        "if torch.diff(L).min() > eps:",
        "if ((L[1:] - L[:-1]) > eps).all():",
        "if ((L[:-1] - L[1:]).abs() > eps).all():",
        "if not (L.diff() < eps).any():",
        "if not (L[..., 1:] - L[..., :-1]).min() < eps:",
    ],
)
def test_open_gaps_leave_no_basis_to_choose(guard: str) -> None:
    assert rotation(guard) == "invariant"


@pytest.mark.parametrize(
    "guard",
    [
        "if (L > eps).all():",
        "if (L.diff() > eps).any():",
        "if (L.diff() < eps).all():",
        "if (L.diff() >= 0.0).all():",
        "if ((L[1:] + L[:-1]) > eps).all():",
        "if ((L[2:] - L[:-2]) > eps).all():",
        "if not (L.diff() > eps).all():",
        "if torch.diff(L).max() > eps:",
        "if L[1] - L[0] > eps:",
    ],
)
def test_other_tests_settle_nothing(guard: str) -> None:
    assert rotation(guard) == "dependent"


def test_neighbours_in_an_arbitrary_order_say_nothing() -> None:
    assert rotation("if (L.abs().diff() > eps).all():", call="eig") == "dependent"


def test_the_other_way_is_as_it_was() -> None:
    assert (
        site("""
        def f(A, eps):
            L, V = torch.linalg.eigh(A)
            if (L.diff() > eps).all():
                return V.square()
            return V.abs()
    """).rotation
        == "dependent"
    )


def test_leaving_early_where_gaps_close_settles_the_rest() -> None:
    assert (
        site("""
        def f(A, eps):
            L, V = torch.linalg.eigh(A)
            if (L.diff() < eps).any():
                raise ValueError("eigenvalues meet")
            return V.abs()
    """).rotation
        == "invariant"
    )
