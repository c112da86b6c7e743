"""The instructions that have a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from eiglint.ir.instructions import Statement

Handle = object


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A literal: None, bool, int, float, complex, str, bytes, Ellipsis."""

    value: object
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    id: str
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    value: Expression
    attr: str
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """`lower:upper:step` inside a subscript."""

    lower: Expression | None
    upper: Expression | None
    step: Expression | None
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Subscript:
    """`value[index]`; several indices arrive as a `Sequence` of kind tuple, whose items may be `Slice`."""

    value: Expression
    index: Expression
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """One argument of a call: positional (`name` None), keyword, `*value` or `**value` (`star`)."""

    value: Expression
    name: str | None = None
    star: Literal["", "*", "**"] = ""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    func: Expression
    arguments: tuple[Argument, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operator applied to operands.

    Names are those of the operator module: add sub mul truediv floordiv mod pow matmul lshift rshift and_ or_ xor,
    neg pos invert not_, lt le gt ge eq ne is_ is_not contains not_contains; and the short-circuit forms
    `and`, `or` of two or more operands. A chain of comparisons is an `and` of its links, and neighbours share the one
    instruction between them. Operands keep the order in which they are written: `x in xs` is contains of x and xs.
    """

    op: str
    operands: tuple[Expression, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Starred:
    """`*value` inside a display or an assignment target."""

    value: Expression
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    kind: Literal["tuple", "list", "set"]
    items: tuple[Expression, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Dictionary:
    """A dict display; a None key stands for `**value`."""

    items: tuple[tuple[Expression | None, Expression], ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """`body if test else orelse`."""

    test: Expression
    body: Expression
    orelse: Expression
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Generator:
    """One `for target in iterable if conditions` of a comprehension."""

    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comprehension:
    """`value` is set for dict comprehensions only, where `element` is the key.

    An element may be `Starred` (`[*row for row in rows]`); `{**d for d in ds}` has a starred element and no value.
    """

    kind: Literal["list", "set", "dict", "generator"]
    element: Expression
    value: Expression | None
    generators: tuple[Generator, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    name: str
    default: Expression | None = None
    annotation: Expression | None = None
    kind: Literal["positional", "normal", "keyword", "*", "**"] = "normal"


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A `def`, a method or a lambda (name `<lambda>`). Bodies are lowered when first asked for."""

    name: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expression, ...]
    lower_body: Callable[[], tuple[Statement, ...]]
    is_generator: bool
    is_async: bool
    mentions: frozenset[str]
    """Every identifier and attribute name that occurs in the body: what can it possibly touch?"""
    at: Handle
    quoted: frozenset[str] = frozenset()
    """The strings in the body that could be names: `getattr(torch.linalg, "eigh")`."""


@dataclass(frozen=True, slots=True, eq=False)
class Bind:
    """`(name := value)`."""

    name: str
    value: Expression
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """An f-string or t-string with its interpolated values, those inside format specifications included."""

    parts: tuple[Expression, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Yield:
    """`yield value` or `yield from value`."""

    value: Expression | None
    delegated: bool
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Await:
    value: Expression
    at: Handle


Expression = (
    Constant
    | Name
    | Attribute
    | Slice
    | Subscript
    | Call
    | Operation
    | Starred
    | Sequence
    | Dictionary
    | Choice
    | Comprehension
    | Function
    | Bind
    | Text
    | Yield
    | Await
)
