"""One decomposition in one backward: measured before and after torch's formula, repaired or refused where asked."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from eiglint.evidence.records import SiteEvidence
from eiglint.evidence.verdict import verdict_of
from eiglint.runtime import incoming, repair, residuals
from eiglint.runtime.callsite import CallSite, Point
from eiglint.runtime.incoming import is_readable
from eiglint.runtime.ledger import Account, is_due
from eiglint.runtime.nodes import KEPT, NodeKind, Saved, read_saved
from eiglint.runtime.quiet import quiet
from eiglint.runtime.watching import IllDefinedError, Watching, guarded
from eiglint.runtime.words import in_words

Grads = Sequence[Tensor | None]


class Visit:
    """A node that a backward is about to reach, for all watches that are active."""

    __slots__ = (
        "_grads",
        "_measured",
        "_scale",
        "_seen",
        "_vectors",
        "entered",
        "entries",
        "kind",
        "node",
        "repairs",
        "sampled",
        "site",
        "strict",
        "window",
    )

    def __init__(
        self,
        node: Any,
        kind: NodeKind,
        site: CallSite,
        watches: tuple[Watching, ...],
        window: frozenset[Point] | None = None,
    ) -> None:
        self.node, self.kind, self.site, self.window = node, kind, site, window
        self.sampled, self.entered, self._vectors = window is not None, False, False
        self.strict = self.repairs = False
        self.entries: list[tuple[Watching, Account]] = []
        for watch in watches:
            self.strict |= watch.is_strict
            self.repairs |= watch.on_roundoff == "repair"
            for ledger in watch.ledgers_for(window):
                self.entries.append((watch, ledger.account(site, kind.family)))
        for watch, account in self.entries:
            with watch.ledger.lock:
                account.visits += 1
            self.sampled |= not watch.thin or watch.is_strict or is_due(account.sampled, account.visits)
        self._grads: Grads = ()
        self._seen: tuple[residuals.Incoming, Tensor] | None = None
        self._measured: incoming.Measured = {}
        self._scale = 1.0

    @property
    def needs_before(self) -> bool:
        """Tell whether the formula's inputs are wanted: where it is measured in full, and where torch may refuse."""
        return self.sampled or not (self.entries[0][1].dtype or "complex").startswith("float")

    def accounts_of(self, watch: Watching) -> list[Account]:
        """Give the accounts of one watch that this visit writes to."""
        return [account for owner, account in self.entries if owner is watch]

    def before(self, grads: Grads) -> tuple[Tensor | None, ...] | None:
        """Measure what stands before the formula, and give the gradients that it shall get instead."""
        self.entered, self._grads, self._scale = True, grads, 1.0
        self._vectors = incoming.reaches_vectors(self.kind, grads)
        if not self.sampled or not self._vectors or not all(is_readable(g) for g in grads if g is not None):
            return None
        saved = self._saved()
        if saved is None or not saved.left.numel():
            return None
        self._measure(saved)
        if self.repairs and (mended := self._repair(saved)) is not None:
            return mended
        if self.strict:
            self._stop()
        return None

    def after(self, outgoing: Grads, grads: Grads) -> tuple[Tensor | None, ...] | None:
        """Look at the gradient of the matrix; undo the scale that the repair gave to it, whatever else fails."""
        self.entered, self._grads = False, ()
        given = outgoing[0] if outgoing else None
        if self._scale == 1.0:
            guarded(self._look_at, given, grads)
            return None
        whole = None if given is None else given / self._scale
        guarded(self._look_at, whole, grads)
        return (whole, *outgoing[1:])

    def _look_at(self, outgoing: Tensor | None, grads: Grads) -> None:
        self._vectors = incoming.reaches_vectors(self.kind, grads)
        self._count()
        seen, self._seen = self._seen, None
        if outgoing is None or not is_readable(outgoing):
            return
        if seen is None and _is_finite_at_a_glance(outgoing, self.kind.family != "qr"):
            return
        with quiet(outgoing.device):
            plain = outgoing.detach()
            if seen is not None:
                self._measured |= incoming.after(*seen, plain)
            if not _is_finite_at_a_glance(plain, self.kind.family != "qr"):
                self._look_for_nonfinite([g.detach() for g in grads if g is not None], plain)
            self._commit()
        if self.strict:
            self._stop()

    def refused(self) -> SiteEvidence:
        """Account for the error that torch raised here, and measure what led to it."""
        grads = [g for g in self._grads if g is not None]
        saved = self._saved()
        self._count()
        if not self._measured and saved is not None and self._vectors:
            self._measure(saved)
        with quiet(grads[0].device):
            self._look_for_nonfinite([g.detach() for g in grads], None)
            mine = self._alone()
            self._commit()
        for watch, account in self.entries:
            with watch.ledger.lock:
                account.refused += 1
        self._grads, self._seen = (), None
        return mine

    def _saved(self) -> Saved | None:
        kept: Saved | None = self.node.metadata.get(KEPT)
        return kept or read_saved(self.node, self.kind)

    def _count(self) -> None:
        for watch, account in self.entries:
            with watch.ledger.lock:
                account.backwards += 1
                account.exercised += self._vectors
                account.sampled += self._seen is not None
                if watch.test is not None:
                    account.tests[watch.test] = None

    def _measure(self, saved: Saved) -> None:
        with quiet(saved.left.device):
            grads = [None if g is None else g.detach() for g in self._grads]
            seen, self._measured, rounding = incoming.before(self.kind, saved, grads)
        self._seen = seen, rounding
        for _, account in self.entries:
            account.real_vectors |= not seen.left.is_complex()
            if not account.calls:
                account.note(saved.shape, saved.left)

    def _look_for_nonfinite(self, grads: list[Tensor], outgoing: Tensor | None) -> None:
        arrived = residuals.all_finite(grads)
        never = torch.full((), -torch.inf, device=arrived.device)
        self._measured["came_from_downstream"] = torch.where(arrived, never, 1.0)
        if outgoing is not None:
            left = residuals.all_finite([outgoing])
            self._measured["made_here"] = torch.where(arrived & ~left, 1.0, never)

    def _commit(self) -> None:
        if self._measured:
            for watch, account in self.entries:
                with watch.ledger.lock:
                    account.add(self._measured)

    def _alone(self) -> SiteEvidence:
        """Give the evidence of this visit by itself. Reads from the device."""
        known = self.entries[0][1]
        alone = Account(self.site, self.kind.family, backwards=1, exercised=int(self._vectors), sampled=1)
        alone.shape, alone.dtype, alone.device = known.shape, known.dtype, known.device
        alone.real_vectors = known.real_vectors
        if self._measured:
            alone.add(self._measured)
        alone.settle()
        return alone.evidence()

    def _repair(self, saved: Saved) -> tuple[Tensor | None, ...] | None:
        mended = repair.project(self.kind, saved, self._grads, self._alone())
        if mended is None:
            return None
        for watch, account in self.entries:
            with watch.ledger.lock:
                account.repaired += 1
                account.repaired_residue = max(account.repaired_residue, mended.residue)
        self._scale = mended.scale  # last: a gradient that is not scaled must not be scaled back
        return mended.grads

    def _stop(self) -> None:
        """Raise or warn where this backward is ill-defined and a watch wants to hear of it at once."""
        found = self._alone()
        if verdict_of(found) not in ("phase-dependent", "degenerate"):
            return
        message = in_words(found)
        for watch in dict.fromkeys(watch for watch, _ in self.entries):
            if watch.on_finding == "raise":
                if self.entered:  # torch's formula will not run, nor what counts after it
                    self._count()
                self._commit()
                raise IllDefinedError(message)
            if watch.on_finding == "warn" and watch.warns_now(self.site):
                warnings.warn_explicit(message, UserWarning, self.site.path, self.site.line)


def _is_finite_at_a_glance(tensor: Tensor, spreads: bool) -> bool:
    """Tell from little that a gradient on the CPU, where reading a number makes nobody wait, is finite.

    `spreads`: it is a product with square or tall dense factors on both sides, so that a NaN or an infinity anywhere
    inside, even times 0, has turned every entry non-finite: one is enough. Otherwise the sum tells.
    """
    if not tensor.is_cpu or torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        return False
    some = tensor[0, 0] if spreads and tensor.dim() == 2 and tensor.numel() else tensor.sum()
    return math.isfinite(abs(some.item()))
