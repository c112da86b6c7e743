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
    "what is detached in place": "Y = (V * L) @ V.T\n        Y.detach_()\n        return Y @ x",
    "a projector that is picked by a mask": "return (V * (L > t)) @ V.T",
    "a detached function of the matrix": "return ((V * L) @ V.T).detach() @ x",
    "a projector on a cluster": "return V[:, :2] @ V[:, :2].T",
    "all columns of a frame": "return V @ V.T",
    "a function that is only printed": "print((V * L) @ V.T)",
    "a function that only decides": "if ((V * L) @ V.T).sum() > 0:\n            return L\n        return -L",
    "values that differ on one side of an expression": "return V.pow(4).sum() if (L.diff() > 1e-3).all() else L.sum()",
    "slices that may begin at the same pair": "W = V.chunk(2, -1)[1]\n        i = torch.arange(t, 2 * t)\n"
    "        return (W * L[i]) @ W.T",
    "vectors and values that are kept by a key and met again": "kept, weights = {{}}, {{}}\n        for k in x:\n"
    "            L, V = torch.linalg.eigh(x[k])\n            kept[k], weights[k] = V, L\n"
    "        return sum((((t @ kept[k]) ** 2) * weights[k]).sum() for k in x)",
    "vectors whose signs are fixed, and no more": "s = torch.where(V.sum(0) < 0, -1.0, 1.0)\n"
    "        return (V * s)[:, :2]",
    "coordinates along vectors whose signs are fixed": "s = torch.where(V.sum(0) < 0, -1.0, 1.0)\n"
    "        return (x - x.mean(0)) @ (V * s)[:, -2:]",
    "what is kept for later": "x.loadings = V.abs()\n        return L",
    "vectors of one of two cases": "W = V if t else torch.eye(3)\n        return W.abs().sum(0)",
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
    "values that are laid down a column": "return V @ (L.exp().reshape(-1, 1) * (V.T @ x))",
    "something of unknown rank, transformed back and forth": "return V @ (L.exp() * (V.T @ x))",
    "a number for each matrix beside the diagonal": "S = L.sum(-1, keepdim=True)[..., None]\n"
    "        return V @ (torch.diag_embed(L) * S / (S + (S == 0))) @ V.T",
    "another number for each matrix": "return V @ (torch.diag_embed(L) * L.sum(-1)[..., None, None]) @ V.T",
    "consecutive positions": "return (V[:, 1:3] * L[torch.arange(1, 3)]) @ V[:, 1:3].T",
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
        ("torch.where(L > t, L, 0)", "`eiglint.linalg.projector` where f jumps"),
    ],
)
def test_the_help_names_the_replacement_by_what_the_function_is(function: str, named: str) -> None:
    assert named in advice(f"return V @ torch.diag({function}) @ V.T")


@pytest.mark.parametrize(
    ("function", "named"),
    [
        ("V[:, :2] @ torch.diag(L[:2]) @ V[:, :2].T", "`eiglint.linalg.projector(A, k) @ A`"),
        ("V[:, -t:] @ torch.diag(L[-t:]) @ V[:, -t:].T", "`eiglint.linalg.projector(A, k, largest=True) @ A`"),
        ("V[:, :2] @ torch.diag(L[:2].exp()) @ V[:, :2].T", "P times F: `P = eiglint.linalg.projector(A, k)`, and F"),
        ("(V[:, L > t] * L[L > t]) @ V[:, L > t].T", "`eiglint.linalg.projector(A, k, largest=True) @ A`"),
        ("(V[:, L < t] * L[L < t]) @ V[:, L < t].T", "`eiglint.linalg.projector(A, k) @ A`"),
        ("(V[:, L.abs() > t] * L[L.abs() > t]) @ V[:, L.abs() > t].T", "for the pairs that are kept"),
    ],
)
def test_the_help_for_a_part_of_the_pairs_says_how_to_pick_them(function: str, named: str) -> None:
    assert named in advice(f"return {function}")


