"""What is Hermitian by construction, what certainly is not, and that both are true when the matrices are made."""

from __future__ import annotations

import random
from typing import Any

import pytest

from eiglint import check_source
from tests.judge.reading import codes, findings

PROGRAM = """
    def f(A, B, x, scale: float):
        A, B = A.double(), B.double()
        C = torch.complex(A, B)
        W = torch.exp(-torch.cdist(A, A))
        return torch.linalg.{call}({matrix})
"""

HERMITIAN = [
    "A + A.T",
    "0.5 * (A + A.mT) + 1e-3 * torch.eye(4)",
    "scale * (A @ A.T) - torch.diag(x)",
    "A.mT @ (A / A.shape[0])",
    "C + C.mH",
    "C @ C.mH",
    "C.mH @ torch.diag(x.double() + 0j) @ C",
    "1j * (A - A.T)",
    "torch.einsum('ki,kj->ij', A, A)",
    "torch.einsum('ik,k,jk->ij', A, x, A)",
    "W",
    "torch.diag(W.sum(dim=-1)) - W",
    "W.sum(-1).rsqrt()[:, None] * W * W.sum(-1).rsqrt()[None, :]",
    "torch.linalg.inv(A + A.T)",
    "torch.matrix_exp(W) @ torch.matrix_exp(W)",
    "torch.linalg.matrix_power(W, 3)",
    "(A - A.T) @ (A - A.T)",
    "torch.relu(A + A.T)",
    "(A - A.T).abs()",
    "torch.tril(A) + torch.tril(A, -1).T",
    "torch.triu(A) + torch.triu(A).T",
    "torch.cov(A)",
    "torch.corrcoef(A)",
    "torch.tensor([[2.0, 0.1], [0.1, 1.0]])",
    "torch.tensor([[2.0, 1j], [-1j, 1.0]])",
    "(A - A.mean(0)).T @ (A - A.mean(0)) / (len(A) - 1)",
    "(A[:, :, None] * A[:, None, :]).mean(-3)",
    "torch.linalg.inv(A) @ W @ torch.linalg.inv(A).T",
    "torch.outer(x, x)",
]
LOPSIDED = [
    "torch.tril(A)",
    "torch.triu(A, 1) + W",
    "torch.linalg.cholesky(A @ A.T)",
    "A - A.T",
    "C - C.mH",
    "C + C.mT",
    "C @ C.mT",
    "W / W.sum(-1, keepdim=True)",
    "torch.eye(4) - W / W.sum(dim=1, keepdim=True)",
    "torch.linalg.inv(torch.diag(W.sum(1))) @ W",
    "torch.diag(1 / W.sum(1)) @ W",
    "torch.softmax(W, dim=-1)",
    "torch.tensor([[2.0, 0.1], [0.3, 1.0]])",
    "torch.tensor([[2.0, 1j], [1j, 1.0]])",
]
UNKNOWN = [
    "torch.randn(4, 4)",
    "A",
    "A + B",
    "A + B.T",
    "A @ B.T",
    "W @ (B @ B.T)",
    "torch.cdist(A, B)",
    "torch.einsum('ik,jk->ij', A, B)",
    "A * x",
    "A @ A",
    "torch.tril(A) + torch.triu(B)",
    "torch.linalg.solve(A @ A.T, W)",
    "A.view(4, 4) + torch.eye(4)",
    "torch.relu(A)",
]


@pytest.mark.parametrize("matrix", HERMITIAN)
def test_a_matrix_that_is_hermitian_by_construction_is_for_eigh(matrix: str) -> None:
    assert codes(PROGRAM.format(call="eigvals", matrix=matrix)) == ["EIG401"]
    assert codes(PROGRAM.format(call="eigvalsh", matrix=matrix)) == []


@pytest.mark.parametrize("matrix", LOPSIDED)
def test_a_matrix_that_is_known_to_be_lopsided_is_not_for_eigh(matrix: str) -> None:
    assert codes(PROGRAM.format(call="eigvalsh", matrix=matrix)) == ["EIG402"]
    assert codes(PROGRAM.format(call="eigvals", matrix=matrix)) == []


@pytest.mark.parametrize("matrix", UNKNOWN)
def test_of_other_matrices_nothing_is_said(matrix: str) -> None:
    assert codes(PROGRAM.format(call="eigvals", matrix=matrix)) == []
    assert codes(PROGRAM.format(call="eigvalsh", matrix=matrix)) == []


@pytest.mark.parametrize("matrix", [*HERMITIAN, *LOPSIDED])
def test_what_is_claimed_of_a_matrix_is_true_of_it(matrix: str) -> None:
    made = values(matrix)
    assert is_hermitian(made) == (matrix in HERMITIAN)


