"""Which identifiers each function can possibly touch: one walk over the tree, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import libcst as cst


class Facts(NamedTuple):
    """What one walk tells of a function before its body is lowered."""

    mentions: frozenset[str]
    quoted: frozenset[str]
    is_generator: bool


Known = Mapping[int, Facts]
"""Facts of every function and lambda of a file, keyed by the id of its node."""

_BRACKETS = {"lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace"}
_PUNCTUATION = {"comma", "semicolon", "equal", "dot", "colon", "first_colon", "second_colon", "operator", "separator"}
_LINES = {"leading_lines", "lines_after_decorators", "header", "footer", "indent"}
_NAMELESS = _BRACKETS | _PUNCTUATION | _LINES


class _Owner:
    """The names that belong to one function's body, or to the module outside all of them."""

    __slots__ = ("globals", "imports", "names", "node", "outer", "quoted", "walrus", "yields")

    def __init__(self, node: cst.Module | cst.FunctionDef | cst.Lambda, outer: _Owner | None) -> None:
        self.node = node
        self.outer = outer
        self.names: set[str] = set()
        self.quoted: set[str] = set()
        self.imports: list[cst.Import | cst.ImportFrom] = []
        self.globals: set[str] = set()
        self.walrus: set[str] = set()
        self.yields = False


class Survey(NamedTuple):
    """The names in module-level code, the facts of every function in the file, the imports inside functions, and what
    functions declare global and bind by statements alone."""

    mentions: frozenset[str]
    known: Known
    imports: tuple[cst.Import | cst.ImportFrom, ...]
    globals: frozenset[str]


def facts(tree: cst.Module) -> Survey:
    """Look through a file once."""
    module = _Owner(tree, None)
    owners = [module]
    for owner in owners:  # grows while it is walked: functions found inside come later
        owners += _walk(owner)
    top = frozenset(module.names)
    known: dict[int, Facts] = {}
    for owner in reversed(owners[1:]):
        known[id(owner.node)] = Facts(frozenset(owner.names), frozenset(owner.quoted), owner.yields)
        if owner.outer is not None:
            owner.outer.names |= owner.names
            owner.outer.quoted |= owner.quoted
    inner = owners[1:]
    shared = frozenset[str]().union(*(o.globals for o in inner)) - frozenset[str]().union(*(o.walrus for o in inner))
    return Survey(top, known, tuple([node for owner in inner for node in owner.imports]), shared)


def _walk(owner: _Owner) -> list[_Owner]:
    """Collect the owner's names and return the functions that stand directly inside it."""
    inside: list[_Owner] = []
    names = owner.names
    stack: list[Any] = [owner.node.body]
    while stack:
        node = stack.pop()
        kind: Any = type(node)  # isinstance is slow to say no: LibCST's classes are abstract base classes
        if kind is cst.Name:
            names.add(node.value)
        elif kind is cst.SimpleString:
            text = node.value.strip("'\"")
            if text.isidentifier():
                owner.quoted.add(text)
        elif kind is list or kind is tuple:
            stack += node
        elif kind is cst.FunctionDef:
            inside.append(_Owner(node, owner))
            stack += (node.name, node.params, node.decorators, node.returns, node.type_parameters)
        elif kind is cst.Lambda:
            inside.append(_Owner(node, owner))
            stack.append(node.params)
        else:
            if kind is cst.Yield:
                owner.yields = True
            elif kind is cst.ImportFrom or kind is cst.Import:
                owner.imports.append(node)
            elif kind is cst.Global:
                owner.globals |= {item.name.value for item in node.names}
            elif kind is cst.NamedExpr:
                owner.walrus.add(node.target.value)
            stack += _children(kind)(node)
    return inside


@cache
def _children(kind: type[object]) -> Callable[[object], Iterable[object]]:
    """Return what gets those fields of a node that can hold identifiers; all but nodes have none."""
    if not issubclass(kind, cst.CSTNode):
        return _nothing
    names = [field.name for field in fields(kind)]
    names = [name for name in names if name not in _NAMELESS and "whitespace" not in name]
    match names:
        case []:
            return _nothing
        case [name]:
            return lambda node: (getattr(node, name),)
        case _:
            return attrgetter(*names)


def _nothing(node: object) -> tuple[()]:
    return ()
