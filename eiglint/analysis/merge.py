"""Two states that meet: after a branch, at the head of a loop, at the end of a function with several returns."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from typing import TypeVar

from eiglint import gauge
from eiglint.analysis.contents import elements_of, map_tensors, tensors_inside
from eiglint.analysis.merging import MISSING, Merging, retired, retired_object
from eiglint.analysis.state import Binding, State
from eiglint.analysis.unify import renamed, renames
from eiglint.analysis.values import (
    NUMERIC,
    Choice,
    DictObject,
    HeapObject,
    InstanceObject,
    ListObject,
    Pointer,
    Sequence,
    Shape,
    Value,
    is_constant,
    is_tuple,
    same,
)
from eiglint.gauge import Record, Tensor
from eiglint.gauge.tensor import as_tensor, settle
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Unknown

Key = TypeVar("Key", bound=Hashable)
WIDEST_CHOICE = 6


def merge_states(left: State, right: State, m: Merging, values: tuple[Value, Value] | None = None) -> State:
    """Return a state that covers both; `values` are two more values that will be merged under the same terms."""
    out = left.copy()
    m.left, m.right, m.out, m.values = left, right, out, values
    m.names = renames(left, right, values)
    m.renamed.extend(m.names.items())
    for address, obj in right.heap.items():
        mine = left.heap.get(address, left.store.heap.get(address))
        if mine is None:
            out.heap[address] = retired_object(obj, m, (address,)) if m.retire else obj
        elif mine is not obj:
            out.heap[address] = merge_objects(mine, obj, m, (address,))
    for address, obj in left.heap.items():
        if address not in right.heap and address in right.store.heap:
            out.heap[address] = merge_objects(obj, right.store.heap[address], m, (address,))
    for key in right.scopes:
        _merge_scope(key, left, right, m)
    if left.recording != right.recording:
        out.recording = None
    out.lowering = left.lowering and right.lowering
    out.intact = left.intact | right.intact
    out.spoiled = (left.spoiled | right.spoiled) - out.intact
    out.guards = tuple([g for g, h in zip(left.guards, right.guards, strict=False) if g is h])
    return out


def _merge_scope(key: Hashable, left: State, right: State, m: Merging) -> None:
    assert m.out is not None
    mine, theirs = left.scope(key), right.scope(key)
    if mine is theirs:
        return
    for name, there in theirs.items():
        here = mine.get(name)
        if here is there:
            continue
        path = (key, name)
        if here is None:
            value = retired(there.value, m, path) if m.retire else there.value
            m.out.bind(key, name, Binding(value, there.sites))
            continue
        value = merge_values(here.value, there.value, m, path)
        if value is not here.value or not there.sites <= here.sites:
            m.out.bind(key, name, Binding(value, here.sites | there.sites))


def merge_values(a: Value, b: Value, m: Merging, path: tuple[Hashable, ...]) -> Value:
    """Return a value that covers both."""
    if same(a, b):
        return a
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        return _met(a, b, m, path)
    pair = (id(a), id(b))
    if pair not in m.met:
        m.met[pair] = (a, b, _met(a, b, m, path))
    return m.met[pair][2]


def _met(a: Value, b: Value, m: Merging, path: tuple[Hashable, ...]) -> Value:
    if m.names:
        b = map_tensors(b, lambda t: renamed(t, m.names))
        if same(a, b):
            return a
    made = _merged(a, b, m, path)
    return retired(made, m, path) if m.retire else made


def _merged(a: Value, b: Value, m: Merging, path: tuple[Hashable, ...]) -> Value:
    if isinstance(a, NUMERIC) and isinstance(b, NUMERIC):
        return _merged_numbers(a, b, m, path)
    if is_tuple(a) and is_tuple(b) and len(a) == len(b):  # type: ignore[arg-type]
        return tuple([merge_values(x, y, m, (*path, i)) for i, (x, y) in enumerate(zip(a, b, strict=True))])  # type: ignore[call-overload]
    if isinstance(a, Record) and isinstance(b, Record) and a.fields == b.fields:
        parts = [merge_values(x, y, m, (*path, i)) for i, (x, y) in enumerate(zip(a.values, b.values, strict=True))]
        return Record(a.fields, tuple(parts))
    if isinstance(a, Record) is not isinstance(b, Record):
        x, y = (v.values if isinstance(v, Record) else v for v in (a, b))
        if type(x) is tuple and type(y) is tuple and len(x) == len(y):
            return _merged(x, y, m, path)
    if isinstance(a, Tensor) is not isinstance(b, Tensor):
        made = _merged_with_opaque(a, b, m, path) or _merged_with_opaque(b, a, m, path)
        if made is not None:
            return made
    if isinstance(a, Pointer) and isinstance(b, Pointer):
        made = _merged_pointers(a, b, m, path)
        if made is not None:
            return made
    elements = _elements(a), _elements(b)
    if elements[0] is not None and elements[1] is not None and not _lists_of_axes(a, b, m):
        return Sequence(merge_all([*elements[0], *elements[1]], m, (*path, "element")))
    return _choice(a, b, m, path)


def _merged_with_opaque(value: Value, other: Value, m: Merging, path: tuple[Hashable, ...]) -> Value | None:
    """Merge what unknown code returns with several values, of which it then returns as many."""
    if not isinstance(value, Tensor) or not value.neutral or value.term.op != "opaque":
        return None

    def item(position: int) -> Value:
        return gauge.tensor(term("item", value.term, position), value.live)

    if isinstance(other, Record):
        return _merged(Record(other.fields, tuple(map(item, range(len(other.values))))), other, m, path)
    if type(other) is tuple and other:
        return _merged(tuple([item(i) for i in range(len(other))]), other, m, path)
    if not isinstance(other, Pointer) or m.left is None or m.right is None or m.out is None:
        return None
    obj = _load(other.address, m.left, m.right) or _load(other.address, m.out, m.out)
    fields = obj.cls.fields if isinstance(obj, InstanceObject) and obj.cls is not None else ()
    if not isinstance(obj, InstanceObject) or not fields or obj.attributes.keys() != set(fields):
        return None
    target = m.address((*m.key, *path))
    beside = replace(obj, attributes={name: item(i) for i, name in enumerate(fields)})
    m.out.heap[target] = replace(merge_objects(beside, obj, m, path), origins=(other.address,))
    return Pointer(target)


def _merged_numbers(a: Value, b: Value, m: Merging, path: tuple[Hashable, ...]) -> Value:
    if isinstance(a, Tensor) or isinstance(b, Tensor) or m.gated:
        x, y = as_tensor(a), as_tensor(b)
        assert x is not None
        assert y is not None
        test = None if m.test is MISSING else as_tensor(m.test)
        if test is not None:
            # A test that decides which way the program goes is one number.
            made = gauge.select(replace(test, rank=0) if isinstance(test, Tensor) else test, x, y, m.context)
        else:
            made = gauge.join(x, y, m.context, m.key)
        made = _of_one_way(x, y, made, m)
        return made if m.retire else gauge.with_cases(made, (x, y), ("branch", m.key), every=True)
    label = term("merge", *m.key, *path)
    if isinstance(a, Unknown) or isinstance(b, Unknown) or isinstance(a, bool) or isinstance(b, bool):
        return Unknown(label)
    return Number(label, integer=_integer(a) and _integer(b))


def _of_one_way(x: Tensor, y: Tensor, made: Tensor, m: Merging) -> Tensor:
    """Let what one of two ways decomposed move as it does where that ran: on the other there is nothing to choose."""
    alone = {g: (x if g in x.gauges else y).motion(g) for g in x.gauges ^ y.gauges if g in m.one_sided}
    return replace(made, motions=settle({**dict(made.motions), **alone})) if alone else made


def _integer(value: Value) -> bool:
    return isinstance(value, int) or (isinstance(value, Number) and value.integer)


def _lists_of_axes(a: Value, b: Value, m: Merging) -> bool:
    """Whether a test chooses between known tuples of unlike length, `(0, 2, 1) if x.ndim == 3 else (1, 0)`."""
    return not m.retire and all(is_tuple(v) and v != () and is_constant(v) for v in (a, b))


def _elements(value: Value) -> tuple[Value, ...] | None:
    if isinstance(value, tuple) and is_tuple(value):
        return value
    if isinstance(value, Sequence):
        return (value.element,)
    if isinstance(value, Shape):
        return (Number(term("size", value.of.term), integer=True),)
    return None


def merge_all(values: Collection[Value], m: Merging, path: tuple[Hashable, ...]) -> Value:
    """Return a value that covers all given ones; None if there are none."""
    made: Value = MISSING
    for value in values:
        made = value if made is MISSING else merge_values(made, value, m, path)
    return None if made is MISSING else made


def _merged_pointers(a: Pointer, b: Pointer, m: Merging, path: tuple[Hashable, ...]) -> Value | None:
    if m.left is None or m.right is None or m.out is None:
        return None
    x = _load(a.address, m.left, m.out)
    y = _load(b.address, m.right, m.out)
    if x is None or y is None or type(x) is not type(y):
        return None
    if isinstance(x, InstanceObject) and isinstance(y, InstanceObject) and x.cls is not y.cls:
        return None
    pair = (a.address, b.address)
    if pair not in m.pointed:
        target = m.pointed[pair] = m.address((*m.key, *path))
        made = merge_objects(x, y, m, path)
        origins = {*x.origins, *y.origins, a.address, b.address} - {target}
        m.out.heap[target] = replace(made, origins=tuple(sorted(origins)))
    return Pointer(m.pointed[pair])


def _load(address: int, state: State, out: State) -> HeapObject | None:
    for s in (state, out):
        if s.holds(address):
            return s.load(address)
    return None


def merge_objects(a: HeapObject, b: HeapObject, m: Merging, path: tuple[Hashable, ...]) -> HeapObject:
    """Return an object whose contents cover both; objects of unlike type keep the first's, with unknown additions."""
    if a is b:
        return a
    outlives, origins = a.outlives or b.outlives, tuple(sorted({*a.origins, *b.origins}))
    if isinstance(a, ListObject) and isinstance(b, ListObject):
        return replace(_merged_lists(a, b, m, path), outlives=outlives, origins=origins)
    if isinstance(a, DictObject) and isinstance(b, DictObject):
        items = _merged_mapping(a.items, b.items, m, path)
        rests = [o.rest for o in (a, b) if o.has_rest]
        return DictObject(items, merge_all(rests, m, (*path, "rest")), bool(rests), outlives, origins)
    if isinstance(a, InstanceObject) and isinstance(b, InstanceObject):
        attributes = _merged_mapping(a.attributes, b.attributes, m, path)
        return InstanceObject(a.cls or b.cls, attributes, a.open or b.open, outlives, origins)
    return a


