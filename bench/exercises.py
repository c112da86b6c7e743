"""Short programs that call functions of published packages, with inputs as their users have them.

Each ends in a real number that depends on what the function returns and on nothing arbitrary of its own: fixed weights
times the entries, or what the documentation says that the result is for.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor


class Exercise(NamedTuple):
    """A function of a package with the tensors that it is called with; those that require a gradient get one."""

    package: str
    what: str
    loss: Callable[..., Tensor]
    inputs: tuple[Tensor, ...]


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, dtype=dtype)


def leaf(values: Tensor) -> Tensor:
    return values.detach().clone().requires_grad_()


def with_inverse(outputs: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Close a program with the two matrices of a whitening."""
    return weighed(outputs[0]) + weighed(outputs[2])


def identity(n: int) -> Tensor:
    return torch.eye(n, dtype=torch.float64)


def definite(*shape: int) -> Tensor:
    """A positive definite matrix, or a batch, with distinct eigenvalues."""
    factor = draw(*shape)
    return factor @ factor.mT + 0.1 * identity(shape[-1])


GENERIC = torch.complex128


def hermitian(*shape: int) -> Tensor:
    """A positive definite Hermitian matrix, or a batch, with distinct eigenvalues."""
    factor = draw(*shape, dtype=GENERIC)
    return factor @ factor.mH + 0.1 * torch.eye(shape[-1], dtype=GENERIC)


def member(module: str, name: str) -> Callable[..., object]:
    """Import a function, or a class's member, of a package."""
    found: object = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    assert callable(found)
    return found


def weighed(values: Tensor) -> Tensor:
    """Give every entry another fixed weight; of complex ones the real and the imaginary part."""
    flat = (torch.view_as_real(values) if values.is_complex() else values).flatten()
    return (torch.arange(1, flat.numel() + 1, dtype=flat.dtype).sin() * flat).sum()


class Scene(NamedTuple):
    """Two views of a cloud of points, of a camera that turned by `rotation` and moved by `shift`."""

    points: Tensor
    first: Tensor
    second: Tensor
    rotation: Tensor
    shift: Tensor
    essential: Tensor


def cross(x: Tensor) -> Tensor:
    a, b, c = x.tolist()
    return torch.tensor([[0, -c, b], [c, 0, -a], [-b, a, 0]], dtype=x.dtype)


def scene(count: int = 12, batch: int = 1) -> Scene:
    points = draw(batch, count, 3) + torch.tensor([0.0, 0.0, 5.0], dtype=torch.float64)
    rotation = torch.linalg.matrix_exp(cross(torch.tensor([0.3, 0.2, 0.1], dtype=torch.float64)))
    shift = torch.tensor([0.5, 0.1, -0.2], dtype=torch.float64)
    moved = points @ rotation.mT + shift
    first, second = points[..., :2] / points[..., 2:], moved[..., :2] / moved[..., 2:]
    return Scene(points, first, second, rotation, shift, (cross(shift) @ rotation)[None])


def exercises() -> Iterator[Exercise]:
    """Yield all of them, in the order of the table."""
    for package in PACKAGES.values():
        torch.manual_seed(0)
        yield from package()


