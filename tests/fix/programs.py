"""Programs before and after their fixes, as bodies of a function of H, G and x."""

from typing import NamedTuple


class Case(NamedTuple):
    """The code, whether its fix is safe, and the body of the function before and after."""

    code: str
    safe: bool
    before: str
    after: str
    same: bool = True
    """Whether the value stays. Where a finding proves it wrong it must change."""


# H is Hermitian, G any matrix, x a vector, all complex128.
CASES = {
    "the transpose becomes the adjoint": Case(
        "EIG104",
        True,
        "L, V = torch.linalg.eigh(H)\nreturn ((V * L.exp()) @ V.T).abs()",
        "L, V = torch.linalg.eigh(H)\nreturn ((V * L.exp()) @ V.mH).abs()",
        same=False,
    ),
    "a transpose of axes is conjugated": Case(
        "EIG104",
        True,
        "L, V = torch.linalg.eigh(H)\nreturn ((V * L.exp()) @ V.transpose(-1, -2)).abs()",
        "L, V = torch.linalg.eigh(H)\nreturn ((V * L.exp()) @ V.transpose(-1, -2).conj()).abs()",
        same=False,
    ),
    "the second of two equal factors is conjugated": Case(
        "EIG104",
        True,
        "L, V = torch.linalg.eigh(H)\nreturn (V * V).sum(-1).abs()",
        "L, V = torch.linalg.eigh(H)\nreturn (V * V.conj()).sum(-1).abs()",
        same=False,
    ),
    "a square becomes a product with the conjugate": Case(
        "EIG104",
        True,
        "L, V = torch.linalg.eigh(H)\nreturn (V**2).sum(-1).abs()",
        "L, V = torch.linalg.eigh(H)\nreturn (V * V.conj()).sum(-1).abs()",
        same=False,
    ),
    "an operand of an einsum is conjugated": Case(
        "EIG104",
        True,
        'L, V = torch.linalg.eigh(H)\nreturn torch.einsum("ij,j,kj->ik", V, L.exp() + 0j, V).abs()',
        'L, V = torch.linalg.eigh(H)\nreturn torch.einsum("ij,j,kj->ik", V, L.exp() + 0j, V.conj()).abs()',
        same=False,
    ),
    "the inverse of unitary vectors is their adjoint": Case(
        "EIG404",
        True,
        "L, V = torch.linalg.eigh(H)\nreturn torch.linalg.inv(V) @ x @ (V.mH @ x).conj()",
        "L, V = torch.linalg.eigh(H)\nreturn V.mH @ x @ (V.mH @ x).conj()",
    ),
    "a product with an inverse from the left is a solution": Case(
        "EIG404",
        True,
        "L, V = torch.linalg.eig(G)\nreturn V @ (torch.sin(L) * (torch.linalg.inv(V) @ x))",
        "L, V = torch.linalg.eig(G)\nreturn V @ (torch.sin(L) * torch.linalg.solve(V, x))",
    ),
    "a product with an inverse from the right is a solution too": Case(
        "EIG404",
        True,
        "L, V = torch.linalg.eig(G)\nreturn V @ torch.diag(torch.sin(L)) @ torch.linalg.inv(V)",
        "L, V = torch.linalg.eig(G)\nreturn torch.linalg.solve(V, V @ torch.diag(torch.sin(L)), left=False)",
    ),
    "symeig with vectors": Case(
        "EIG405",
        True,
        "L, V = torch.symeig(H, eigenvectors=True)\nreturn (V * L.sin()) @ V.mH",
        'L, V = torch.linalg.eigh(H, UPLO="U")\nreturn (V * L.sin()) @ V.mH',
    ),
    "symeig of the lower triangle, positionally": Case(
        "EIG405",
        True,
        "L, V = torch.symeig(H, True, False)\nreturn (V * L.sin()) @ V.mH",
        "L, V = torch.linalg.eigh(H)\nreturn (V * L.sin()) @ V.mH",
    ),
    "symeig without vectors": Case(
        "EIG405",
        True,
        "L, _ = torch.symeig(H)\nreturn L.exp().sum()",
        'L = torch.linalg.eigvalsh(H, UPLO="U")\nreturn L.exp().sum()',
    ),
    "eig without vectors keeps its two columns": Case(
        "EIG405",
        True,
        "L = torch.eig(G.real)[0]\nreturn L[:, 0].sum()",
        "L = torch.view_as_real(torch.linalg.eigvals(G.real))\nreturn L[:, 0].sum()",
    ),
    "svd with all of its outputs named": Case(
        "EIG405",
        True,
        "U, S, V = torch.svd(G)\nreturn (U * S.sin()) @ V.mH",
        "U, S, Vh = torch.linalg.svd(G, full_matrices=False)\nV = Vh.mH\nreturn (U * S.sin()) @ V.mH",
    ),
    "svd beside a Vh that is something else": Case(
        "EIG405",
        True,
        "Vh = 2.0\nU, S, V = torch.svd(G)\nreturn (U * S.sin()) @ V.mH * Vh",
        "Vh = 2.0\nU, S, V = torch.linalg.svd(G, full_matrices=False)\nV = V.mH\nreturn (U * S.sin()) @ V.mH * Vh",
    ),
    "svd for the values alone": Case(
        "EIG405", True, "return torch.svd(G)[1].sum()", "return torch.linalg.svdvals(G).sum()"
    ),
    "svd for the right factor alone": Case(
        "EIG405",
        True,
        "V = torch.svd(G).V\nreturn V @ V.mH",
        "V = torch.linalg.svd(G, full_matrices=False).Vh.mH\nreturn V @ V.mH",
    ),
    "qr": Case("EIG405", True, "Q, R = torch.qr(G)\nreturn Q @ R", "Q, R = torch.linalg.qr(G)\nreturn Q @ R"),
    "complete qr": Case(
        "EIG405",
        True,
        "Q, R = torch.qr(input=G, some=False)\nreturn Q @ R",
        'Q, R = torch.linalg.qr(G, mode="complete")\nreturn Q @ R',
    ),
    "vectors that nobody reads": Case(
        "EIG406",
        True,
        "L, _ = torch.linalg.eigh(H)\nreturn L.exp().sum()",
        "L = torch.linalg.eigvalsh(H)\nreturn L.exp().sum()",
    ),
    "factors that nobody reads, with an option": Case(
        "EIG406",
        True,
        "_, S, _ = torch.linalg.svd(G, full_matrices=False)\nreturn S.sum()",
        "S = torch.linalg.svdvals(G)\nreturn S.sum()",
    ),
    "Vh by the name of V": Case(
        "EIG408",
        True,
        "U, S, V = torch.linalg.svd(G)\nreturn U @ torch.diag(S.sin() + 0j) @ V.mH",
        "U, S, Vh = torch.linalg.svd(G)\nV = Vh.mH\nreturn U @ torch.diag(S.sin() + 0j) @ V.mH",
        same=False,
    ),
    "V by the name of Vh": Case(
        "EIG408",
        True,
        "U, S, Vh = torch.svd(G)\nreturn U @ torch.diag(S.sin() + 0j) @ Vh",
        "U, S, Vh = torch.linalg.svd(G, full_matrices=False)\nreturn U @ torch.diag(S.sin() + 0j) @ Vh",
        same=False,
    ),
    "V by its own name, used as Vh": Case(
        "EIG408",
        True,
        "U, S, V = torch.svd(G)\nreturn U @ torch.diag(S.sin() + 0j) @ V",
        "U, S, V = torch.linalg.svd(G, full_matrices=False)\nreturn U @ torch.diag(S.sin() + 0j) @ V",
        same=False,
    ),
    "the adjoint of general vectors is not their inverse": Case(
        "EIG407",
        False,
        "L, V = torch.linalg.eig(G)\nreturn V @ (torch.sin(L) * (V.mH @ x))",
        "L, V = torch.linalg.eig(G)\nreturn V @ (torch.sin(L) * torch.linalg.solve(V, x))",
        same=False,
    ),
    "eig of a Hermitian matrix": Case(
        "EIG401",
        False,
        "L, V = torch.linalg.eig(G + G.mH)\nreturn L.real.sin().sum() + 0 * V.abs().sum()",
        "L, V = torch.linalg.eigh(G + G.mH)\nreturn L.real.sin().sum() + 0 * V.abs().sum()",
    ),
    "a cast that comes too late": Case(
        "EIG403",
        False,
        "L = torch.linalg.eigvalsh(H.real.float())\nreturn L.double().sin().sum()",
        "L = torch.linalg.eigvalsh(H.real.double())\nreturn L.sin().sum()",
        same=False,
    ),
    "an exponential of a general matrix written out": Case(
        "EIG302",
        False,
        "L, V = torch.linalg.eig(G)\nreturn V @ torch.diag(torch.exp(-0.5 * L)) @ torch.linalg.inv(V)",
        "return torch.linalg.matrix_exp(-0.5 * G)",
    ),
    "an exponential as scaled columns": Case(
        "EIG302",
        False,
        "L, V = torch.linalg.eigh(H)\nreturn (V * L.exp()) @ V.mH",
        "return torch.linalg.matrix_exp(H)",
    ),
    "a root, with the matrix that it is of": Case(
        "EIG302",
        False,
        "L, V = torch.linalg.eigh(G @ G.mH)\nreturn (V * L.sqrt()) @ V.mH",
        "return eiglint.linalg.sqrtm(G @ G.mH)",
    ),
    "an inverse root as one over a root": Case(
        "EIG302",
        False,
        "L, V = torch.linalg.eigh(G @ G.mH)\nreturn (V * (1 / torch.sqrt(L))) @ V.mH",
        "return eiglint.linalg.inv_sqrtm(G @ G.mH)",
    ),
    "a root with a floor, under a name": Case(
        "EIG302",
        False,
        "L, V = torch.linalg.eigh(H)\nS = torch.clamp(L, min=0.5).sqrt()\nreturn (V * S[..., None, :]) @ V.mH",
        "return eiglint.linalg.sqrtm(H, eps=0.5)",
    ),
    "a logarithm whose values are read elsewhere too": Case(
        "EIG302",
        False,
        "L, V = torch.linalg.eigh(G @ G.mH)\nreturn (V * torch.log(L)) @ V.mH + 0 * L.sum()",
        "L, V = torch.linalg.eigh(G @ G.mH)\nreturn eiglint.linalg.logm(G @ G.mH) + 0 * L.sum()",
    ),
    "a power": Case(
        "EIG302",
        False,
        "p = -0.25\nL, V = torch.linalg.eigh(G @ G.mH)\nreturn (V * L ** p) @ V.mH",
        "p = -0.25\nreturn eiglint.linalg.powm(G @ G.mH, p)",
    ),
    "the positive part": Case(
        "EIG302",
        False,
        "L, V = torch.linalg.eigh(H)\nreturn (V * L.clamp(min=0).unsqueeze(-2)) @ V.mH",
        "return eiglint.linalg.psd_project(H)",
    ),
}


def function(body: str) -> str:
    """Return a program with one function."""
    inside = "".join(f"    {line}\n" for line in body.split("\n"))
    remedies = "import eiglint.linalg\n" if "eiglint.linalg" in body else ""
    return f"{remedies}import torch\n\n\ndef f(H: torch.Tensor, G: torch.Tensor, x: torch.Tensor):\n{inside}"
