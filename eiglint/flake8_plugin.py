"""The flake8 plugin. It costs a search through the text where a file leads to no decomposition."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from eiglint.source.config import ConfigError, options_in
from eiglint.source.gate import WORDS, names_decomposition, words_with
from eiglint.source.reach import Reach
from eiglint.version import __version__

if TYPE_CHECKING:
    import argparse
    import ast

    from flake8.options.manager import OptionManager

    from eiglint.findings import Finding
    from eiglint.inspection import Inspector
    from eiglint.source.config import Options

_REACHES: dict[tuple[str, ...], Reach] = {WORDS: Reach()}
"""By the words that the gate looks for: those of a project's own models differ, and those of the profile."""
_STDIN = ("-", "stdin")


class GaugeChecker:
    """Reports the findings of one file; which codes are shown and `noqa` are flake8's own business."""

    name = "eiglint"
    version = __version__
    min_certainty: ClassVar[str | None] = None
    profile: ClassVar[str | None] = None
    _inspector: ClassVar[Inspector | None] = None

    def __init__(self, tree: ast.AST, lines: list[str], filename: str) -> None:
        self._text = "".join(lines)
        self._path = "<stdin>" if filename in _STDIN else filename

    @staticmethod
    def add_options(parser: OptionManager) -> None:
        """Declare `--eiglint-min-certainty` and `--eiglint-profile`."""
        parser.add_option(
            "--eiglint-min-certainty",
            choices=("definite", "likely", "possible"),
            default=None,
            parse_from_config=True,
            help="The least certainty that eiglint reports (likely, unless pyproject.toml says otherwise).",
        )
        parser.add_option(
            "--eiglint-profile",
            choices=("autograd", "features"),
            default=None,
            parse_from_config=True,
            help="What eiglint judges (autograd, unless pyproject.toml says otherwise).",
        )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Remember the options for all files."""
        cls.min_certainty, cls.profile = options.eiglint_min_certainty, options.eiglint_profile

    def run(self) -> Iterator[tuple[int, int, str, type[GaugeChecker]]]:
        """Yield line, column from 0, and text of each finding."""
        for finding in self._findings():
            shown = seen_from(finding, self._path)
            if shown is not None and shown.code != "EIG900":
                yield shown.line, shown.column - 1, f"{shown.code} {shown.message}", type(self)

    def _findings(self) -> tuple[Finding, ...]:
        try:
            options = self._options()
            return self._inspect(options) if _concerns(self._path, self._text, options) else ()
        except ConfigError as error:
            from flake8.exceptions import ExecutionError

            raise ExecutionError(str(error)) from error

    def _inspect(self, options: Options) -> tuple[Finding, ...]:
        from eiglint.inspection import Inspector
        from eiglint.source.text import encode

        inspector = GaugeChecker._inspector = GaugeChecker._inspector or Inspector(_REACHES[WORDS], noqa=False)
        return inspector.inspect(self._path, encode(self._text), options).findings

    def _options(self) -> Options:
        """Take the options from pyproject.toml, as the command line does, under those of flake8."""
        from eiglint.findings import CERTAINTIES, PROFILES
        from eiglint.source.config import Options

        options = options_in(os.path.dirname(self._path))
        if self.min_certainty is None and self.profile is None:
            return options
        certainty = next((one for one in CERTAINTIES if one == self.min_certainty), None)
        profile = next((one for one in PROFILES if one == self.profile), None)
        return Options(min_certainty=certainty, profile=profile).over(options)


def _concerns(path: str, text: str, options: Options) -> bool:
    """Ask the gate; a name that is no file has no imports to follow."""
    source = text.encode("utf-8", "replace")
    words = words_with(options.models or (), options.features)
    reach = _REACHES.get(words) or _REACHES.setdefault(words, Reach(words))
    return names_decomposition(source, reach.words) if path.startswith("<") else reach.leads(path, source)


def seen_from(finding: Finding, path: str) -> Finding | None:
    """Show a finding in the file that flake8 reads: where the other file's operation was given the vectors.

    A fault that lies in the other file as a whole is reported when flake8 reads that file.
    """
    if finding.path == path:
        return finding
    if finding.source is None or finding.source.path != path:
        return None
    step = next((step for step in reversed(finding.trace) if step.path == path), None)
    if step is None:
        return None
    place = finding.place._replace(
        path=path, line=step.line, column=step.column, end_line=step.line, end_column=step.column + 1
    )
    message = f"{finding.message} (in {finding.path}, line {finding.line})"
    return replace(finding, place=place, message=message)
