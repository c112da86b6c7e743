"""The backward half of a watch: stand around torch's engine, find the decompositions it will reach, hook them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from eiglint.runtime import following, sightings
from eiglint.runtime.callsite import CallSite, find_call_site, is_inner
from eiglint.runtime.engine import Run, Start
from eiglint.runtime.incoming import is_traced
from eiglint.runtime.measure import is_phase_refusal
from eiglint.runtime.nodes import COMPILED, NODE_KINDS, NodeKind, decompositions_above, read_values, roots_of, site_of
from eiglint.runtime.repeating import is_repeating
from eiglint.runtime.visit import Visit
from eiglint.runtime.watching import Watching, active, attempted, guarded
from eiglint.runtime.words import in_words

_hooked: set[Any] = set()


class _PerThread(threading.local):
    inside = False


_here = _PerThread()


def observe(start: Start, run: Run) -> Any:
    """Run a backward with every decomposition in its graph hooked; what the hooks leave is removed afterwards."""
    watches = active()
    if not watches or is_repeating():
        return run()
    visits: list[Visit] = guarded(_find, start.outputs, watches) or []
    if not any(watch.prober is not None for watch in watches):
        return _run_hooked(visits, run) if visits else run()
    with _probed(start, visits, watches):
        return _run_hooked(visits, run) if visits else run()


def _run_hooked(visits: list[Visit], run: Run) -> Any:
    handles: list[Any] = []
    for visit in visits:
        guarded(_hook, visit, handles)
    try:
        return run()
    except RuntimeError as error:
        if is_phase_refusal(error):
            guarded(_explain, error, visits)
        raise
    finally:
        for handle in handles:
            handle.remove()
        for visit in visits:
            _hooked.discard(visit.node)


@contextmanager
def _probed(start: Start, visits: list[Visit], watches: tuple[Watching, ...]) -> Iterator[None]:
    """Repeat the loss for every watch that wants to, unless this backward runs inside another one."""
    outermost, _here.inside = not _here.inside, True
    try:
        for watch in watches if outermost and visits else ():
            if watch.prober is not None:
                accounts = {id(account): account for visit in visits for account in visit.accounts_of(watch)}
                attempted(watch.prober.ask, *_losses(start), list(accounts.values()), visits[0].window)
        yield
    finally:
        if outermost:
            _here.inside = False
            for watch in watches:
                if watch.prober is not None and not start.keeps_graph:
                    watch.prober.tape.forget()


def _losses(start: Start) -> tuple[list[Tensor], list[Tensor | None]]:
    weights = list(start.gradients) or [None] * len(start.outputs)
    pairs = [(loss, weight) for loss, weight in zip(start.outputs, weights, strict=True) if isinstance(loss, Tensor)]
    return [loss for loss, _ in pairs], [weight for _, weight in pairs]


def _find(outputs: Any, watches: tuple[Watching, ...]) -> list[Visit]:
    sightings.link_fresh()
    found: list[tuple[Any, NodeKind, CallSite]] = []
    here: CallSite | None = None
    for node, name in decompositions_above(roots_of(outputs)):
        if node in _hooked:
            continue
        if name == COMPILED:
            for watch in watches:
                watch.unobserved["compiled regions (their decompositions are out of sight)"] = None
            continue
        kind = NODE_KINDS[name]
        values = read_values(node, kind)
        if values is not None and is_traced(values):
            continue  # a compiler asks for the formula; no gradient is computed
        site = site_of(node) or sightings.link(node, values)
        if site is None:
            here = here or find_call_site("")
            site = here._replace(call=f"{kind.call} (its forward was not seen; this is the backward's line)")
        elif is_inner(kind.family, site):
            continue
        found.append((node, kind, site))
    window = following.reached(site for _, _, site in found)
    return [Visit(node, kind, site, watches, window) for node, kind, site in found]


def _hook(visit: Visit, handles: list[Any]) -> None:
    _hooked.add(visit.node)
    if visit.needs_before:
        handles.append(visit.node.register_prehook(lambda grads: guarded(visit.before, grads)))
    handles.append(visit.node.register_hook(visit.after))


def _explain(error: RuntimeError, visits: list[Visit]) -> None:
    """Say with torch's error where it was raised and what it means."""
    for visit in visits:
        if visit.entered:
            error.add_note("eiglint: " + in_words(visit.refused(), refused=True))
