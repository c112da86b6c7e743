"""Several names for one tensor, and views of it: what is written in place through one of them is seen through all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eiglint import gauge
from eiglint.analysis import spoiled
from eiglint.analysis.contents import map_object
from eiglint.analysis.frame import Frame
from eiglint.analysis.values import Choice, ListObject, Value, View, is_tuple
from eiglint.gauge import Record, Tensor
from eiglint.gauge.values import Number, Range

VIEWS = frozenset(
    (
        *("T", "H", "mT", "mH", "real", "imag", "adjoint", "t", "transpose", "swapaxes", "swapdims", "permute"),
        *("movedim", "moveaxis", "view", "view_as", "reshape", "flatten", "ravel", "unflatten", "squeeze", "unsqueeze"),
        *("diagonal", "select", "narrow", "unbind", "chunk", "split", "tensor_split", "hsplit", "vsplit", "dsplit"),
        *("expand", "expand_as", "unfold", "view_as_real", "view_as_complex", "detach", "data"),
    )
)
"""The last parts of the names of operations whose results share the memory of their argument."""

MAYBE_COPIED = frozenset(
    ("contiguous", "to", "as_tensor", "asarray", "resolve_conj", "conj", "reshape", "flatten", "ravel")
)
"""Of operations that may return their argument itself, those that make a copy where there is something to do."""

SAME_MEMORY = VIEWS | MAYBE_COPIED | {"requires_grad_"}


def note(made: Value, base: Tensor, index: Value, frame: Frame, counted: bool = False) -> None:
    """Remember that a tensor, or each of several, is a view; `counted` where that is certain without an index."""
    if type(made) is tuple:
        for one in made:
            note(one, base, None, frame, counted)
    elif isinstance(made, Tensor) and made is not base:
        parts = index if type(index) is tuple else (index,)
        known = parts if index is not None and is_basic(index) else None
        frame.world.views[id(made)] = View(made, base, known, counted or known is not None)


def is_basic(index: Value) -> bool:
    """Whether an index gives a view and no copy: positions, slices, new axes."""
    parts = index if type(index) is tuple else (index,)
    return all(isinstance(i, int | Number | Range | type(None) | type(Ellipsis)) for i in parts)


def is_copying(index: Value) -> bool:
    """Whether an index certainly gives a copy: one of its parts is a mask, or a list of positions."""
    parts = index if type(index) is tuple else (index,)
    return any(isinstance(i, Tensor) and (i.dtype == "bool" or (i.dtype == "int" and i.rank == 1)) for i in parts)


def copied(made: Value, arguments: list[Value], name: str) -> Value:
    """Return a result as a tensor of its own where the algebra returned an argument and the program makes a copy."""
    if isinstance(made, Tensor) and any(made is a for a in arguments) and name.rpartition(".")[2] not in SAME_MEMORY:
        return replace(made)
    return made


def overwritten(old: Value, new: Value, node: object, frame: Frame, counted: bool = True) -> None:
    """Let all that holds a tensor which was written to in place, or what it is a view of, hold the new one.

    `counted` says that the write is one to this very memory.
    """
    if counted and isinstance(old, Tensor):
        spoiled.written(old, frame)
    if not isinstance(old, Tensor) or not isinstance(new, Tensor) or old is new:
        return
    if old.neutral and new.neutral and not old.flags:
        return
    replace_everywhere(old, new, frame)
    frame.world.newer[id(old)] = (old, new)
    link = frame.world.views.get(id(old))
    if link is None:
        return
    frame.world.views[id(new)] = View(new, link.base, link.place, link.counted)
    for base in _versions(link.base, frame):
        if _is_held(base, frame):
            overwritten(base, _stored(base, link.place, new, node, frame), node, frame, counted=False)
            return


def _stored(base: Tensor, index: tuple[Value, ...] | None, new: Tensor, node: object, frame: Frame) -> Value:
    context = frame.context(node)
    return gauge.opaque([base, new], context, "a view") if index is None else gauge.store(base, index, new, context)


def _versions(t: Tensor, frame: Frame) -> list[Tensor]:
    """Return what a tensor became through writes in place, the last one first; not all of it holds on every path."""
    found = [t]
    while id(found[-1]) in frame.world.newer:
        found.append(frame.world.newer[id(found[-1])][1])
    return found[::-1]


def _is_held(t: Tensor, frame: Frame) -> bool:
    """Whether anything in the state holds a tensor, or a view of it leads on to something that does."""
    found: list[Tensor] = []

    def look(held: Tensor) -> Tensor:
        if held is t:
            found.append(held)
        return held

    _map_everything(look, frame)
    link = frame.world.views.get(id(t))
    return bool(found) or (link is not None and any(_is_held(v, frame) for v in _versions(link.base, frame)))


def replace_everywhere(old: Tensor, new: Value, frame: Frame) -> None:
    """Let all variables, and what lies on the heap, hold one value in place of another."""
    _map_everything(lambda t: new if t is old else t, frame)


def _map_everything(change: Callable[[Tensor], Value], frame: Frame) -> None:
    """Replace tensors in all variables and on the heap; what does not change stays the very same object."""
    state = frame.state
    for key, names in list(state.scopes.items()):
        for name, binding in list(names.items()):
            made = _mapped(binding.value, change)
            if made is not binding.value:
                state.bind(key, name, binding._replace(value=made))
    for address, obj in list(state.heap.items()):
        if isinstance(obj, ListObject) and obj.items is None:
            continue  # one element stands for many tensors: a write to one of them is no write to all
        after = map_object(obj, lambda v: _mapped(v, change))
        if after is not obj:
            state.heap[address] = after


def _mapped(value: Value, change: Callable[[Tensor], Value]) -> Value:
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, Record | Choice):
        made = _mapped(tuple(value.values), change)
        return value if all(a is b for a, b in zip(made, value.values, strict=True)) else _with(value, made)  # type: ignore[call-overload]
    if isinstance(value, tuple) and is_tuple(value):
        made = tuple([_mapped(v, change) for v in value])
        return value if all(a is b for a, b in zip(made, value, strict=True)) else made
    return value


def _with(value: Record | Choice, parts: Value) -> Value:
    assert isinstance(parts, tuple)
    return Record(value.fields, parts) if isinstance(value, Record) else Choice(parts)
