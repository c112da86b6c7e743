"""Which files lead to a decomposition through what they import.

A file is analysed if it names a decomposition, or uses a name that it imports, directly or through other modules of
the project, from one that does. That is decided by imports, never by the names of functions alone. A chain of
functions longer than `MAX_HOPS` is not followed: in a large library everything reaches everything in the end.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from eiglint.source.gate import WORDS, names_decomposition
from eiglint.source.imports import Imported, blocks_of, code_of, decorators_of, imports_of, keepers_of, mentions_of
from eiglint.source.project import Home, absolute, home_of, locate

MAX_HOPS = 4
MAX_DOTS = 3
"""A package hands on what the modules that it imports hold: `package.linalg.decompose`."""
_MODELLED = frozenset({"torch", "torch._tensor", "torch.linalg", "torch.nn", "torch.nn.functional"})


class _Link(NamedTuple):
    """How a module may spell what another one exports: `only` one name, as `spelled`, or every name after `spelled`."""

    source: str
    only: str
    spelled: str

    def through(self, names: Mapping[str, int]) -> Mapping[str, int]:
        """Return names as the importer spells them."""
        if self.only:
            return {self.spelled: names[self.only]} if self.only in names else {}
        return {self.spelled + name: hops for name, hops in names.items()} if self.spelled else names


@dataclass(eq=False)
class _Module:
    """One module of the project: `exports` says by how many calls each outermost name leads to a decomposition.

    `brought` says so of what the module can spell thanks to its imports.
    """

    path: str
    source: bytes
    words: tuple[str, ...]
    fingerprint: int = field(init=False)
    worded: bool = field(init=False)
    exports: dict[str, int] = field(default_factory=dict)
    brought: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fingerprint = hash(self.source)
        self.worded = names_decomposition(self.source, self.words)

    @cached_property
    def home(self) -> Home:
        return home_of(self.path)

    @cached_property
    def imports(self) -> tuple[Imported, ...]:
        return imports_of(self.source)

    @cached_property
    def links(self) -> tuple[_Link, ...]:
        """Return what the imports make of names of the project's other modules."""
        found: dict[_Link, None] = {}
        for item in self.imports:
            dotted = absolute(item, self.home)
            if not item.name:
                # `import a.b.c` makes a.x, a.b.x and a.b.c.x possible, `import a.b.c as d` makes d.x.
                parts = dotted.split(".")
                modules = [dotted] if item.alias else [".".join(parts[: end + 1]) for end in range(len(parts))]
                wanted = [(module, "", f"{item.alias or module}.") for module in modules]
            elif item.name == "*":
                wanted = [(dotted, "", "")]
            else:
                bound = item.alias or item.name
                wanted = [(dotted, item.name, bound), (f"{dotted}.{item.name}", "", f"{bound}.")]
            for module, only, spelled in wanted:
                path = None if module in _MODELLED else locate(module, self.home)
                if path is not None:
                    found[_Link(path, only, spelled)] = None
        return tuple(found)

    @cached_property
    def worded_imports(self) -> dict[str, int]:
        """Return the decompositions that are imported by their names."""
        return {item.alias or item.name: 0 for item in self.imports if item.name in self.words}

    def bring(self, names: Mapping[str, int]) -> dict[str, int]:
        """Take in what imports bring; return what of it the module hands on and did not before."""
        deepest = MAX_DOTS if self.home.is_package else 0
        passed: dict[str, int] = {}
        for name, hops in names.items():
            if hops < self.brought.get(name, MAX_HOPS + 1):
                self.brought[name] = hops
                if name not in self.exports and name.count(".") <= deepest:
                    passed[name] = hops
        self.exports.update(passed)
        return passed

    def grow(self, hops: int) -> dict[str, int]:
        """Add and return the module's own names that are one call further from a decomposition than `hops`."""
        near = {name for name, distance in (self.brought | self.exports).items() if distance == hops}
        if not near and not (self.worded and hops == 0):
            return {}
        found = {
            name: hops + 1
            for name, mentioned, worded in self.blocks
            if name not in self.exports and ((worded and hops == 0) or not near.isdisjoint(mentioned))
        }
        self.exports.update(found)
        return found

    @cached_property
    def blocks(self) -> list[tuple[str, set[str], bool]]:
        """Return the outermost names, what each mentions, and whether that includes a decomposition."""
        cut = blocks_of(self.source)
        found = [(block.name, mentions_of(block.code)) for block in cut if not block.call]
        own = {name for name, _ in found}
        for block in cut:
            if block.call:
                mentioned = mentions_of(block.code)
                found += [(name, mentioned) for name in own & keepers_of({(block.name, block.call == ".")}, cut)]
            elif block.code.startswith(b"@"):
                found += [(name, {block.name}) for name in own & keepers_of(decorators_of(block.code), cut)]
        return [
            (name, mentioned, any(part in self.words for dotted in mentioned for part in dotted.split(".")))
            for name, mentioned in found
        ]


