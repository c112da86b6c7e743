"""Fetch packages from the index that pip is set up for, and unpack them without installing anything."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

CACHE = Path(tempfile.gettempdir()) / "eiglint-bench"


PINNED = {
    "kornia": "0.9.0",
    "gpytorch": "1.15.2",
    "linear_operator": "0.6.1",
    "torch_geometric": "2.8.1",
    "geomstats": "2.8.0",
    "tensorly": "0.10.0",
    "pennylane": "0.45.1",
    "xitorch": "0.5.1",
    "geoopt": "0.5.1",
    "speechbrain": "1.1.2",
    "deeptime": "0.4.5",
    "netket": "3.23.0",
    "tensorcircuit": "0.12.0",
    "ott-jax": "0.6.0",
    "botorch": "0.18.1",
    "pypose": "0.9.5",
}
"""What is measured, in the versions that docs/real-code.md speaks of."""

FOLDERS = {"ott-jax": "ott"}
"""The package inside a distribution, where it has another name."""


class Package(NamedTuple):
    """An unpacked distribution, and the package in it: beside that stand tests and examples."""

    name: str
    version: str
    tree: Path
    folder: str


def unpacked(name: str, cache: Path) -> Package:
    """Return the unpacked distribution, from the cache if it is there."""
    home = cache / "packages" / name
    if not (home / "tree").exists():
        shutil.rmtree(home, ignore_errors=True)
        wanted = f"{name}=={PINNED[name]}" if name in PINNED else name
        run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(home / "archive"), wanted])
        archive = next((home / "archive").iterdir())
        unpack(archive, home / "unfinished")
        (home / "unfinished").rename(home / "tree")
    version = next((home / "archive").iterdir()).name.split("-")[1].removesuffix(".tar.gz")
    return Package(name, version, home / "tree", FOLDERS.get(name, name))


def installed(name: str) -> Package:
    """Return a package of this environment, as it is installed."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Package(name, version_of(name).partition("+")[0], Path(spec.origin).parents[1], name)


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
