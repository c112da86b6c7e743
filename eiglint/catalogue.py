"""The rules as their pages in rules/ state them, and the selection of rules by code, prefix or name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, cast, get_args

from eiglint.findings import Profile, Severity

Runtime = Literal[
    "phase",
    "conjugate",
    "order",
    "condition",
    "degeneracy",
    "curvature",
    "asymmetry",
    "hermitian",
    "null-gradient",
    "refusal",
    "refusal-by-size",
    "nonfinite",
    "none",
]
RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)


class UnknownRule(ValueError):  # noqa: N818
    """A code, prefix or name that no rule has."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the front matter of its page, and the page itself."""

    code: str
    name: str
    group: str
    severity: Severity
    default: bool
    """Whether it is reported, in its profile, unless somebody says otherwise."""
    profile: Profile
    """The profile that looks for it; `features` looks for everything."""
    fix: str
    runtime: Runtime
    """What kind of measurement concerns the rule."""
    page: str

    @property
    def summary(self) -> str:
        """Return the first paragraph under "What it does", on one line and without links."""
        _, _, rest = self.page.partition("## What it does")
        return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(rest.strip().split("\n\n")[0].split()))


def rules_root() -> Traversable:
    """Return the folder of rules: inside the installed package, or that of the checkout."""
    packaged = files("eiglint") / "_rules"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parent.parent / "rules"


@cache
def rules() -> Mapping[str, Rule]:
    """Read every rule page, keyed by code and in the order of codes."""
    pages = [page for page in rules_root().iterdir() if page.name.startswith("EIG") and page.name.endswith(".md")]
    found = [_read(page) for page in sorted(pages, key=lambda page: page.name)]
    return {rule.code: rule for rule in found}


def find(selector: str) -> Rule:
    """Return the rule with this code or name."""
    for rule in rules().values():
        if selector.upper() == rule.code or selector.lower() == rule.name:
            return rule
    raise UnknownRule(_unknown(selector))


def resolve(selectors: Iterable[str]) -> tuple[str, ...]:
    """Turn codes, prefixes and names into codes and prefixes; raise `UnknownRule` for what matches no rule."""
    return tuple(_resolve(selector) for selector in selectors)


def enabled(code: str, select: tuple[str, ...], ignore: tuple[str, ...], extend: tuple[str, ...] = ()) -> bool:
    """Say whether a code is reported: the longest matching prefix wins, ignoring before selecting.

    Notes that the code itself asks for (EIG0) and the tool's own messages (EIG9) need no selecting.
    """
    refused = _longest(code, ignore)
    if select or code.startswith(("EIG0", "EIG9")):
        wanted = _longest(code, (*select, "EIG0", "EIG9"))
    else:
        rule = rules().get(code)
        wanted = 0 if rule is None or rule.default else -1
    wanted = max(wanted, _longest(code, extend))
    return wanted >= 0 and wanted > refused


def _longest(code: str, prefixes: tuple[str, ...]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


def _resolve(selector: str) -> str:
    wanted = selector.strip()
    if wanted.upper() == "ALL":
        return "EIG"
    for code, rule in rules().items():
        if wanted.lower() == rule.name:
            return code
        if wanted and code.startswith(wanted.upper()):
            return wanted.upper()
    raise UnknownRule(_unknown(wanted))


def _unknown(selector: str) -> str:
    known = [text for rule in rules().values() for text in (rule.code, rule.name)]
    spelling = selector.upper() if selector.upper().startswith("EIG") else selector.lower()
    near = get_close_matches(spelling, known, n=1, cutoff=0.5)
    return f"unknown rule `{selector}`" + (f"; did you mean `{near[0]}`?" if near else "")


def _read(page: Traversable) -> Rule:
    """Split a page into its front matter of `key: value` lines and its text."""
    text = page.read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    values = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in front.splitlines())}
    return Rule(
        code=values["code"],
        name=values["name"],
        group=values["group"],
        severity=cast(Severity, values["severity"]),
        default=values.get("default", "on") != "off",
        profile="features" if values.get("default") == "features" else "autograd",
        fix=values.get("fix", "none"),
        runtime=cast(Runtime, values["runtime"]),
        page=body.strip() + "\n",
    )
