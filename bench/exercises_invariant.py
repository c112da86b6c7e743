"""More programs like those of `exercises.py`: of functions whose decompositions the analysis proves invariant."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import exercises_aligned
import exercises_learned
import exercises_quantum
import torch
from exercises import GENERIC, Exercise, definite, draw, hermitian, leaf, member, weighed
from torch import Tensor


def invariant() -> Iterator[Exercise]:
    """Yield all of them; those of packages that are not installed are left out."""
    files = (exercises_aligned, exercises_learned, exercises_quantum)
    for package in (*PACKAGES, *(one for file in files for one in file.PACKAGES)):
        torch.manual_seed(0)
        try:
            found = list(package())
        except ModuleNotFoundError:
            continue
        yield from found


def geoopt() -> Iterator[Exercise]:
    linalg = importlib.import_module("geoopt.linalg")
    for what in ("sym_expm", "sym_logm", "sym_sqrtm", "sym_inv_sqrtm1"):
        one = getattr(linalg, what)
        yield Exercise("geoopt", what, lambda x, one=one: weighed(one(x)), (leaf(definite(3, 3)),))
    both = linalg.sym_inv_sqrtm2
    yield Exercise("geoopt", "sym_inv_sqrtm2", lambda x: weighed(both(x)[0]) + weighed(both(x)[1]), (definite(3, 3),))
    definites = importlib.import_module("geoopt.manifolds").SymmetricPositiveDefinite()
    yield Exercise(
        "geoopt",
        "SymmetricPositiveDefinite.check_point_on_manifold",
        lambda x: weighed(x) * float(definites.check_point_on_manifold(x)),
        (definite(3, 3),),
    )
    positive = member("geoopt.manifolds.siegel.csym_math", "positive_conjugate_projection")
    indefinite = draw(2, 4, 4)
    yield Exercise(
        "geoopt", "positive_conjugate_projection", lambda y: weighed(positive(y)), (indefinite + indefinite.mT,)
    )
    eigvals = member("geoopt.manifolds.siegel.csym_math", "takagi_eig")
    yield Exercise("geoopt", "takagi_eig, values", lambda y: weighed(eigvals(y)[0]), (hermitian(3, 3),))


def torch_geometric() -> Iterator[Exercise]:
    diffusion = importlib.import_module("torch_geometric.transforms").GDC()
    graph = definite(5, 5)
    yield Exercise("torch_geometric", "GDC, heat kernel", lambda a: weighed(diffusion.__expm__(a, True)), (graph,))


def torchmetrics() -> Iterator[Exercise]:
    distance = member("torchmetrics.image.fid", "_compute_fid")
    yield Exercise(
        "torchmetrics",
        "FrechetInceptionDistance",
        lambda a, b, c, d: distance(a, b, c, d).sum(),
        (draw(4), definite(4, 4), draw(4), definite(4, 4)),
    )


def botorch() -> Iterator[Exercise]:
    kernels = importlib.import_module("botorch.models.kernels.positive_index")

    def covariance(correlations: Tensor) -> Tensor:
        kernel = kernels.PositiveIndexKernel(num_tasks=4, rank=4).double()
        kernel._set_lower_triangle_corr(correlations)
        return weighed(
            kernel.covar_matrix.to_dense() if hasattr(kernel.covar_matrix, "to_dense") else kernel.covar_matrix
        )

    yield Exercise("botorch", "PositiveIndexKernel, correlations", covariance, (torch.rand(6, dtype=torch.float64),))


def geomstats() -> Iterator[Exercise]:
    solve = member("geomstats._backend.pytorch.linalg", "solve_sylvester")
    yield Exercise("geomstats", "solve_sylvester", lambda a, q: weighed(solve(a, a, q)), (definite(4, 4), draw(4, 4)))


def geotorch() -> Iterator[Exercise]:
    exponent = member("geotorch.hurwitz", "get_lyap_exp")
    uniform = member("geotorch.so", "uniform_init_")
    yield Exercise("geotorch", "get_lyap_exp", lambda a: exponent(a), (draw(4, 4),))
    yield Exercise("geotorch", "uniform_init_", lambda a: weighed(uniform(a.clone())), (draw(4, 4),))


def torchspd() -> Iterator[Exercise]:
    library = importlib.import_module("torchspd")
    for what in ("logm", "expm", "sqrtm", "invsqrtm", "proj_psd"):
        one = getattr(library, what, None) or member("torchspd.torchspd", what)
        yield Exercise("torchspd", what, lambda a, one=one: weighed(one(a)), (definite(4, 4),))
        yield Exercise("torchspd", what, lambda a, one=one: weighed(one(a)), (hermitian(4, 4),))


def egn() -> Iterator[Exercise]:
    manifold = member("egn.manifolds", "SPD")()
    random = member("egn.geometry", "random_spd")
    yield Exercise("egn", "SPD.project", lambda a: weighed(manifold.project(a)), (definite(4, 4),))
    yield Exercise("egn", "random_spd", lambda a: weighed(random(4, 4, dtype=torch.float64)) + a.sum(), (draw(1),))


def tensorkrowch() -> Iterator[Exercise]:
    unitary = member("tensorkrowch.utils", "random_unitary")
    yield Exercise("tensorkrowch", "random_unitary", lambda a: weighed(unitary(4, dtype=a.dtype)) + a.sum(), (draw(1),))
    complex_one = lambda a: weighed(unitary(4, dtype=GENERIC)) + a.sum()  # noqa: E731
    yield Exercise("tensorkrowch", "random_unitary, complex", complex_one, (draw(1),))


def torchdr() -> Iterator[Exercise]:
    power = member("torchdr.utils.utils", "matrix_power")
    yield Exercise("torchdr", "matrix_power", lambda a: weighed(power(a, 0.5)), (definite(4, 4),))


def torch_vn_algebra() -> Iterator[Exercise]:
    haar = member("torch_vn_algebra.hilbert_space", "HilbertSpace._qr_haar")
    step = member("torch_vn_algebra.krylov", "expm_multiply_step")

    def evolved(h: Tensor, psi: Tensor) -> Tensor:
        operator = SimpleNamespace(matvec=lambda x: x @ h.mT)
        return weighed(step(operator, psi, 0.3, 4)[0])

    yield Exercise("torch_vn_algebra", "Haar unitary", lambda z: weighed(haar(z)), (draw(5, 3),))
    yield Exercise(
        "torch_vn_algebra", "Haar unitary, complex", lambda z: weighed(haar(z)), (draw(5, 3, dtype=GENERIC),)
    )
    yield Exercise("torch_vn_algebra", "expm_multiply_step", evolved, (hermitian(6, 6), draw(2, 6, dtype=GENERIC)))


def pytorch_optimizer() -> Iterator[Exercise]:
    power = member("pytorch_optimizer.optimizer.utils.matrix", "compute_power_svd")
    root = member("pytorch_optimizer.optimizer.lora_rite", "LoRARiteHelper.inverse_sqrt")
    inverse = member("pytorch_optimizer.optimizer.dash", "DASH.compute_inverse_root")
    nuclear = member("pytorch_optimizer.optimizer.sara", "SaRA.apply_rank_constraint")
    optimizer = member("pytorch_optimizer.optimizer.lora_rite", "LoRARiteHelper")
    group = {"matrix_eps": 1e-3, "inverse_root_method": "eigh"}

    def constrained(p: Tensor) -> Tensor:
        mask = torch.ones_like(p, dtype=torch.bool)
        gradient = torch.zeros(p.numel(), dtype=p.dtype)
        nuclear(p, gradient, mask, 0.1)
        return weighed(gradient)

    yield Exercise("pytorch_optimizer", "compute_power_svd", lambda a: weighed(power(a, 4.0)), (definite(4, 4),))
    yield Exercise(
        "pytorch_optimizer", "compute_power_svd, complex", lambda a: weighed(power(a, 4.0)), (hermitian(4, 4),)
    )
    yield Exercise(
        "pytorch_optimizer",
        "LoRARite.inverse_sqrt",
        lambda a: weighed(root(optimizer, a, torch.tensor(0.0), 1e-6, 1e-6, True)),
        (definite(4, 4),),
    )
    yield Exercise(
        "pytorch_optimizer",
        "DASH.compute_inverse_root",
        lambda a: weighed(inverse(None, a, 4, group)),
        (definite(4, 4),),
    )
    yield Exercise("pytorch_optimizer", "SaRA.apply_rank_constraint", constrained, (draw(4, 3),))


PACKAGES: tuple[Callable[[], Iterator[Exercise]], ...] = (
    geoopt,
    torch_geometric,
    torchmetrics,
    botorch,
    geomstats,
    geotorch,
    torchspd,
    egn,
    tensorkrowch,
    torchdr,
    torch_vn_algebra,
    pytorch_optimizer,
)
