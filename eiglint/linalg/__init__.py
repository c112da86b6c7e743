"""What to write instead: functions of matrices whose derivatives stay right where eigenvalues meet.

This package needs torch alone and imports nothing else of eiglint. Every function takes stacks of matrices, works under
vmap, torch.func and torch.compile, in forward and reverse mode, and can be differentiated twice.
"""

from eiglint.linalg.flow import linear_flow
from eiglint.linalg.functions import expm, funm, inv_sqrtm, logm, powm, psd_project, sqrtm
from eiglint.linalg.kabsch import Alignment, kabsch
from eiglint.linalg.polar import polar, rotation
from eiglint.linalg.sign import canonicalize, canonicalize_pair
from eiglint.linalg.subspace import eigh_isolated, projector

__all__ = [
    "Alignment",
    "canonicalize",
    "canonicalize_pair",
    "eigh_isolated",
    "expm",
    "funm",
    "inv_sqrtm",
    "kabsch",
    "linear_flow",
    "logm",
    "polar",
    "powm",
    "projector",
    "psd_project",
    "rotation",
    "sqrtm",
]
