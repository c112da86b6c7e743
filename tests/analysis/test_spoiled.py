"""Outputs that were written to in place: no gradient comes back through them, because the backward raises."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

import eiglint
from eiglint.models import load
from eiglint.source.config import Options

if TYPE_CHECKING:
    import torch as T

HEAD = "import torch\n"

PROGRAMS = {
    "values are shifted in place": """
        def run(A, shift=0.5):
            L, V = torch.linalg.eigh(A)
            L.add_(shift)
            return torch.einsum("ij,j,kj->ik", V, 1 / L, V)
    """,
    "values are raised to a power in place, after the vectors were read": """
        def run(A, power=0.5):
            U, S, Vh = torch.linalg.svd(A)
            return U @ S.pow_(power).diag() @ Vh
    """,
    "the left vectors are masked in place": """
        def run(A):
            U, S, Vh = torch.linalg.svd(A)
            U *= S > 0.1
            return U @ Vh
    """,
    "some values are replaced": """
        def run(A, floor=0.1):
            L, V = torch.linalg.eigh(A)
            L[L < floor] = floor
            return V @ torch.diag(L.sqrt()) @ V.mT
    """,
    "a row of the transposed vectors is flipped": """
        def run(A):
            L, V = torch.linalg.eigh(A)
            W = V.mT
            W[0] *= -1
            return V @ torch.diag(L.exp()) @ V.mT
    """,
    "what is made of the values before they change": """
        def run(A):
            L, V = torch.linalg.eigh(A)
            made = V @ torch.diag(L.exp()) @ V.mT
            L.zero_()
            return made
    """,
    "only where there is a decomposition at all": """
        def run(A, white=True):
            if white:
                L, V = torch.linalg.eigh(A)
                L.clamp_min_(0)
                W = V @ torch.diag(L.exp()) @ V.mT
            else:
                W = torch.eye(3, dtype=A.dtype)
            return W @ W
    """,
    "under no_grad, where writes are counted as well": """
        def run(A):
            L, V = torch.linalg.eigh(A)
            with torch.no_grad():
                L.clamp_(min=0)
            return V @ torch.diag(L.exp()) @ V.mT
    """,
    "through a detached view": """
        def run(A):
            L, V = torch.linalg.eigh(A)
            D = L.detach()
            D.clamp_(min=0)
            return V @ torch.diag(L.exp()) @ V.mT
    """,
    "through data, where writes are not counted": """
        def run(A):
            L, V = torch.linalg.eigh(A)
            L.data.clamp_(min=0)
            return V @ torch.diag(L.exp()) @ V.mT
    """,
    "a copy of the values": """
        def run(A):
            L, V = torch.linalg.eigh(A)
            M = L.clone()
            M.add_(1)
            return V @ torch.diag(M.sqrt()) @ V.mT
    """,
    "what is made of the values": """
        def run(A):
            L, V = torch.linalg.eigh(A)
            M = L + 0
            M.add_(1)
            return V @ torch.diag(M.sqrt()) @ V.mT
    """,
    "vectors that were made contiguous, which copies them": """
        def run(A):
            L, V = torch.linalg.eigh(A)
            V = V.contiguous()
            V *= -1
            return V @ torch.diag(L.exp()) @ V.mT
    """,
    "in one of two branches, and not in the one that is taken": """
        def run(A, shifted=False):
            L, V = torch.linalg.eigh(A)
            if shifted:
                L.add_(1)
            return V @ torch.diag(L.exp()) @ V.mT
    """,
    "an earlier decomposition of a loop": """
        def run(A):
            for step in range(2):
                L, V = torch.linalg.eigh(A)
                made = V @ torch.diag(L.exp()) @ V.mT
                if step < 1:
                    L.add_(1)
            return made
    """,
    "another decomposition": """
        def run(A):
            L, V = torch.linalg.eigh(A)
            M, W = torch.linalg.eigh(A @ A)
            M.add_(1)
            return V @ torch.diag(L.exp()) @ V.mT
    """,
    "what is decomposed is divided by its own norm in place": """
        def run(A):
            A = A - A.mean()
            A /= torch.linalg.norm(A)
            L, V = torch.linalg.eigh(A)
            return V @ torch.diag(L.exp()) @ V.mT
    """,
    "what is decomposed is divided by a norm that was taken of a copy": """
        def run(A):
            A = A - A.mean()
            A /= torch.linalg.norm(A.clone())
            L, V = torch.linalg.eigh(A)
            return V @ torch.diag(L.exp()) @ V.mT
    """,
    "what is decomposed is divided by its sum, which needs nothing": """
        def run(A):
            A = A + 1
            A /= A.sum()
            L, V = torch.linalg.eigh(A)
            return V @ torch.diag(L.exp()) @ V.mT
    """,
}


COPIED = """
    def run(A):
        L, V = torch.linalg.eigh(A)
        L[L < 100].mul_(2)
        return V @ torch.diag(L.exp()) @ V.mT
