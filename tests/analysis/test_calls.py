"""Functions, closures, aliases, imports across files."""

from __future__ import annotations

import pytest

from tests.analysis.reading import answers, outcome_of


def test_a_helper_that_returns_vectors_is_as_clear_as_inline_code() -> None:
    found = answers("""
        def helper(A):
            return torch.linalg.eigh(A)

        def one_call(A):
            L, V = helper(A)
            return V @ torch.diag(L) @ V.mT

        def two_calls(A, B):
            _, V = helper(A)
            _, W = helper(B)
            return (V @ W.mT).sum()
    """)
    assert found["one_call"] in ("silent", "fine")
    assert found["two_calls"] == "broken"
    assert found["helper"] == "silent"  # its callers have it


def test_a_function_whose_only_callers_need_no_gradient_is_silent() -> None:
    found = answers("""
        def quiet(A):
            return torch.linalg.eigh(A)[1].sum()

        def caller(A):
            with torch.no_grad():
                return quiet(A)
    """)
    assert found["quiet"] == "silent"
    assert found["caller"] == "silent"


@pytest.mark.parametrize(
    "line",
    [
        "import torch as th\nf = lambda A: th.linalg.eigh(A)[1]",
        "from torch import linalg as LA\nf = lambda A: LA.eigh(A)[1]",
        "from torch.linalg import eigh as e\nf = lambda A: e(A)[1]",
        "from torch.linalg import *\nf = lambda A: eigh(A)[1]",
        "import torch.linalg\nf = lambda A: torch.linalg.eigh(A).eigenvectors",
        "eigh = torch.linalg.eigh\nf = lambda A: eigh(A)[1]",
        "from functools import partial\ng = partial(torch.linalg.eigh, UPLO='U')\nf = lambda A: g(A)[1]",
        "g = getattr(torch.linalg, 'eigh')\nf = lambda A: g(A)[1]",
        "f = lambda A: (torch.linalg.eigh if hasattr(torch, 'linalg') else torch.symeig)(A)[1]",
        "def f(A):\n    from torch.linalg import eigh\n    return eigh(A)[1]",
        "def f(A):\n    (_, V), rest = torch.linalg.eigh(A), 1\n    return V",
        "def f(A):\n    L, *others = torch.linalg.eigh(A)\n    return others[0]",
        "f = torch.jit.script(lambda A: torch.linalg.eigh(A)[1])",
        "def f(A):\n    return (V := torch.linalg.eigh(A)[1])",
    ],
)
def test_every_spelling_of_the_call_is_resolved(line: str) -> None:
    assert answers(line + "\ndef loss(A):\n    return f(A).sum()")["loss"] == "broken"


def test_arguments_find_their_parameters() -> None:
    found = answers("""
        def weigh(*parts, scale=1, **rest):
            return parts[1] * scale + rest["extra"]

        def positional(A):
            L, V = torch.linalg.eigh(A)
            return weigh(L, V, extra=0).abs().sum()

        def swapped(A):
            L, V = torch.linalg.eigh(A)
            return weigh(V, L, extra=0).sum()

        def spread(A):
            parts = torch.linalg.eigh(A)
            return weigh(*parts, **{"extra": 0}).sum()
    """)
    assert found["positional"] in ("silent", "fine")
    assert found["swapped"] in ("silent", "fine")
    assert found["spread"] == "broken"


def test_closures_see_the_variables_around_them() -> None:
    found = answers("""
        def spectral(A, x):
            L, V = torch.linalg.eigh(A)

            def into(y):
                return V.mT @ y

            def back(y):
                return V @ y

            return back(L.exp()[:, None] * into(x))

        def counted(A):
            total = 0

            def add(v):
                nonlocal total
                total = total + v

            add(torch.linalg.eigh(A)[1].sum())
            return total
    """)
    assert found["spectral"] in ("silent", "fine")
    assert found["counted"] == "broken"


def test_a_decorator_with_wraps_is_looked_through_and_an_unknown_one_is_not_trusted() -> None:
    found = answers("""
        import functools
        from somewhere import mystery

        def logged(f):
            @functools.wraps(f)
            def inner(*args, **kwargs):
                return f(*args, **kwargs)
            return inner

        @logged
        def vectors(A):
            return torch.linalg.eigh(A)[1]

        @mystery
        def changed(A):
            return torch.linalg.eigh(A)[1]

        def known(A):
            return vectors(A).sum()

        def doubted(A):
            return changed(A)
    """)
    assert found["known"] == "broken"
    assert found["doubted"] == "unknown"


