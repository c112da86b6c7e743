"""The backward half of a watch: stand around torch's engine, find the decompositions it will reach, hook them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eiglint.runtime import following, sightings
from eiglint.runtime.callsite import COMPOSITES, CallSite, find_call_site
from eiglint.runtime.measure import is_phase_refusal
from eiglint.runtime.nodes import COMPILED, NODE_KINDS, decompositions_above, read_values, roots_of, site_of
from eiglint.runtime.visit import Visit
from eiglint.runtime.watching import Watching, active, guarded
from eiglint.runtime.words import in_words

_hooked: set[Any] = set()


def observe(outputs: Any, run: Callable[[], Any]) -> Any:
    """Run a backward with every decomposition in its graph hooked; what the hooks leave is removed afterwards."""
    visits: list[Visit] = guarded(_find, outputs, active()) or []
    if not visits:
        return run()
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
        _hooked.difference_update(visit.node for visit in visits)


def _find(outputs: Any, watches: tuple[Watching, ...]) -> list[Visit]:
    following.end()
    sightings.link_fresh()
    found = []
    here: CallSite | None = None
    for node, name in decompositions_above(roots_of(outputs)):
        if node in _hooked:
            continue
        if name == COMPILED:
            for watch in watches:
                watch.unobserved["compiled regions (their decompositions are out of sight)"] = None
            continue
        kind = NODE_KINDS[name]
        site = site_of(node) or sightings.site_at(read_values(node, kind))
        if site is None:
            here = here or find_call_site("")
            site = here._replace(call=f"{kind.call} (its forward was not seen; this is the backward's line)")
        elif kind.family == "qr" and site.call.rpartition(".")[2] in COMPOSITES:
            continue  # the iteration inside svd_lowrank: only its last svd hands out vectors
        found.append(Visit(node, kind, site, watches))
    return found


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
