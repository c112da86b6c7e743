"""What holds at one point of the program: variables of every scope in reach, and the heap."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from eiglint.analysis.values import HeapObject, Value
from eiglint.gauge import Gauge

Site = tuple[int, str]
"""An assignment: the number of its node, and the name."""

Scopes = dict[Hashable, dict[str, "Binding"]]


class Binding(NamedTuple):
    """The value of a variable and the assignments it may come from."""

    value: Value
    sites: frozenset[Site] = frozenset()


class Guard(NamedTuple):
    """A branch that was taken on the way here: the `if`, the value of its test, the side."""

    site: int
    test: Value
    side: bool
    flag: bool = False
    """Whether the test asks for a flag, as `if self.training` does."""


@dataclass(slots=True)
class Store:
    """The scopes and heap objects of modules whose top level was run; shared by all states and never changed back."""

    scopes: Scopes = field(default_factory=dict)
    heap: dict[int, HeapObject] = field(default_factory=dict)


class State:
    """Scopes and heap, cheap to copy: a scope is copied when it is first written to.

    `intact` are the decompositions on the way here whose outputs are what they were, `spoiled` those whose outputs were
    written to in place.
    """

    __slots__ = ("_owned", "guards", "heap", "intact", "lowering", "recording", "scopes", "spoiled", "store")

    def __init__(self, store: Store, recording: bool | None = True) -> None:
        self.store = store
        self.scopes: Scopes = {}
        self.heap: dict[int, HeapObject] = {}
        self.recording = recording
        self.lowering = False
        self.guards: tuple[Guard, ...] = ()
        self.intact: frozenset[Gauge] = frozenset()
        self.spoiled: frozenset[Gauge] = frozenset()
        self._owned: set[Hashable] = set()

    def copy(self) -> State:
        """Return an independent copy."""
        other = State(self.store, self.recording)
        other.scopes = dict(self.scopes)
        other.heap = dict(self.heap)
        other.guards, other.lowering = self.guards, self.lowering
        other.intact, other.spoiled = self.intact, self.spoiled
        self._owned = set()
        return other

    def become(self, other: State) -> None:
        """Take over everything from another state, which must not be used afterwards."""
        self.scopes, self.heap, self._owned = other.scopes, other.heap, set()
        self.guards, self.recording, self.lowering = other.guards, other.recording, other.lowering
        self.intact, self.spoiled = other.intact, other.spoiled

    def scope(self, key: Hashable) -> dict[str, Binding]:
        """Return the variables of a scope, for reading."""
        found = self.scopes.get(key)
        if found is None:
            found = self.store.scopes.get(key)
        return {} if found is None else found

    def bind(self, key: Hashable, name: str, binding: Binding) -> None:
        """Give a variable of a scope a value."""
        if key not in self._owned:
            self.scopes[key] = dict(self.scope(key))
            self._owned.add(key)
        self.scopes[key][name] = binding

    def unbind(self, key: Hashable, name: str) -> None:
        """Delete a variable."""
        if name in self.scope(key):
            self.scopes[key] = {n: b for n, b in self.scope(key).items() if n != name}
            self._owned.add(key)

    def forget(self, key: Hashable) -> None:
        """Drop a scope that nothing refers to any more."""
        self.scopes.pop(key, None)
        self._owned.discard(key)

    def load(self, address: int) -> HeapObject:
        """Return a heap object."""
        found = self.heap.get(address)
        return self.store.heap[address] if found is None else found

    def holds(self, address: int) -> bool:
        """Whether an address exists in this state."""
        return address in self.heap or address in self.store.heap
