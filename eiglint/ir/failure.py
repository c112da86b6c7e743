"""What is wrong with a file that cannot be parsed, in words and with a position."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings

import libcst as cst

_PLACE = re.compile(r"error at (\d+):(\d+): ")
_PREFIX = re.compile(r"^(?:parser|tokenizer) error: ")


class SyntaxFailure(Exception):  # noqa: N818
    """The source is not Python. Line and column count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message, line, column)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} ({self.line}:{self.column})"


def explain(source: bytes, refusal: Exception) -> SyntaxFailure:
    """Say why LibCST refused `source`: in Python's words where Python refuses it too, they are the clearer ones."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError as error:  # an unknown encoding, or no text in the first two lines
        encoding = "utf-8"
        if "unknown encoding" in error.msg:
            return SyntaxFailure(error.msg, 1, 1)
    try:
        text = source.decode(encoding)
    except UnicodeDecodeError as error:
        message = f"byte 0x{source[error.start]:02x} is not valid {encoding}"
        return SyntaxFailure(message, *_position(source[: error.start], encoding))
    except LookupError:
        return SyntaxFailure(f"{encoding} is not an encoding of text", 1, 1)
    return _python_says(text) or _libcst_says(refusal)


def reject_null(source: bytes) -> None:
    """Refuse NUL bytes, which LibCST lets pass inside comments and strings and Python does not."""
    at = source.find(b"\0")
    if at >= 0:
        raise SyntaxFailure("source contains a NUL byte", *_position(source[:at], "latin-1"))


def _python_says(text: str) -> SyntaxFailure | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return SyntaxFailure(error.msg, max(error.lineno or 1, 1), max(error.offset or 1, 1))
    except (ValueError, MemoryError, RecursionError):
        return None
    return None


def _libcst_says(refusal: Exception) -> SyntaxFailure:
    if not isinstance(refusal, cst.ParserSyntaxError):
        return SyntaxFailure(f"the parser failed: {type(refusal).__name__}: {refusal}", 1, 1)
    message = _PREFIX.sub("", refusal.message)
    place = _PLACE.match(message)
    if place is None:
        return SyntaxFailure(message, 1, 1)
    return SyntaxFailure(message[place.end() :], max(int(place[1]), 1), max(int(place[2]), 1))


def _position(before: bytes, encoding: str) -> tuple[int, int]:
    """Return line and column of the character that follows `before`."""
    text = before.decode(encoding, errors="replace")
    lines = re.split(r"\r\n?|\n", text)
    return len(lines), len(lines[-1]) + 1
