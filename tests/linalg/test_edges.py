"""What is refused, in which words, and what is defined at the edge of a function's domain."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch

import eiglint
from eiglint import linalg
from tests.linalg.matrices import with_values

REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a negative value under a root": (
        lambda: linalg.sqrtm(with_values((-0.5, 1.0, 2.0))),
        r"sqrtm: the smallest eigenvalue is -0\.5, a negative number; eps= raises it",
    ),
    "the gradient of a root at 0": (
        lambda: linalg.sqrtm(torch.diag(torch.tensor([0.0, 1.0])).requires_grad_()),
        r"sqrtm: the smallest eigenvalue is 0, and the gradient is infinite at 0",
    ),
    "a logarithm at 0": (
        lambda: linalg.logm(torch.zeros(2, 2)),
        r"logm: the smallest eigenvalue is 0, and must be positive",
    ),
    "a negative power of 0": (lambda: linalg.powm(torch.zeros(2, 2), -1), "powm: an eigenvalue is 0"),
    "a floor of 0": (lambda: linalg.logm(torch.eye(2), eps=0.0), "logm: eps must be positive, and is 0"),
    "a rectangle": (lambda: linalg.expm(torch.ones(2, 3)), r"expm: needs square matrices.* got \(2, 3\)"),
    "integers": (lambda: linalg.expm(torch.ones(2, 2, dtype=torch.long)), "expm: needs float32.* got torch.int64"),
    "half precision": (lambda: linalg.polar(torch.eye(2, dtype=torch.float16)), "polar: needs .* got torch.float16"),
    "a function that sums": (lambda: linalg.funm(torch.eye(2), lambda x: x.sum()), "funm: f must act entry by entry"),
    "a cut in a cluster": (
        lambda: linalg.projector(with_values((1.0, 1.0, 2.0)), 1),
        r"projector: the gap at the cut, between eigenvalues 1 and 2, is .*, 0 to rounding .* is 2\)",
    ),
    "a cut outside": (lambda: linalg.projector(torch.eye(2), 2), "projector: k must be between 1 and 1 .* is 2"),
    "a vector of a cluster": (
        lambda: linalg.eigh_isolated(with_values((1.0, 1.0, 2.0)), 1),
        "eigh_isolated: the distance of eigenvalue 1 from the nearest is .*, 0 to rounding",
    ),
    "a vector outside": (lambda: linalg.eigh_isolated(torch.eye(2), -3), "matrices of size 2 have no eigenvalue -3"),
    "the polar factor of a singular matrix": (
        lambda: linalg.polar(torch.ones(2, 2)),
        "polar: the smallest singular value is .*, 0 to rounding .* not determined",
    ),
    "the rotation nearest to a reflection": (
        lambda: linalg.rotation(torch.diag(torch.tensor([1.0, 1.0, -1.0]))),
        "rotation: the two smallest singular values.* add up to 0, 0 to rounding: many rotations",
    ),
    "a complex rotation": (lambda: linalg.rotation(torch.eye(2, dtype=torch.complex64)), "rotation: needs real"),
    "other points": (lambda: linalg.kabsch(torch.ones(4, 3), torch.ones(5, 3)), r"kabsch: .* \(4, 3\) and \(5, 3\)"),
    "other weights": (
        lambda: linalg.kabsch(torch.ones(4, 3), torch.ones(4, 3), torch.ones(3)),
        r"kabsch: the weights of points \(4, 3\) must be \(4,\), and are \(3,\)",
    ),
    "another reference": (
        lambda: linalg.canonicalize(torch.ones(3, 2), like=torch.ones(3, 3)),
        r"canonicalize: like must have the shape of V, \(3, 2\), and has \(3, 3\)",
    ),
    "times in a matrix": (
        lambda: linalg.linear_flow(torch.eye(2), torch.ones(2, 2), torch.ones(2)),
        r"linear_flow: needs .* got \(2, 2\), \(2, 2\) and \(2,\)",
    ),
}


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_is_refused_by_name(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_root_takes_negative_rounding_for_0() -> None:
    A = torch.diag(torch.tensor([-1e-17, 4.0], dtype=torch.float64))
    assert torch.equal(linalg.sqrtm(A), torch.diag(torch.tensor([0.0, 2.0], dtype=torch.float64)))
    assert torch.equal(linalg.powm(A, 0.5), torch.diag(torch.tensor([0.0, 2.0], dtype=torch.float64)))


def test_a_power_above_1_has_a_gradient_at_0() -> None:
    A = torch.diag(torch.tensor([0.0, 4.0], dtype=torch.float64)).requires_grad_()
    linalg.powm(A, 1.5).trace().backward()
    assert torch.allclose(A.grad, torch.diag(torch.tensor([0.0, 3.0], dtype=torch.float64)))


def test_a_floor_gives_smaller_values_no_gradient() -> None:
    A = torch.diag(torch.tensor([-3.0, 4.0], dtype=torch.float64)).requires_grad_()
    root = linalg.sqrtm(A, eps=1.0)
    assert torch.allclose(root, torch.diag(torch.tensor([1.0, 2.0], dtype=torch.float64)))
    root.trace().backward()
    assert torch.allclose(A.grad, torch.diag(torch.tensor([0.0, 0.25], dtype=torch.float64)))


def test_only_the_hermitian_part_is_read() -> None:
    A = with_values((1.0, 2.0, 4.0))
    skew = torch.triu(torch.ones(3, 3, dtype=torch.float64), 1)
    assert torch.allclose(linalg.sqrtm(A + skew - skew.mT), linalg.sqrtm(A))


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64, torch.float64, torch.complex128], ids=str)
def test_the_dtype_is_kept(dtype: torch.dtype, device: str) -> None:
    A = with_values((1.0, 2.0, 4.0), dtype, device).requires_grad_()
    for function in (linalg.sqrtm, linalg.logm, linalg.polar, lambda A: linalg.funm(A, torch.cos)):
        value = function(A)
        assert value.dtype == dtype
        assert torch.autograd.grad(value.abs().sum(), A)[0].dtype == dtype


def test_an_empty_stack_stays_empty() -> None:
    A = torch.zeros(0, 3, 3)
    for function in (linalg.sqrtm, linalg.logm, linalg.polar, linalg.rotation, lambda A: linalg.projector(A, 1)):
        assert function(A).shape == (0, 3, 3)


def test_the_package_is_loaded_when_it_is_asked_for_and_needs_torch_alone() -> None:
    script = """
import sys, eiglint
assert "torch" not in sys.modules and "eiglint.linalg" not in sys.modules
before = set(sys.modules)
eiglint.linalg.sqrtm
new = set(sys.modules) - before
ours = {name for name in new if name.startswith("eiglint.") and not name.startswith("eiglint.linalg")}
assert not ours and "libcst" not in sys.modules, ours
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    assert "linalg" in dir(eiglint)


def test_every_public_name_says_what_it_takes() -> None:
    for name in linalg.__all__:
        assert "(..." in (getattr(linalg, name).__doc__ or "") or name in ("Alignment", "inv_sqrtm", "logm", "expm",
                          "powm", "psd_project"), name  # fmt: skip