"""


def test_a_write_to_what_a_mask_picks_changes_a_copy() -> None:
    torch = pytest.importorskip("torch")
    text = HEAD + dedent(COPIED)
    assert [f.code for f in eiglint.check_source(text).findings] == ["EIG302"]
    names: dict[str, Any] = {}
    exec(text, names)
    assert torch.allclose(names["run"](matrix(torch)), torch.linalg.matrix_exp(matrix(torch)))
    assert comes_back(text)


def comes_back(text: str) -> bool:
    """Run a program and tell whether a gradient comes back from what it returns."""
    torch = pytest.importorskip("torch")
    names: dict[str, Any] = {}
    exec(text, names)
    made = names["run"](matrix(torch).requires_grad_())
    try:
        made.square().sum().backward()
    except RuntimeError as error:
        if "inplace operation" not in str(error):
            raise
        return False
    return True


def matrix(torch: Any) -> T.Tensor:
    root = torch.randn(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    made: T.Tensor = root @ root.mT
    return made


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_said_of_a_gradient_where_the_backward_raises(name: str) -> None:
    text = HEAD + dedent(PROGRAMS[name])
    options = Options(select=("EIG301", "EIG302", "EIG309"))
    assert bool(eiglint.check_source(text, options=options).findings) == comes_back(text)


SAVED = sorted(name for name in load().decompositions if (m := load().get(name)) and m.options.get("saved"))


def test_torch_is_said_to_save_what_it_decomposes_into() -> None:
    assert {"torch.linalg.eigh", "torch.linalg.svd", "torch.linalg.qr", "torch.svd"} <= set(SAVED)


@pytest.mark.parametrize("name", SAVED)
def test_torch_refuses_to_go_back_through_outputs_that_were_written_to(name: str) -> None:
    torch = pytest.importorskip("torch")
    if name == "torch.Tensor.qr":
        name = "torch.qr"
    home, _, last = name.rpartition(".")
    call = getattr({"torch": torch, "torch.linalg": torch.linalg, "torch.Tensor": torch.Tensor}[home], last)
    made = call(matrix(torch).requires_grad_())
    for place in range(1 if isinstance(made, torch.Tensor) else len(made)):
        again = call(matrix(torch).requires_grad_())
        outputs = [again] if isinstance(again, torch.Tensor) else list(again)
        outputs[place].mul_(2)
        for one in outputs:
            with pytest.raises(RuntimeError, match="inplace operation"):
                one.abs().sum().backward(retain_graph=True)


NEEDING = sorted(name for name in load() if (m := load().get(name)) and m.options.get("saves_input"))


@pytest.mark.parametrize("name", NEEDING)
def test_torch_refuses_to_go_back_through_a_reduction_whose_argument_was_written_to(name: str) -> None:
    torch = pytest.importorskip("torch")
    call = torch
    for part in name.split(".")[1:]:
        call = getattr(call, part)
    x = matrix(torch).requires_grad_() * 1
    x /= call(x)
    with pytest.raises(RuntimeError, match="inplace operation"):
        x.sum().backward()
