"""Evidence as plain data that strict JSON can hold, and back.

`evidence` is the version of the format. Infinities are written as "inf" and "-inf"; NaN, which measures nothing, as
null. Keys that a later version adds are passed over.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, get_args

from eiglint.evidence.records import Evidence, Family, Nonfinite, Pass, Probe, SiteEvidence
from eiglint.version import __version__

FORMAT = 1


class EvidenceError(ValueError):
    """Something is no evidence, or a file of it cannot be read or written; the message says what and why."""


def as_record(evidence: Evidence) -> dict[str, object]:
    """Return evidence as plain data, with its paths as they are."""
    return {
        "eiglint": __version__,
        "evidence": FORMAT,
        "torch": evidence.torch,
        "hook": evidence.hook,
        "followed": evidence.followed,
        "files": list(evidence.files),
        "sites": [_plain_site(site) for site in evidence.sites],
        "passes": [
            {
                "lines": {path: sorted(numbers) for path, numbers in one.lines.items()},
                "sites": [_plain_site(site) for site in one.sites],
            }
            for one in evidence.passes
        ],
        "unobserved": list(evidence.unobserved),
    }


def _plain_site(site: SiteEvidence) -> dict[str, object]:
    return {each.name: plain(getattr(site, each.name)) for each in fields(SiteEvidence)}


def plain(value: object) -> object:
    """Return a measurement as strict JSON can hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def from_record(content: object) -> Evidence:
    """Return the evidence that `as_record` turned into plain data; raise `EvidenceError` for anything else."""
    if not isinstance(content, dict) or "evidence" not in content:
        raise EvidenceError("not a file of evidence: the key `evidence` is missing")
    if content["evidence"] != FORMAT or isinstance(content["evidence"], bool):
        raise EvidenceError(
            f"format {content['evidence']!r} of evidence, while eiglint {__version__} reads format {FORMAT}; "
            "run the program again with this version"
        )
    for key in ("sites", "passes", "files"):
        if key not in content:
            raise EvidenceError(f"the key `{key}` is missing")
    if not isinstance(content["passes"], list):
        raise EvidenceError("`passes` is not a list")
    passes = tuple(_pass(one, f"passes[{number}]") for number, one in enumerate(content["passes"]))
    rest = {key: _read("", key, kind, content[key]) for key, kind in _WHOLE.items() if key in content}
    return Evidence(_sites(content["sites"], "sites"), passes, **rest)


def _pass(content: object, where: str) -> Pass:
    if not isinstance(content, dict):
        raise EvidenceError(f"{where} is not an object")
    for key in ("lines", "sites"):
        if key not in content:
            raise EvidenceError(f"{where}: the key `{key}` is missing")
    lines = _read(f"{where}.", "lines", "Mapping[str, frozenset[int]]", content["lines"])
    return Pass(lines, _sites(content["sites"], f"{where}.sites"))


def _sites(content: object, where: str) -> tuple[SiteEvidence, ...]:
    if not isinstance(content, list):
        raise EvidenceError(f"`{where}` is not a list")
    return tuple(_site(site, f"{where}[{number}]") for number, site in enumerate(content))


def _site(content: object, where: str) -> SiteEvidence:
    if not isinstance(content, dict):
        raise EvidenceError(f"{where} is not an object")
    values: dict[str, Any] = {}
    for each in fields(SiteEvidence):
        if each.name in content:
            values[each.name] = _read(f"{where}.", each.name, str(each.type), content[each.name])
        elif _is_required(each):
            raise EvidenceError(f"{where}: the key `{each.name}` is missing")
    return SiteEvidence(**values)


def _is_required(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _read(where: str, name: str, kind: str, value: object) -> Any:
    try:
        return _READERS[kind](value)
    except (TypeError, ValueError, OverflowError) as error:
        raise EvidenceError(f"{where}{name} is {json.dumps(value)[:60]}, which is no {kind}") from error


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _size(value: object) -> float | None:
    if value is None or isinstance(value, float):
        return None if value is None or math.isnan(value) else value
    return {"inf": math.inf, "-inf": -math.inf}[value] if value in ("inf", "-inf") else float(_signed(value))


def _signed(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _several(value: object, each: Callable[[object], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(each(item) for item in value)


def _by_name(value: object, each: Callable[[object], Any]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return {key: each(item) for key, item in value.items()}


def _one_of(value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError
    return _text(value)


_READERS: Mapping[str, Callable[[object], Any]] = {
    "str": _text,
    "str | None": lambda value: None if value is None else _text(value),
    "int": _whole,
    "bool": _flag,
    "float | None": _size,
    "tuple[int, ...] | None": lambda value: None if value is None else _several(value, _whole),
    "tuple[str, ...]": lambda value: _several(value, _text),
    "Family": lambda value: _one_of(value, get_args(Family)),
    "Nonfinite": lambda value: _one_of(value, get_args(Nonfinite)),
    "Mapping[str, Probe]": lambda value: _by_name(value, lambda item: _one_of(item, get_args(Probe))),
    "Mapping[str, frozenset[int]]": lambda value: _by_name(value, lambda item: frozenset(_several(item, _whole))),
}
_WHOLE = {each.name: str(each.type) for each in fields(Evidence) if each.name not in ("sites", "passes")}
