"""What the linter knows of eiglint.linalg, by the names that are there and by execution."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import eiglint
from eiglint import linalg
from eiglint.models import load

MODELS = load()
PREFIX = "eiglint.linalg."
NAMES = sorted(name.removeprefix(PREFIX) for name in MODELS if name.startswith(PREFIX))
FUNCTIONS = [name for name in NAMES if (model := MODELS.get(PREFIX + name)) is not None and model.kind == "matfun"]
FOLLOWED = [name for name in NAMES if (model := MODELS.get(PREFIX + name)) is not None and model.kind != "opaque"]
MORE = {"powm": {"0.7": 0.7}, "projector": {"2": 2}, "funm": {"torch.sin": torch.sin}}
"""What else the functions take, as it is written and what it is."""


def test_the_table_names_every_public_function_and_no_other() -> None:
    assert sorted(name for name in linalg.__all__ if inspect.isfunction(getattr(linalg, name))) == NAMES


@pytest.mark.parametrize("name", FOLLOWED)
def test_parameters_are_those_of_the_function(name: str) -> None:
    model = MODELS.get(PREFIX + name)
    assert model is not None
    assert [p for p in model.params if p != "*"] == list(inspect.signature(getattr(linalg, name)).parameters)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("change", ["phases", "order"])
def test_a_change_of_basis_goes_through(name: str, change: str) -> None:
    function: Callable[..., Tensor] = getattr(linalg, name)
    X = torch.complex(*torch.randn(2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3)))
    A = X @ X.mH + torch.diag(torch.arange(4.0))
    phases = torch.diag(torch.exp(1j * torch.arange(4, dtype=torch.float64)))
    D = phases if change == "phases" else torch.eye(4, dtype=A.dtype)[[2, 0, 3, 1]]
    more = MORE.get(name, {}).values()
    assert torch.allclose(function(D.mH @ A @ D, *more), D.mH @ function(A, *more) @ D)


def phase_of(body: str) -> str:
    """Return what the linter says of the phases of a decomposition used like this."""
    (phase,) = check(body).values()
    return phase


def check(body: str) -> dict[str, str]:
    """Return the same of each call of a program."""
    source = f"import torch\nfrom eiglint import linalg\n\ndef loss(A, M):\n    L, V = torch.linalg.eigh(A)\n{body}"
    return {site.call: site.phase for site in eiglint.check_source(source, path="program.py").sites}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_a_matrix_in_the_basis_is_followed_back_out_of_it(name: str) -> None:
    arguments = ", ".join(["V.mH @ M @ V", *MORE.get(name, {})])
    inside = f"    F = linalg.{name}({arguments})\n"
    assert phase_of(inside + "    return (V @ F @ V.mH).real.sum()\n") == "invariant"
    assert phase_of(inside + "    return F.real.sum()\n") == "dependent"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_the_matrix_itself_opens_no_gauge(name: str) -> None:
    arguments = ", ".join(["A", *MORE.get(name, {})])
    assert phase_of(f"    return (linalg.{name}({arguments}) * M).real.sum() + L.sum()\n") == "invariant"


def test_a_power_that_depends_on_the_phase_is_not_taken_for_a_number() -> None:
    body = "    return (V @ linalg.powm(V.mH @ M @ V, V[0, 0].real) @ V.mH).real.sum()\n"
    assert phase_of(body) != "invariant"


def test_a_function_that_sees_something_with_a_phase_is_not_taken_for_a_plain_one() -> None:
    body = "    return (V @ linalg.funm(V.mH @ M @ V, lambda x: x * {}.real) @ V.mH).real.sum()\n"
    assert phase_of(body.format("M[0, 0]")) == "invariant"
    assert phase_of(body.format("V[0, 0]")) != "invariant"
    assert phase_of("    return linalg.kabsch(M, lambda x: V * x).rotation.sum()\n") == "unknown"


def test_a_flow_moves_a_vector_in_the_basis_and_back_out_of_it() -> None:
    A, x = torch.randn(5, 4, 4, dtype=torch.complex128, generator=torch.Generator().manual_seed(6))[:2]
    D, t, x = phases(4), torch.linspace(0, 1, 3, dtype=torch.float64), x[0]
    assert torch.allclose(linalg.linear_flow(D.mH @ A @ D, t, x @ D.conj()), linalg.linear_flow(A, t, x) @ D.conj())
    body = "    t = torch.linspace(0, 1, 3)\n    x = linalg.linear_flow(V.mH @ M @ V, t, M[0] @ V.conj())\n"
    assert phase_of(body + "    return (x @ V.mT).abs().sum()\n") == "invariant"
    assert phase_of(body + "    return x.real.sum()\n") == "dependent"


def test_the_vector_of_an_isolated_eigenvalue_has_a_phase_and_no_other_freedom() -> None:
    source = "from eiglint import linalg\n\ndef loss(A, M):\n    a, v = linalg.eigh_isolated(A, 1)\n    return {}\n"
    for loss, phase in (("v.real.sum()", "dependent"), ("(v[:, None] * v.conj() * M).real.sum() + a", "invariant")):
        (site,) = eiglint.check_source(source.format(loss), path="program.py").sites
        assert (site.phase, site.order, site.rotation) == (phase, "none", "none")


def test_a_pair_is_fixed_together() -> None:
    body = "    U, S, Vh = torch.linalg.svd(M, full_matrices=False)\n    U, Vh = linalg.canonicalize_pair(U, Vh{})\n"
    for like, phase in (("", "invariant"), (", like=A", "invariant"), (", V", "dependent")):
        found = check(body.format(like) + "    return (U * A).real.sum() + (Vh * A).real.sum() + L.sum()\n")
        assert found["torch.linalg.svd"] == "invariant"
        assert found["torch.linalg.eigh"] == phase


def test_a_polar_factor_keeps_the_phases_of_either_side() -> None:
    A, D = torch.randn(2, 5, 3, dtype=torch.complex128, generator=torch.Generator().manual_seed(4))[0], phases(3)
    assert torch.allclose(linalg.polar(phases(5) @ A @ D), phases(5) @ linalg.polar(A) @ D)
    assert phase_of("    return (linalg.polar(M @ V) @ V.mH).real.sum()\n") == "invariant"
    assert phase_of("    return (V @ linalg.polar(V.mH @ M)).real.sum()\n") == "invariant"
    assert phase_of("    return linalg.polar(M @ V).real.sum()\n") == "dependent"


def test_canonical_columns_have_no_phase_but_that_of_their_reference() -> None:
    V = torch.randn(4, 3, dtype=torch.complex128, generator=torch.Generator().manual_seed(5))
    assert torch.allclose(linalg.canonicalize(V @ phases(3)), linalg.canonicalize(V))
    assert phase_of("    return linalg.canonicalize(V).real.sum()\n") == "invariant"
    assert phase_of("    return linalg.canonicalize(V, like=M).real.sum()\n") == "invariant"
    assert phase_of("    return linalg.canonicalize(M, like=V).real.sum()\n") == "dependent"
    assert phase_of("    return linalg.canonicalize(V.mH).real.sum()\n") != "invariant"


def phases(n: int) -> Tensor:
    return torch.diag(torch.exp(1j * torch.arange(1, n + 1, dtype=torch.float64)))


@pytest.mark.parametrize(
    "call", ["canonicalize(V.mH)", "rotation(V.real)", "kabsch(M @ V, M).rotation", "polar(V.mH @ M @ V)"]
)
def test_nothing_is_proved_of_what_is_not_followed(call: str) -> None:
    assert phase_of(f"    return (linalg.{call} * M).real.sum()\n") != "invariant"
