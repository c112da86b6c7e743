"""Moduli, norms and sums over a basis, which forget what a decomposition chose: judged from the text, and executed."""

from __future__ import annotations

import textwrap
from typing import Any, NamedTuple

import pytest
import torch

import eiglint
from eiglint.runtime import gaugecheck


class Program(NamedTuple):
    """The body of a function of A and W, the symmetry that it is asked for, and whether its result moves."""

    body: str
    symmetry: str
    moves: bool


EIG, EIGH = "L, V = torch.linalg.eig(A)\n", "L, V = torch.linalg.eigh(A + A.mH)\n"

PROGRAMS = {
    "a sign laid over the values, and the moduli": Program(EIG + "out = (L * W.sgn()).abs().max()", "order", False),
    "a sign laid over the values": Program(EIG + "out = (L * W.sgn()).exp().sum()", "order", True),
    "signs of the values as weights, and the moduli": Program(EIG + "out = (W * L.sgn()).abs().sum()", "order", False),
    "weights, and the moduli": Program(EIG + "out = (W * L).abs().sum()", "order", True),
    "signs, row by row": Program(EIG + "out = torch.stack([row.abs().sum() for row in V * W.sgn()])", "order", False),
    "signs, row by row, without the moduli": Program(
        EIG + "out = torch.stack([row.pow(2).sum() for row in V * W[0]])", "order", True
    ),
    "a common phase factor on a diagonal": Program(
        EIG + "out = torch.diag(L * L[0].sgn().conj()).abs().sum()", "order", False
    ),
    "a common phase factor, seen": Program(
        EIG + "out = torch.diag(L * L[0].sgn().conj()).exp().real.sum()", "order", True
    ),
    "a common phase factor, of some values": Program(
        EIG + "X = (L * L[0].sgn().conj()).reshape(2, 2)\nout = X.gather(0, torch.tensor([[0, 0]])).abs().sum()",
        "order",
        True,
    ),
    "some of the sorted entries": Program(
        "V = torch.linalg.eigh((A + A.mH).real)[1]\n"
        "out = V.sort(0).values.gather(0, torch.tensor([[0, 1, 0, 1]])).abs().sum()",
        "phase",
        True,
    ),
    "some of the sorted moduli": Program(
        "V = torch.linalg.eigh((A + A.mH).real)[1]\n"
        "out = V.abs().sort(0).values.gather(0, torch.tensor([[0, 1, 0, 1]])).sum()",
        "phase",
        False,
    ),
    "some of the norms": Program(EIGH + "out = (W @ V).norm(dim=0).flip(0)[:1].pow(2)", "rotation", True),
    "signs, turned over": Program(EIG + "out = (V * W[0].sgn()).permute(1, 0).abs().sum()", "order", False),
    "rows of a Gram matrix, doubled": Program(
        EIG + "G = V.mH @ V\nH = torch.zeros_like(G)\nfor k in range(4):\n    H[k] = G[k] * 2\nout = H.abs().sum()",
        "order",
        False,
    ),
    "rows of a Gram matrix, weighted": Program(
        EIG + "G = V.mH @ V\nH = torch.zeros_like(G)\nfor k in range(4):\n    H[k] = G[k] * W[0]\nout = H.abs().sum()",
        "order",
        True,
    ),
    "both parts, negated": Program(EIG + "out = (-torch.view_as_real(V)).norm()", "phase", False),
    "both parts, negated and cubed": Program(EIG + "out = (-torch.view_as_real(V)).pow(3).sum()", "phase", True),
    "a layer with one row": Program(
        "Q, R = torch.linalg.qr(A)\nout = F.linear(R, W[0].to(A.dtype)).abs().sum()", "phase", False
    ),
    "a layer with one row, of the other factor": Program(
        "Q, R = torch.linalg.qr(A)\nout = F.linear(Q, W[0].to(A.dtype)).abs().sum()", "phase", True
    ),
    "a layer without a shift": Program(
        "Q, R = torch.linalg.qr(A)\nout = F.linear(R, W.to(A.dtype)).abs().sum()", "phase", False
    ),
    "a layer with a shift": Program(
        "Q, R = torch.linalg.qr(A)\nout = F.linear(R, W.to(A.dtype), W[0].to(A.dtype)).abs().sum()", "phase", True
    ),
    "rows of root mean square 1": Program(
        "L, V = torch.linalg.eigh((A + A.mH).real)\nout = F.rms_norm(W @ V, (4,)).abs().sum()", "phase", False
    ),
    "rows of root mean square 1, scaled": Program(
        "L, V = torch.linalg.eigh((A + A.mH).real)\nout = F.rms_norm(W @ V, (4,), W[0]).abs().sum()", "phase", False
    ),
    "rows of root mean square 1, not their moduli": Program(
        "L, V = torch.linalg.eigh((A + A.mH).real)\nout = F.rms_norm(W @ V, (4,)).exp().sum()", "phase", True
    ),
    "complex rows, whose squares are added and not their moduli": Program(
        EIGH + "out = F.rms_norm(W @ V, (4,)).abs().sum()", "phase", True
    ),
    "the logarithm of a determinant of modulus 1": Program(
        "U = torch.linalg.svd(A)[0]\nout = (torch.linalg.slogdet(U).logabsdet - U).abs()", "phase", False
    ),
    "the logarithm of the determinant of rows": Program(
        "U = torch.linalg.svd(A)[0]\nout = (torch.linalg.slogdet(U[:2, :2]).logabsdet - U).abs()", "phase", True
    ),
    "signs laid over vectors, and their norm": Program(EIGH + "out = (V * W.sgn()).norm()", "rotation", False),
    "signs laid over vectors, and a norm that is not Euclidean": Program(
        EIGH + "out = (V * W.sgn()).abs().pow(3).sum()", "rotation", True
    ),
    "squares of real vectors, and their moduli": Program(
        "L, V = torch.linalg.eigh((A + A.mH).real)\nout = (V ** 2).abs() @ torch.ones(4, dtype=V.dtype)",
        "rotation",
        False,
    ),
    "squares of complex vectors, and their moduli": Program(
        EIGH + "out = (W @ V).pow(2).abs().sum()", "rotation", False
    ),
    "squares of complex vectors": Program(EIGH + "out = (W @ V).pow(2).abs().exp().sum()", "rotation", True),
    "columns of a batch put together again": Program(
        "V = torch.linalg.eigh(torch.stack([A + A.mH, 2 * (A + A.mH)]))[1]\n"
        "X = torch.stack([V[..., k] for k in range(4)], -1)\nout = X @ X.mH",
        "rotation",
        False,
    ),
    "moduli of moduli": Program(EIGH + "out = (W @ V).abs().abs().pow(2).mean()", "rotation", False),
    "moduli of moduli, cubed": Program(EIGH + "out = (W @ V).abs().abs().pow(3).mean()", "rotation", True),
    "the norm of moduli": Program(EIGH + "out = (W @ V).abs().norm()", "rotation", False),
    "another norm of moduli": Program(EIGH + "out = (W @ V).abs().norm(p=3)", "rotation", True),
    "the norm of norms": Program(EIGH + "out = (W @ V).norm(dim=-2).norm()", "rotation", False),
    "squares of norms": Program(EIGH + "n = (W @ V).norm(dim=-2)\nout = (n * n).sum()", "rotation", False),
    "the sum of norms": Program(EIGH + "out = (W @ V).norm(dim=-2).sum()", "rotation", True),
    "squares of norms, weighted": Program(EIGH + "out = (W @ V).norm(dim=-2).pow(2) * W[0]", "rotation", True),
    "norms of matrices": Program(EIGH + "out = torch.linalg.matrix_norm(W @ V)", "rotation", False),
    "columns of vectors paired with themselves": Program(
        EIGH + "X = W @ V\nout = torch.einsum('ij,ij->j', X, X.conj()).abs().sum()", "rotation", False
    ),
    "projectors, one by one": Program(
        EIGH + "out = sum(torch.outer(V[:, k], V[:, k].conj()) for k in range(4))", "rotation", False
    ),
    "projectors, all but one": Program(
        EIGH + "out = sum(torch.outer(V[:, k], V[:, k].conj()) for k in range(3))", "rotation", True
    ),
    "projectors, weighted by their place": Program(
        EIGH + "out = sum((k + 1) * torch.outer(V[:, k], V[:, k].conj()) for k in range(4))", "rotation", True
    ),
    "projectors, weighted by their values": Program(
        EIGH + "out = sum(l.exp() * torch.outer(v, v.conj()) for l, v in zip(L, V.mT))", "rotation", False
    ),
    "projectors, squared entry by entry": Program(
        EIGH + "out = sum(torch.outer(V[:, k], V[:, k].conj()).abs() ** 2 for k in range(4))", "rotation", True
    ),
    "products of neighbours": Program(
        EIGH + "out = sum(torch.outer(V[:, k], V[:, k - 1].conj()) for k in range(4)).abs()", "rotation", True
    ),
    "columns beside others": Program(
        EIGH + "out = sum(torch.outer(V[:, k], V[:, k].conj()) @ V[:, :1] for k in range(4))", "rotation", True
    ),
    "squares of coordinates": Program(
        EIGH + "out = sum((W[0].to(V.dtype) @ V[:, k]).abs() ** 2 for k in range(4))", "rotation", False
    ),
    "cubes of coordinates": Program(
        EIGH + "out = sum((W[0].to(V.dtype) @ V[:, k]).abs() ** 3 for k in range(4))", "rotation", True
    ),
    "squares of squares": Program(
        EIGH + "D = (W @ V) * (W @ V).conj()\nout = sum((D[:, k].conj() * D[:, k]).sum() for k in range(4))",
        "rotation",
        True,
    ),
    "moduli, row by row": Program(
        EIGH + "out = 0.0\nfor row in V:\n    out = out + row.abs() ** 2\nout = out.sum()", "rotation", False
    ),
    "columns put together again": Program(
        EIGH + "X = torch.stack([V[:, k] for k in range(4)], -1)\nout = X @ torch.diag(L.exp().to(V.dtype)) @ X.mH",
        "rotation",
        False,
    ),
    "columns put together again, one of them twice": Program(
        EIGH + "X = torch.stack([V[:, k] for k in (0, 1, 2, 2)], -1)\nout = X @ X.mH", "rotation", True
    ),
    "rows of the adjoint put together again": Program(
        EIGH + "X = torch.stack([V[:, k].conj() for k in range(4)])\nout = V @ X", "rotation", False
    ),
}


