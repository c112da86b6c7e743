"""Names, numbers and strings."""

from __future__ import annotations

import ast
import re
import warnings
from decimal import Decimal

import libcst as cst

from eiglint.ir import instructions as ir
from eiglint.ir.dispatch import expression, lowers
from eiglint.ir.mentions import Known

_SINGLETONS = {"None": None, "True": True, "False": False}
_STRING = re.compile(r"([A-Za-z]*)(\"\"\"|'''|\"|')")
_NEWLINE = re.compile(r"\r\n?")


@lowers("Name")
def _name(node: cst.Name, known: Known) -> ir.Expression:
    if node.value in _SINGLETONS:
        return ir.Constant(_SINGLETONS[node.value], node)
    return ir.Name(node.value, node)


@lowers("Ellipsis")
def _ellipsis(node: cst.Ellipsis, known: Known) -> ir.Expression:
    return ir.Constant(..., node)


@lowers("Integer")
def _integer(node: cst.Integer, known: Known) -> ir.Expression:
    try:
        return ir.Constant(int(node.value, 0), node)
    except ValueError:  # int refuses decimals of more than 4,300 digits
        return ir.Constant(int(Decimal(node.value)), node)


@lowers("Float")
def _float(node: cst.Float, known: Known) -> ir.Expression:
    return ir.Constant(float(node.value), node)


@lowers("Imaginary")
def _imaginary(node: cst.Imaginary, known: Known) -> ir.Expression:
    return ir.Constant(complex(node.value), node)


@lowers("SimpleString")
def _string(node: cst.SimpleString, known: Known) -> ir.Expression:
    return ir.Constant(text_of(node.value), node)


@lowers("FormattedString", "TemplatedString")
def _formatted(node: cst.FormattedString, known: Known) -> ir.Expression:
    return ir.Text(_interpolations(node, known), node)


@lowers("ConcatenatedString")
def _concatenated(node: cst.ConcatenatedString, known: Known) -> ir.Expression:
    """Join adjacent strings. They nest at their right end."""
    pieces: list[cst.CSTNode] = []
    rest: cst.CSTNode = node
    while isinstance(rest, cst.ConcatenatedString):
        pieces.append(rest.left)
        rest = rest.right
    pieces.append(rest)
    plain = [text_of(piece.value) for piece in pieces if isinstance(piece, cst.SimpleString)]
    if len(plain) < len(pieces):
        formatted = [piece for piece in pieces if not isinstance(piece, cst.SimpleString)]
        return ir.Text(tuple([part for piece in formatted for part in _interpolations(piece, known)]), node)
    words = [piece for piece in plain if isinstance(piece, str)]
    if len(words) == len(plain):
        return ir.Constant("".join(words), node)
    return ir.Constant(b"".join([piece for piece in plain if isinstance(piece, bytes)]), node)


def text_of(token: str) -> str | bytes:
    """Evaluate a string or bytes literal."""
    opening = _STRING.match(token)
    if opening is None:
        return token
    prefix, quotes = opening[1].lower(), opening[2]
    body = _NEWLINE.sub("\n", token[opening.end() : -len(quotes)])
    if "\\" in body and "r" not in prefix:
        return _unescape(token, body)
    return body.encode() if "b" in prefix else body


def _unescape(token: str, body: str) -> str | bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is none of our business
        try:
            value: str | bytes = ast.literal_eval(token)
        except (SyntaxError, ValueError):
            return body
    return value


def _interpolations(node: cst.CSTNode, known: Known) -> tuple[ir.Expression, ...]:
    """Lower the values inside braces, those of format specifications after the value they format."""
    found: list[ir.Expression] = []
    pending: list[cst.CSTNode] = [node]
    while pending:
        piece = pending.pop()
        value = getattr(piece, "expression", None)
        if value is not None:
            found.append(expression(value, known))
        inner = getattr(piece, "parts", None) or getattr(piece, "format_spec", None) or ()
        pending += reversed(inner)
    return tuple(found)
