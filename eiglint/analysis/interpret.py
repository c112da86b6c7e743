"""The analysis of a set of modules: run their top level, then every root, and collect what was seen."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from eiglint.analysis import calls, expressions, library, statements
from eiglint.analysis.boundaries import run_boundary
from eiglint.analysis.captured import captured_tensors
from eiglint.analysis.events import Crash, Outcome, Ran, Reached, Settings
from eiglint.analysis.frame import Interpreter, OutOfStepsError, World
from eiglint.analysis.objects import is_boundary
from eiglint.analysis.roots import Root, attempt, candidates, in_order, is_entered, methods, run_class
from eiglint.analysis.taking_apart import taken
from eiglint.analysis.toplevel import run_module
from eiglint.analysis.values import Closure
from eiglint.gauge import Gauge
from eiglint.gauge.tensor import settle, unaged
from eiglint.ir.instructions import Module
from eiglint.models import Models, load

RECURSION_LIMIT = 60_000


def analyse(
    modules: Mapping[str, Module],
    find_module: Callable[[str], Module | None],
    settings: Settings = Settings(),  # noqa: B008 (frozen)
    models: Models | None = None,
    reaching: Callable[[str], Collection[str]] | None = None,
) -> Outcome:
    """Interpret modules and return what reaches results, what is never used, and what could not be followed.

    `find_module` reads a module of the project; `reaching` tells, without reading it, which of a module's globals
    lead to a decomposition.
    """
    interpreter = Interpreter(expressions.evaluate, statements.execute, calls.call, library.apply_model)
    world = World(load() if models is None else models, settings, find_module, reaching, interpreter)
    world.modules.update(modules)
    with _deep():
        left = dict.fromkeys(modules, settings.budget)
        for name, module in modules.items():
            if name not in world.ran:
                _guarded(module, name, left, world, lambda n=name, m=module: run_module(n, m, world))  # type: ignore[misc]
        _note("", 0, 0, world.outcome)
        for leftovers in (False, True):
            for name, module in modules.items():
                _run_roots(name, module, leftovers, left, world)
    outcome = world.outcome
    outcome.models = world.models
    outcome.taken = taken(world)
    outcome.reached.extend(_under_their_own_names(outcome))
    outcome.unused.extend([u for site, u in world.written.items() if site not in world.read])
    return outcome


def _under_their_own_names(outcome: Outcome) -> list[Reached]:
    """Return what reaches results under the names of the decompositions that went under another's.

    Of two exclusive calls only the first one's gauge is followed; what becomes of it becomes of the second too.
    """
    names: dict[Gauge, set[Gauge]] = {}
    for _ in range(2):  # twice: a gauge may have been renamed to one that was renamed later
        for first, second in outcome.renamed:
            own, other = unaged(first), unaged(second)
            names.setdefault(other, set()).update({own} | names.get(own, set()))
    found: dict[Reached, None] = {}
    for reached in outcome.reached:
        for gauge, motion in reached.value.motions:
            for own in names.get(unaged(gauge), ()):
                if own not in reached.value.gauges:
                    value = replace(reached.value, motions=settle({own: motion}))
                    found[reached._replace(value=value)] = None
    return list(found)


def _run_roots(name: str, module: Module, leftovers: bool, left: dict[str, int], world: World) -> None:
    """Run a module's roots: first those that nobody mentions, then those that nobody entered."""
    ordered = in_order(candidates(name, world))
    for root in ordered:
        if world.settings.only is not None and _label(root) not in world.settings.only:
            continue
        if not leftovers and _imported_elsewhere(root, name, world):
            continue
        if left[name] <= 0:
            world.cut_off(module.path, f"no steps left for `{_name(root)}`")
            continue
        outcome = world.outcome
        remarked, opened = len(outcome.remarks), len(outcome.decomposed)
        if isinstance(root, Closure):
            if not is_entered(root, world):
                _guarded(module, name, left, world, lambda r=root: attempt(r, world))  # type: ignore[misc]
        elif is_boundary(root):
            if not leftovers:
                _guarded(module, name, left, world, lambda r=root: run_boundary(r, world))  # type: ignore[misc]
        elif not all(is_entered(m, world) for m in methods(root)):
            _guarded(module, name, left, world, lambda r=root: run_class(r, world))  # type: ignore[misc]
        _run_handed_out(module, name, left, world)
        _note(_label(root), remarked, opened, outcome)


def _note(root: str, remarked: int, opened: int, outcome: Outcome) -> None:
    """Record what a root, or ("") the top level, went through since there were so many remarks and decompositions."""
    assumed = any(r.kind == "rank assumed" for r in outcome.remarks[remarked:])
    outcome.ran.append(Ran(root, assumed, frozenset([o.gauge.spot for o in outcome.decomposed[opened:]])))


def _run_handed_out(module: Module, name: str, left: dict[str, int], world: World) -> None:
    """Run the functions that a root gave away and nobody called, where they live.

    What an imported file gives away, as its decorators do, is run where that file is analysed itself, unless it sees
    a decomposition from here.
    """
    while world.handed_out:
        closure, state = world.handed_out.pop()
        wanted = closure.space in left and world.relevant(closure)
        moving = wanted or not all(t.neutral for t in captured_tensors([closure], state))
        if moving and not is_entered(closure, world) and left[name] > 0:
            _guarded(module, name, left, world, lambda c=closure, s=state: attempt(c, world, s))  # type: ignore[misc]


def _imported_elsewhere(root: Root, name: str, world: World) -> bool:
    """Whether another module of the set mentions a root, so that its callers' facts may come first."""
    return any(_name(root) in words for other, words in world.words.items() if other != name and _is_set(other, world))


def _is_set(name: str, world: World) -> bool:
    return world.modules.get(name) is not None


def _label(root: Root) -> str:
    return f"{root.space}:{_name(root)}"


def _name(root: Root) -> str:
    return root.function.name if isinstance(root, Closure) else root.name


def _guarded(module: Module, name: str, left: dict[str, int], world: World, run: Callable[[], object]) -> None:
    """Run the top level or one root within what is left; an error in it does not lose the others."""
    before = world.steps
    try:
        with world.within(left[name], left[name]):
            run()
    except OutOfStepsError as error:
        world.cut_off(module.path, str(error))
    except Exception:  # whatever goes wrong in one root is reported, and the others still count
        if not any(c.path == module.path for c in world.outcome.crashes):
            world.outcome.crashes.append(Crash(module.path, world.here, traceback.format_exc()))
    left[name] -= world.steps - before


@contextmanager
def _deep() -> Iterator[None]:
    """Allow deep recursion: frames of pure Python take no C stack."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
