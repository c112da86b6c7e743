"""The instructions that Python source is lowered to: what a tensor program does, without how it is spelled.

Every instruction keeps `at`, the syntax node it came from. A node is an opaque handle here; `Module.resolve` turns
handles into lines and columns, for those that are reported only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from eiglint.findings import Place

Handle = object


# --- expressions ------------------------------------------------------------------------------------------------


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


# --- statements -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Assign:
    """`targets[0] = targets[1] = ... = value`; a bare annotation (`x: T`) has value None and one target."""

    targets: tuple[Expression, ...]
    value: Expression | None
    at: Handle
    annotation: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Augment:
    """`target op= value`, with the operator named as in `Operation`."""

    target: Expression
    op: str
    value: Expression
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Evaluate:
    """An expression statement."""

    value: Expression
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class If:
    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """`for target in iterable` (test None) or `while test` (target and iterable None)."""

    target: Expression | None
    iterable: Expression | None
    test: Expression | None
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    type: Expression | None
    name: str | None
    body: tuple[Statement, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Statement, ...]
    finalbody: tuple[Statement, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class With:
    """Each item is a context expression and its optional `as` target."""

    items: tuple[tuple[Expression, Expression | None], ...]
    body: tuple[Statement, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One `case`: the names it binds, its guard and its body. Patterns themselves are not interpreted."""

    names: tuple[str, ...]
    guard: Expression | None
    body: tuple[Statement, ...]
    irrefutable: bool
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    subject: Expression
    cases: tuple[Case, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Return:
    value: Expression | None
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Raise:
    value: Expression | None
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Assert:
    test: Expression
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Jump:
    kind: Literal["break", "continue", "pass"]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Define:
    """A `def` statement."""

    function: Function
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class DefineClass:
    name: str
    bases: tuple[Expression, ...]
    keywords: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: tuple[Statement, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """`import a.b as c` (names empty) or `from a.b import x as y` (`level` counts leading dots).

    A star import has the single name ("*", "*"). For `import a.b` without `as`, `alias` is None and the name bound
    is `a`.
    """

    module: str
    level: int
    alias: str | None
    names: tuple[tuple[str, str], ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Delete:
    targets: tuple[Expression, ...]
    at: Handle


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """`global` or `nonlocal`."""

    kind: Literal["global", "nonlocal"]
    names: tuple[str, ...]
    at: Handle


Statement = (
    Assign
    | Augment
    | Evaluate
    | If
    | Loop
    | Try
    | With
    | Match
    | Return
    | Raise
    | Assert
    | Jump
    | Define
    | DefineClass
    | Import
    | Delete
    | Scope
)


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A lowered file. `name` is its dotted name, `is_package` says that it is an `__init__.py`."""

    path: str
    name: str
    is_package: bool
    body: tuple[Statement, ...]
    resolve: Callable[[Iterable[Handle]], Mapping[int, Place]]
    """Places of the given handles, keyed by id(handle); one pass over the file however many are asked for."""
    mentions: frozenset[str] = frozenset()
    """Every identifier and attribute name in code outside functions, class bodies included."""
    comments: Mapping[int, str] = field(default_factory=dict)
    """The comments that speak to eiglint (`# eiglint: ...`), by line."""
    inner_imports: tuple[Import, ...] = ()
    """The imports inside functions."""
