"""Options: those of `[tool.eiglint]` in the pyproject.toml nearest to a file, and those of the command line."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from eiglint.findings import CERTAINTIES, PROFILES, Certainty, Profile


class ConfigError(Exception):
    """The configuration cannot be used; the message names the file and the key."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is reported. None means that nothing was said, so that a more distant place is asked."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    min_certainty: Certainty | None = None
    profile: Profile | None = None
    models: tuple[str, ...] | None = None
    """The paths of a project's own models."""

    @property
    def features(self) -> bool:
        """Whether vectors without a gradient are judged too."""
        return self.profile == "features"

    def over(self, other: Options) -> Options:
        """Take what `other` says wherever this says nothing."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in own.items() if value is not None})


KEYS = tuple(field.name.replace("_", "-") for field in fields(Options))
CHOICES: dict[str, tuple[str, ...]] = {"min-certainty": CERTAINTIES, "profile": PROFILES}


def options_for(path: Path, explicit: Path | None = None) -> tuple[Options, Path | None]:
    """Return the options that hold for a file or folder, and the folder of their pyproject.toml."""
    if explicit is not None:
        return read_config(explicit), explicit.resolve().parent
    folder = path if path.is_dir() else path.parent
    found = _nearest(folder.resolve())
    return (read_config(found), found.parent) if found is not None else (Options(), None)


@cache
def _nearest(folder: Path) -> Path | None:
    """Return the nearest pyproject.toml upwards that has a table for eiglint."""
    candidate = folder / "pyproject.toml"
    try:
        if b"tool.eiglint" in candidate.read_bytes():
            return candidate
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ConfigError(f"{candidate}: {error.strerror}") from error
    return None if folder.parent == folder else _nearest(folder.parent)


@cache
def read_config(file: Path) -> Options:
    """Read the table for eiglint of a TOML file."""
    import tomllib

    try:
        content = tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error
    table = content.get("tool", {}).get("eiglint", {}) if isinstance(content.get("tool", {}), dict) else {}
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: `tool.eiglint` must be a table")
    values: dict[str, Any] = {key.replace("-", "_"): _value(file, key, value) for key, value in table.items()}
    return Options(**values)


def _value(file: Path, key: str, value: object) -> object:
    """Check one key and its value."""
    if key not in KEYS:
        from difflib import get_close_matches

        near = get_close_matches(key, KEYS, n=1, cutoff=0.0)[0]
        raise ConfigError(f"{file}: unknown key `{key}` in [tool.eiglint]; the nearest known one is `{near}`")
    if key in CHOICES:
        if value not in CHOICES[key]:
            raise ConfigError(f"{file}: `{key}` must be one of {', '.join(CHOICES[key])}")
        return value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{file}: `{key}` must be a list of strings")
    if key == "models":
        return _models(file, value)
    if key != "exclude":
        from eiglint.catalogue import UnknownRule, resolve

        try:
            return resolve(value)
        except UnknownRule as error:
            raise ConfigError(f"{file}: `{key}`: {error}") from error
    return tuple(value)


def _models(file: Path, listed: list[str]) -> tuple[str, ...]:
    """Check a project's own models, whose paths start from the configuration's folder."""
    from eiglint.models import ModelsError, load

    paths = tuple(str(file.resolve().parent / name) for name in listed)
    try:
        load([Path(path) for path in paths])
    except ModelsError as error:
        raise ConfigError(f"{file}: `models`: {error}") from error
    return paths


@cache
def options_in(folder: str, explicit: Path | None = None) -> Options:
    """Return the options that hold for the files of a folder."""
    return options_for(Path(folder or "."), explicit)[0]
