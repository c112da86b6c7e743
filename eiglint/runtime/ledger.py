"""What a watch has counted and measured so far, per call site; measurements stay on their device until read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from eiglint.evidence.records import Family, Nonfinite, Probe, SiteEvidence
from eiglint.runtime.callsite import CallSite
from eiglint.runtime.content import outside_transforms, unwrapped

# What one measurement holds, in this order; of each the largest is kept, so that the smallest gap is held negated.
FIELDS = (
    "phase_residual",
    "blind",
    "block_residual",
    "negated_gap",
    "digits_lost",
    "amplification",
    "condition",
    "null_gradient",
    "asymmetry",
    "made_here",
    "came_from_downstream",
)
ALWAYS_MEASURED = 8
_OFTEN, _EVERY, _LATER_EVERY = 128, 16, 64


def is_due(measured: int, number: int) -> bool:
    """Tell whether the n-th repetition, counted from 1, is measured in full, after so many that were."""
    return measured < ALWAYS_MEASURED or number % (_EVERY if number <= _OFTEN else _LATER_EVERY) == 0


@dataclass(slots=True)
class Account:
    """The counts and measurements of one call site; `visits` counts nodes in graphs, reached or not."""

    site: CallSite
    family: Family
    calls: int = 0
    visits: int = 0
    backwards: int = 0
    exercised: int = 0
    sampled: int = 0
    refused: int = 0
    repaired: int = 0
    repaired_residue: float = 0.0
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    device: str | None = None
    real_vectors: bool = False
    probe: dict[str, Probe] = field(default_factory=dict)
    probe_failure: str = ""
    tests: dict[str, None] = field(default_factory=dict)
    largest: dict[str, float] = field(default_factory=dict)
    _met: tuple[tuple[int, ...], torch.dtype] | None = None
    _waiting: dict[tuple[torch.device, int], Tensor] = field(default_factory=dict)

    def note(self, shape: tuple[int, ...], vectors: Tensor) -> None:
        """Remember what kind of matrix was met; the last one stands for all, but no real one for complex ones."""
        met = shape, vectors.dtype
        if met != self._met:
            self._met, self.shape, self.device = met, shape, str(vectors.device)
            if vectors.is_complex() or not (self.dtype or "").startswith("complex"):
                self.dtype = str(vectors.dtype).removeprefix("torch.")

    def add(self, measured: Mapping[str, Tensor]) -> None:
        """Take a measurement in, on its device and in its stream, without waiting for it."""
        with outside_transforms():
            plain = {name: _plain(number).to(torch.float32) for name, number in measured.items()}
            like = next(iter(plain.values()))
            absent = torch.full((), -torch.inf, dtype=torch.float32, device=like.device)
            vector = torch.stack([plain.get(name, absent) for name in FIELDS])
            self._take(vector.nan_to_num(nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf))

    def _take(self, vector: Tensor) -> None:
        stream = torch.cuda.current_stream(vector.device).cuda_stream if vector.is_cuda else 0
        key = (vector.device, stream)
        known = self._waiting.get(key)
        self._waiting[key] = vector if known is None else torch.maximum(known, vector)

    def add_number(self, name: str, number: float) -> None:
        """Take in a measurement that is already on the host."""
        self.largest[name] = max(self.largest.get(name, number), number)

    def settle(self) -> None:
        """Read what waits on the devices; nothing of torch is kept afterwards."""
        waiting, self._waiting = self._waiting, {}
        for device in {vector.device for vector in waiting.values() if vector.is_cuda}:
            torch.cuda.synchronize(device)
        for vector in waiting.values():
            for name, number in zip(FIELDS, vector.tolist(), strict=True):
                if number != -torch.inf:
                    self.add_number(name, number)

    def evidence(self) -> SiteEvidence:
        """Give the record of what was counted and measured."""
        found = self.largest
        gap = found.get("negated_gap")
        nonfinite: Nonfinite = "downstream" if "came_from_downstream" in found else "none"
        return SiteEvidence(
            *self.site,
            family=self.family,
            calls=self.calls,
            backwards=self.backwards,
            exercised=self.exercised,
            sampled=self.sampled,
            shape=self.shape,
            dtype=self.dtype,
            device=self.device,
            phase_residual=found.get("phase_residual"),
            blind=bool(found.get("blind", 0.0)) or (self.exercised > 0 and self.real_vectors),
            block_residual=found.get("block_residual"),
            min_gap=None if gap is None else -gap,
            digits_lost=found.get("digits_lost"),
            amplification=found.get("amplification"),
            nonfinite="here" if "made_here" in found else nonfinite,
            asymmetry=found.get("asymmetry"),
            condition=found.get("condition"),
            null_gradient=found.get("null_gradient"),
            refused=self.refused,
            repaired=self.repaired,
            repaired_residue=self.repaired_residue if self.repaired else None,
            probe=dict(self.probe),
            probe_failure=self.probe_failure,
            tests=tuple(self.tests),
        )


class Ledger:
    """The accounts of one watch; every thread writes to them."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.accounts: dict[CallSite, Account] = {}

    def account(self, site: CallSite, family: Family) -> Account:
        """Give the account of a site, opened when it is first met."""
        known = self.accounts.get(site)
        if known is None:
            with self.lock:
                known = self.accounts.setdefault(site, Account(site, family))
        return known

    def settle(self) -> None:
        """Read all that waits on devices."""
        with self.lock:
            for account in self.accounts.values():
                account.settle()

    def evidence(self, wanted: Callable[[str], bool] = lambda _: True) -> tuple[SiteEvidence, ...]:
        """Give the records of all sites whose path is wanted, by path and line."""
        self.settle()
        found = [account.evidence() for site, account in tuple(self.accounts.items()) if wanted(site.path)]
        return tuple(sorted(found, key=lambda site: (site.path, site.line, site.call)))


def _plain(tensor: Tensor) -> Tensor:
    """Take a number out of torch.func's wrappers; of a batch the largest counts."""
    inner = unwrapped(tensor).detach()
    return inner.amax() if inner.dim() else inner