def test_an_unknown_callee_is_never_fine_and_is_counted() -> None:
    text = """
        from somewhere import mystery

        def passed_on(A):
            return mystery(torch.linalg.eigh(A)[1])

        def in_a_list(A):
            return mystery([{"v": torch.linalg.eigh(A)[1]}])

        def harmless(A):
            n = mystery(A)
            V = torch.linalg.eigh(A)[1]
            return V @ V.mT * n
    """
    found = answers(text)
    assert found["passed_on"] == "unknown" or found["passed_on"] == "covariant"
    assert found["in_a_list"] != "silent"
    assert found["harmless"] in ("silent", "fine")
    assert outcome_of(text).unknown_callees["somewhere.mystery"] == 2


def test_recursion_ends() -> None:
    found = answers("""
        def even(A, n):
            V = torch.linalg.eigh(A)[1]
            return V.sum() if n == 0 else odd(V, n - 1)

        def odd(A, n):
            return even(A, n - 1)
    """)
    assert "broken" in found.values()


def test_functions_of_other_modules_are_followed() -> None:
    others = {
        "tools": "def vectors(A):\n    return torch.linalg.eigh(A)[1]\n",
        "again": "from tools import vectors as basis\n",
        "everything": "from tools import *\n",
    }
    found = answers(
        """
        import tools
        from again import basis
        from everything import vectors

        def by_module(A):
            return tools.vectors(A).sum()

        def by_two_hops(A):
            return basis(A).sum()

        def by_star(A):
            return vectors(A).sum()

        def fine(A):
            return basis(A).abs().sum()
        """,
        others,
    )
    assert found["by_module"] == found["by_two_hops"] == found["by_star"] == "broken"
    assert found["fine"] in ("silent", "fine")


def test_modules_that_import_each_other_end() -> None:
    others = {
        "one": "from two import b\ndef a(A):\n    return torch.linalg.eigh(A)[1]\n",
        "two": "from one import a as b\n",
    }
    found = answers("from two import b\ndef loss(A):\n    return b(A).sum()\n", others)
    assert found["loss"] == "broken"


def test_functions_given_away_are_analysed_with_what_they_can_see() -> None:
    found = answers("""
        def factory(A):
            V = torch.linalg.eigh(A)[1]

            def closure():
                loss = V.sum()
                loss.backward()
                return loss

            return closure
    """)
    assert found["factory"] == "broken"


def test_generators_hand_on_what_they_yield() -> None:
    found = answers("""
        def vectors(As):
            for A in As:
                yield torch.linalg.eigh(A)[1]

        def loss(As):
            return sum(V.sum() for V in vectors(As))

        def fine(As):
            return sum((V @ V.mT).sum() for V in vectors(As))
    """)
    assert found["loss"] == "broken"
    assert found["fine"] in ("silent", "fine")


def test_printing_asserting_and_comparing_are_no_results() -> None:
    found = answers("""
        def shown(A):
            V = torch.linalg.eigh(A)[1]
            print(V.sum())
            assert V.sum() < 3
            return A.sum()
    """)
    assert found["shown"] == "silent"


def test_in_place_methods_and_out_change_what_they_write_to() -> None:
    found = answers("""
        def named(A):
            V = torch.linalg.eigh(A)[1]
            V.abs_()
            return V.sum()

        def column(A):
            U, S, Vh = torch.linalg.svd(A)
            U[:, -1] *= torch.sign(torch.det(U @ Vh))
            return U @ Vh

        def written(A):
            V = torch.linalg.eigh(A)[1]
            x = torch.empty_like(A)
            torch.mul(V, 2, out=x)
            return x.sum()

        def through_a_view(A):
            V = torch.linalg.eigh(A)[1]
            x = torch.zeros_like(A)
            x[0].copy_(V[0])
            return x.sum()
    """)
    assert found["named"] in ("silent", "fine")
    assert found["column"] in ("silent", "fine")
    assert found["written"] == "broken"
    assert found["through_a_view"] in ("broken", "unknown")


def test_operators_casts_branches_and_calls_do_not_make_a_tensor_of_what_may_be_of_another_class() -> None:
    outcome = outcome_of("""
        def f(operator, noise, rows, flag):
            for _ in rows:
                operator = operator.expand()
            if flag:
                operator = operator + noise
            return operator.solve(torch.linalg.eigh(torch.eye(3)).eigenvalues)

        def cast(operator):
            return operator.to(torch.float64).mT.solve(torch.linalg.eigh(torch.eye(3)).eigenvalues)

        def of_another_class_or_vectors(operator, flag):
            if flag:
                operator = torch.linalg.eigh(torch.eye(3)).eigenvectors
            return operator.solve(torch.ones(3))

        def made_of_vectors(library):
            problem = library.Problem(torch.linalg.eigh(torch.eye(3)).eigenvectors)
            return problem.solve(library.DEFAULT)

        def g(n):
            return torch.eye(n).to(torch.float64).mT.solve(torch.linalg.eigh(torch.eye(3)).eigenvalues)
    """)
    old = [dict(r.details)["call"] for r in outcome.remarks if r.kind == "old api"]
    assert old == ["torch.Tensor.solve"]