def test_an_unknown_dtype_is_taken_for_real_and_said_to_be() -> None:
    (real,) = findings("def f(A):\n    return torch.linalg.eigvals(A + A.T)\n")
    assert (real.code, real.certainty) == ("EIG401", "likely")
    assert (
        codes("def f(A):\n    return torch.linalg.eigvals(A.to(torch.complex128) + A.to(torch.complex128).T)\n") == []
    )


def test_numbers_that_are_computed_scale_a_matrix() -> None:
    program = """
        def f(A, n: int, k: int):
            scale = (n + 1) * (2 - k) / (n * 3 + k)
            return torch.linalg.eigvals({matrix})
    """
    assert codes(program.format(matrix="A @ A.T / (n - 1) + scale * torch.eye(4)")) == ["EIG401"]
    assert codes(program.format(matrix="(-scale) ** 2 * (A + A.T)")) == ["EIG401"]
    assert codes(program.format(matrix="A * scale")) == []


def test_a_helper_that_gets_other_matrices_too_is_not_blamed() -> None:
    helper = "def radius(M):\n    return torch.linalg.eigvals(M).abs().square().sum()\n"
    assert codes(f"{helper}def f(A):\n    return radius(A + A.T)\n") == ["EIG401"]
    assert codes(f"{helper}def f(A):\n    return radius(A + A.T) + radius(A)\n") == []


def test_a_promise_that_the_matrix_is_hermitian_is_believed() -> None:
    program = "def f(A):\n    return torch.linalg.eigvalsh(torch.softmax(A, -1)){}\n"
    assert codes(program.format("")) == ["EIG402"]
    assert codes(program.format("  # eiglint: assume hermitian")) == []


def test_the_adjoint_of_hermitian_vectors_is_no_fault_of_its_own() -> None:
    assert codes("""
        def f(A):
            L, V = torch.linalg.eig(A + A.mH)
            return V @ torch.diag(L.exp()) @ V.mH
    """) == ["EIG401"]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_claimed_of_random_expressions_is_true_of_them(seed: int) -> None:
    draw = random.Random(seed)
    matrices = sorted({expression(draw, 3) for _ in range(100)})
    claims = {"EIG401": 0, "EIG402": 0}
    lines = ["import torch", "def f(A, B, x, scale: float):", "    A, B = A.double(), B.double()"]
    lines += ["    C = torch.complex(A, B)", "    W = torch.exp(-torch.cdist(A, A))"]
    for call in ("eigvals", "eigvalsh"):
        lines += [f"    torch.linalg.{call}({matrix})" for matrix in matrices]
    for finding in check_source("\n".join(lines), "program.py").findings:
        matrix = matrices[(finding.line - 6) % len(matrices)]
        try:
            made = values(matrix)
        except RuntimeError:  # real times complex, which torch refuses
            continue
        if not made.any():
            continue  # of zeros anything may be said
        assert is_hermitian(made) == (finding.code == "EIG401"), (matrix, finding.message)
        claims[finding.code] += 1
    assert min(claims.values()) >= 2


def expression(draw: random.Random, depth: int) -> str:
    """Return a random expression that is a 4 by 4 matrix."""
    if depth == 0:
        return draw.choice(["A", "B", "C", "W", "torch.eye(4)", "torch.diag(x)", "A.T", "C.mH"])
    a = expression(draw, depth - 1)
    b = draw.choice([a, expression(draw, depth - 1), f"({a}).mT", f"({a}).mH", f"({a}).conj()"])
    return draw.choice(
        [
            *(f"({a}) + ({b})", f"({a}) - ({b})", f"({a}) @ ({b})", f"({a}) * ({b})", f"scale * ({a})", f"({a}) / 3"),
            *(f"({a}) @ torch.diag(x) @ ({b})", f"x[:, None] * ({a}) * x", f"x * ({a})", f"1j * ({a})", f"({a}).mH"),
            *(f"({a}).abs()", f"torch.einsum('ik,jk->ij', {a}, {b})", f"torch.tril({a})", f"({a}).real", f"({a}) ** 2"),
            *(f"torch.einsum('ki,kj->ji', {a}, {b})", f"torch.linalg.matrix_power({a}, 2)", f"torch.triu({a}, 1)"),
        ]
    )


def values(matrix: str) -> Any:
    """Make a matrix of generic numbers."""
    torch = pytest.importorskip("torch")
    g = torch.Generator().manual_seed(2)
    A, B = (torch.rand(4, 4, generator=g, dtype=torch.float64) - 0.3 for _ in "AB")
    x = torch.rand(4, generator=g, dtype=torch.float64) + 0.5
    names = {"A": A, "B": B, "x": x, "C": torch.complex(A, B), "W": torch.exp(-torch.cdist(A, A)), "scale": 1.7}
    typed = matrix.replace("torch.eye(4)", "torch.eye(4, dtype=torch.float64)")
    return eval(typed, {"torch": torch, **names})


def is_hermitian(matrix: Any) -> bool:
    return bool((matrix - matrix.mH).abs().max() <= 1e-9 * (1 + matrix.abs().max()))
