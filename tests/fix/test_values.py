"""What a safe fix promises, by execution: the same value, or the right one where the finding proves it was wrong."""

from __future__ import annotations

from typing import Any

import pytest

from .programs import CASES, Case, function

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:torch.(qr|svd) is deprecated")
REMOVED = ("torch.symeig", "torch.eig(")


def call(body: str) -> Any:
    """Run the function of a program on the same matrices."""
    generator = torch.Generator().manual_seed(3)
    G, x = (torch.randn(*size, generator=generator, dtype=torch.complex128) for size in ((4, 4), (4,)))
    names: dict[str, Any] = {}
    exec(function(body), names)
    return names["f"](G + G.mH, G, x)


RUNNABLE = {name: case for name, case in CASES.items() if not any(word in case.before for word in REMOVED)}


@pytest.mark.parametrize("case", RUNNABLE.values(), ids=RUNNABLE)
def test_the_value_stays_or_was_wrong(case: Case) -> None:
    before, after = call(case.before), call(case.after)
    assert before.shape == after.shape
    assert bool(torch.allclose(before.to(after.dtype), after, rtol=1e-9, atol=1e-9)) == case.same


def test_symeig_is_rewritten_to_what_it_was_documented_to_return() -> None:
    H = torch.tensor([[2.0, 1.0], [9.0, 3.0]], dtype=torch.float64)  # its lower triangle was not read
    names: dict[str, Any] = {}
    exec(function(CASES["symeig without vectors"].after), names)
    expected = torch.linalg.eigvalsh(torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)).exp().sum()
    assert torch.allclose(names["f"](H, H, H), expected)


REFERENCES = {
    "the transpose becomes the adjoint": lambda H, G, x: torch.linalg.matrix_exp(H).abs(),
    "a transpose of axes is conjugated": lambda H, G, x: torch.linalg.matrix_exp(H).abs(),
    "an operand of an einsum is conjugated": lambda H, G, x: torch.linalg.matrix_exp(H).abs(),
    "the second of two equal factors is conjugated": lambda H, G, x: torch.ones(4, dtype=torch.float64),
    "a square becomes a product with the conjugate": lambda H, G, x: torch.ones(4, dtype=torch.float64),
    "the adjoint of general vectors is not their inverse": lambda H, G, x: _sine(G) @ x,
}


def _sine(G: Any) -> Any:
    """Return the sine of a matrix by its exponentials."""
    return (torch.linalg.matrix_exp(1j * G) - torch.linalg.matrix_exp(-1j * G)) / 2j


@pytest.mark.parametrize("name", REFERENCES)
def test_where_the_value_was_wrong_it_is_right_afterwards(name: str) -> None:
    generator = torch.Generator().manual_seed(3)
    G, x = (torch.randn(*size, generator=generator, dtype=torch.complex128) for size in ((4, 4), (4,)))
    assert torch.allclose(call(CASES[name].after), REFERENCES[name](G + G.mH, G, x), rtol=1e-9, atol=1e-9)
