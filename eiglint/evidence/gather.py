"""Evidence joined with what the static analysis says of the files in which it was seen."""

from __future__ import annotations

import os

from eiglint.check import check_paths
from eiglint.evidence.join import Joined, join
from eiglint.evidence.records import Evidence
from eiglint.source.promises import read_promises_of


def joined_with_files(evidence: Evidence) -> Joined:
    """Check the files that were executed, or in which something ran, and hold them against the evidence."""
    files = files_of(evidence)
    return join(evidence, check_paths(files), read_promises_of(files))


def files_of(evidence: Evidence) -> list[str]:
    """Return the Python files of the evidence that exist, each once."""
    named = (*evidence.files, *evidence.lines, *(site.path for site in evidence.sites))
    files = {os.path.realpath(path): path for path in reversed(named) if path.endswith(".py") and os.path.isfile(path)}
    return sorted(files.values())