def kornia() -> Iterator[Exercise]:
    epipolar = importlib.import_module("kornia.geometry.epipolar")
    zca_mean = importlib.import_module("kornia.enhance.zca").zca_mean
    aliked = importlib.import_module("kornia.feature.aliked.aliked")
    fit_line = importlib.import_module("kornia.geometry.line").fit_line
    quaternion = importlib.import_module("kornia.geometry.quaternion")
    find_homography_dlt = importlib.import_module("kornia.geometry.homography").find_homography_dlt
    solve_pnp_dlt = importlib.import_module("kornia.geometry.calibration.pnp").solve_pnp_dlt
    view = scene()
    camera = identity(3)[None]
    direction = view.shift / view.shift.norm()

    def pose(R: Tensor, T: Tensor) -> Tensor:
        return (R - view.rotation).square().sum() + (T[..., 0] - direction).square().sum()

    def decomposed(E: Tensor) -> Tensor:
        R, _, T = epipolar.decompose_essential_matrix(E)
        return pose(R, T)

    def chosen(E: Tensor) -> Tensor:
        R, T, _, _ = epipolar.motion_from_essential_choose_solution(E, camera, camera, view.first, view.second)
        return pose(R, T)

    def distance(first: Tensor, second: Tensor) -> Tensor:
        return epipolar.sampson_epipolar_distance(first, second, epipolar.find_fundamental(first, second)).sum()

    def triangulated(first: Tensor) -> Tensor:
        here = torch.cat([identity(3), torch.zeros(3, 1, dtype=torch.float64)], 1)[None]
        there = torch.cat([view.rotation, view.shift[:, None]], 1)[None]
        return weighed(epipolar.triangulate_points(here, there, first, view.second))

    def factors(P: Tensor) -> Tensor:
        K, R, t = epipolar.KRt_from_projection(P)
        return weighed(K) + weighed(R) + weighed(t)

    def mean_rotation(q: Tensor) -> Tensor:
        return weighed(quaternion.average_quaternions(quaternion.Quaternion(q)).matrix())

    def mean_entries(q: Tensor) -> Tensor:
        return weighed(quaternion.average_quaternions(quaternion.Quaternion(q)).data)

    near = leaf(view.essential + 1e-2 * draw(1, 3, 3))
    noisy = leaf(view.first + 1e-2 * draw(*view.first.shape))
    many = scene(batch=128)
    white = torch.cat([identity(4), -identity(4)])
    turns = leaf(torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64) + 0.3 * draw(5, 4))
    flat = leaf(view.first + 1e-2 * draw(*view.first.shape))
    pixels = view.second + 1e-3 * draw(*view.second.shape)
    yield Exercise("kornia", "decompose_essential_matrix, fitted E", decomposed, (near,))
    yield Exercise("kornia", "decompose_essential_matrix, exact E", decomposed, (leaf(view.essential),))
    yield Exercise("kornia", "motion_from_essential_choose_solution, fitted E", chosen, (near,))
    yield Exercise("kornia", "find_fundamental, 1 pair of views", distance, (noisy, view.second))
    moved = leaf(many.first + 1e-2 * draw(*many.first.shape))
    yield Exercise("kornia", "find_fundamental, 128 pairs of views", distance, (moved, many.second))
    yield Exercise("kornia", "triangulate_points", triangulated, (noisy,))
    yield Exercise("kornia", "zca_mean", lambda x: weighed(zca_mean(x)[0]), (leaf(draw(20, 4)),))
    yield Exercise(
        "kornia",
        "zca_mean(return_inverse=True)",
        lambda x: with_inverse(zca_mean(x, return_inverse=True)),
        (leaf(draw(20, 4)),),
    )
    yield Exercise("kornia", "zca_mean, white data", lambda x: weighed(zca_mean(x)[0]), (leaf(white),))
    yield Exercise(
        "kornia", "ALIKED _affine_from_cov", lambda c: weighed(aliked._affine_from_cov(c)), (leaf(definite(3, 2, 2)),)
    )
    yield Exercise("kornia", "KRt_from_projection", factors, (leaf(draw(2, 3, 4)),))
    yield Exercise("kornia", "average_quaternions, as a rotation", mean_rotation, (turns,))
    yield Exercise("kornia", "average_quaternions, as four numbers", mean_entries, (turns,))
    yield Exercise("kornia", "fit_line, direction", lambda x: weighed(fit_line(x).direction), (leaf(draw(1, 9, 3)),))
    yield Exercise(
        "kornia",
        'find_homography_dlt, solver="svd"',
        lambda a: weighed(find_homography_dlt(a, pixels, solver="svd")),
        (flat,),
    )
    yield Exercise("kornia", "solve_pnp_dlt", lambda p: weighed(solve_pnp_dlt(view.points, p, camera)), (leaf(pixels),))


