"""The flake8 plugin. It costs a search through the text where a file leads to no decomposition."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from eiglint import __version__
from eiglint.source.config import ConfigError, models_for
from eiglint.source.gate import names_decomposition, words_with
from eiglint.source.reach import Reach

if TYPE_CHECKING:
    import argparse
    import ast

    from flake8.options.manager import OptionManager

    from eiglint.findings import Finding
    from eiglint.inspection import Inspector
    from eiglint.source.config import Options

_REACHES: dict[tuple[str, ...], Reach] = {(): Reach()}
"""By the models of the project that a file belongs to; nearly all have none."""
_STDIN = ("-", "stdin")


class GaugeChecker:
    """Reports the findings of one file; which codes are shown and `noqa` are flake8's own business."""

    name = "eiglint"
    version = __version__
    min_certainty: ClassVar[str | None] = None
    _inspector: ClassVar[Inspector | None] = None

    def __init__(self, tree: ast.AST, lines: list[str], filename: str) -> None:
        self._text = "".join(lines)
        self._path = "<stdin>" if filename in _STDIN else filename

    @staticmethod
    def add_options(parser: OptionManager) -> None:
        """Declare `--eiglint-min-certainty`."""
        parser.add_option(
            "--eiglint-min-certainty",
            choices=("definite", "likely", "possible"),
            default=None,
            parse_from_config=True,
            help="The least certainty that eiglint reports (likely, unless pyproject.toml says otherwise).",
        )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Remember the option for all files."""
        cls.min_certainty = options.eiglint_min_certainty

    def run(self) -> Iterator[tuple[int, int, str, type[GaugeChecker]]]:
        """Yield line, column from 0, and text of each finding."""
        for finding in self._findings():
            shown = seen_from(finding, self._path)
            if shown is not None and shown.code != "EIG900":
                yield shown.line, shown.column - 1, f"{shown.code} {shown.message}", type(self)

    def _findings(self) -> tuple[Finding, ...]:
        try:
            return self._inspect() if _concerns(self._path, self._text) else ()
        except ConfigError as error:
            from flake8.exceptions import ExecutionError

            raise ExecutionError(str(error)) from error

    def _inspect(self) -> tuple[Finding, ...]:
        from eiglint.inspection import Inspector
        from eiglint.source.text import encode

        inspector = GaugeChecker._inspector = GaugeChecker._inspector or Inspector(_REACHES[()], noqa=False)
        return inspector.inspect(self._path, encode(self._text), self._options()).findings

    def _options(self) -> Options:
        """Take the options from pyproject.toml, as the command line does, under those of flake8."""
        from eiglint.findings import CERTAINTIES
        from eiglint.source.config import options_for

        options, _ = options_for(Path(self._path))
        wanted = next((certainty for certainty in CERTAINTIES if certainty == self.min_certainty), None)
        return replace(options, min_certainty=wanted) if wanted else options


def _concerns(path: str, text: str) -> bool:
    """Ask the gate; a name that is no file has no imports to follow."""
    source = text.encode("utf-8", "replace")
    models = models_for(os.path.dirname(path))
    reach = _REACHES.get(models) or _REACHES.setdefault(models, Reach(words_with(models)))
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
