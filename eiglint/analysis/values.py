"""The values of the interpreter: those of the algebra, and everything else that Python code handles on the way."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from eiglint.gauge import Record, Tensor
from eiglint.gauge.values import Number, Range, Unknown
from eiglint.ir.instructions import Function
from eiglint.models.schema import Model

Value = object
"""Tensor | Number | Range | Unknown | Record | a Python constant | a tuple | one of the classes below."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Something of a library, by its dotted name: `torch.linalg.eigh`, `builtins.len`, an unknown global."""

    name: str


@dataclass(frozen=True, slots=True)
class Space:
    """A module of the project."""

    name: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """A name that was imported and not looked up yet; its module is read when it is."""

    source: str
    name: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """Items of unknown number; `element` stands for any of them, and `last` are the last ones, as far as known."""

    element: Value
    last: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Lazy:
    """`range`, `enumerate`, `zip` or `reversed` over something whose length is not known: items share one index.

    A range from 0 holds its end.
    """

    kind: Literal["range", "enumerate", "zip", "reversed"]
    parts: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a tensor, all of them."""

    of: Tensor


@dataclass(frozen=True, slots=True)
class Closure:
    """A function with the scopes it can see, innermost first."""

    function: Function
    scopes: tuple[object, ...]
    space: str
    owner: Class | None = None
    defaults: tuple[tuple[str, Value], ...] = ()
    kind: Literal["plain", "static", "class", "property", "cached"] = "plain"
    recording: bool | None = None
    """What a decorator says of gradients: False under `@torch.no_grad()`."""
    lowering: bool | None = None
    """What a decorator says of the precision of matrix products: True under `@torch.autocast("cuda")`."""
    silent: bool = False
    """Whether a library calls it where no gradient is asked for; functions that it is given run as they do outside."""
    covered: bool = False
    """Whether it stands behind a class with a backward of its own."""
    fallback: bool = False
    """Whether it was made where the program asks what the library at hand can do."""
    doubtful: bool = False
    """Whether a decorator that nobody knows may change what a call returns."""
    setter: Closure | None = None
    """What an assignment to a property runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class of the project; the body is shared and never changed after it was run."""

    name: str
    space: str
    bases: tuple[Value, ...]
    body: Mapping[str, Value]
    fields: tuple[str, ...] = ()
    """The names of positional fields, where the class is a dataclass or a NamedTuple."""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """A function or a library method with its receiver."""

    function: Value
    receiver: Value


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a tensor, a container or a constant, by name."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Partial:
    """`functools.partial(function, ...)`."""

    function: Value
    positional: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Ancestor:
    """`super()` inside a method of `of`."""

    of: Class
    receiver: Value


@dataclass(frozen=True, slots=True)
class Layer:
    """An instance of a library class whose calls are modelled, such as `torch.nn.Linear(3, 4)`."""

    model: Model = field(compare=False)
    identity: tuple[object, ...]
    parts: Value = None
    """What a Sequential or ModuleList holds."""
    settings: tuple[tuple[str, Value], ...] = ()
    """The constructor's arguments."""


class Differentiation(NamedTuple):
    """How a transform differentiates: by which call, whether what the function returns must be `real`.

    `aux` says that what it returns second is not differentiated, `again` that second derivatives are taken.
    """

    call: str
    real: bool = False
    aux: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Derived:
    """A function that returns derivatives of another, `torch.func.grad(f)`, or (how is None) what it returns first."""

    function: Value
    how: Differentiation | None


@dataclass(frozen=True, slots=True)
class Gate:
    """A context manager that switches gradients on, off or to something unknown (None).

    `lowering` tells whether matrix products are computed in half precision inside; None leaves that as it is. `keeps`
    says that gradients stay as they are, also in a function that it decorates.
    """

    recording: bool | None
    lowering: bool | None = None
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """`x.at[index]` of JAX: an array, and the index at which a copy of it is to differ (None until it is given)."""

    of: Tensor
    index: Value = None


@dataclass(frozen=True, slots=True)
class Pointer:
    """A mutable object, by its address on the heap."""

    address: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values that have no common description: None or a tensor, this function or that."""

    values: tuple[Value, ...]


class View(NamedTuple):
    """A tensor, the one whose memory it shares, and the index that leads from there to here, if an index does.

    `counted` says that it certainly shares it, and that a write to one is counted as a write to the other.
    """

    view: Tensor
    base: Tensor
    place: tuple[Value, ...] | None
    counted: bool


# --- what pointers point to -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListObject:
    """A list, set or deque: its items, or one element that stands for all where their number is not known."""

    items: tuple[Value, ...] | None
    element: Value = None
    kind: Literal["list", "set"] = "list"
    outlives: bool = False
    origins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DictObject:
    """A dict: values under constant keys, and `rest` for those under keys that are not known."""

    items: Mapping[Hashable, Value]
    rest: Value = None
    has_rest: bool = False
    outlives: bool = False
    origins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class InstanceObject:
    """An object with attributes. `open` objects (parameters, `self` of a root) may have others than those known."""

    cls: Class | None
    attributes: Mapping[str, Value]
    open: bool = False
    outlives: bool = False
    origins: tuple[int, ...] = ()


HeapObject = ListObject | DictObject | InstanceObject

NUMERIC = (bool, int, float, complex, Number, Unknown, Tensor)
CONSTANT = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))


def is_constant(value: Value) -> bool:
    """Whether a value is a Python constant, or a tuple of such."""
    if isinstance(value, tuple) and not isinstance(value, Number | Unknown | Range | Record):
        return all(is_constant(v) for v in value)
    return isinstance(value, CONSTANT)


def is_tuple(value: Value) -> bool:
    """Whether a value is a plain Python tuple and no record of the algebra."""
    return type(value) is tuple


def same(a: Value, b: Value) -> bool:
    """Whether two values are the same for the analysis; 1, 1.0 and True are not."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if type(a) is tuple and type(b) is tuple:
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
