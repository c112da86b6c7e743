"""Programs of optimizers, estimators and losses whose decompositions the analysis proves invariant."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import torch
from bare import bare
from exercises import Exercise, definite, draw, hermitian, leaf, member, weighed
from torch import Tensor


def nngeometry() -> Iterator[Exercise]:
    lowrank = member("nngeometry.object.pspace", "PMatLowRank")

    def solved(data: Tensor, b: Tensor) -> Tensor:
        vector = SimpleNamespace(layer_collection=None, to_torch=lambda: b)
        return weighed(lowrank(None, data=data).solvePVec(vector, regul=0.1).vector_repr)

    yield Exercise("nngeometry", "PMatLowRank.solvePVec", solved, (draw(2, 3, 8), draw(8)))


def hessian_eigenthings() -> Iterator[Exercise]:
    density = member("hessian_eigenthings.algorithms.spectral_density", "spectral_density")

    def smoothed(a: Tensor) -> Tensor:
        operator = SimpleNamespace(size=len(a), dtype=a.dtype, device=a.device, matvec=lambda v: a @ v)
        return weighed(density(operator, num_runs=2, lanczos_steps=4, num_grid_points=20, seed=0).density)

    yield Exercise("hessian_eigenthings", "spectral_density", smoothed, (definite(8, 8),))


def pytorch_optimizer() -> Iterator[Exercise]:
    iterated = member("pytorch_optimizer.optimizer.racs", "Alice.subspace_iteration")

    def compressed(a: Tensor, start: Tensor) -> Tensor:
        values, vectors = iterated(a, start, 2)
        return weighed((vectors * values) @ vectors.mT)

    yield Exercise("pytorch_optimizer", "Alice.subspace_iteration", compressed, (definite(6, 6), draw(6, 3)))


def curvlinops() -> Iterator[Exercise]:
    diagonal = bare("curvlinops.diagonal.epperly2024xtrace").xdiag
    trace = bare("curvlinops.trace.epperly2024xtrace").xtrace
    hutch = bare("curvlinops.trace.meyer2020hutch").hutchpp_trace
    yield Exercise("curvlinops", "xdiag", lambda a: weighed(diagonal(a, 6)), (draw(9, 9),))
    yield Exercise("curvlinops", "xtrace", lambda a: trace(a, 6), (draw(9, 9),))
    yield Exercise("curvlinops", "hutchpp_trace", lambda a: hutch(a, 6), (draw(9, 9),))


def lightly() -> Iterator[Exercise]:
    loss = bare("lightly.loss.mmcr_loss").MMCRLoss()
    yield Exercise("lightly", "MMCRLoss", loss, (leaf(draw(4, 2, 5)), draw(4, 2, 5)))


def gmm_gpu() -> Iterator[Exercise]:
    mixture = member("gmm_gpu.gmm", "GMM")

    def fitted(x: Tensor) -> Tensor:
        model = mixture(1, max_iter=1, device="cpu")
        model.fit(x.float())
        return weighed(model.score(x.float(), force_cpu_result=False))

    flat = draw(2, 9, 3) * torch.tensor([2.0, 1.0, 0.0], dtype=torch.float64)
    yield Exercise("gmm_gpu", "GMM of points in a plane", fitted, (flat,))


def spd_learn() -> Iterator[Exercise]:
    forward = bare("spd_learn.functional.autograd").modeig_forward
    yield Exercise("spd_learn", "modeig_forward", lambda a: weighed(forward(a, torch.log)[0]), (definite(4, 4),))


def concept_erasure() -> Iterator[Exercise]:
    fitter = member("concept_erasure", "LeaceFitter")
    transport = member("concept_erasure.optimal_transport", "ot_map")
    root = member("concept_erasure.optimal_transport", "psd_sqrt")

    def erased(x: Tensor) -> Tensor:
        z = (x[:, :1] > 0).double()
        return weighed(fitter.fit(x, z).eraser(x))

    yield Exercise("concept_erasure", "LeaceFitter", erased, (draw(30, 4),))
    yield Exercise("concept_erasure", "ot_map", lambda a, b: weighed(transport(a, b)), (definite(4, 4), definite(4, 4)))
    yield Exercise("concept_erasure", "psd_sqrt", lambda a: weighed(root(a)), (definite(3, 4, 4),))
    yield Exercise("concept_erasure", "psd_sqrt, complex", lambda a: weighed(root(a)), (hermitian(4, 4),))


def torchjd() -> Iterator[Exercise]:
    aggregator = member("torchjd.aggregation", "AlignedMTL")()
    yield Exercise("torchjd", "AlignedMTL", lambda j: weighed(aggregator(j)), (draw(3, 6),))


def torch_optimizer() -> Iterator[Exercise]:
    shampoo = bare("torch_optimizer.shampoo").Shampoo

    def stepped(p: Tensor, gradient: Tensor) -> Tensor:
        weights = p.clone().requires_grad_()
        weights.grad = gradient
        shampoo([weights], lr=0.1).step()
        return weighed(weights.detach())

    yield Exercise("torch_optimizer", "Shampoo", stepped, (draw(4, 3), draw(4, 3)))


def torcheval() -> Iterator[Exercise]:
    metric = bare("torcheval.metrics.image.fid").FrechetInceptionDistance
    distance = metric._calculate_frechet_distance
    yield Exercise(
        "torcheval",
        "FrechetInceptionDistance",
        lambda a, b, c, d: distance(None, a, b, c, d),
        (draw(4), definite(4, 4), draw(4), definite(4, 4)),
    )


def backpack() -> Iterator[Exercise]:
    inverse = bare("backpack.utils.kroneckers").inv_kfacs
    yield Exercise(
        "backpack",
        "inv_kfacs",
        lambda a, b: sum(map(weighed, inverse([a, b], 0.1))),
        (definite(4, 4), definite(3, 3)),
    )


def cca_zoo() -> Iterator[Exercise]:
    loss = bare("cca_zoo.deep.objectives").CCALoss(reg_covar=0.1)
    yield Exercise("cca_zoo", "CCALoss", lambda x, y: loss([x, y]), (leaf(draw(12, 4)), draw(12, 3)))


def linear_operator_learning() -> Iterator[Exercise]:
    root = bare("linear_operator_learning.nn.linalg").sqrtmh
    yield Exercise("linear_operator_learning", "sqrtmh", lambda a: weighed(root(a)), (definite(4, 4),))
    yield Exercise("linear_operator_learning", "sqrtmh, complex", lambda a: weighed(root(a)), (hermitian(4, 4),))


def kooplearn() -> Iterator[Exercise]:
    root = bare("kooplearn.torch.nn._linalg").sqrtmh
    yield Exercise("kooplearn", "sqrtmh", lambda a: weighed(root(a)), (definite(4, 4),))
    yield Exercise("kooplearn", "sqrtmh, complex", lambda a: weighed(root(a)), (hermitian(4, 4),))


def asdl() -> Iterator[Exercise]:
    precondition = bare("asdl.precondition.newton").NewtonGradientMaker.precondition

    def step(hessian: Tensor, gradient: Tensor) -> Tensor:
        weights = torch.nn.Parameter(torch.zeros_like(gradient))
        weights.grad = gradient.clone()
        model = SimpleNamespace(hessian=SimpleNamespace(data=hessian), parameters=lambda: [weights])
        precondition(SimpleNamespace(model=model, config=SimpleNamespace(absolute=True, damping=0.1)))
        return weighed(weights.grad)

    symmetric = draw(4, 4)
    yield Exercise("asdl", "NewtonGradientMaker.precondition", step, (symmetric + symmetric.mT, draw(4)))


def mlcolvar() -> Iterator[Exercise]:
    library = bare("mlcolvar.core.stats.utils")

    def spectral(a: Tensor, b: Tensor) -> Tensor:
        values, vectors = library.generalized_eigh(a, b)
        return weighed((vectors * values) @ vectors.mT)

    def signed(a: Tensor, b: Tensor) -> Tensor:
        values, vectors = library.cholesky_eigh(a, b)
        return weighed(values) + weighed(vectors)

    yield Exercise("mlcolvar", "generalized_eigh", spectral, (definite(4, 4), definite(4, 4)))
    yield Exercise("mlcolvar", "cholesky_eigh", signed, (definite(4, 4), definite(4, 4)))


def orthogonium() -> Iterator[Exercise]:
    orthogonal = bare("orthogonium.reparametrizers").BatchedQROrthogonalization((5, 3))
    yield Exercise("orthogonium", "BatchedQROrthogonalization", lambda w: weighed(orthogonal(w)), (draw(2, 5, 3),))


PACKAGES = (
    mlcolvar,
    orthogonium,
    linear_operator_learning,
    kooplearn,
    asdl,
    backpack,
    cca_zoo,
    concept_erasure,
    torchjd,
    torch_optimizer,
    torcheval,
    nngeometry,
    hessian_eigenthings,
    pytorch_optimizer,
    curvlinops,
    lightly,
    gmm_gpu,
    spd_learn,
)