class Reach:
    """Answers, for one process, whether a file leads to a decomposition; reads each module once."""

    def __init__(self, words: tuple[str, ...] = WORDS) -> None:
        self.words = words
        self._modules: dict[str, _Module] = {}

    def leads(self, path: str, source: bytes) -> bool:
        """Say whether a file must be analysed."""
        module = self._modules.get(os.path.abspath(path))
        if module is None or module.fingerprint != hash(source):
            module = _Module(path, source, self.words)
        if module.worded:
            return True
        if not module.links:
            return False
        self._settle(link.source for link in module.links)
        brought = self._brought_by(module)
        if not brought or mentions_of(source).isdisjoint(brought):
            return False
        return not mentions_of(code_of(source, imports=False)).isdisjoint(brought)

    def exported(self, dotted: str, home: Home) -> Mapping[str, int]:
        """Return the outermost names of a module that lead to a decomposition, and by how many calls."""
        path = None if dotted in _MODELLED else locate(dotted, home)
        if path is None:
            return {}
        self._settle([path])
        return self._modules[path].exports

    def _settle(self, targets: Iterable[str]) -> None:
        """Read every module that the targets reach, then let the names that lead to decompositions spread."""
        fresh = self._load(targets)
        if not fresh:
            return
        importers: defaultdict[str, list[tuple[_Module, _Link]]] = defaultdict(list)
        news: list[tuple[str, Mapping[str, int]]] = []
        for path, module in fresh.items():
            news.append((path, module.bring(module.worded_imports)))
            for link in module.links:
                if link.source in fresh:
                    importers[link.source].append((module, link))
                else:
                    news.append((path, module.bring(link.through(self._modules[link.source].exports))))
        for hops in range(MAX_HOPS):
            _hand_on(news, importers)
            news = [(path, module.grow(hops)) for path, module in fresh.items()]
        _hand_on(news, importers)
        for module in fresh.values():
            module.source = b""

    def _load(self, targets: Iterable[str]) -> dict[str, _Module]:
        fresh: dict[str, _Module] = {}
        pending = list(targets)
        while pending:
            path = pending.pop()
            if path in self._modules:
                continue
            try:
                with open(path, "rb") as file:
                    source = file.read()
            except OSError:
                source = b""
            module = self._modules[path] = fresh[path] = _Module(path, source, self.words)
            pending += [link.source for link in module.links]
        return fresh

    def _brought_by(self, module: _Module) -> Collection[str]:
        """Return how a module whose imports are settled can spell what leads to a decomposition."""
        found = set(module.worded_imports)
        for link in module.links:
            found.update(link.through(self._modules[link.source].exports))
        return found


def _hand_on(
    news: list[tuple[str, Mapping[str, int]]], importers: Mapping[str, Iterable[tuple[_Module, _Link]]]
) -> None:
    """Spread what modules export anew to those that import it, as far as it goes."""
    while news:
        path, names = news.pop()
        if names:
            news += [(importer.path, importer.bring(link.through(names))) for importer, link in importers[path]]
