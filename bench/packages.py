"""Fetch packages from the index that pip is set up for, and unpack them without installing anything."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

CACHE = Path(tempfile.gettempdir()) / "eiglint-bench"


class Package(NamedTuple):
    """An unpacked distribution."""

    name: str
    version: str
    tree: Path


def unpacked(name: str, cache: Path) -> Package:
    """Return the unpacked distribution, from the cache if it is there."""
    home = cache / "packages" / name
    if not (home / "tree").exists():
        shutil.rmtree(home, ignore_errors=True)
        run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(home / "archive"), name])
        archive = next((home / "archive").iterdir())
        unpack(archive, home / "unfinished")
        (home / "unfinished").rename(home / "tree")
    version = next((home / "archive").iterdir()).name.split("-")[1].removesuffix(".tar.gz")
    return Package(name, version, home / "tree")


def unpack(archive: Path, target: Path) -> None:
    """Extract a wheel or a source archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target)
    else:
        with tarfile.open(archive) as source:
            source.extractall(target, filter="data")


def environment(name: str, requirements: list[str], cache: Path) -> Path:
    """Make a virtual environment with these requirements, once, and return its folder of programs."""
    home = cache / "environments" / name
    marker = home / "requirements"
    wanted = "\n".join(requirements)
    if not marker.exists() or marker.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(home)])
        run([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements])
        marker.write_text(wanted)
    return home / "bin"


def run(command: list[str]) -> None:
    """Run a command that must succeed."""
    print("  $", *command, file=sys.stderr)
    subprocess.run(command, check=True, stdout=sys.stderr)
