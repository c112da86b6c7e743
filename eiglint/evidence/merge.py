"""Evidence of several runs as one: counts add up, of every measurement the worst is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from math import prod
from typing import Any

from eiglint.evidence.records import Evidence, Nonfinite, Pass, Probe, SiteEvidence
from eiglint.evidence.verdict import digits_of, eps_of

_NONFINITE: tuple[Nonfinite, ...] = ("none", "downstream", "here")
_PROBE: tuple[Probe, ...] = ("stays", "no verdict", "moves")


def merged(a: Evidence, b: Evidence) -> Evidence:
    """Join two pieces of evidence; a file counts as one however it is spelled, and the first spelling stays."""
    spelled: dict[str, str] = {}
    a, b = (_respelled(one, spelled) for one in (a, b))
    return Evidence(
        sites=_merged_sites((*a.sites, *b.sites)),
        passes=_merged_passes((*a.passes, *b.passes)),
        followed=a.followed and b.followed,
        files=tuple(sorted({*a.files, *b.files})),
        hook=a.hook if a.hook == b.hook else "function mode",
        torch=_both(a.torch, b.torch),
        unobserved=tuple(dict.fromkeys((*a.unobserved, *b.unobserved))),
    )


def _merged_sites(several: Iterable[SiteEvidence]) -> tuple[SiteEvidence, ...]:
    sites: dict[tuple[str, int, str], SiteEvidence] = {}
    for site in several:
        key = (site.path, site.line, site.call)
        sites[key] = merged_site(sites[key], site) if key in sites else site
    return tuple(sites[key] for key in sorted(sites))


def _merged_passes(several: Iterable[Pass]) -> tuple[Pass, ...]:
    """Join passes that the same lines led to."""
    passes: dict[tuple[tuple[str, tuple[int, ...]], ...], Pass] = {}
    for one in several:
        key = tuple(sorted((path, tuple(sorted(numbers))) for path, numbers in one.lines.items()))
        known = passes.get(key)
        passes[key] = one if known is None else Pass(one.lines, _merged_sites((*known.sites, *one.sites)))
    return tuple(passes[key] for key in sorted(passes))


def merged_site(a: SiteEvidence, b: SiteEvidence) -> SiteEvidence:
    """Join what two runs showed of one line.

    Where they differ in precision, the coarser dtype stays, whose thresholds accuse less, and digits lost are counted
    so that the digits left do not change. Of a real and a complex dtype the complex one stays.
    """
    both = {each.name: _RULES[each.name](getattr(a, each.name), getattr(b, each.name)) for each in fields(SiteEvidence)}
    if eps_of(a.dtype) != eps_of(b.dtype):
        left = [digits_of(one.dtype) - one.digits_lost for one in (a, b) if one.digits_lost is not None]
        both["digits_lost"] = digits_of(both["dtype"]) - min(left) if left else None
    return SiteEvidence(**both)


def moved(evidence: Evidence, move: Callable[[str], str]) -> Evidence:
    """Return the same evidence with every path moved; two names of one file are joined."""

    def at_new_paths(sites: Iterable[SiteEvidence]) -> tuple[SiteEvidence, ...]:
        return tuple(replace(site, path=move(site.path)) for site in sites)

    passes = (
        Pass(_lines(*({move(path): numbers} for path, numbers in one.lines.items())), at_new_paths(one.sites))
        for one in evidence.passes
    )
    files = tuple(dict.fromkeys(map(move, evidence.files)))
    return replace(evidence, sites=at_new_paths(evidence.sites), passes=tuple(passes), files=files)


def _respelled(evidence: Evidence, spelled: dict[str, str]) -> Evidence:
    """Give every path the first spelling under which its file was met."""
    return moved(
        evidence, lambda path: spelled.setdefault(path if path.startswith("<") else os.path.realpath(path), path)
    )


def _lines(*several: Mapping[str, frozenset[int]]) -> dict[str, frozenset[int]]:
    united: dict[str, frozenset[int]] = {}
    for lines in several:
        for path, numbers in lines.items():
            united[path] = united.get(path, frozenset()) | numbers
    return united


def _known(a: Any, b: Any, choose: Callable[[Iterable[Any]], Any]) -> Any:
    """Choose among what was measured."""
    values = [value for value in (a, b) if value is not None]
    return choose(values) if values else None


def _largest(a: Any, b: Any) -> Any:
    return _known(a, b, max)


def _smallest(a: Any, b: Any) -> Any:
    return _known(a, b, min)


def _bigger_shape(a: Any, b: Any) -> Any:
    return _known(a, b, lambda shapes: max(shapes, key=lambda shape: (prod(shape), shape)))


def _coarser(a: Any, b: Any) -> Any:
    return _known(a, b, lambda dtypes: max(dtypes, key=lambda dtype: (eps_of(dtype), dtype.startswith("complex"))))


def _worst(order: Sequence[str]) -> Callable[[Any, Any], Any]:
    return lambda a, b: max(a, b, key=order.index)


def _probes(a: Mapping[str, Probe], b: Mapping[str, Probe]) -> dict[str, Probe]:
    return {
        symmetry: max((one[symmetry] for one in (a, b) if symmetry in one), key=_PROBE.index)
        for symmetry in dict.fromkeys((*a, *b))
    }


def _both(a: str, b: str) -> str:
    """Name both where they differ."""
    return ", ".join(sorted({part for text in (a, b) for part in text.split(", ") if part}))


def _devices(a: str | None, b: str | None) -> str | None:
    return _both(a or "", b or "") or None


def _failures(a: str, b: str) -> str:
    return "; ".join(sorted({part for text in (a, b) for part in text.split("; ") if part}))


def _add(a: int, b: int) -> int:
    return a + b


def _first(a: Any, b: Any) -> Any:
    return a


_RULES: Mapping[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("path", "line", "call", "family"), _first),
    **dict.fromkeys(("calls", "backwards", "exercised", "sampled", "refused", "repaired"), _add),
    **dict.fromkeys(
        (
            "phase_residual",
            "blind",
            "block_residual",
            "digits_lost",
            "amplification",
            "asymmetry",
            "condition",
            "null_gradient",
            "repaired_residue",
        ),
        _largest,
    ),
    "min_gap": _smallest,
    "shape": _bigger_shape,
    "dtype": _coarser,
    "device": _devices,
    "nonfinite": _worst(_NONFINITE),
    "probe": _probes,
    "probe_failure": _failures,
    "tests": lambda a, b: tuple(sorted({*a, *b})),
}
