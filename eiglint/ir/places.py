"""From syntax nodes to lines and columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping

import libcst as cst

from eiglint.findings import Place
from eiglint.ir.instructions import Handle
from eiglint.ir.recording import Record, record

_BLANK = " \t\f\r\n\\"
_LINE_END = re.compile(r"[\r\n]")

Resolve = Callable[[Iterable[Handle]], Mapping[int, Place]]


class _Everything:
    """The set of all nodes."""

    def __contains__(self, node: object) -> bool:
        return True


def resolver(tree: cst.Module, source: bytes, path: str) -> Resolve:
    """Return the function behind `Module.resolve`.

    The first call looks at what is asked for only; should another one ask for more, everything is noted once and for
    all, so that a file is never gone through more than twice.
    """
    places: dict[int, Place] = {}
    records: list[Record] = []

    def resolve(handles: Iterable[Handle]) -> Mapping[int, Place]:
        nodes = {id(node): node for node in handles if isinstance(node, cst.CSTNode)}
        missing = [node for key, node in nodes.items() if key not in places]
        if missing and len(records) < 2:
            wanted: Container[int] = _Everything() if records else _wanted(missing)
            records.append(record(tree, source, wanted))
        for node in missing:
            places[id(node)] = Place(path, *_extent(node, records[-1]))
        return {key: places[key] for key in nodes}

    return resolve


def comments(tree: cst.Module, source: bytes, word: str) -> Mapping[int, str]:
    """Return the comments that contain `word`, by line."""
    if word.encode() not in source:
        return {}
    found = record(tree, source, frozenset())
    texts = {found.position(found.offsets[token])[0]: found.tokens[token] for token in found.comments}
    return {line: text for line, text in texts.items() if word in text}


def _wanted(nodes: Iterable[cst.CSTNode]) -> frozenset[int]:
    """Return the ids of nodes, and of the nodes that say where on several lines they are."""
    return frozenset([id(part) for node in nodes for part in (node, _innermost(node), _body(node)) if part is not None])


def _innermost(node: cst.CSTNode) -> cst.CSTNode | None:
    """Return the part of an operation that names it: the operator, the last name of the callee, the attribute."""
    match node:
        case cst.Call(func=cst.Attribute(attr=name)) | cst.Attribute(attr=name):
            return name
        case cst.Call(func=func):
            return func
        case cst.Subscript(lbracket=bracket):
            return bracket
        case cst.BinaryOperation() | cst.BooleanOperation() | cst.UnaryOperation():
            return node.operator
        case cst.AugAssign() | cst.ComparisonTarget():
            return node.operator
        case cst.Comparison(comparisons=[first, *_]):
            return first.operator
    return None


def _body(node: cst.CSTNode) -> cst.CSTNode | None:
    """Return the block that ends the first line of a compound statement."""
    match node:
        case cst.BaseCompoundStatement() | cst.ExceptHandler() | cst.ExceptStarHandler() | cst.MatchCase():
            return node.whitespace_after_colon if isinstance(node, cst.Match) else node.body
    return None


def _extent(node: cst.CSTNode, found: Record) -> tuple[int, int, int, int]:
    """Return where a node starts and ends: all of it on one line, else its innermost token, else its first line."""
    start, end = _stripped(found.text, *_whole(node, found))
    if found.position(start)[0] != found.position(end)[0]:
        inner = _innermost(node)
        if inner is None:
            end = start + len(_LINE_END.split(found.text[start:end], maxsplit=1)[0])
            start, end = _stripped(found.text, start, end)
        else:
            token = _token(node, inner, found)
            start = found.offsets[token]
            end = start + len(found.tokens[token])
    return (*found.position(start), *found.position(end))


def _whole(node: cst.CSTNode, found: Record) -> tuple[int, int]:
    """Return the offsets of a node; a compound statement ends where its block begins."""
    _, first, last = found.spans[id(node)]
    body = _body(node)
    if isinstance(node, cst.ComparisonTarget):
        first = found.spans[id(node.operator)].starts
    if body is not None:
        last = found.spans[id(body)].opens
    return found.offsets[first], found.offsets[last]


def _token(node: cst.CSTNode, inner: cst.CSTNode, found: Record) -> int:
    """Return the index of an operation's innermost token; a callee without a name has its opening parenthesis."""
    span = found.spans[id(inner)]
    if isinstance(node, cst.Call) and not isinstance(inner, cst.Name):
        return found.tokens.index("(", span.ends)
    return span.starts


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out blanks at both ends."""
    body = text[start:end].rstrip(_BLANK)
    return start + len(body) - len(body.lstrip(_BLANK)), start + len(body)
