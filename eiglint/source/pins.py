"""Requirements of torch in the files that declare a project's dependencies, and which releases they let in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Literal, NamedTuple

FIRST_CHECKED = (1, 11)
"""The first release of torch whose backward refuses losses that depend on a phase."""

_VERSION = r"[0-9][0-9A-Za-z.*+!-]*"
_CLAUSE = re.compile(rf"\s*(===|==|~=|!=|<=|>=|<|>|=|\^|~)?\s*({_VERSION})(?:=\S+)?\s*")
_CLAUSES = rf"(?:===|==|~=|!=|<=|>=|<|>|=)\s*{_VERSION}(?:=\S+)?(?:\s*,\s*(?:===|==|~=|!=|<=|>=|<|>)\s*{_VERSION})*"
_NAME = r"(?:pytorch::)?(?:torch|pytorch)(?![\w.-])(?:\[[^\]]*\])?"
_BARE = re.compile(rf"^(?:\s*-\s*|\s*|\w+\s*=\s*)(?P<pin>{_NAME}\s*\(?(?P<clauses>{_CLAUSES}))")
_QUOTED = re.compile(rf"(?P<quote>[\"'])(?P<pin>{_NAME}\s*\(?(?P<clauses>{_CLAUSES}))")
_KEYED = re.compile(
    rf"^\s*(?P<pin>torch\s*=\s*(?:\{{.*?version\s*=\s*)?[\"'](?P<clauses>\s*[\^~<>=!]*\s*{_VERSION}(?:\s*,[^\"']*)?)[\"'])"
)

Kind = Literal["requirements", "pyproject", "setup", "environment"]
_FILES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("requirements", re.compile(r"requirements.*\.txt|.*[-_]requirements\.txt")),
    ("pyproject", re.compile(r"pyproject\.toml")),
    ("setup", re.compile(r"setup\.cfg")),
    ("environment", re.compile(r"environment.*\.ya?ml")),
)
_PATTERNS: dict[Kind, tuple[re.Pattern[str], ...]] = {
    "requirements": (_BARE,),
    "pyproject": (_QUOTED, _KEYED),
    "setup": (_BARE,),
    "environment": (_BARE, _QUOTED),
}


class Pin(NamedTuple):
    """A requirement of torch that keeps out every release with the check, or (`surely` False) may keep them out."""

    text: str
    line: int
    column: int
    surely: bool


def declares_dependencies(path: str) -> bool:
    """Say whether a file, by its name, declares dependencies."""
    return _kind(path) is not None


def _kind(path: str) -> Kind | None:
    name = PurePath(path).name
    return next((kind for kind, pattern in _FILES if pattern.fullmatch(name)), None)


def old_pins(text: str, path: str) -> Iterator[Pin]:
    """Yield the requirements that keep torch before 1.11; a requirement under a condition is none for everybody."""
    kind = _kind(path)
    if kind is None or "torch" not in text:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(("#", ";")):
            continue
        for pattern in _PATTERNS[kind]:
            for found in pattern.finditer(line):
                if line[found.end() :].lstrip(" )").startswith(";"):
                    continue
                excluded = _excludes(found["clauses"])
                if excluded is not None:
                    yield Pin(found["pin"].strip(), number, found.start("pin") + 1, excluded)


def _excludes(clauses: str) -> bool | None:
    """Say whether a specifier certainly keeps out all releases with the check; None where it does not."""
    answers = [
        _excluded_by(found[1] or "==", found[2]) for found in map(_CLAUSE.fullmatch, clauses.split(",")) if found
    ]
    known = [answer for answer in answers if answer is not None]
    return max(known, default=None)


def _excluded_by(operator: str, version: str) -> bool | None:
    """Say whether one clause keeps out 1.11 and all that follows.

    The clauses are those of the packaging standard, of conda (one `=`: a prefix) and of Poetry (`^`, `~`). By the
    standard `~=1.10` lets 1.13 in, and is meant as 1.10 by most who write it: such a clause is in doubt.
    """
    release = _release(version)
    bound = FIRST_CHECKED
    match operator:
        case "<":
            return release <= bound or None
        case "<=":
            return release < bound or None
        case "==" | "===" if not version.endswith(".*"):
            return release < bound or None
        case "==" | "=":
            return _is_before(release) or None
        case "~":
            return _is_before(release[:2]) or None
        case "~=":
            if _is_before(release[:-1]):
                return True
            return False if len(release) == 2 and release < bound else None
        case "^":
            return _is_before(release[:1]) or None
    return None


def _is_before(prefix: tuple[int, ...]) -> bool:
    """Whether every version with a prefix lies before the first release with the check."""
    return prefix[:2] < FIRST_CHECKED[: len(prefix)]


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without a local part, a suffix of a release candidate, or a star."""
    found = re.match(r"(?:\d+!)?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in found[1].split(".")) if found else ()
