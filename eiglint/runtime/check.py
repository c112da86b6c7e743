"""Run a function in other gauges and see whether its value and its gradient move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, cast, overload

from torch import Tensor

from eiglint.runtime.arguments import SYMMETRIES, read_inputs, read_parameters, read_symmetries
from eiglint.runtime.callsite import CallSite
from eiglint.runtime.compare import magnitude
from eiglint.runtime.gauge import Action, Symmetry
from eiglint.runtime.hidden import noticed
from eiglint.runtime.measure import Measurement, Program, is_phase_refusal, measure
from eiglint.runtime.mode import DecompositionCall, Regauge, Way
from eiglint.runtime.randomness import random_state_kept
from eiglint.runtime.uncompiled import uncompiled
from eiglint.runtime.verdict import GaugeError, GaugeResult, Verdict
from eiglint.runtime.weigh import Baseline, weigh

_SEEDS_APART = 2**16  # a multiple of the size of a design of draws
_BLAMED_AT_MOST = 16
_ROUNDED_RUNS = 3


@overload
def gaugecheck(
    fn: Callable[..., Any],
    inputs: object,
    *,
    symmetries: Sequence[str] = ...,
    tries: int = ...,
    check_grad: bool = ...,
    seed: int = ...,
    raise_exception: Literal[True] = ...,
    way: str = ...,
    params: Iterable[Tensor] | None = ...,
    cluster_rtol: float | None = ...,
) -> Literal[True]: ...


@overload
def gaugecheck(
    fn: Callable[..., Any],
    inputs: object,
    *,
    symmetries: Sequence[str] = ...,
    tries: int = ...,
    check_grad: bool = ...,
    seed: int = ...,
    raise_exception: bool,
    way: str = ...,
    params: Iterable[Tensor] | None = ...,
    cluster_rtol: float | None = ...,
) -> GaugeResult | Literal[True]: ...


def gaugecheck(
    fn: Callable[..., Any],
    inputs: object,
    *,
    symmetries: Sequence[str] = SYMMETRIES,
    tries: int = 4,
    check_grad: bool = True,
    seed: int = 0,
    raise_exception: bool = True,
    way: str = "multiply",
    params: Iterable[Tensor] | None = None,
    cluster_rtol: float | None = None,
) -> GaugeResult | Literal[True]:
    """Check that `fn(*inputs)` depends on nothing that a decomposition leaves open.

    `fn` returns a tensor, or a tuple, list or dict of tensors. It is run with re-drawn signs and phases ("phase"),
    with eig's pairs in another order ("order") and with other bases inside blocks of equal values ("rotation"); value
    and gradient with respect to the inputs that require one, and to `params` (a module's own parameters by default),
    must stay. `way="multiply"` multiplies the library's outputs; `way="similarity"` decomposes a rotated matrix and
    rotates back. Returns True or raises GaugeError; with `raise_exception=False` returns the GaugeResult. Every
    random state is left as it was, and each run starts from the same one.
    """
    asked = read_symmetries(symmetries, tries, way)
    program_inputs = read_inputs(inputs)
    parameters = read_parameters(fn, params)
    if not parameters and not any(isinstance(entry, Tensor) for entry in program_inputs):
        raise ValueError("gaugecheck needs a tensor: `inputs` holds none and no `params` were given")
    seeds = tuple(seed * _SEEDS_APART + step for step in range(tries))
    with random_state_kept() as state, uncompiled():
        program = Program(fn, program_inputs, parameters, check_grad, state)
        result = _judge(program, asked, cast("Way", way), seeds, cluster_rtol)
    if not raise_exception:
        return result
    if not result.ok:
        raise GaugeError(result)
    return True


def _judge(
    program: Program, asked: Sequence[Symmetry], way: Way, seeds: tuple[int, ...], cluster_rtol: float | None
) -> GaugeResult:
    baseline = baseline_of(program, way, seeds, cluster_rtol)
    sites, failure = baseline.sites, baseline.plain.failure
    verdicts = {name: Verdict(name, None, reason="not asked for") for name in SYMMETRIES}
    if failure is not None:
        if not is_phase_refusal(failure):
            raise failure
        for name in asked:
            verdicts[name] = Verdict(name, None, reason="torch refused a backward inside the function")
        if "phase" in asked:
            verdicts["phase"] = Verdict("phase", False, reason=f"torch itself raised: {failure}", sites=sites)
    else:
        for name in asked:
            verdicts[name] = _verdict(baseline, name)
        for name in asked if baseline.hidden else ():
            if verdicts[name].invariant is not False:
                verdicts[name] = Verdict(name, None, clusters=verdicts[name].clusters, reason=_out_of_sight(baseline))
    return GaugeResult(**verdicts, sites=sites, asked=tuple(asked), way=way)


def _out_of_sight(baseline: Baseline) -> str:
    path, line, _ = baseline.hidden[0]
    return (
        f"a decomposition under {path}:{line} ran where it cannot be re-drawn: in scripted code, or in a thread that "
        "was started before"
    )


def baseline_of(
    program: Program, way: Way, seeds: tuple[int, ...], cluster_rtol: float | None = None, rounded: int = _ROUNDED_RUNS
) -> Baseline:
    """Run the program as it is, and, unless that fails, again and under rounding."""
    mode = Regauge("nothing", cluster_rtol=cluster_rtol)
    with noticed() as hidden:
        plain = measure(program, mode)
    sites = tuple(sorted(mode.calls.values(), key=lambda site: (site.path, site.line, site.call)))
    sizes = [magnitude(entry) for entry in program.inputs if isinstance(entry, Tensor) and entry.numel()]
    draft = Baseline(
        program,
        plain,
        (),
        sites,
        frozenset(mode.unreadable),
        max([mode.largest, *sizes]),
        way,
        seeds,
        cluster_rtol,
        _joined(mode.matrices),
        tuple(hidden),
    )
    if plain.failure is not None:
        return draft
    again = measure(program, Regauge("nothing", cluster_rtol=cluster_rtol))
    runs = [run(draft, "rounding", seed) for seed in range(rounded)] if sites else []
    return draft._replace(rounded=(again, *runs))


def _joined(matrices: Mapping[CallSite, set[tuple[str, bytes]]]) -> tuple[frozenset[CallSite], ...]:
    """Put the lines together that decompose a matrix in common."""
    groups: list[tuple[set[CallSite], set[tuple[str, bytes]]]] = []
    for site, keys in matrices.items():
        sites, shared = {site}, set(keys)
        for group in [group for group in groups if group[1] & shared]:
            groups.remove(group)
            sites |= group[0]
            shared |= group[1]
        groups.append((sites, shared))
    return tuple(frozenset(sites) for sites, _ in groups)


def run(baseline: Baseline, action: Action, seed: int, only: frozenset[CallSite] | None = None) -> Measurement:
    """Run once in another gauge, everywhere or at some lines alone."""
    mode = Regauge(action, seed, baseline.way, only=only, cluster_rtol=baseline.cluster_rtol)
    return measure(baseline.program, mode)


def groups_among(baseline: Baseline, sites: Sequence[DecompositionCall]) -> list[frozenset[CallSite]]:
    """List the groups of lines that can be re-drawn one group at a time, those of the given calls alone."""
    places = {CallSite(site.path, site.line, site.call) for site in sites}
    return [group for group in baseline.groups if group & places]


def concerned(baseline: Baseline, name: Symmetry) -> tuple[DecompositionCall, ...]:
    """Pick the calls whose outputs have the symmetry."""
    match name:
        case "phase":
            return tuple(site for site in baseline.sites if site.family != "eigvals")
        case "order":
            return tuple(site for site in baseline.sites if site.family in ("eig", "eigvals"))
        case "rotation":
            return tuple(site for site in baseline.sites if site.clusters)


def _verdict(baseline: Baseline, name: Symmetry) -> Verdict:
    sites = concerned(baseline, name)
    clusters = sum(site.clusters for site in baseline.sites) if name == "rotation" else None
    if name == "rotation" and baseline.unreadable:
        return Verdict(name, None, clusters=clusters, reason="blocks cannot be read from a decomposition inside vmap")
    if not sites:
        nothing = "no decomposition call was seen" if not baseline.sites else "nothing that was met has this symmetry"
        return Verdict(name, True, 0.0, None, clusters, reason=nothing)
    draws = [run(baseline, name, seed) for seed in baseline.seeds]
    verdict = weigh(baseline, name, draws)
    blamed = _blamed(baseline, name, sites) if verdict.invariant is False else ()
    return Verdict(
        name,
        verdict.invariant,
        verdict.value_deviation,
        verdict.gradient_deviation,
        clusters,
        verdict.rounding,
        verdict.reason,
        blamed,
    )


def _blamed(baseline: Baseline, name: Symmetry, sites: tuple[DecompositionCall, ...]) -> tuple[DecompositionCall, ...]:
    """Re-draw one matrix at a time, to name the calls that move the result by themselves."""
    groups = groups_among(baseline, sites)
    if len(groups) < 2 or len(groups) > _BLAMED_AT_MOST:
        return sites
    guilty: set[CallSite] = set()
    for group in groups:
        draws = [run(baseline, name, seed, group) for seed in baseline.seeds]
        if weigh(baseline, name, draws).invariant is False:
            guilty |= group
    return tuple(site for site in sites if CallSite(site.path, site.line, site.call) in guilty) or sites
