"""A file as text and as a tree, and the way between them: fixes are edits of the text, made from nodes of the tree.

Offsets count characters. A node's extent leaves out the parentheses around it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from eiglint.findings import Edit, Place, Source

_NEWLINE = re.compile(r"\r\n?|\n")
_Node = TypeVar("_Node", bound=ast.expr)
Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module


class Change(NamedTuple):
    """Replace what stands between two offsets."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A file that can be parsed."""

    text: str
    tree: ast.Module
    lines: tuple[int, ...]
    """Where each line starts."""
    parents: dict[ast.AST, ast.AST]

    def span(self, node: ast.expr | ast.stmt | ast.alias) -> tuple[int, int]:
        """Return where a node starts and ends."""
        start = self._offset(node.lineno, node.col_offset)
        return start, self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def outside(self, node: ast.expr) -> tuple[int, int]:
        """Return where a node starts and ends with the parentheses that only group it, one pair of them."""
        start, end = self.span(node)
        before, after = self.text[:start].rstrip(" "), self.text[end:]
        skipped = len(after) - len(after.lstrip(" "))
        if not before.endswith("(") or not after[skipped:].startswith(")"):
            return start, end
        outer = before[:-1].rstrip(" ")
        if outer[-1:].isalnum() or outer[-1:] in ("_", ")", "]", '"', "'"):
            return start, end  # they are a call's, or stand behind a keyword
        return len(before) - 1, end + skipped + 1

    def _offset(self, line: int, byte: int) -> int:
        start = self.lines[line - 1]
        part = self.text[start : start + byte]  # no character takes less than a byte
        return start + byte if part.isascii() else start + len(part.encode()[:byte].decode())

    def show(self, node: ast.expr | ast.stmt) -> str:
        """Return the text of a node."""
        return self.text[slice(*self.span(node))]

    def same(self, a: ast.expr, b: ast.expr) -> bool:
        """Say whether two expressions are the same and may be evaluated twice."""
        return ast.dump(a) == ast.dump(b) and is_plain(a)

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line and column, both from 1."""
        return self.lines[min(line, len(self.lines)) - 1] + column - 1

    def at(self, place: Place, kind: type[_Node]) -> _Node | None:
        """Return the innermost node of a kind that holds a place.

        A finding on several lines has the place of the token that names the operation.
        """
        start, end = self.offset(place.line, place.column), self.offset(place.end_line, place.end_column)
        best: _Node | None = None
        least = len(self.text) + 1
        for node in self.parents:
            if isinstance(node, kind):
                first, last = self.span(node)
                if first <= start and end <= last and last - first < least:
                    best, least = node, last - first
        return best

    def call(self, source: Source | None) -> ast.Call | None:
        """Return the call that decomposes."""
        if source is None:
            return None
        name = source.call.rpartition(".")[2]
        node = self.at(Place(source.path, source.line, source.column, source.line, source.column + 1), ast.Call)
        while node is not None and callee(node) != name:
            node = self.outer(node)
        return node

    def outer(self, node: ast.AST) -> ast.Call | None:
        """Return the call around a call, within its statement."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, ast.Call | ast.stmt):
            above = self.parents.get(above)
        return above if isinstance(above, ast.Call) else None

    def above(self, node: ast.AST) -> ast.AST | None:
        """Return the parent of a node."""
        return self.parents.get(node)

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """Return the statement that a node belongs to."""
        above: ast.AST | None = node
        while above is not None and not isinstance(above, ast.stmt):
            above = self.parents.get(above)
        return above

    def scope(self, node: ast.AST) -> Scope:
        """Return the function that a node is in, or the module."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, Scope):
            above = self.parents.get(above)
        return above if above is not None else self.tree

    def names(self, node: ast.AST) -> frozenset[str]:
        """Return every name that occurs in the function around a node, or in the module for module-level code."""
        return names_in(self.scope(node))

    def alone(self, statement: ast.stmt) -> tuple[int, int] | None:
        """Return the lines of a statement as offsets, if it shares them with nothing but a comment behind it."""
        start, end = self.span(statement)
        first = self.lines[bisect_right(self.lines, start) - 1]
        after = _NEWLINE.search(self.text, end)
        last = after.start() if after else len(self.text)
        rest = self.text[end:last].strip()
        if self.text[first:start].strip() or (rest and not rest.startswith("#")):
            return None
        return first, last

    @property
    def newline(self) -> str:
        """Return how lines end in this file."""
        found = _NEWLINE.search(self.text)
        return found[0] if found else "\n"

    def edit(self, change: Change) -> Edit:
        """Return a change with lines and columns."""
        return Edit(*self._position(change.start), *self._position(change.end), change.text)

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1

    def change(self, edit: Edit) -> Change:
        """Return an edit with offsets."""
        return Change(self.offset(edit.line, edit.column), self.offset(edit.end_line, edit.end_column), edit.text)


def read_code(text: str) -> Code | None:
    """Parse a file; None where this Python cannot."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    return Code(text, tree, (0, *(found.end() for found in _NEWLINE.finditer(text))), parents)


def comments_in(text: str) -> list[str]:
    """Return the comments of a text; none of them may get lost."""
    try:
        found = tokenize.generate_tokens(io.StringIO(text, newline="").readline)
        return [token.string for token in found if token.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):
        return []


def names_in(node: ast.AST) -> frozenset[str]:
    """Return the names of variables and parameters under a node."""
    return frozenset(
        part.id if isinstance(part, ast.Name) else part.arg
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.arg)
    )


def reads_of(name: str, scope: ast.AST) -> Iterator[ast.Name]:
    """Return where a variable is read or deleted."""
    for part in ast.walk(scope):
        if isinstance(part, ast.Name) and part.id == name and not isinstance(part.ctx, ast.Store):
            yield part


def callee(call: ast.Call) -> str:
    """Return the last name of what is called."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def is_plain(node: ast.expr) -> bool:
    """Whether an expression only looks things up: names, attributes, subscripts, constants."""
    allowed = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Slice, ast.Tuple, ast.UnaryOp, ast.BinOp)
    parts = (part for part in ast.walk(node) if isinstance(part, ast.expr))
    return all(isinstance(part, allowed) for part in parts)


def is_atom(node: ast.expr) -> bool:
    """Whether a method can be called on an expression as it stands."""
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
