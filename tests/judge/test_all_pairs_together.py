"""What takes all pairs of `eig` one by one, rearranged or in parts: judged from the text, and executed."""

from __future__ import annotations

import textwrap
from typing import Any, NamedTuple

import pytest
import torch

import eiglint
from eiglint.runtime import gaugecheck


class Program(NamedTuple):
    """The body of a function of A, whether its result moves with the order, and what A is."""

    body: str
    moves: bool
    complex_: bool = True
    shape: tuple[int, ...] = (4, 4)


BATCH = (3, 4, 4)

PROGRAMS = {
    "the halves of the columns": Program(
        "low, high = torch.linalg.eig(A)[1].chunk(2, -1)\nout = low @ low.mH + high @ high.mH", moves=False
    ),
    "the halves of the columns, squared one by one": Program(
        "low, high = torch.linalg.eig(A)[1].chunk(2, -1)\nout = (low @ low.mH) ** 2 + (high @ high.mH) ** 2", moves=True
    ),
    "one half of the columns": Program(
        "low, high = torch.linalg.eig(A)[1].chunk(2, -1)\nout = low @ low.mH + low @ low.mH", moves=True
    ),
    "the rows of a Gram matrix": Program(
        "V = torch.linalg.eig(A)[1]\nout = torch.stack([row.abs() for row in V.mH @ V]).exp().sum()", moves=False
    ),
    "the rows of a Gram matrix, weighted": Program(
        "V = torch.linalg.eig(A)[1]\n"
        "w = torch.arange(4.0)\n"
        "out = torch.stack([row.abs() * w for row in V.mH @ V]).exp().sum()",
        moves=True,
    ),
    "values there twice": Program(
        "L = torch.linalg.eigvals(A).repeat(2)\nout = sum(L[k].abs().exp() for k in range(8))", moves=False
    ),
    "values beside others": Program(
        "L = torch.cat([torch.ones(2), torch.linalg.eigvals(A)])\nout = torch.outer(L, L).abs().exp().sum()",
        moves=False,
    ),
    "values beside others, some of them": Program(
        "L = torch.cat([torch.ones(2), torch.linalg.eigvals(A)])\nout = L[:4].abs().sum()", moves=True
    ),
    "values rolled and multiplied": Program("L = torch.linalg.eigvals(A)\nout = (L.roll(1) * L).sum()", moves=True),
    "values rolled and raised": Program("out = torch.fft.fftshift(torch.linalg.eigvals(A)).exp().sum()", moves=False),
    "a batch, column by column": Program(
        "V = torch.linalg.eig(A)[1]\nout = sum(V[..., k].abs().pow(4).sum() for k in range(4))",
        moves=False,
        shape=BATCH,
    ),
    "a batch, column by column, squared": Program(
        "V = torch.linalg.eig(A)[1]\n"
        "columns = [V[..., k].abs().pow(4).sum() for k in range(4)]\n"
        "out = torch.stack(columns).pow(2).sum()",
        moves=True,
        shape=BATCH,
    ),
    "columns of unlike batch elements": Program(
        "L = torch.linalg.eigvals(A)\nout = sum(torch.outer(L[:, k], L[:, k].conj()) for k in range(4)).imag",
        moves=True,
        shape=BATCH,
    ),
    "a batch taken apart and stored again": Program(
        "V = torch.linalg.eig(A)[1]\n"
        "W = torch.zeros_like(V)\n"
        "for k in range(3):\n"
        "    W[k] = V[k] * 2\n"
        "out = (W.abs() * V.abs()).sum()",
        moves=False,
        shape=BATCH,
    ),
    "rows taken where values are large": Program(
        "L, V = torch.linalg.eig(A)\nrows = V[L.abs() > 0.9]\nout = (rows.abs() ** 2).sum()", moves=True
    ),
    "rows in the order of the values": Program(
        "L, V = torch.linalg.eig(A)\nout = V[L.abs().argsort()].abs().exp().sum()", moves=False
    ),
    "rows in the order of the values, one of them": Program(
        "L, V = torch.linalg.eig(A)\nout = V[L.abs().argsort()][0].abs().sum()", moves=True
    ),
    "a determinant and more": Program("out = torch.linalg.det(torch.linalg.eig(A)[1].abs()) + 1", moves=True),
    "a function of a determinant, and of its negative": Program(
        "d = torch.linalg.det(torch.linalg.eig(A)[1].abs())\nout = torch.exp(d) + torch.exp(-d)", moves=False
    ),
    "determinants of a batch, summed": Program(
        "out = torch.linalg.det(torch.linalg.eig(A)[1].abs()).sum()", moves=True, shape=BATCH
    ),
    "the modulus of the largest value": Program(
        "L = torch.linalg.eigvals(A)\nout = L[L.abs().argmax()].conj().abs()", moves=False, complex_=False
    ),
    "values sorted by their moduli, beside those as they came": Program(
        "L = torch.linalg.eigvals(A)\nout = (L[L.abs().argsort()] * L).abs().exp().sum()", moves=True, complex_=False
    ),
    "moduli in the order of the moduli": Program(
        "V = torch.linalg.eig(A)[1]\nout = V[:, V.abs().sum(0).argsort()].abs()", moves=False, complex_=False
    ),
    "the norms of a Gram matrix's columns": Program(
        "V = torch.linalg.eig(A)[1]\nG = V.mH @ V\nout = sum(G[:, k].norm() for k in range(4))", moves=False
    ),
    "the norms of a Gram matrix's columns, beside values": Program(
        "L, V = torch.linalg.eig(A)\nG = V.mH @ V\nout = sum((G[:, k].norm() * L.abs().exp())[0] for k in range(4))",
        moves=True,
    ),
    "pairs in the order of other values": Program(
        "V = torch.linalg.eig(A)[1]\n"
        "places = torch.linalg.eigvals(A @ A).real.argsort()\n"
        "out = V[:, places].abs().exp().sum()",
        moves=False,
    ),
    "phase factors": Program("x = torch.linalg.eigvals(A)\nout = (x / x.abs()).abs()", moves=False),
    "a batch, rolled": Program(
        "L = torch.linalg.eigvals(A)\nout = (L.roll(1, 0) - L).abs().sum()", moves=True, shape=BATCH
    ),
    "the norm of the differences within the largest vector": Program(
        "V = torch.linalg.eig(A)[1]\nv = V[:, V.abs().pow(4).sum(0).argmax()]\nout = (v[:, None] - v[None, :]).norm()",
        moves=False,
        complex_=False,
    ),
    "factors of modulus 1": Program(
        "V, w = torch.linalg.eig(A)[1], torch.linspace(-1, 1, 4)\n"
        "x = V * w.sgn()\n"
        "out = torch.einsum('ij,ij->j', x, x.conj()).real.exp().sum()",
        moves=False,
    ),
    "one column turned around": Program(
        "V = torch.linalg.eig(A)[1].clone()\nV[..., 0] = -V[..., 0]\nout = V.mT.abs().exp().sum()", moves=False
    ),
    "moduli added to others": Program("out = (torch.linalg.eig(A)[1].abs() + A.abs()).abs().sum()", moves=False),
}


def _source(program: Program) -> str:
    body = textwrap.indent(f"{program.body}\nreturn out", "    ")
    dtype = "torch.complex128" if program.complex_ else "torch.float64"
    call = f"f(torch.randn({', '.join(map(str, program.shape))}, dtype={dtype}, requires_grad=True))"
    return f"import torch\n\n\ndef f(A):\n{body}\n\n\ndef example():\n    return {call}\n"


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_said_of_the_order_is_what_execution_shows(name: str) -> None:
    program = PROGRAMS[name]
    names: dict[str, Any] = {}
    exec(_source(program), names)
    dtype = torch.complex128 if program.complex_ else torch.float64
    generator = torch.Generator().manual_seed(3)
    A = torch.randn(program.shape, generator=generator, dtype=dtype)
    shown = gaugecheck(names["f"], (A,), symmetries=("order",), raise_exception=False, check_grad=False)
    assert shown.order.invariant is not program.moves  # type: ignore[union-attr]
    said = {site.order for site in eiglint.check_source(_source(program)).sites}
    assert said & {"dependent", "leaves"} if program.moves else said == {"invariant"}
