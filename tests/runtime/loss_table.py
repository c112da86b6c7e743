"""Losses in 25 rows whose verdict is known from mathematics, and what each way to look at them says.

`python tests/runtime/loss_table.py` prints the table as it was measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from eiglint.evidence.verdict import verdict_of
from eiglint.runtime import gaugecheck, watch

eig, eigh, svd, qr = torch.linalg.eig, torch.linalg.eigh, torch.linalg.svd, torch.linalg.qr


def weights(like: Tensor, *shape: int) -> Tensor:
    """Fixed weights, not affine in any index."""
    count = torch.Size(shape or like.shape).numel()
    numbers = torch.arange(1, count + 1, dtype=torch.float64, device=like.device)
    return torch.sin(numbers**2).reshape(shape or like.shape).to(like.real.dtype)


def vector(like: Tensor) -> Tensor:
    return weights(like, like.shape[-1]).to(like.dtype)


def rebuilt(A: Tensor, adjoint: Callable[[Tensor], Tensor]) -> Tensor:
    L, V = eigh(A)
    return (V @ torch.diag(torch.exp(L)).to(V.dtype) @ adjoint(V) * weights(V)).real.sum()


def off_diagonal(A: Tensor) -> Tensor:
    V = eigh(A).eigenvectors
    return V[:, 0].conj() @ weights(V).to(V.dtype) @ V[:, 1]


def by_largest_entry(V: Tensor) -> Tensor:
    rows = V.abs().argmax(dim=0, keepdim=True)
    return V * V.gather(0, rows).sgn().conj()


def berry(A: Tensor) -> Tensor:
    shift = weights(A).to(A.dtype)
    a, b, c = (eigh(A + k * (shift + shift.mH)).eigenvectors[:, 0] for k in (0.0, 0.3, 0.7))
    return (torch.vdot(a, b) * torch.vdot(b, c) * torch.vdot(c, a)).angle()


def whitened(A: Tensor) -> Tensor:
    L, V = eigh(A @ A.mT)
    return (V / L.sqrt()).mT @ vector(A)


def flow(A: Tensor, left: Callable[[Tensor], Tensor]) -> Tensor:
    L, V = eig(A)
    return V @ (torch.exp(L) * (left(V) @ vector(V))) * vector(V)


def energy(A: Tensor) -> Tensor:
    v = eigh(A).eigenvectors[:, 0]
    other = weights(A).to(A.dtype)
    return torch.vdot(v, (other + other.mH) @ v)


def root(A: Tensor) -> Tensor:
    L, V = eigh(A)
    return V @ torch.diag(L.sqrt()) @ V.mT


def zca(A: Tensor) -> Tensor:
    L, V = eigh(A @ A.mT)
    return V @ torch.diag(L.rsqrt()) @ V.mT @ vector(A)


def kabsch(U: Tensor, V: Tensor) -> Tensor:
    d = torch.det(V @ U.mT)
    return V @ torch.diag(torch.stack([torch.ones_like(d)] * (len(V) - 1) + [d])) @ U.mT


def network(V: Tensor) -> Tensor:
    return torch.tanh(V * weights(V) + 0.3).sum(0)


class Seen(NamedTuple):
    """What is said of a loss.

    `phase`, and for eig `order`: whether other phases, signs or orders leave it alone, by mathematics and by
    gaugecheck. `torch`: whether its backward raises. `watch`: the verdict on one backward, without the analysis of
    this file.
    """

    phase: str
    order: str
    torch: str
    watch: str


class Loss(NamedTuple):
    """A loss, what it is of, and what is expected of it."""

    row: int
    name: str
    of: str
    loss: Callable[[Tensor], Tensor]
    expected: Seen


FINE = Seen("invariant", "", "silent", "well-defined")
REFUSED = Seen("dependent", "", "raises", "phase-dependent")
MISSED = Seen("dependent", "", "silent", "phase-dependent")
SIGNED = Seen("dependent", "", "silent", "unsettled")
UNSIGNED = Seen("invariant", "", "silent", "unsettled")
UNORDERED = Seen("invariant", "invariant", "silent", "unsettled")
ORDERED = Seen("invariant", "dependent", "silent", "unsettled")
REFUSED_AND_ORDERED = Seen("dependent", "dependent", "raises", "phase-dependent")
STATIONARY = Seen("dependent", "invariant", "silent", "unsettled")

LOSSES = [
    Loss(1, "sum of the real part", "complex hermitian", lambda A: eigh(A).eigenvectors.real.sum(), REFUSED),
    Loss(
        1,
        "real overlap",
        "complex hermitian",
        lambda A: torch.vdot((1 + 1j) * vector(A), eigh(A)[1][:, 0]).real,
        REFUSED,
    ),
    Loss(
        1,
        "real overlap, a hundredth of it",
        "complex hermitian",
        lambda A: 0.01 * torch.vdot((1 + 1j) * vector(A), eigh(A)[1][:, 0]).real,
        MISSED,
    ),
    Loss(
        1, "distance to a target", "complex hermitian", lambda A: (eigh(A)[1].real - weights(A)).pow(2).mean(), REFUSED
    ),
    Loss(1, "angle of an entry", "complex hermitian", lambda A: eigh(A)[1][1, 0].angle(), REFUSED),
    Loss(1, "real part of the determinant", "complex hermitian", lambda A: torch.det(eigh(A)[1]).real, REFUSED),
    Loss(
        2, "square without conjugate", "complex hermitian", lambda A: (eigh(A)[1] ** 2 * weights(A)).real.sum(), REFUSED
    ),
    Loss(3, "transpose for adjoint", "complex hermitian", lambda A: rebuilt(A, lambda V: V.mT), REFUSED),
    Loss(4, "element between two vectors", "complex hermitian", lambda A: off_diagonal(A).real, REFUSED),
    Loss(5, "squared modulus", "complex hermitian", lambda A: (eigh(A)[1].abs() ** 2 * weights(A)).sum(), FINE),
    Loss(5, "squared overlap", "complex hermitian", lambda A: torch.vdot(vector(A), eigh(A)[1][:, 0]).abs() ** 2, FINE),
    Loss(5, "squared element", "complex hermitian", lambda A: off_diagonal(A).abs() ** 2, FINE),
    Loss(
        5, "modulus of the determinant", "complex hermitian", lambda A: eigh(A)[1].det().abs() * eigh(A)[0].sum(), FINE
    ),
    Loss(
        5,
        "squared distance of moduli",
        "complex hermitian",
        lambda A: (eigh(A)[1].abs() - weights(A).real).pow(2).mean(),
        FINE,
    ),
    Loss(6, "matrix function", "complex hermitian", lambda A: rebuilt(A, lambda V: V.mH), FINE),
    Loss(6, "weighted values", "complex hermitian", lambda A: (eigh(A)[0] * weights(A, A.shape[-1])).sum(), FINE),
    Loss(6, "energy of a vector in another matrix", "complex hermitian", lambda A: energy(A).real, FINE),
    Loss(
        7,
        "angle inside one column",
        "complex hermitian",
        lambda A: (lambda V: V[0, 0] * V[1, 0].conj())(eigh(A)[1]).angle(),
        FINE,
    ),
    Loss(8, "closed loop of overlaps", "complex hermitian", berry, FINE),
    Loss(
        9,
        "phase fixed by the largest entry",
        "complex hermitian",
        lambda A: (by_largest_entry(eigh(A)[1]).real * weights(A)).sum(),
        FINE,
    ),
    Loss(10, "sum", "real hermitian", lambda A: eigh(A)[1].sum(), SIGNED),
    Loss(10, "relu", "real hermitian", lambda A: eigh(A)[1].relu().sum(), SIGNED),
    Loss(10, "cube", "real hermitian", lambda A: (eigh(A)[1] ** 3 * weights(A)).sum(), SIGNED),
    Loss(10, "linear layer", "real hermitian", lambda A: eigh(A)[1][:, :2] @ weights(A, 2, 3), SIGNED),
    Loss(
        10, "signed cosine", "real hermitian", lambda A: torch.cosine_similarity(eigh(A)[1][:, 0], vector(A), 0), SIGNED
    ),
    Loss(11, "whitened coordinates", "real square", whitened, SIGNED),
    Loss(12, "squares", "real hermitian", lambda A: (eigh(A)[1] ** 2 * weights(A)).sum(), UNSIGNED),
    Loss(12, "moduli", "real hermitian", lambda A: eigh(A)[1].abs() * weights(A), UNSIGNED),
    Loss(
        12,
        "squared cosine",
        "real hermitian",
        lambda A: 1 - torch.cosine_similarity(eigh(A)[1][:, 0], vector(A), 0) ** 2,
        UNSIGNED,
    ),
    Loss(12, "length of whitened coordinates", "real square", lambda A: whitened(A).square().sum(), UNSIGNED),
    Loss(
        12,
        "both signs through a network",
        "real hermitian",
        lambda A: (lambda V: network(V) + network(-V))(eigh(A)[1]),
        UNSIGNED,
    ),
    Loss(13, "exponential", "real hermitian", lambda A: rebuilt(A, lambda V: V.mT), UNSIGNED),
    Loss(13, "projector", "real hermitian", lambda A: (lambda V: V @ V.mT)(eigh(A)[1][:, :2]), UNSIGNED),
    Loss(
        13,
        "clamped",
        "real hermitian",
        lambda A: (lambda L, V: V @ torch.diag(L.clamp(min=0)) @ V.mT)(*eigh(A)),
        UNSIGNED,
    ),
    Loss(13, "square root", "real square", lambda A: (root(A @ A.mT) * weights(A)).sum(), UNSIGNED),
    Loss(13, "whitened and turned back", "real square", lambda A: zca(A).sum(), UNSIGNED),
    Loss(
        14,
        "sign fixed by the largest entry",
        "real hermitian",
        lambda A: (by_largest_entry(eigh(A)[1]) * weights(A)).sum(),
        UNSIGNED,
    ),
    Loss(15, "linear flow", "real turning", lambda A: flow(A, torch.linalg.inv), UNORDERED),
    Loss(
        15,
        "modulus of coordinates",
        "real turning",
        lambda A: (lambda V: torch.linalg.solve(V, vector(V)).abs())(eig(A)[1]),
        ORDERED,
    ),
    Loss(16, "adjoint for inverse", "real turning", lambda A: flow(A, lambda V: V.mH), UNORDERED),
    Loss(
        17,
        "flow without the inverse",
        "real turning",
        lambda A: flow(A, lambda V: torch.eye(len(V), dtype=V.dtype, device=V.device)).real,
        REFUSED_AND_ORDERED,
    ),
    Loss(18, "real part, real spectrum", "real hermitian", lambda A: eig(A)[1].real.sum(), STATIONARY),
    Loss(
        18,
        "real coordinates, real spectrum",
        "real hermitian",
        lambda A: torch.linalg.solve(eig(A)[1], vector(A) + 0j).real.sum(),
        STATIONARY,
    ),
    Loss(19, "weighted moduli", "real turning", lambda A: (eig(A)[1].abs() * weights(A)).sum(), ORDERED),
    Loss(19, "largest modulus", "real turning", lambda A: eig(A)[0].abs().max(), UNORDERED),
    Loss(19, "first eigenvalue", "real turning", lambda A: eig(A)[0][0].real, ORDERED),
    Loss(
        20,
        "singular vectors",
        "complex square",
        lambda A: (lambda r: (r.U * weights(A)).real.sum() + r.Vh.real.sum())(svd(A)),
        REFUSED,
    ),
    Loss(
        20,
        "V taken for Vh",
        "complex square",
        lambda A: (lambda U, S, Vh: (U @ torch.diag(S).to(U.dtype) @ Vh.mH * weights(A)).real.sum())(*svd(A)),
        REFUSED,
    ),
    Loss(
        21, "polar factor", "complex square", lambda A: (lambda r: (r.U @ r.Vh * weights(A)).real.sum())(svd(A)), FINE
    ),
    Loss(21, "low rank", "complex square", lambda A: (lambda U, S, Vh: (U[:, :2] * S[:2]) @ Vh[:2])(*svd(A)), FINE),
    Loss(21, "moduli", "complex square", lambda A: (lambda r: r.U.abs() * weights(A) + r.Vh.abs())(svd(A)), FINE),
    Loss(22, "nearest rotation", "real square", lambda A: (lambda U, _, Vh: kabsch(U, Vh.mT))(*svd(A)), UNSIGNED),
    Loss(22, "projector", "real square", lambda A: (lambda U: U[:, :2] @ U[:, :2].mT)(svd(A).U), UNSIGNED),
    Loss(22, "scaled null vector", "real wide", lambda A: (lambda h: h / h[-1])(svd(A).Vh[-1]), UNSIGNED),
    Loss(22, "raw null vector", "real wide", lambda A: svd(A).Vh[-1].sum(), SIGNED),
    Loss(
        23,
        "V taken for Vh in the nearest rotation",
        "real square",
        lambda A: (lambda U, _, V: kabsch(U, V.mT))(*torch.svd(A)),
        SIGNED,
    ),
    Loss(23, "left vectors", "real square", lambda A: (svd(A).U * weights(A)).sum(), SIGNED),
    Loss(
        23,
        "principal scores",
        "real tall",
        lambda A: (lambda U, S, _: U * S - weights(A))(*svd(A, full_matrices=False)),
        SIGNED,
    ),
    Loss(24, "Q", "real square", lambda A: (qr(A).Q * weights(A)).sum(), SIGNED),
    Loss(24, "complex Q", "complex square", lambda A: (qr(A).Q * weights(A)).real.sum(), MISSED),
    Loss(25, "projector of Q", "real tall", lambda A: (lambda Q: Q @ Q.mT)(qr(A).Q), UNSIGNED),
    Loss(
        25,
        "sign fixed by the diagonal",
        "real square",
        lambda A: (lambda Q, R: Q * R.diagonal().sign() * weights(A))(*qr(A)),
        UNSIGNED,
    ),
    Loss(25, "log determinant", "real square", lambda A: qr(A).R.diagonal().abs().log().sum(), UNSIGNED),
]


def matrix_of(of: str, device: str = "cpu") -> Tensor:
    """Draw a matrix with distinct eigenvalues and singular values."""
    field, kind = of.split()
    rows, columns = {"wide": (4, 5), "tall": (6, 3)}.get(kind, (4, 4))
    dtype = torch.complex128 if field == "complex" else torch.float64
    drawn = torch.randn(rows, columns, dtype=dtype, generator=torch.Generator().manual_seed(0))
    if kind == "hermitian":
        drawn = (drawn + drawn.mH) / 2
    if kind == "turning":  # two pairs of complex eigenvalues
        drawn = drawn - drawn.mT + torch.diag(torch.arange(4.0, dtype=dtype) / 4)
    return drawn.to(device).requires_grad_()


def measure(case: Loss, device: str = "cpu") -> Seen:
    """Look at a loss in every way."""
    symmetries = ("phase", "order") if case.expected.order else ("phase",)
    checked = gaugecheck(case.loss, matrix_of(case.of, device), symmetries=symmetries, raise_exception=False)
    words = {True: "invariant", False: "dependent", None: "unsettled"}
    raised = "silent"
    with watch() as report:
        value = case.loss(matrix_of(case.of, device))
        try:
            (value * weights(value) if value.dim() else value).real.sum().backward()
        except RuntimeError as error:
            if "up to multiplication" not in str(error):
                raise
            raised = "raises"
    verdicts = {verdict_of(site) for site in report.evidence().sites if site.backwards}
    return Seen(
        words[checked.phase.invariant],
        words[checked.order.invariant] if case.expected.order else "",
        raised,
        " and ".join(sorted(verdicts)),
    )


def as_markdown() -> str:
    """Measure all losses and give the table."""
    head = ("row", "of", "loss", "phase", "order", "torch", "watch")
    lines = [head, ("---",) * len(head)]
    lines += [(str(case.row), case.of, case.name, *(word or "-" for word in measure(case))) for case in LOSSES]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(as_markdown())
