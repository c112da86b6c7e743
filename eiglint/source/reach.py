"""Which files lead to a decomposition through what they import.

A file is analysed if it names a decomposition, or uses a name that it imports, directly or through other modules of
the project, from one that does. That is decided by imports, never by the names of functions alone. A chain of
functions longer than `MAX_HOPS` is not followed: in a large library everything reaches everything in the end.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from eiglint.source.gate import WORDS, names_decomposition
from eiglint.source.imports import Block, Imported, blocks_of, code_of, decorators_of, imports_of, mentions_of
from eiglint.source.project import Home, absolute, home_of, locate

MAX_HOPS = 4
MAX_DOTS = 3
"""A package hands on what the modules that it imports hold: `package.linalg.decompose`."""
_MODELLED = frozenset({"torch", "torch._tensor", "torch.linalg", "torch.nn", "torch.nn.functional"})


@dataclass(eq=False)
class _Module:
    """One module of the project: `exports` says by how many calls each outermost name leads to a decomposition."""

    path: str
    source: bytes
    words: tuple[str, ...]
    fingerprint: int = field(init=False)
    worded: bool = field(init=False)
    exports: dict[str, int] = field(default_factory=dict)

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
    def targets(self) -> tuple[str, ...]:
        """Return the project's files that the imports may load."""
        found: dict[str, None] = {}
        for item in self.imports:
            dotted = absolute(item, self.home)
            if dotted in _MODELLED:
                continue
            for name in (dotted,) if item.name in ("", "*") else (dotted, f"{dotted}.{item.name}"):
                if path := locate(name, self.home):
                    found[path] = None
        return tuple(found)

    @cached_property
    def blocks(self) -> list[tuple[str, set[str], bool]]:
        """Return the outermost names, what each mentions, and whether that includes a decomposition."""
        cut = [(block, mentions_of(block.code)) for block in blocks_of(self.source)]
        found = [(block.name, mentioned) for block, mentioned in cut]
        found += [pair for block, _ in cut if block.code.startswith(b"@") for pair in _registered(block, found)]
        return [
            (name, mentioned, any(part in self.words for dotted in mentioned for part in dotted.split(".")))
            for name, mentioned in found
        ]


def _registered(block: Block, blocks: list[tuple[str, set[str]]]) -> list[tuple[str, set[str]]]:
    """Return what decorators of the same file may keep an entry in: a registry leads where its entries lead.

    `@decompose.register(Tensor)` adds to `decompose` itself, `@register` to the variables that `register` mentions.
    """
    used = decorators_of(block.code)
    through = {name for name, of_attribute in used if of_attribute}
    for name, mentions in blocks:
        if (name, False) in used:
            through |= mentions - {name}
    return [(name, {block.name}) for name, _ in blocks if name in through]


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
        if not module.targets:
            return False
        self._settle(module.targets)
        brought = self._brought(module)
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
        importers: defaultdict[str, set[str]] = defaultdict(set)
        dirty = {path for path, module in fresh.items() if module.worded}
        for path, module in fresh.items():
            for target in module.targets:
                importers[target].add(path)
                if target not in fresh and self._modules[target].exports:
                    dirty.add(path)
        for path in dirty:
            self._pass_on(fresh[path])
        for hops in range(MAX_HOPS):
            grown = {path for path in dirty if self._grow(fresh[path], hops)}
            pending = list(grown)
            while pending:
                for importer in importers[pending.pop()]:
                    dirty.add(importer)
                    if self._pass_on(fresh[importer]):
                        pending.append(importer)
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
            pending += module.targets
        return fresh

    def _grow(self, module: _Module, hops: int) -> bool:
        """Add the module's own names that are one call further from a decomposition than `hops`."""
        brought = self._brought(module)
        if not brought and not module.worded:
            return False
        near = {name for name, distance in (brought | module.exports).items() if distance <= hops}
        found = {
            name
            for name, mentioned, worded in module.blocks
            if name not in module.exports and ((worded and hops == 0) or not near.isdisjoint(mentioned))
        }
        module.exports.update(dict.fromkeys(found, hops + 1))
        return bool(found)

    def _pass_on(self, module: _Module) -> bool:
        """Add the names that the module imports and so exports again; say whether there was a new one."""
        deepest = MAX_DOTS if module.home.is_package else 0
        new = {name: hops for name, hops in self._brought(module).items() if name.count(".") <= deepest}
        before = len(module.exports)
        module.exports = new | module.exports
        return len(module.exports) > before

    def _brought(self, module: _Module) -> dict[str, int]:
        """Return how a module can spell, thanks to its imports, what leads to a decomposition."""
        names: dict[str, int] = {}
        for item in module.imports:
            for name, hops in self._brings(item, module.home):
                names[name] = min(hops, names.get(name, hops))
        return names

    def _brings(self, item: Imported, home: Home) -> Iterable[tuple[str, int]]:
        dotted = absolute(item, home)
        if not item.name:
            yield from self._through(dotted, item.alias, home)
            return
        exported = self._exported(dotted, home)
        if item.name == "*":
            yield from exported.items()
            return
        bound = item.alias or item.name
        if item.name in self.words:
            yield bound, 0
        elif item.name in exported:
            yield bound, exported[item.name]
        for name, hops in self._exported(f"{dotted}.{item.name}", home).items():
            yield f"{bound}.{name}", hops

    def _through(self, dotted: str, alias: str, home: Home) -> Iterable[tuple[str, int]]:
        """Yield the spellings that `import a.b.c` makes possible: a.x, a.b.x, a.b.c.x, or alias.x."""
        parts = dotted.split(".")
        for module in [dotted] if alias else [".".join(parts[: end + 1]) for end in range(len(parts))]:
            for name, hops in self._exported(module, home).items():
                yield f"{alias or module}.{name}", hops

    def _exported(self, dotted: str, home: Home) -> Mapping[str, int]:
        path = None if dotted in _MODELLED else locate(dotted, home)
        module = self._modules.get(path) if path else None
        return module.exports if module else {}
