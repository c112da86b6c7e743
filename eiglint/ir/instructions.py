"""The instructions that Python source is lowered to: what a tensor program does, without how it is spelled.

Every instruction keeps `at`, the syntax node it came from. A node is an opaque handle here; `Module.resolve` turns
handles into lines and columns, for those that are reported only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from eiglint.findings import Place
from eiglint.ir.expressions import (
    Argument as Argument,
)
from eiglint.ir.expressions import (
    Attribute as Attribute,
)
from eiglint.ir.expressions import (
    Await as Await,
)
from eiglint.ir.expressions import (
    Bind as Bind,
)
from eiglint.ir.expressions import (
    Call as Call,
)
from eiglint.ir.expressions import (
    Choice as Choice,
)
from eiglint.ir.expressions import (
    Comprehension as Comprehension,
)
from eiglint.ir.expressions import (
    Constant as Constant,
)
from eiglint.ir.expressions import (
    Dictionary as Dictionary,
)
from eiglint.ir.expressions import (
    Expression as Expression,
)
from eiglint.ir.expressions import (
    Function as Function,
)
from eiglint.ir.expressions import (
    Generator as Generator,
)
from eiglint.ir.expressions import (
    Handle as Handle,
)
from eiglint.ir.expressions import (
    Name as Name,
)
from eiglint.ir.expressions import (
    Operation as Operation,
)
from eiglint.ir.expressions import (
    Parameter as Parameter,
)
from eiglint.ir.expressions import (
    Sequence as Sequence,
)
from eiglint.ir.expressions import (
    Slice as Slice,
)
from eiglint.ir.expressions import (
    Starred as Starred,
)
from eiglint.ir.expressions import (
    Subscript as Subscript,
)
from eiglint.ir.expressions import (
    Text as Text,
)
from eiglint.ir.expressions import (
    Yield as Yield,
)


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


class Promised(NamedTuple):
    """A fact that a comment claims of the decompositions on its own line, or else on the lines `first` to `last`."""

    word: str
    line: int
    first: int
    last: int


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
    shared: frozenset[str] = frozenset()
    """What functions declare global and bind by statements alone."""
    promises: tuple[Promised, ...] = ()
