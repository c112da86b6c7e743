"""What is said of functions of values, and how sure it is."""

from __future__ import annotations

import pytest

from eiglint import check_source
from eiglint.source.config import Options
from tests.judge.reading import codes, findings


def certainties(text: str, code: str) -> list[str]:
    """Return how sure the findings of one code are, the possible ones included."""
    report = check_source("import torch\n" + text, "program.py", options=Options(min_certainty="possible"))
    return [f.certainty for f in report.findings if f.code == code]


LEAF = "A = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)\n"


def test_a_leaf_of_known_dtype_leaves_no_doubt() -> None:
    assert certainties(LEAF + "torch.linalg.svdvals(A).log().sum().backward()\n", "EIG307") == ["definite"]


def test_no_gradient_no_finding() -> None:
    assert codes("def f(A):\n    return 1 / torch.linalg.svdvals(A.detach())\n") == []


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("S.sqrt()", "sqrt"),
        ("torch.rsqrt(S)", "rsqrt"),
        ("1 / S", "reciprocal"),
        ("S ** -2", "power -2"),
        ("S.log2()", "log2"),
    ],
)
def test_the_message_names_the_function(function: str, name: str) -> None:
    (found,) = findings(f"def f(A):\n    S = torch.linalg.svdvals(A)\n    return {function}\n")
    assert found.message.startswith(f"`{name}` of values from `torch.linalg.svdvals` (line 4)")


@pytest.mark.parametrize(
    "harmless", ["S ** 2", "S ** 1.5", "S.exp()", "S.log1p()", "S / 2", "(S + 1).log()", "S.sum().log()"]
)
def test_functions_that_are_finite_at_zero_are_silent(harmless: str) -> None:
    assert codes(f"def f(A):\n    S = torch.linalg.svdvals(A)\n    return {harmless}\n") == []


@pytest.mark.parametrize(
    "jitter",
    [
        "A = A @ A.mT + 1e-6 * torch.eye(3)",
        "A = torch.diag_embed(eps) + A @ A.mT",
        "A = A @ A.mT; A.diagonal(dim1=-2, dim2=-1).add_(eps)",
        "A = 0.5 * (A @ A.mT + A @ A.mT) + eps * torch.eye(A.shape[-1])",
    ],
)
def test_a_matrix_that_was_kept_positive_has_positive_values(jitter: str) -> None:
    assert codes(f"def f(A, eps):\n    {jitter}\n    return torch.linalg.eigvalsh(A).log()\n") == []


@pytest.mark.parametrize("matrix", ["A @ A.mT", "A.mT @ A / 3", "torch.cov(A)", "2 * torch.corrcoef(A)"])
def test_eigenvalues_end_at_zero_where_the_matrix_is_made_without_negative_ones(matrix: str) -> None:
    assert codes(f"def f(A):\n    return torch.linalg.eigvalsh({matrix}).log()\n") == ["EIG307"]


@pytest.mark.parametrize("matrix", ["A", "A + A.mT", "A.detach() * A"])
def test_zero_is_no_special_point_of_eigenvalues_that_may_be_negative(matrix: str) -> None:
    assert certainties(f"def f(A):\n    return torch.linalg.eigvalsh({matrix}).log()\n", "EIG307") == ["possible"]


def test_one_chain_of_functions_is_one_finding() -> None:
    assert codes("def f(A):\n    return (1 / torch.linalg.svdvals(A).sqrt()).log()\n") == ["EIG307"]


def test_a_chosen_rank_keeps_the_largest_values() -> None:
    assert codes("def f(A, k):\n    return torch.linalg.svdvals(A)[:k].log()\n") == []
    assert codes("def f(A, k):\n    return torch.linalg.eigvalsh(A @ A.mT)[-k:].log()\n") == []
    assert codes("def f(A, k):\n    return torch.linalg.eigvalsh(A @ A.mT)[:k].log()\n") == ["EIG307"]


@pytest.mark.parametrize("values", ["torch.lobpcg(A @ A.mT, k=1)[0]", "torch.svd_lowrank(A, q=3)[1]"])
def test_methods_that_find_the_largest_values_alone_choose_a_rank(values: str) -> None:
    assert codes(f"def f(A):\n    return {values}.log()\n") == []


def test_what_is_masked_behind_the_function_is_possible() -> None:
    text = "def f(A):\n    S = torch.linalg.svdvals(A)\n    return torch.where(S > 1e-6, 1 / S, 0.0).sum()\n"
    assert certainties(text, "EIG307") == ["possible"]


def test_a_value_that_changes_in_a_loop_is_followed() -> None:
    text = """
    def f(A, steps):
        S = torch.linalg.svdvals(A)
        total = 0.0
        for k in range(steps):
            total = total + S.log().sum() * k
        return total
    """
    assert codes(text) == ["EIG307"]


def test_the_last_vector_of_an_unknown_shape_is_possible() -> None:
    text = "def f(A):\n    h = torch.linalg.svd(A).Vh[-1]\n    return h * h\n"
    assert certainties(text, "EIG308") == ["possible"]


def test_known_lengths_settle_which_vectors_are_beyond() -> None:
    program = "def f(A):\n    h = torch.linalg.svd(A.reshape({}, {})).Vh[-1]\n    return h * h\n"
    assert certainties(program.format(8, 9), "EIG308") == ["likely"]
    assert certainties(program.format(9, 8), "EIG308") == []
    assert certainties(program.format(9, 9), "EIG308") == []


def test_methods_with_a_derivative_of_their_own_are_read_for_gaps_alone() -> None:
    text = """
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, A):
            L, V = torch.linalg.eigh(A)
            ctx.save_for_backward(L, V)
            return L.log(), V

        @staticmethod
        def backward(ctx, gL, gV):
            L, V = ctx.saved_tensors
            return V @ (gV / (L[:, None] - L[None, :] + torch.eye(3))).sin() @ V.sin()
    """
    assert codes(text) == ["EIG305"]


def test_single_values_are_looked_for_when_asked() -> None:
    text = "import torch\ndef f(A):\n    return torch.linalg.eigvalsh(A)[-1]\n"
    assert check_source(text, "program.py").findings == ()
    asked = check_source(text, "program.py", options=Options(extend_select=("EIG306",)))
    assert [f.code for f in asked.findings] == ["EIG306"]