def geoopt() -> Iterator[Exercise]:
    linalg = importlib.import_module("geoopt.linalg")
    manifolds = importlib.import_module("geoopt.manifolds")
    definites = manifolds.SymmetricPositiveDefinite()
    stiefel = manifolds.Stiefel(canonical=False)
    ball, upper = manifolds.BoundedDomain(), manifolds.UpperHalf()
    on_stiefel = torch.linalg.qr(draw(5, 3))[0]
    raw = draw(2, 3, 3, dtype=torch.complex128)
    symmetric = raw + raw.mT
    yield Exercise("geoopt", "sym_logm", lambda x: weighed(linalg.sym_logm(x)), (leaf(definite(2, 3, 3)),))
    yield Exercise("geoopt", "sym_logm at the identity", lambda x: weighed(linalg.sym_logm(x)), (leaf(identity(3)),))
    yield Exercise(
        "geoopt",
        "SymmetricPositiveDefinite.dist from the origin",
        lambda x, y: definites.dist(x, y).sum(),
        (leaf(identity(3)[None]), definite(1, 3, 3)),
    )
    yield Exercise("geoopt", "Stiefel.projx", lambda x: weighed(stiefel.projx(x)), (leaf(draw(5, 3)),))
    yield Exercise("geoopt", "Stiefel.projx of a point on it", lambda x: weighed(stiefel.projx(x)), (leaf(on_stiefel),))
    yield Exercise(
        "geoopt", "Stiefel.retr", lambda x, u: weighed(stiefel.retr(x, u)), (on_stiefel, leaf(0.3 * draw(5, 3)))
    )
    yield Exercise("geoopt", "BoundedDomain.projx", lambda z: weighed(ball.projx(z)), (leaf(symmetric),))
    yield Exercise("geoopt", "UpperHalf.projx", lambda z: weighed(upper.projx(z)), (leaf(symmetric),))
    yield Exercise(
        "geoopt", "Sphere(intersection), real", lambda s: weighed(manifolds.Sphere(s).projector), (leaf(draw(5, 2)),)
    )
    yield Exercise(
        "geoopt",
        "Sphere(complement=...), real",
        lambda s: weighed(manifolds.Sphere(complement=s).projector),
        (leaf(draw(5, 2)),),
    )
    yield Exercise(
        "geoopt",
        "Sphere(intersection), complex",
        lambda s: weighed(manifolds.Sphere(s).projector),
        (leaf(draw(5, 2, dtype=torch.complex128)),),
    )


def linear_operator() -> Iterator[Exercise]:
    library = importlib.import_module("linear_operator")
    operators = importlib.import_module("linear_operator.operators")
    settings = library.settings
    rhs = draw(60, 1)

    def vectors(a: Tensor) -> Tensor:
        return weighed(library.to_linear_operator(a).eigh()[1].to_dense())

    def root(a: Tensor) -> Tensor:
        return weighed(library.to_linear_operator(a).root_decomposition(method="symeig").to_dense())

    def updated(a: Tensor, b: Tensor) -> Tensor:
        whole = library.to_linear_operator(a).add_low_rank(
            b, root_decomp_method="symeig", root_inv_decomp_method="symeig"
        )
        return weighed(whole.root_decomposition().to_dense())

    def likelihood(a: Tensor, noise: Tensor) -> Tensor:
        with (
            settings.fast_computations(True, True, True),  # what importing botorch turns off
            settings.min_preconditioning_size(10),
            settings.max_preconditioner_size(5),
            settings.max_cholesky_size(1),
            settings.num_trace_samples(50),
        ):
            whole = operators.AddedDiagLinearOperator(
                library.to_linear_operator(a), operators.ConstantDiagLinearOperator(noise, 60)
            )
            fit, logdet = whole.inv_quad_logdet(rhs, logdet=True)
            return fit + logdet

    name = "linear_operator"
    noise = leaf(torch.tensor([1.5], dtype=torch.float64))
    yield Exercise(name, "LinearOperator.eigh, vectors", vectors, (leaf(definite(5, 5)),))
    yield Exercise(name, 'root_decomposition("symeig")', root, (leaf(definite(5, 5)),))
    yield Exercise(name, 'root_decomposition("symeig") of the identity', root, (leaf(identity(5)),))
    yield Exercise(name, "add_low_rank", updated, (leaf(definite(5, 5)), leaf(draw(5, 2))))
    yield Exercise(name, "inv_quad_logdet, preconditioned", likelihood, (leaf(definite(60, 60)), noise))


def xitorch() -> Iterator[Exercise]:
    operator = importlib.import_module("xitorch").LinearOperator
    symeig = importlib.import_module("xitorch.linalg").symeig

    def tested() -> tuple[Callable[..., Tensor], tuple[Tensor, ...]]:
        """Return the loss and the inputs that the package's own test hands to gradcheck."""
        tests = importlib.import_module("xitorch._tests.test_linop_fcns")
        handed: list[tuple[Callable[..., Tensor], tuple[Tensor, ...]]] = []
        tests.gradcheck = tests.gradgradcheck = lambda loss, inputs: handed.append((loss, inputs))
        with contextlib.redirect_stdout(None):
            tests.test_symeig_A_degenerate(torch.float64, torch.device("cpu"), 0, "exacteig")
        return handed[0]

    def vectors(a: Tensor) -> Tensor:
        return weighed(symeig(operator.m(a + a.mT, is_hermitian=True), neig=3, method="exacteig")[1])

    yield Exercise("xitorch", "symeig, the loss of test_symeig_A_degenerate", *tested())
    yield Exercise("xitorch", "symeig, vectors", vectors, (leaf(draw(5, 5)),))


