"""How two states are merged, and what becomes of the values that a loop changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from eiglint import gauge
from eiglint.analysis.contents import map_object, map_tensors
from eiglint.analysis.merge_walk import gauges_in_state
from eiglint.analysis.state import State
from eiglint.analysis.values import HeapObject, Value
from eiglint.gauge import Context, Gauge, Tensor
from eiglint.gauge.terms import Term, term
from eiglint.gauge.values import Number, Unknown

MISSING: Value = object()


@dataclass(slots=True)
class Merging:
    """How two states are merged: `key` names the place, `test` is the condition between them, where there is one.

    `address` gives the object that is merged at a path an address that is the same in every pass.
    `retire` (loops) renames the values that changed, since one term must not mean this iteration's value and the
    last one's.
    """

    context: Context
    key: tuple[Hashable, ...]
    address: Callable[[tuple[Hashable, ...]], int]
    test: Value = MISSING
    retire: bool = False
    widen: bool = False
    left: State | None = None
    right: State | None = None
    out: State | None = None
    pointed: dict[tuple[int, int], int] = field(default_factory=dict)
    """Pairs of objects that were merged, by address, and where: objects may lead back to themselves."""
    names: dict[Gauge, Gauge] = field(default_factory=dict)
    """Gauges of the right state that go under the name of one of the left state."""
    renamed: list[tuple[Gauge, Gauge]] = field(default_factory=list)
    carried: dict[Term, set[Term]] = field(default_factory=dict)
    """For each name that a loop gave a value, the values that went under it."""
    met: dict[tuple[int, int], tuple[Value, Value, Value]] = field(default_factory=dict)
    """Pairs of tensors that were merged, by identity: two names of one tensor stay two names of one."""
    fresh: frozenset[Gauge] = frozenset()
    """The gauges that were opened since the two ways parted."""
    values: tuple[Value, Value] | None = None
    """Two more values that are merged beside the states."""
    _one_sided: frozenset[Gauge] | None = None

    @property
    def one_sided(self) -> frozenset[Gauge]:
        """The gauges that only one of the two ways has opened, and of which the other one knows nothing."""
        if self._one_sided is None:
            self._one_sided = frozenset[Gauge]()
            if self.fresh and self.left is not None and self.right is not None:
                more = ([], []) if self.values is None else ([self.values[0]], [self.values[1]])
                left, right = gauges_in_state(self.left, more[0]), gauges_in_state(self.right, more[1])
                self._one_sided = self.fresh & (left ^ right)
        return self._one_sided

    @property
    def gated(self) -> bool:
        """Whether the condition itself depends on a decomposition's choices."""
        return isinstance(self.test, Tensor) and not self.test.neutral


def retired(value: Value, m: Merging, path: tuple[Hashable, ...]) -> Value:
    """Give a value that changes in a loop a name of its own; where the passes run out, forget what it is."""
    count = [0]

    def renamed(t: Tensor) -> Tensor:
        count[0] += 1
        label = term("loop", *m.key, *path, count[0])
        if m.widen and not t.neutral:
            t = gauge.opaque([t], m.context, "loop")
        if t.term.outputs or "loop" in t.term.ops:
            m.carried.setdefault(label, set()).add(t.term)
        return replace(t, term=label, whole=None)

    if isinstance(value, Number):
        return Number(term("loop", *m.key, *path), value.integer)
    if isinstance(value, Unknown):
        return Unknown(term("loop", *m.key, *path))
    return map_tensors(value, renamed)


def retired_object(obj: HeapObject, m: Merging, path: tuple[Hashable, ...]) -> HeapObject:
    """Rename the contents of an object that was made inside a loop."""
    count = [0]

    def renamed(value: Value) -> Value:
        count[0] += 1
        return retired(value, m, (*path, count[0]))

    return map_object(obj, renamed)
