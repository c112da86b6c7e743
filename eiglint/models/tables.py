"""Reading and checking the tables of rules/models, and those that a project adds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from pathlib import Path

from eiglint.models.kinds import KINDS
from eiglint.models.schema import Model
from eiglint.models.signature import Signature, signature

FILE_KEYS = {
    "spell": list,
    "inplace": str,
    "rename": dict,
    "common": list,
    "ignored": list,
    "synonyms": dict,
    "modules": list,
    "gradient": bool,
    "mirrors": dict,
    "lacks": list,
    "unrecorded": list,
}
DESCRIBED = {bool: "true or false", list: "a list of strings", str: "a string", dict: "a table of strings"}
ENTRY_KEYS = {
    "names": list,
    "spell": list,
    "params": str,
    "rename": dict,
    "inplace": bool,
    "overwrites": bool,
    "attribute": bool,
    "fields": list,
    "removed_in": str,
    "deprecated": str,
}


class ModelsError(ValueError):
    """A table cannot be read; the message names the file, the entry and the key."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What one file says for all its entries."""

    path: Path | Traversable
    spell: tuple[str, ...]
    inplace: str
    keywords: Mapping[str, str]
    modules: tuple[str, ...]
    entries: tuple[Entry, ...]
    rename: Mapping[str, str]
    """What the algebra calls parameters of these names, where an entry does not say otherwise."""
    gradient: bool
    mirrors: Mapping[str, str]
    """Namespaces, and those of other tables whose names they offer too."""
    lacks: tuple[str, ...]
    """Names, or namespaces, that are not mirrored."""
    unrecorded: tuple[str, ...] = ()
    """Methods that classes of a program override, and that the library calls where no gradient is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One `[[kind]]` as it stands in the file."""

    kind: str
    number: int
    keys: Mapping[str, object]


def read(path: Path | Traversable) -> Table:
    """Read a table; its entries are not checked."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise ModelsError(f"{path}: cannot be read: {e.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise ModelsError(f"{path}: {e}") from None
    entries: list[Entry] = []
    for key, value in data.items():
        if key in FILE_KEYS:
            continue
        if key not in KINDS:
            raise ModelsError(f"{path}: unknown kind {key!r}{nearest(key, [*KINDS, *FILE_KEYS])}")
        if not isinstance(value, list) or not all(isinstance(keys, dict) for keys in value):
            raise ModelsError(f"{path}: `{key}` must be written [[{key}]]")
        entries.extend(Entry(key, i, keys) for i, keys in enumerate(value, 1))
    for key, kind in FILE_KEYS.items():
        if not _of_type(data.get(key, kind()), kind):
            raise ModelsError(f"{path}: `{key}` must be {DESCRIBED[kind]}")
    keywords = {**dict.fromkeys(data.get("ignored", ()), ""), **data.get("synonyms", {})}
    keywords.update((name, name) for name in data.get("common", ()))
    return Table(
        path,
        tuple(data.get("spell", ("{}",))),
        data.get("inplace", "{}_"),
        keywords,
        tuple(data.get("modules", ())),
        tuple(entries),
        data.get("rename", {}),
        data.get("gradient", True),
        data.get("mirrors", {}),
        tuple(data.get("lacks", ())),
        tuple(data.get("unrecorded", ())),
    )


def spelled(table: Table, entry: Entry) -> Iterator[tuple[str, bool]]:
    """Return every name of an entry, and whether a call of it overwrites its first argument."""
    patterns = entry.keys.get("spell", table.spell)
    overwrites = entry.keys.get("overwrites") is True
    for name in entry.keys["names"]:  # type: ignore[attr-defined]
        if "." in name:
            yield name, overwrites
            continue
        for pattern in patterns:  # type: ignore[attr-defined]
            yield pattern.format(name), overwrites
        if entry.keys.get("inplace"):
            yield table.inplace.format(name), True


def model(table: Table, entry: Entry, name: str, overwrites: bool) -> Model:
    """Return the model that an entry gives to one of its names."""
    keys = entry.keys
    made, *others = _signatures(keys)
    options = {k: frozen(v) for k, v in keys.items() if k not in ENTRY_KEYS}
    fields = frozen(keys.get("fields", []))
    if fields:
        options["fields"] = fields
    first = Model(
        name=name,
        kind=entry.kind,
        params=made.params,
        options=options,
        defaults=made.defaults,
        rename=renamed(table, entry.kind, keys),
        keywords=table.keywords,
        gradient=table.gradient,
        inplace=overwrites,
        attribute=keys.get("attribute") is True,
        fields=fields,  # type: ignore[arg-type]
        removed_in=str(keys.get("removed_in", "")),
        deprecated=str(keys.get("deprecated", "")),
        instance=_instance(name, keys.get("calls"), table) if entry.kind == "module" else None,
    )
    forms = tuple(replace(first, params=other.params, defaults=other.defaults) for other in others)
    return replace(first, forms=forms) if forms else first


def renamed(table: Table, kind: str, keys: Mapping[str, object]) -> Mapping[str, str]:
    """Return what the algebra calls the parameters of an entry: by its own `rename`, or else by that of the file.

    The file's speaks only of arguments that the kind takes and that the signature does not name already.
    """
    own: Mapping[str, str] = keys.get("rename", {})  # type: ignore[assignment]
    if not table.rename:
        return own
    params = {p.lstrip("*") for form in _signatures(keys) for p in form.params}
    taken = {own.get(p, p) for p in params} | keys.keys()
    shared = {p: table.rename[p] for p in params & table.rename.keys() if p not in own}
    return {**{p: to for p, to in shared.items() if to in KINDS[kind].arguments and to not in taken}, **own}


def mirrored(table: Table, tables: Mapping[str, Table]) -> Iterator[tuple[str, Table, Entry, bool]]:
    """Return the names that a table takes over from others, with the entries that describe them there."""
    for home, source in table.mirrors.items():
        other = tables.get(source.partition(".")[0])
        if other is None:
            raise ModelsError(f"{table.path}: `mirrors` names {source!r}, of which there is no table")
        there = replace(other, gradient=table.gradient)
        for entry in other.entries:
            for name, overwrites in spelled(other, entry):
                here = home + name[len(source) :]
                if name.startswith(f"{source}.") and not lacking(here, table):
                    yield here, there, entry, overwrites


def lacking(name: str, table: Table) -> bool:
    """Whether a mirrored name, or the namespace it stands in, does not exist there."""
    return any(name == absent or name.startswith(f"{absent}.") for absent in table.lacks)


def _instance(name: str, calls: object, table: Table) -> Model:
    assert isinstance(calls, Mapping)
    made = _signatures(calls)[0]
    options = {k: frozen(v) for k, v in calls.items() if k not in ("kind", "params")}
    return Model(name, str(calls["kind"]), made.params, options, made.defaults, keywords=table.keywords)


def frozen(value: object) -> object:
    """Return lists as tuples, which is what the algebra takes for sequences."""
    if isinstance(value, list):
        return tuple(frozen(v) for v in value)
    return {k: frozen(v) for k, v in value.items()} if isinstance(value, dict) else value


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown word: the known one that is nearest to it."""
    from difflib import get_close_matches  # rarely needed, and slow to import

    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def check(table: Table) -> None:
    """Raise ModelsError for the first entry that makes no sense."""
    for entry in table.entries:
        try:
            _check(table, entry)
        except ValueError as e:
            names = entry.keys.get("names")
            label = f"[[{entry.kind}]] number {entry.number}" + (f" (names = {names})" if names else "")
            raise ModelsError(f"{table.path}: {label}: {e}") from None


