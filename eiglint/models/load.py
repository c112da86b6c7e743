"""All models together: those that ship with eiglint and those that a project adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path

from eiglint.catalogue import rules_root
from eiglint.models.schema import Model
from eiglint.models.signature import bind
from eiglint.models.tables import Entry, Table, check, mirrored, model, read, spelled


class Models:
    """Models by dotted name, made when they are first asked for. A later table overrides an earlier one."""

    bind = staticmethod(bind)

    def __init__(self, tables: Sequence[Table], own: Sequence[Table] = ()) -> None:
        """Take the tables of libraries, and a project's `own`: only the names these list are modelled, not all beside.

        What else the project defines there is read as its code.
        """
        self._entries: dict[str, tuple[Table, Entry, bool]] = {}
        self._made: dict[str, Model] = {}
        self._modules: set[str] = set()
        by_root = {table.path.name.partition(".")[0]: table for table in tables}
        for table in tables:
            self._take(table, by_root)
        for home in {name.rpartition(".")[0] for name in self._entries}:
            self._add_module(home)
        for table in own:
            self._take(table, by_root)
        self.unrecorded = frozenset(name for table in (*tables, *own) for name in table.unrecorded)
        self.underived = frozenset(n for n, (_, entry, _) in self._entries.items() if _is_underived(entry))
        self.decompositions = frozenset(n for n, (_, entry, _) in self._entries.items() if entry.kind == "decompose")
        self.draws = frozenset(n for n, (_, entry, _) in self._entries.items() if "draws" in entry.keys)

    def _take(self, table: Table, by_root: Mapping[str, Table]) -> None:
        """Add what a table mirrors, then what it says itself."""
        for name, source, entry, overwrites in mirrored(table, by_root):
            self._entries[name] = (source, entry, overwrites)
        for entry in table.entries:
            for name, overwrites in spelled(table, entry):
                self._entries[name] = (table, entry, overwrites)
        for module in table.modules:
            self._add_module(module)

    def _add_module(self, name: str) -> None:
        while name and name not in self._modules:
            self._modules.add(name)
            name = name.rpartition(".")[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str) -> Model | None:
        """Return the model of a dotted name, or None."""
        found = self._made.get(name)
        if found is None and name in self._entries:
            found = self._made[name] = model(*self._entries[name][:2], name, self._entries[name][2])
        return found

    def knows_module(self, prefix: str) -> bool:
        """Say whether a dotted name is a namespace of a known library, such as `torch.linalg`."""
        return prefix in self._modules


def _is_underived(entry: Entry) -> bool:
    """Whether a call factorises a matrix in a way that nothing follows and its library cannot differentiate."""
    return entry.kind == "opaque" and entry.keys.get("differentiable") == "never"


def load(extra: Sequence[Path] = ()) -> Models:
    """Return the models that ship with eiglint and those of the files of a project, which are checked."""
    return _load(tuple(Path(p) for p in extra))


@lru_cache(maxsize=8)
def _load(extra: tuple[Path, ...]) -> Models:
    own = [read(path) for path in extra]
    for table in own:
        check(table)
    return Models([read(path) for path in shipped()], own)


def words(extra: Sequence[str]) -> tuple[str, ...]:
    """Return the last parts of the names of the decompositions that a project's own tables list, for the gate."""
    tables = [read(Path(path)) for path in extra]
    names = [n for t in tables for e in t.entries if e.kind == "decompose" for n, _ in spelled(t, e)]
    return tuple(sorted({name.rpartition(".")[2] for name in names}))


def every_word() -> tuple[str, ...]:
    """Return the last parts of the names of all decompositions in the tables that come with eiglint, for the gate."""
    return tuple(sorted({name.rpartition(".")[2] for name in load().decompositions}))


def shipped() -> list[Traversable]:
    """Return the tables that come with eiglint."""
    found = [path for path in (rules_root() / "models").iterdir() if path.name.endswith(".toml")]
    return sorted(found, key=lambda path: path.name)
