"""What is said of gradients through vectors where eigenvalues meet: which use, by which code, and what to write."""

from __future__ import annotations

import pytest

from tests.judge.reading import gradients, source_line

EIGH = """
    def f(A, x, t):
        L, V = torch.linalg.eigh({matrix})
        {rest}
"""


def said(rest: str, matrix: str = "A") -> list[str]:
    return [f.code for f in gradients(EIGH.format(rest=rest, matrix=matrix))]


def advice(rest: str) -> str:
    (found,) = gradients(EIGH.format(rest=rest, matrix="A"))
    return found.help


SILENT = {
    "values alone": "return L.exp().sum()",
    "detached vectors": "return V.detach().pow(4).sum()",
    "vectors without a gradient": "with torch.no_grad():\n            W = V.pow(4).sum()\n        return W",
    "a detached function of the matrix": "return ((V * L) @ V.T).detach() @ x",
    "a projector on a cluster": "return V[:, :2] @ V[:, :2].T",
    "all columns of a frame": "return V @ V.T",
    "a function that is only printed": "print((V * L) @ V.T)",
    "a function that only decides": "if ((V * L) @ V.T).sum() > 0:\n            return L\n        return -L",
    "values that differ": "if (L.diff() > 1e-3).all():\n            return V.pow(4).sum()\n        return L.sum()",
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said_of(name: str) -> None:
    assert said(SILENT[name]) == []


FUNCTIONS = {
    "a product with a diagonal matrix": "return V @ torch.diag(L.exp()) @ V.T",
    "columns that are scaled": "return (V * L.exp()) @ V.mT",
    "an einsum": "return torch.einsum('ij,j,kj->ik', V, L.exp(), V)",
    "broadcasting and a sum": "return (L.exp() * V[:, None, :] * V[None, :, :]).sum(-1)",
    "a loop of outer products": "S = 0\n        for i in range(len(L)):\n"
    "            S = S + L[i].exp() * torch.outer(V[:, i], V[:, i])\n        return S",
    "a loop over both outputs": "S = 0\n        for l, v in zip(L, V.T):\n"
    "            S = S + l.exp() * torch.outer(v, v)\n        return S",
    "a time of unknown rank": "return V @ torch.diag(torch.exp(t * L)) @ V.T",
    "a vector that is transformed back and forth": "return V @ (L.exp()[:, None] * (V.T @ x))",
    "a diagonal": "return (V.square() * L.exp()).sum(-1)",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_the_matrix_is_recognised_as(name: str) -> None:
    assert said(FUNCTIONS[name]) == ["EIG302"]


@pytest.mark.parametrize(
    ("function", "named"),
    [
        ("L", "A itself"),
        ("L.exp()", "torch.linalg.matrix_exp(A)"),
        ("L ** 3", "torch.linalg.matrix_power(A, 3)"),
        ("1 / L", "torch.linalg.solve"),
        ("L.clamp(min=1e-6).sqrt()", "eiglint.linalg.sqrtm(A)"),
        ("1 / L.sqrt()", "eiglint.linalg.inv_sqrtm(A)"),
        ("L.pow(-0.5)", "eiglint.linalg.inv_sqrtm(A)"),
        ("L.log()", "eiglint.linalg.logm(A)"),
        ("L.relu()", "eiglint.linalg.psd_project(A)"),
        ("L.sin()", "eiglint.linalg.funm(A, f)"),
    ],
)
def test_the_help_names_the_replacement_by_what_the_function_is(function: str, named: str) -> None:
    assert named in advice(f"return V @ torch.diag({function}) @ V.T")


def test_a_truncated_function_is_that_of_the_kept_pairs() -> None:
    assert "eiglint.linalg.projector(A, k)" in advice("return V[:, :2] @ torch.diag(L[:2].exp()) @ V[:, :2].T")


@pytest.mark.parametrize(
    "use", ["V.abs().sum()", "V.pow(4).sum(0)", "(V[:, 1] * x).sum() ** 2", "(V * torch.arange(4.0)) @ V.T"]
)
def test_what_a_basis_of_equal_values_changes_has_no_gradient_there(use: str) -> None:
    assert said(f"return {use}") == ["EIG301"]


def test_a_site_is_reported_once_for_its_undefined_gradients() -> None:
    assert said("return V.abs().sum() + V.pow(4).sum() + V[:, 0].square().amax()") == ["EIG301"]


@pytest.mark.parametrize("matrix", ["A + 1e-6 * torch.eye(4)", "A + torch.eye(4) * t", "A + 1e-8 * torch.eye(4).to(A)"])
def test_a_multiple_of_the_identity_is_a_jitter(matrix: str) -> None:
    assert said("return V @ torch.diag(L.exp()) @ V.T", matrix) == ["EIG303"]


@pytest.mark.parametrize("matrix", ["A + torch.eye(4)", "A + 3.0 * torch.eye(4)", "A + torch.diag(x)"])
def test_what_is_part_of_the_matrix_is_none(matrix: str) -> None:
    assert said("return V @ torch.diag(L.exp()) @ V.T", matrix) == ["EIG302"]


def test_a_jitter_that_keeps_a_root_real_does_something() -> None:
    assert said("return V @ torch.diag(L.rsqrt()) @ V.T", "A + 1e-6 * torch.eye(4)") == ["EIG302"]


TIED = [
    "torch.outer(x, x)",
    "x[:, None] * x[None, :]",
    "x.unsqueeze(-1) @ x.unsqueeze(-2)",
    "torch.einsum('i,j->ij', x, x)",
    "torch.eye(4) - 2 * torch.outer(x, x) / x.dot(x)",
    "3 * torch.outer(x, x) + 1e-6 * torch.eye(4)",
    "torch.block_diag(A, A)",
]


@pytest.mark.parametrize("matrix", TIED)
def test_equal_values_by_construction_come_first(matrix: str) -> None:
    assert said("return V @ torch.diag(L.exp()) @ V.T", matrix) == ["EIG304"]


@pytest.mark.parametrize("matrix", ["torch.einsum('ni,nj->ij', A, A)", "A @ A.T", "A - A.T", "torch.outer(x, x) + A"])
def test_other_products_and_sums_have_values_of_their_own(matrix: str) -> None:
    assert said("return V @ torch.diag(L.exp()) @ V.T", matrix) == ["EIG302"]


def test_values_alone_of_a_tied_matrix_are_fine() -> None:
    assert said("return L.exp().sum()", "torch.outer(x, x)") == []


SVD = """
    def f(A, P):
        U, S, Vh = torch.linalg.svd(A)
        {rest}
"""

POLAR = {
    "a product": "return U @ Vh",
    "transposed": "return (Vh.mH @ U.mH).sum()",
    "the Kabsch rotation": "return U @ torch.diag(torch.stack([*torch.ones(2), torch.det(U @ Vh)])) @ Vh",
    "a flip of the last row": "Vh = Vh.clone()\n        Vh[-1] = Vh[-1] * torch.det(U @ Vh)\n        return U @ Vh",
    "points that are turned": "return P @ U @ Vh",
}


@pytest.mark.parametrize("name", POLAR)
def test_a_polar_factor_is_recognised_as(name: str) -> None:
    assert [f.code for f in gradients(SVD.format(rest=POLAR[name]))] == ["EIG309"]


def test_the_product_that_asks_for_the_handedness_is_not_the_rotation() -> None:
    text = SVD.format(rest="d = torch.det(U @ Vh)\n        return U @ torch.diag(torch.stack([d * 0 + 1, d])) @ Vh")
    (found,) = gradients(text)
    assert source_line(text, found).startswith("return")


def test_null_vectors_are_left_alone() -> None:
    assert gradients(SVD.format(rest="return Vh[-1, :2] / Vh[-1, 2]")) == []
