"""What was measured while a program ran, per line that decomposes something.

These records know nothing of torch: `eiglint check --evidence` reads them where torch is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Family = Literal["eig", "eigvals", "eigh", "svd", "qr"]
Nonfinite = Literal["none", "here", "downstream"]
Probe = Literal["moves", "stays", "no verdict"]


@dataclass(frozen=True, slots=True)
class SiteEvidence:
    """A line that decomposes something, and what its forward and backward passes showed.

    Residuals, digits, amplification, asymmetry and condition are the largest that were met, `min_gap` the smallest.
    A measurement that does not apply, or was never taken, is None.
    """

    path: str
    line: int
    call: str
    family: Family
    calls: int = 0
    """Forward calls, the second ones of a checkpoint included."""
    backwards: int = 0
    """Backward passes that reached the decomposition."""
    exercised: int = 0
    """Backward passes that brought a gradient to its vectors."""
    sampled: int = 0
    """Backward passes that were measured in full; in the others only non-finite values are looked for."""
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    """Of the vectors, without `torch.`: eig's are complex for real matrices too."""
    device: str | None = None
    phase_residual: float | None = None
    """max over columns of |imag(v^H g)| / |g|; None for real vectors."""
    blind: bool = False
    """A gradient met vectors whose phase or sign leaves no trace in it: real ones, or real where the gradient is."""
    block_residual: float | None = None
    """What a rotation among nearly equal values does to the loss, relative to |g|; None if none were nearly equal."""
    min_gap: float | None = None
    """Smallest |l_i - l_j| / max |l|; svd: also of the values where torch divides by them; qr: of R's diagonal."""
    digits_lost: float | None = None
    amplification: float | None = None
    nonfinite: Nonfinite = "none"
    asymmetry: float | None = None
    """|A - A^H| / |A| of what eigh and eig were given."""
    condition: float | None = None
    """|V| |V^-1| / n (Frobenius) of eig's vectors: 1 for a normal matrix."""
    null_gradient: float | None = None
    """The part of the gradient that arrived at vectors beyond min(m, n), which torch drops; None if there are none."""
    refused: int = 0
    """How often torch raised its phase error here."""
    repaired: int = 0
    repaired_residue: float | None = None
    """The largest relative residue that was projected out."""
    probe: Mapping[str, Probe] = field(default_factory=dict)
    """By symmetry, what re-drawing the arbitrary choices did to the loss; empty if nothing was probed."""
    probe_failure: str = ""
    """Why a loss could not be repeated; empty if it could, or was not asked for."""
    tests: tuple[str, ...] = ()
    """The tests whose backward reached the line."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Backward passes that the same lines led to, and what was measured in them alone.

    A line's decomposition may be used well here and badly there: a finding is held against the passes in which its
    own line ran.
    """

    lines: Mapping[str, frozenset[int]]
    """Lines of user code, by path, that ran between a decomposition and the backward."""
    sites: tuple[SiteEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one program, or several after one another, has shown."""

    sites: tuple[SiteEvidence, ...] = ()
    passes: tuple[Pass, ...] = ()
    followed: bool = True
    """False if another tracer (coverage, a debugger) was active, so that `passes` says nothing."""
    files: tuple[str, ...] = ()
    """The files that were executed."""
    hook: str = "engine"
    """How backward passes were seen: "engine", or "function mode" where torch's private names were not found."""
    torch: str = ""
    unobserved: tuple[str, ...] = ()
    """What ran and was not seen, in words: compiled regions, other processes."""

    @property
    def lines(self) -> dict[str, frozenset[int]]:
        """Every line, by path, that ran in a pass that was followed."""
        united: dict[str, frozenset[int]] = {}
        for one in self.passes:
            for path, numbers in one.lines.items():
                united[path] = united.get(path, frozenset()) | numbers
        return united