@pytest.mark.parametrize(
    ("function", "named"),
    [
        ("(U[:, :t] * S[:t]) @ Vh[:t]", "`eiglint.linalg.projector(A @ A.mH, k, largest=True) @ A`"),
        (
            "(U[:, S > t] * S[S > t]) @ Vh[S > t]",
            "`eiglint.linalg.projector(A @ A.mH, k, largest=True) @ A`",
        ),
        ("(U * S.exp()) @ U.T", "`eiglint.linalg.funm(A @ A.mH, f)`"),
        ("Vh.T @ torch.diag(S ** 2) @ Vh", "`A.mH @ A`"),
    ],
)
def test_the_help_for_singular_vectors_names_the_side_that_is_used(function: str, named: str) -> None:
    found = gradients(f"""
    def f(A, t):
        U, S, Vh = torch.linalg.svd(A, full_matrices=False)
        return {function}
    """)
    assert named in found[0].help


def test_values_that_are_kept_by_their_place_are_those_of_a_projector() -> None:
    (found,) = gradients("""
    def f(A):
        U, S, Vh = torch.linalg.svd(A)
        kept = torch.zeros_like(S)
        kept[..., :-1] = S[..., :-1]
        return U @ torch.diag(kept) @ Vh
    """)
    assert "`eiglint.linalg.projector(A @ A.mH, k)` for the pairs that are kept" in found.help


def test_singular_vectors_of_a_gram_matrix_are_its_eigenvectors() -> None:
    (found,) = gradients("""
    def f(X):
        U, S, _ = torch.linalg.svd(X.T @ X)
        return U @ torch.diag((S + 1e-3).rsqrt()) @ U.T
    """)
    assert "`eiglint.linalg.inv_sqrtm(A)`" in found.help


@pytest.mark.parametrize("table", ["L[:, None] + L[None, :]", "1j * L[:, None] - 1j * L[None, :] + 1"])
def test_what_acts_on_pairs_of_values_is_no_function_of_the_matrix(table: str) -> None:
    assert "autograd.Function" in advice(f"return V @ ((V.T @ x @ V) / ({table})) @ V.T")


def test_a_complex_number_times_a_python_float_is_no_table_of_pairs() -> None:
    (found,) = gradients("""
    def f(A, x, dt: float):
        L, V = torch.linalg.eigh(A)
        return (V @ (torch.exp(-1j * dt * L) * (V.T @ x))).abs()
    """)
    assert "`torch.linalg.matrix_exp(A)`" in found.help


def test_a_callee_that_serves_several_functions_is_told_what_serves_all() -> None:
    (found,) = gradients("""
    def applied(A, f):
        L, V = torch.linalg.eigh(A)
        return V @ torch.diag(f(L)) @ V.T

    def exponential(A):
        return applied(A, torch.exp)

    def sine(A):
        return applied(A, torch.sin)
    """)
    assert found.help.endswith("use `eiglint.linalg.funm(A, f)`")


@pytest.mark.parametrize(
    "use",
    [
        "V.abs().sum()",
        "V.pow(4).sum(0)",
        "(V[:, 1] * x).sum() ** 2",
        "(V * torch.arange(4.0)) @ V.T",
        "(x @ (V * torch.where(V.sum(0) < 0, -1.0, 1.0))).pow(3).sum()",
    ],
)
def test_what_a_basis_of_equal_values_changes_has_no_gradient_there(use: str) -> None:
    assert said(f"return {use}") == ["EIG301"]


def test_a_site_is_reported_once_for_its_undefined_gradients() -> None:
    assert said("return V.abs().sum() + V.pow(4).sum() + V[:, 0].square().amax()") == ["EIG301"]