def _check(table: Table, entry: Entry) -> None:
    keys = entry.keys
    names = keys.get("names")
    if not names:
        raise ValueError("`names` is missing")
    if entry.kind == "module":
        _check_calls(keys)
    _check_keys(keys.keys() - ENTRY_KEYS.keys(), entry.kind)
    for key, kind in ENTRY_KEYS.items():
        if key in keys and not _of_type(keys[key], kind):
            raise ValueError(f"`{key}` must be {DESCRIBED[kind]}")
    rename: Mapping[str, str] = keys.get("rename", {})  # type: ignore[assignment]
    params = {p.lstrip("*") for form in _signatures(keys) for p in form.params}
    for name in rename:
        if name not in params:
            raise ValueError(f"`rename` speaks of {name!r}, which is not in `params`{nearest(name, params)}")
    if entry.kind != "module":
        named = renamed(table, entry.kind, keys)
        _check_needs(entry.kind, {named.get(p, p) for p in params} | keys.keys())


def _of_type(value: object, kind: type) -> bool:
    """Say whether a value is a string, or a list or table of strings, as `kind` has it."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, kind) and all(isinstance(v, str) for v in inside)


def _check_calls(keys: Mapping[str, object]) -> None:
    calls = keys.get("calls")
    if not isinstance(calls, dict) or not isinstance(calls.get("kind"), str):
        raise ValueError("a module says with `calls = { kind = ... }` what its instances do")
    kind = calls["kind"]
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}{nearest(kind, KINDS)}")
    _check_keys(calls.keys() - {"kind", "params"}, kind)
    _signatures(calls)


def _check_keys(options: set[str], kind: str) -> None:
    known = KINDS[kind].options | KINDS[kind].arguments
    for key in sorted(options - known):
        raise ValueError(f"unknown key {key!r}{nearest(key, known | ENTRY_KEYS.keys())}")


def _check_needs(kind: str, given: set[str]) -> None:
    for name in sorted(KINDS[kind].needs - given):
        raise ValueError(f"the kind needs an argument {name!r}; name it in `params`, or by `rename`")


def _signatures(keys: Mapping[str, object]) -> list[Signature]:
    """Return the signature of a call, or all of them where they are separated by bars."""
    return [signature(form) for form in str(keys.get("params", "input")).split("|")]