def _merged_lists(a: ListObject, b: ListObject, m: Merging, path: tuple[Hashable, ...]) -> ListObject:
    if a.items is not None and b.items is not None and len(a.items) == len(b.items):
        pairs = enumerate(zip(a.items, b.items, strict=True))
        items = [merge_values(x, y, m, (*path, i)) for i, (x, y) in pairs]
        return ListObject(tuple(items), kind=a.kind)
    everything = [*elements_of(a), *elements_of(b)]
    return ListObject(None, merge_all(everything, m, (*path, "element")), kind=a.kind)


def _merged_mapping(
    a: Mapping[Key, Value], b: Mapping[Key, Value], m: Merging, path: tuple[Hashable, ...]
) -> dict[Key, Value]:
    made = dict(a)
    for key, value in b.items():
        if key in made:
            made[key] = merge_values(made[key], value, m, (*path, key))
        else:
            made[key] = retired(value, m, (*path, key)) if m.retire else value
    return made


def _choice(a: Value, b: Value, m: Merging, path: tuple[Hashable, ...]) -> Value:
    if m.gated:
        a, b = (map_tensors(v, lambda t: gauge.opaque([m.test, t], m.context, "if")) for v in (a, b))
    made = list(a.values) if isinstance(a, Choice) else [a]
    for value in b.values if isinstance(b, Choice) else (b,):
        for i, mine in enumerate(made):
            if _mergeable(mine, value, m):
                made[i] = merge_values(mine, value, m, (*path, "choice", i))
                break
        else:
            made.append(value)
    if len(made) > WIDEST_CHOICE:
        return gauge.opaque(tensors_inside(made), m.context, "choice")
    return made[0] if len(made) == 1 else Choice(tuple(made))


def _mergeable(a: Value, b: Value, m: Merging) -> bool:
    if same(a, b) or (isinstance(a, NUMERIC) and isinstance(b, NUMERIC)):
        return True
    if _elements(a) is not None and _elements(b) is not None:
        return not _lists_of_axes(a, b, m)
    if isinstance(a, Pointer) and isinstance(b, Pointer) and m.left is not None and m.right is not None:
        assert m.out is not None
        x, y = _load(a.address, m.left, m.out), _load(b.address, m.right, m.out)
        if isinstance(x, InstanceObject) and isinstance(y, InstanceObject):
            return x.cls is y.cls
        return x is not None and type(x) is type(y)
    return isinstance(a, Record) and isinstance(b, Record) and a.fields == b.fields