def _source(program: Program) -> str:
    body = textwrap.indent(f"{program.body}\nreturn out", "    ")
    dtypes = "torch.complex128", "torch.float64"
    A, W = (f"torch.randn(4, 4, dtype={dtype}, requires_grad=True)" for dtype in dtypes)
    head = "import torch\nfrom torch.nn import functional as F\n"
    body = body.replace("W @ V", "W.to(V.dtype) @ V")
    return f"{head}\n\ndef f(A, W):\n{body}\n\n\ndef example():\n    return f({A}, {W})\n"


def _inputs(symmetry: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a matrix, with equal eigenvalues where the basis of these is asked for, and weights."""
    generator = torch.Generator().manual_seed(3)
    A = torch.randn(4, 4, generator=generator, dtype=torch.complex128)
    if symmetry == "rotation":
        Q = torch.linalg.qr(A.real).Q
        A = (Q @ torch.diag(torch.tensor([1.0, 1.0, 2.3, 2.3], dtype=torch.float64)) @ Q.mT / 2).to(A.dtype)
    return A, torch.randn(4, 4, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_said_of_moduli_and_norms_is_what_execution_shows(name: str) -> None:
    program = PROGRAMS[name]
    names: dict[str, Any] = {}
    exec(_source(program), names)
    shown = gaugecheck(
        names["f"],
        _inputs(program.symmetry),
        symmetries=(program.symmetry,),
        raise_exception=False,
        check_grad=False,
        cluster_rtol=1e-6,
    )
    assert getattr(shown, program.symmetry).invariant is not program.moves
    said = {getattr(site, program.symmetry) for site in eiglint.check_source(_source(program)).sites}
    assert said & {"dependent", "leaves"} if program.moves else said == {"invariant"}
