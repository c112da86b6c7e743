"""Evidence as a file: one JSON object with paths that survive being moved together with the program.

Paths below the folder of the file are stored relative to it, with slashes, all others as absolute ones; reading gives
absolute paths back. Names that are no paths (`<stdin>`) stay as they are.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from eiglint.evidence.merge import merged, moved
from eiglint.evidence.plain import EvidenceError, as_record, from_record
from eiglint.evidence.records import Evidence

__all__ = ["EvidenceError", "as_record", "from_record", "merged", "read", "write"]


def read(path: str | os.PathLike[str]) -> Evidence:
    """Read a file that `write` wrote."""
    name = os.fspath(path)
    try:
        content = json.loads(Path(name).read_bytes())
    except OSError as error:
        raise EvidenceError(f"{name}: cannot be read: {error.strerror or type(error).__name__}") from error
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{name}: not a file of evidence: not JSON ({error})") from error
    try:
        return moved(from_record(content), lambda stored: _absolute(stored, os.path.dirname(os.path.abspath(name))))
    except EvidenceError as error:
        raise EvidenceError(f"{name}: {error}") from error


def write(path: str | os.PathLike[str], evidence: Evidence) -> None:
    """Write evidence in one step: a reader sees the old file or the new one, never a part."""
    name = os.fspath(path)
    target = os.path.realpath(name)
    folder = os.path.dirname(os.path.abspath(name))
    text = json.dumps(as_record(moved(evidence, lambda used: _stored(used, folder))), indent=1, allow_nan=False)
    try:
        if os.path.exists(target) and not os.path.isfile(target):  # a device or a pipe is not ours to replace
            Path(target).write_text(text + "\n", encoding="utf-8")
            return
        draft = f"{target}.{os.getpid()}.tmp"
        try:
            Path(draft).write_text(text + "\n", encoding="utf-8")
            os.replace(draft, target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EvidenceError(f"{name}: cannot be written: {error.strerror or type(error).__name__}") from error


def _stored(path: str, folder: str) -> str:
    if path.startswith("<"):
        return path
    whole = os.path.abspath(path)
    for inner, outer in ((whole, folder), (os.path.realpath(whole), os.path.realpath(folder))):
        if Path(inner).is_relative_to(outer):
            return Path(inner).relative_to(outer).as_posix()
    return whole


def _absolute(stored: str, folder: str) -> str:
    return stored if stored.startswith("<") else os.path.normpath(os.path.join(folder, stored))
