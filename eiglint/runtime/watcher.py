"""`with eiglint.watch() as report:` sees the backward passes that really run."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar, cast, get_args

from eiglint.runtime import engine, following, kernels, sightings, watching
from eiglint.runtime.backward import observe
from eiglint.runtime.forward import ForwardMode
from eiglint.runtime.reach import carried
from eiglint.runtime.report import Report
from eiglint.runtime.uncompiled import uncompiled
from eiglint.runtime.watching import Compiled, OnFinding, OnRoundoff, Watching

F = TypeVar("F", bound=Callable[..., Any])


class watch:  # noqa: N801 - reads as a verb: `with watch():`, `@watch()`
    """Watch every decomposition whose gradient is computed while the body, or the decorated function, runs.

    `on_finding`: "record" only, and never wait for a device; "warn" once per line; "raise" `IllDefinedError` at the
    first backward whose gradient has no meaning, also where torch is silent. `on_roundoff="repair"`: where torch
    would refuse a gradient for rounding, project it out and go on. `files`: patterns as in .gitignore; only matching
    files are reported. `compiled`: "eager" runs compiled functions uncompiled, "skip" leaves them, unobserved.
    `thin=False` measures every backward in full. `probe=True` also repeats each loss under other gauges.
    """

    def __init__(
        self,
        on_finding: str = "record",
        on_roundoff: str = "torch",
        files: Iterable[str] | None = None,
        *,
        compiled: str = "eager",
        thin: bool = True,
        probe: bool = False,
    ) -> None:
        _one_of("on_finding", on_finding, get_args(OnFinding))
        _one_of("on_roundoff", on_roundoff, get_args(OnRoundoff))
        _one_of("compiled", compiled, get_args(Compiled))
        if isinstance(files, str):
            raise TypeError(f"files must be a list of patterns, not the text {files!r}")
        self._options = (on_finding, on_roundoff, compiled, thin)
        self._files = None if files is None else tuple(files)
        self._probe = probe
        self._stacks: list[ExitStack] = []

    def __enter__(self) -> Report:
        """Begin to watch."""
        on_finding, on_roundoff, compiled, thin = self._options
        state = Watching(
            cast("OnFinding", on_finding), cast("OnRoundoff", on_roundoff), cast("Compiled", compiled), thin
        )
        if self._probe:
            from eiglint.runtime.probing import Prober

            state.prober = Prober(state.ledger)
        report = Report(state, self._files)
        with ExitStack() as stack:
            stack.callback(report.close)
            if compiled == "eager":
                stack.enter_context(uncompiled())
            stack.enter_context(_watching(state))
            self._stacks.append(stack.pop_all())
        return report

    def __exit__(self, *details: Any) -> None:
        """End, read what waits on devices, and leave nothing behind."""
        self._stacks.pop().__exit__(*details)

    def __call__(self, function: F) -> F:
        """Watch each call of a function; its reports are in the list `function.reports`."""

        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            own = copy.copy(self)
            own._stacks = []  # calls may run at once, in several threads
            with own as report:
                reports.append(report)
                return function(*args, **kwargs)

        reports: list[Report] = []
        watched.reports = reports  # type: ignore[attr-defined]
        return cast("F", watched)


@contextmanager
def _watching(state: Watching) -> Iterator[None]:
    modes: list[Any] = []
    if not engine.is_reachable() or not kernels.is_reachable():
        modes.append(ForwardMode(None if engine.is_reachable() else observe, not kernels.is_reachable()))
        state.hook = "function mode"
    if state.prober is not None:
        from eiglint.runtime.recording import Recording

        modes.append(Recording(state.prober.tape))
    watching.begin(state, _stand_around)
    try:
        with ExitStack() as stack:
            for mode in modes:
                stack.enter_context(carried(mode))
                stack.enter_context(mode)
            yield
    finally:
        for mode in modes:
            mode.closed = True
        watching.end(state, _step_back)
        if state.prober is not None:
            state.prober.tape.forget()


def _stand_around() -> None:
    if engine.is_reachable():
        engine.register(observe)
    if kernels.is_reachable():
        sightings.begin()


def _step_back() -> None:
    following.end()
    engine.unregister(observe)
    sightings.end()
    following.forget()


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        choices = ", ".join(repr(entry) for entry in allowed)
        raise ValueError(f"{name} must be one of {choices}, not {value!r}")
