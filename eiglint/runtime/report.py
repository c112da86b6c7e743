"""What a watch hands out: sites, the join with the static analysis, a table, JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from eiglint.evidence.records import Evidence, Pass
from eiglint.runtime.callsite import Point
from eiglint.runtime.watching import Watching

if TYPE_CHECKING:
    from eiglint.evidence.join import Joined, JoinedSite


class Report:
    """What was seen so far; usable while the watch is active and after it has ended."""

    def __init__(self, watch: Watching, files: Sequence[str] | None) -> None:
        self._watch, self._files = watch, files
        self._joined: tuple[Evidence, Joined] | None = None

    @property
    def test(self) -> str | None:
        """The test to which backward passes are attributed from now on."""
        return self._watch.test

    @test.setter
    def test(self, name: str | None) -> None:
        self._watch.test = name

    @property
    def sites(self) -> tuple[JoinedSite, ...]:
        """Every line that decomposed something, by path and line, with its verdict and its static findings."""
        return self.joined().sites

    def evidence(self) -> Evidence:
        """Give what was measured. Waits for the devices."""
        wanted = self._wanted()
        sites = self._watch.ledger.evidence(wanted)
        packages = {_package(site.path) for site in sites}
        followed = tuple(self._watch.passes.items())  # other threads may still add
        passes = tuple(Pass(_lines(points, packages), ledger.evidence(wanted)) for points, ledger in followed)
        return Evidence(
            sites,
            passes,
            self._watch.followed,
            hook=self._watch.hook,
            torch=str(torch.__version__),
            unobserved=tuple(self._watch.unobserved),
        )

    def joined(self) -> Joined:
        """Hold the static findings of the files that were seen against what was measured in them."""
        from eiglint.evidence.gather import joined_with_files

        evidence = self.evidence()
        if self._joined is None or self._joined[0] != evidence:
            self._joined = evidence, joined_with_files(evidence)
        return self._joined[1]

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the evidence to a file that `eiglint check --evidence` reads."""
        from eiglint.evidence.files import write

        write(Path(path), self.evidence())

    def close(self) -> None:
        """Read what waits on devices and let go of it."""
        self._watch.settle()

    def __str__(self) -> str:
        """Show the table."""
        from eiglint.evidence.table import as_text

        return as_text(self.joined(), 100)

    def _wanted(self) -> Callable[[str], bool]:
        if self._files is None:
            return lambda _: True
        import pathspec

        wanted = pathspec.GitIgnoreSpec.from_lines(self._files)
        return lambda path: wanted.match_file(os.path.relpath(path))


def _lines(points: Iterable[Point], packages: set[str | None]) -> dict[str, frozenset[int]]:
    """Sort lines by file; those of installed packages count only where they decompose something."""
    lines: dict[str, set[int]] = {}
    for path, line in points:
        if _package(path) is None or _package(path) in packages:
            lines.setdefault(path, set()).add(line)
    return {path: frozenset(found) for path, found in sorted(lines.items())}


def _package(path: str) -> str | None:
    """Name the installed package that a file belongs to; None for the user's own code."""
    _, found, inside = path.replace(os.sep, "/").rpartition("/site-packages/")
    return inside.split("/")[0] if found else None
