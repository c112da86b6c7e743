"""What a library call is, as the tables in rules/models say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Model:
    """One library call.

    `kind` names a family of the algebra, `options` its parameters. `params` are the call's parameters in positional
    order, the receiver of a method first; `*name` takes the rest, a bare `*` ends the positional ones, `**name` takes
    any keyword. `defaults` holds the values of those left out, `rename` maps the library's parameter names to the
    algebra's. `inplace` says that the first argument is overwritten with the result. `fields` names the parts of a
    result that is a tuple. `instance` is what an instance does when it is called, where the call is a constructor.
    """

    name: str
    kind: str
    params: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    keywords: Mapping[str, str] = field(default_factory=dict)
    """Keywords that calls of this library take besides their parameters: the parameter meant, the keyword itself, or
    nothing where it changes nothing."""
    gradient: bool = True
    """Whether results carry a gradient at all; those of NumPy and SciPy do not."""
    inplace: bool = False
    attribute: bool = False
    fields: tuple[str, ...] = ()
    removed_in: str = ""
    """A release in which the call is gone, not always the first."""
    deprecated: str = ""
    """How to write a removed or deprecated call today."""
    instance: Model | None = None
    forms: tuple[Model, ...] = ()
    """The same call with its other signatures, where it has several."""
