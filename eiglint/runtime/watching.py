"""What is active: the watches of this process, and what each of them wants."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch

from eiglint.runtime.callsite import CallSite, Point
from eiglint.runtime.ledger import Ledger

if TYPE_CHECKING:
    from eiglint.runtime.probing import Prober

OnFinding = Literal["record", "warn", "raise"]
OnRoundoff = Literal["torch", "repair"]
Compiled = Literal["eager", "skip"]


_MOST_PASSES = 1_000


class IllDefinedError(RuntimeError):
    """A backward whose gradient has no meaning was stopped; the message names the decomposition."""


@dataclass(eq=False, slots=True)
class Watching:
    """One watch while it is active, and afterwards what it has seen."""

    on_finding: OnFinding = "record"
    on_roundoff: OnRoundoff = "torch"
    compiled: Compiled = "eager"
    thin: bool = True
    ledger: Ledger = field(default_factory=Ledger)
    test: str | None = None
    passes: dict[frozenset[Point], Ledger] = field(default_factory=dict)
    """What was measured in backward passes that were followed, by the lines that led to them."""
    followed: bool = True
    """False if somebody else was tracing."""
    unobserved: dict[str, None] = field(default_factory=dict)
    prober: Prober | None = None
    hook: str = "engine"
    """How backward passes and decompositions are seen; "function mode" where a private name of torch is missing."""
    _warned: set[CallSite] = field(default_factory=set)
    _failed: bool = False

    @property
    def is_strict(self) -> bool:
        """Tell whether each backward is judged at once."""
        return self.on_finding != "record" or self.on_roundoff == "repair"

    def ledgers_for(self, window: frozenset[Point] | None) -> tuple[Ledger, ...]:
        """Give the ledgers that a backward writes to: the whole's, and that of its lines if they are known."""
        if window is None or (window not in self.passes and len(self.passes) >= _MOST_PASSES):
            return (self.ledger,)
        return self.ledger, self.passes.setdefault(window, Ledger())

    def settle(self) -> None:
        """Read all that waits on devices."""
        for ledger in (self.ledger, *tuple(self.passes.values())):  # other threads may still add
            ledger.settle()

    def warns_now(self, site: CallSite) -> bool:
        """Tell whether this is the first warning about a site."""
        fresh = site not in self._warned
        self._warned.add(site)
        return fresh

    def report_failure(self, error: Exception) -> None:
        """Warn once that something of ours failed; the program goes on."""
        if not self._failed:
            self._failed = True
            self.unobserved["part of the measurements: a hook of eiglint failed"] = None
            warnings.warn(
                f"eiglint: a measurement failed and was left out ({type(error).__name__}: {error}); the program "
                "is not affected. Please report this",
                RuntimeWarning,
                stacklevel=2,
            )


_lock = threading.Lock()
_active: tuple[Watching, ...] = ()


def active() -> tuple[Watching, ...]:
    """Give the watches that are active in this process."""
    return _active


def begin(watch: Watching, first: Callable[[], None]) -> None:
    """Make a watch active; `first` runs if no other one is."""
    global _active
    with _lock:
        if not _active:
            first()
        _active = (*_active, watch)


def end(watch: Watching, last: Callable[[], None]) -> None:
    """End a watch; `last` runs if it was the only one."""
    global _active
    with _lock:
        _active = tuple(other for other in _active if other is not watch)
        if not _active:
            last()


def guarded(function: Callable[..., Any], *args: Any) -> Any:
    """Call one of our own functions, out of sight of function modes, so that its failure stays ours.

    Reading a tensor's attribute is a torch call too, which would come back to the modes that stand here.
    """
    with torch._C.DisableTorchFunction():
        return attempted(function, *args)


def attempted(function: Callable[..., Any], *args: Any) -> Any:
    """Call one of our own functions so that its failure, other than one that was asked for, stays ours."""
    try:
        return function(*args)
    except IllDefinedError:
        raise
    except Exception as error:
        for watch in _active:
            watch.report_failure(error)
        return None
