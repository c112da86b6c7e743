"""What is no Python is refused with a message and a position."""

from __future__ import annotations

import pickle
import warnings

import pytest

from eiglint.ir.parse import SyntaxFailure, lower_module


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"\xef\xbb\xbfx = '\xc3\xa9'", id="a byte order mark"),
        pytest.param(b"# -*- coding: latin-1 -*-\nx = '\xe9'", id="a declared encoding"),
        pytest.param(b"x = 1\r\ny = 2\r\n", id="Windows line ends"),
        pytest.param(b"x = 1\ry = 2\r", id="old line ends"),
        pytest.param(b"x = 1", id="no newline at the end"),
        pytest.param(b"\x0cx = 1\n\x0c\n", id="form feeds"),
        pytest.param(b"return", id="a return outside functions, which is no matter of syntax"),
    ],
)
def test_what_python_reads_is_read(source: bytes) -> None:
    assert lower_module(source, "model.py", "model").body


@pytest.mark.parametrize(
    ("source", "words", "line", "column"),
    [
        pytest.param(b"a\nprint b\n", "print", 2, 1, id="another language version"),
        pytest.param(b"a\nx = (1,\n\n", "was never closed", 2, 5, id="a parenthesis left open"),
        pytest.param(b"if a:\nb\n", "indented block", 2, 1, id="an empty block"),
        pytest.param(b"if a:\n    b\n  c\n", "unindent", 3, 4, id="an indentation that fits nothing"),
        pytest.param(b"def f(:\n  pass", "invalid syntax", 1, 7, id="a stray colon"),
        pytest.param(b"x = 'abc\n", "unterminated string", 1, 5, id="a string left open"),
        pytest.param("é = 'é' é\n".encode(), "invalid syntax", 1, 9, id="columns count characters"),
        pytest.param(b"x = 1\ny = '\xe9'\n", "0xe9 is not valid utf-8", 2, 6, id="a byte that is no text"),
        pytest.param(b"# coding: klingon\nx", "unknown encoding", 1, 1, id="an encoding that does not exist"),
        pytest.param(b"# coding: hex\nx", "hex is not an encoding", 1, 1, id="an encoding that is none of text"),
        pytest.param(b"\xff\xfex\x00", "NUL byte", 1, 4, id="another encoding without a word"),
        pytest.param(b"x = 1\n# \x00\n", "NUL byte", 2, 3, id="a NUL byte in a comment"),
    ],
)
def test_what_is_no_python_is_refused_where_it_goes_wrong(source: bytes, words: str, line: int, column: int) -> None:
    with pytest.raises(SyntaxFailure) as refusal:
        lower_module(source, "model.py", "model")
    assert words in refusal.value.message
    assert refusal.value.line == line
    assert refusal.value.column == column


def test_a_fault_of_the_parser_itself_is_a_refusal_too() -> None:
    with pytest.raises(SyntaxFailure, match="the parser failed"):
        lower_module(b"async def f():\n    return [i async\n            for i in x]\n", "model.py", "model")


def test_a_refusal_travels_between_processes() -> None:
    refusal = pickle.loads(pickle.dumps(SyntaxFailure("wrong", 3, 4)))
    assert (refusal.message, refusal.line, refusal.column) == ("wrong", 3, 4)


def test_invalid_escapes_warn_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lower_module(b"x = '\\d'", "model.py", "model")
        with pytest.raises(SyntaxFailure):
            lower_module(b"x = '\\d' (", "model.py", "model")
