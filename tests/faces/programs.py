"""Programs that every face must say the same about."""

PHASE = """\
import torch


def density(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum()


def wide(A):
    ä, ö = torch.linalg.eig(A); é = "ÄÖÜ"; return (ö * ö).sum()


def spread(A):
    L, V = torch.linalg.eig(A)
    return (
        A.sum()
        + (V * V).sum()
    )


\tif False: pass
"""
PHASE = PHASE.replace("\n\n\tif False: pass\n", "")

FINE = """\
import torch


def weights(A):
    L, V = torch.linalg.eigh(A)
    return (V * V).sum(dim=-1)
"""

SUPPRESSED = """\
import torch


def by_code(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum()  # noqa: EIG104


def by_everything(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum()  # noqa


def by_another_code(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum()  # noqa: EIG101


def by_own_comment(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum()  # eiglint: ignore[EIG104]


def by_name(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum()  # eiglint: ignore[missing-conjugate]


def by_another_name(A):
    L, V = torch.linalg.eig(A)
    return (V * V).sum()  # eiglint: ignore[complex-part]


def above(A):
    L, V = torch.linalg.eig(A)
    # eiglint: ignore[EIG104]
    return (V * V).sum()


def at_the_decomposition(A):
    L, V = torch.linalg.eig(A)  # eiglint: ignore[EIG104]
    return (V * V).sum()


def noqa_at_the_decomposition(A):
    L, V = torch.linalg.eig(A)  # noqa: EIG104
    return (V * V).sum()
"""

HELPER = """\
import torch


def spectrum(A):
    return torch.linalg.eig(A)
"""

USER = """\
from helper import spectrum


def loss(A):
    L, V = spectrum(A)
    return (V * V).sum()
"""

LATIN = """\
# -*- coding: latin-1 -*-
import torch

NAME = "Düsseldorf"


def loss(A):
    L, V = torch.linalg.eig(A); ü = 1; return (V * V).sum()
"""

PROGRAMS: dict[str, bytes] = {
    "phase.py": PHASE.encode(),
    "fine.py": FINE.encode(),
    "suppressed.py": SUPPRESSED.encode(),
    "helper.py": HELPER.encode(),
    "user.py": USER.encode(),
    "latin.py": LATIN.encode("latin-1"),
    "windows.py": PHASE.replace("\n", "\r\n").encode(),
    "marked.py": b"\xef\xbb\xbf" + PHASE.encode(),
}
LINES: dict[str, list[tuple[int, str]]] = {
    "phase.py": [(6, "EIG104"), (10, "EIG104"), (17, "EIG104")],
    "fine.py": [],
    "suppressed.py": [(16, "EIG104"), (31, "EIG104"), (47, "EIG104")],
    "helper.py": [],
    "user.py": [(6, "EIG104")],
    "latin.py": [(8, "EIG104")],
    "windows.py": [(6, "EIG104"), (10, "EIG104"), (17, "EIG104")],
    "marked.py": [(6, "EIG104"), (10, "EIG104"), (17, "EIG104")],
}
