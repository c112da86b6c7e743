"""Programs that lay one set of points on another, by decompositions that the analysis proves invariant."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from bare import bare
from exercises import Exercise, draw, member, weighed
from torch import Tensor


def pypose() -> Iterator[Exercise]:
    align = member("pypose", "svdstf")
    yield Exercise("pypose", "svdstf", lambda x, y: weighed(align(x, y).matrix()), (draw(12, 3), draw(12, 3)))


def cpd_pytorch() -> Iterator[Exercise]:
    registration = member("cpd_pytorch", "RigidRegistration")

    def moved(x: Tensor, y: Tensor) -> Tensor:
        return weighed(registration(x, y, max_iterations=3).register()[0])

    cloud = draw(9, 3)
    yield Exercise("cpd_pytorch", "RigidRegistration", moved, (cloud, cloud @ turn() + 0.1))


def turn() -> Tensor:
    """A rotation of space."""
    skew = torch.tensor([[0.0, -0.1, 0.2], [0.1, 0.0, -0.3], [-0.2, 0.3, 0.0]], dtype=torch.float64)
    return torch.linalg.matrix_exp(skew)


def protenix() -> Iterator[Exercise]:
    align = bare("protenix.metrics.rmsd").align_pred_to_true
    for reflected in (False, True):
        yield Exercise(
            "protenix",
            f"align_pred_to_true(allowing_reflection={reflected})",
            lambda x, y, reflected=reflected: weighed(align(x, y, allowing_reflection=reflected)[0]),
            (draw(2, 9, 3), draw(2, 9, 3)),
        )


def pymde() -> Iterator[Exercise]:
    library = bare("pymde.util")
    yield Exercise("pymde", "procrustes", lambda x, y: weighed(library.procrustes(x, y)), (draw(9, 3), draw(9, 3)))
    yield Exercise("pymde", "proj_standardized", lambda x: weighed(library.proj_standardized(x)), (draw(9, 3),))
    yield Exercise(
        "pymde",
        "proj_standardized(inplace=True)",
        lambda x: weighed(library.proj_standardized(x.clone(), inplace=True)),
        (draw(9, 3),),
    )


PACKAGES = (pypose, cpd_pytorch, protenix, pymde)