def torch_geometric() -> Iterator[Exercise]:
    transforms = importlib.import_module("torch_geometric.transforms")
    data = importlib.import_module("torch_geometric.data").Data
    cloud = leaf(draw(20, 3) * torch.tensor([3.0, 2.0, 1.0], dtype=torch.float64))
    for sort in (False, True):
        turn = transforms.NormalizeRotation(sort=sort)
        yield Exercise(
            "torch_geometric",
            f"NormalizeRotation(sort={sort})",
            lambda p, turn=turn: weighed(turn(data(pos=p)).pos),
            (cloud,),
        )
    reduce = transforms.SVDFeatureReduction(2)
    yield Exercise(
        "torch_geometric", "SVDFeatureReduction", lambda x: weighed(reduce(data(x=x)).x), (leaf(draw(20, 5)),)
    )


def pypose() -> Iterator[Exercise]:
    library = importlib.import_module("pypose")
    target = draw(12, 3)
    octahedron = torch.cat([identity(3), -identity(3)])
    camera = torch.tensor([[2.0, 0, 4.5], [0, 2.0, 4.5], [0, 0, 1]], dtype=torch.float64)
    points = draw(8, 3) + torch.tensor([0.0, 0.0, 6.0], dtype=torch.float64)
    pixels = library.point2pixel(points, camera)

    def aligned(source: Tensor) -> Tensor:
        return weighed(library.svdtf(source, target).matrix())

    def onto_itself(source: Tensor) -> Tensor:
        return weighed(library.svdtf(source, octahedron).matrix())

    def pose(x: Tensor) -> Tensor:
        return weighed(library.module.EPnP(camera, refine=False)(x, pixels).matrix())

    yield Exercise("pypose", "svdtf", aligned, (leaf(draw(12, 3)),))
    yield Exercise("pypose", "svdtf, an octahedron onto itself", onto_itself, (leaf(octahedron),))
    yield Exercise("pypose", "EPnP(refine=False)", pose, (leaf(points + 1e-3 * draw(8, 3)),))


def roma() -> Iterator[Exercise]:
    library = importlib.import_module("roma")
    naive = importlib.import_module("roma.mappings").procrustes_naive
    raw = draw(2, 4, 4)

    def rotation(a: Tensor) -> Tensor:
        return weighed(library.unitquat_to_rotmat(library.symmatrix_to_projective_point(a + a.mT, method="eigh")))

    yield Exercise("roma", "procrustes_naive", lambda m: weighed(naive(m, force_rotation=True)), (leaf(draw(2, 3, 3)),))
    yield Exercise("roma", "procrustes_naive of a rotation", lambda m: weighed(naive(m)), (leaf(identity(3)),))
    yield Exercise("roma", "symmatrix_to_projective_point, as a rotation", rotation, (leaf(raw),))
    yield Exercise("roma", "procrustes", lambda m: weighed(library.procrustes(m)[0]), (leaf(draw(2, 4, 4)),))


def others() -> Iterator[Exercise]:
    polytope = importlib.import_module("botorch.utils.sampling").HitAndRunPolytopeSampler
    disparity = importlib.import_module("torchmetrics.functional.shape").procrustes_disparity
    bounds = torch.tensor([[0.0] * 4, [1.0] * 4], dtype=torch.float64)

    def null_space(c: Tensor) -> Tensor:
        centre = torch.full((4, 1), 0.25, dtype=torch.float64)
        constraint = (c, c.detach() @ centre)
        return weighed(polytope(bounds=bounds, equality_constraints=constraint, interior_point=centre).nullC)

    yield Exercise(
        "botorch",
        "HitAndRunPolytopeSampler, null space of the constraints",
        null_space,
        (leaf(torch.ones(1, 4, dtype=torch.float64)),),
    )
    cloud = draw(2, 9, 3)
    yield Exercise("torchmetrics", "procrustes_disparity", lambda a: disparity(a, cloud).sum(), (leaf(draw(2, 9, 3)),))


PACKAGES: dict[str, Callable[[], Iterator[Exercise]]] = {
    "kornia": kornia,
    "geoopt": geoopt,
    "linear_operator": linear_operator,
    "xitorch": xitorch,
    "torch_geometric": torch_geometric,
    "pypose": pypose,
    "roma": roma,
    "others": others,
}