@pytest.mark.parametrize("matrix", ["A + 1e-6 * torch.eye(4)", "A + torch.eye(4) * t", "A + 1e-8 * torch.eye(4).to(A)"])
def test_a_multiple_of_the_identity_is_a_jitter(matrix: str) -> None:
    assert said("return V @ torch.diag(L.exp()) @ V.T", matrix) == ["EIG303"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("A.diagonal().add_(1e-6)", "EIG303"),
        ("A.diagonal(dim1=-2, dim2=-1).add_(eps)", "EIG303"),
        ("A.diagonal().add_(3.0)", "EIG302"),
        ("A.diagonal().add_(x)", "EIG302"),
        ("A.diagonal().mul_(1e-6)", "EIG302"),
    ],
)
def test_what_is_added_to_the_diagonal_in_place_is_a_jitter_too(written: str, code: str) -> None:
    (found,) = gradients(f"""
    def f(A, x, eps=1e-6):
        {written}
        L, V = torch.linalg.eigh(A)
        return V @ torch.diag(L.exp()) @ V.T
    """)
    assert found.code == code


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
    "A.reshape(8, 3) @ A.reshape(8, 3).mT",
    "A.reshape(3, 8).mT @ A.reshape(3, 8) / 3",
    "torch.einsum('ni,nj->ij', A.reshape(3, 8), A.reshape(3, 8))",
    "A.reshape(8, 3) @ A.reshape(8, 3).mT + 1e-6 * torch.eye(8)",
]


@pytest.mark.parametrize("matrix", TIED)
def test_equal_values_by_construction_come_first(matrix: str) -> None:
    assert said("return V @ torch.diag(L.exp()) @ V.T", matrix) == ["EIG304"]


OTHERS = [
    "torch.einsum('ni,nj->ij', A, A)",
    "A @ A.T",
    "A - A.T",
    "torch.outer(x, x) + A",
    "A.reshape(4, 3) @ A.reshape(4, 3).mT",
    "A.reshape(3, 8) @ A.reshape(3, 8).mT",
    "torch.diag(x) + A.reshape(8, 3) @ A.reshape(8, 3).mT",
]


@pytest.mark.parametrize("matrix", OTHERS)
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


@pytest.mark.parametrize(("row", "codes"), [(-1, []), (1, ["EIG301"])])
def test_null_vectors_are_left_alone_in_a_loop_that_refines_them(row: int, codes: list[str]) -> None:
    text = f"""
    def step(A):
        h = torch.linalg.svd(A)[2][{row}]
        return h / h[-1]

    def f(A):
        h = step(A)
        for _ in range(5):
            h = step(A * torch.exp(-(A @ h[:, None]).square()))
        return h
    """
    assert [f.code for f in gradients(text)] == codes


def test_null_vectors_are_left_alone() -> None:
    assert gradients(SVD.format(rest="return Vh[-1, :2] / Vh[-1, 2]")) == []


def test_a_rotation_that_every_step_of_a_loop_detaches_is_left_alone() -> None:
    text = """
    def aligned(cloud, target):
        U, S, Vh = torch.linalg.svd(cloud.mT @ target)
        handed = torch.eye(3)[None].repeat(4, 1, 1)
        handed[:, -1, -1] = torch.det(U @ Vh)
        moved = cloud @ (U @ handed @ Vh)
        moved.detach_()
        return moved

    def f(cloud, target, steps):
        for _ in range(steps):
            cloud = aligned(cloud, target) + target
        return cloud
    """
    assert gradients(text) == []
    assert [f.code for f in gradients(text.replace("moved.detach_()", "pass"))] == ["EIG309"]


def test_what_an_object_begins_with_says_nothing_of_what_it_holds_later() -> None:
    found = gradients("""
    class Whitening(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.register_buffer("moment", torch.eye(width))

        def train(self, x):
            self.moment = 0.9 * self.moment + 0.1 * x.T @ x

        def forward(self, x):
            L, V = torch.linalg.eigh(self.moment)
            return x @ (V @ torch.diag(L.rsqrt()) @ V.T)
    """)
    assert [f.code for f in found] == ["EIG302"]
