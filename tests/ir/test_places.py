"""Instructions are found on the line that a reader would point at."""

from __future__ import annotations

import pytest

from eiglint.findings import Place
from eiglint.ir import instructions as ir
from eiglint.ir.parse import lower_module
from eiglint.ir.show import show

from .walk import instructions


def places(source: str | bytes) -> dict[str, str]:
    """Map each operation, as text, to where it is said to stand: line:column-end_line:end_column."""
    data = source.encode() if isinstance(source, str) else source
    module = lower_module(data, "model.py", "model")
    found = [item for item in instructions(module.body) if isinstance(item, ir.Expression | ir.Statement)]
    where = module.resolve([item.at for item in found])
    # A statement may read like its expression: the expression is what is asked for.
    found.sort(key=lambda item: isinstance(item, ir.Expression))
    return {show(item): span(where[id(item.at)]) for item in found}


def span(place: Place) -> str:
    assert place.path == "model.py"
    return f"{place.line}:{place.column}-{place.end_line}:{place.end_column}"


@pytest.mark.parametrize(
    ("source", "operation", "expected"),
    [
        pytest.param("( V.mH )", "V.mH", "1:3-1:7", id="an attribute without its parentheses"),
        pytest.param("x = (V @ W)", "<matmul V, W>", "1:6-1:11", id="an operation without its parentheses"),
        pytest.param("f( a , b )", "f(a, b)", "1:1-1:11", id="a call to its closing parenthesis"),
        pytest.param("x[ 1:2 ]", "1:2:_", "1:4-1:7", id="a slice without its blanks"),
        pytest.param("a < b  <  c", "<lt b, c>", "1:8-1:12", id="the second link of a chain"),
        pytest.param("a < b", "<lt a, b>", "1:1-1:6", id="a comparison"),
        pytest.param("x  # V", "x", "1:1-1:2", id="no comment"),
        pytest.param("a; b ; c", "b", "1:4-1:5", id="one of several statements"),
        pytest.param("f(*x)", "x", "1:4-1:5", id="an argument without its star"),
    ],
)
def test_on_one_line_everything_is_covered(source: str, operation: str, expected: str) -> None:
    assert places(source)[operation] == expected


@pytest.mark.parametrize(
    ("source", "operation", "expected"),
    [
        pytest.param("torch.linalg.eigh(\n  A\n)", "torch.linalg.eigh(A)", "1:14-1:18", id="a call: its name"),
        pytest.param("(x\n .f()\n .g(1))", "x.f().g(1)", "3:3-3:4", id="a chain of methods: the last"),
        pytest.param("(x\n .f()\n .g(1))", "x.f()", "2:3-2:4", id="a chain of methods: the first"),
        pytest.param("f(\n)(\n)", "f()()", "2:2-2:3", id="a call of a call: its parenthesis"),
        pytest.param("(f  # (\n)(\n)", "f()", "1:2-1:3", id="a callee in parentheses"),
        pytest.param("(V\n .mH)", "V.mH", "2:3-2:5", id="an attribute: its name"),
        pytest.param("(V\n @\n W)", "<matmul V, W>", "2:2-2:3", id="a product: its operator"),
        pytest.param("(a +\n b -\n c)", "<sub <add a, b>, c>", "2:4-2:5", id="a sum: its last operator"),
        pytest.param("(a\n and b\n and c)", "<and a, b, c>", "3:2-3:5", id="and"),
        pytest.param("(a not\n in b)", "<not_contains a, b>", "1:4-1:7", id="an operator of two words: the first"),
        pytest.param("(a <  # (\n b\n < c)", "<lt a, b>", "1:4-1:5", id="a chain: its first link"),
        pytest.param("(a\n < b\n < c)", "<lt b, c>", "3:2-3:5", id="a chain: its second link"),
        pytest.param("-(\n x)", "<neg x>", "1:1-1:2", id="a sign"),
        pytest.param("(not\n x)", "<not_ x>", "1:2-1:5", id="not"),
        pytest.param("x[\n 0]", "x[0]", "1:2-1:3", id="a subscript: its bracket"),
        pytest.param("(x\n [0])", "x[0]", "2:2-2:3", id="a subscript on the next line"),
        pytest.param("x[\n 0] += 1", "x[0] add= 1", "2:5-2:7", id="an augmented assignment: its operator"),
        pytest.param("[a,\n b]", "[a, b]", "1:1-1:4", id="a display: its first line"),
        pytest.param("x = f(\n a)", "x = f(a)", "1:1-1:7", id="a statement: its first line"),
        pytest.param("'''a\nb'''", "'a\\nb'", "1:1-1:5", id="a long string: its first line"),
        pytest.param("x = 1 + \\\n  2", "<add 1, 2>", "1:7-1:8", id="a continued line"),
    ],
)
def test_over_several_lines_the_innermost_token_is_meant(source: str, operation: str, expected: str) -> None:
    assert places(source)[operation] == expected


@pytest.mark.parametrize(
    ("source", "start", "expected"),
    [
        pytest.param("@a\ndef f(x): pass", "@a", "2:1-2:10", id="a function: its header, below its decorators"),
        pytest.param("async def f():\n  pass", "async", "1:1-1:15", id="an asynchronous function"),
        pytest.param("def f(a,\n  b):\n  pass", "function", "1:1-1:9", id="a header on several lines: the first"),
        pytest.param("class C(A):  # c\n  x = 1", "class", "1:1-1:12", id="a class"),
        pytest.param("if a: b", "if", "1:1-1:6", id="a block on the same line"),
        pytest.param("match x:\n  case 1: a", "match", "1:1-1:9", id="match"),
        pytest.param("for i in x:\n\n  a\nelse: b", "for", "1:1-1:12", id="for"),
    ],
)
def test_a_compound_statement_is_its_header(source: str, start: str, expected: str) -> None:
    (found,) = [where for text, where in places(source).items() if text.startswith(start) and "\n" in text]
    assert found == expected


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("\ufeffé = 1\n'é', x.y", id="byte order mark and wide letters"),
        pytest.param(b"# coding: latin-1\n'\xe9', x.y", id="another encoding"),
        pytest.param("a\r\n'b', x.y\r\n", id="Windows line ends"),
        pytest.param("a\r'b', x.y\r", id="old line ends"),
        pytest.param("'''\r\n'''\n'b', x.y", id="mixed line ends inside a string"),
        pytest.param("a\n\x0c'b', x.y", id="a form feed before a statement"),
        pytest.param("if a:\n\x0c  b\nif a:\n\t'b', x.y", id="a form feed before an indented statement"),
        pytest.param("a\n\x0c\n'b', x.y", id="a form feed alone"),
        pytest.param("a\n'\u2028\x0b\x1c', x.y", id="separators that end no line of Python"),
        pytest.param("a\n\\\n'b', x.y", id="a backslash alone on its line"),
        pytest.param("a;\\\n  'b', x.y", id="a continued line"),
        pytest.param("if a:\n    '''\n  c''', x.y\n  # d\n\n", id="a string that leaves the indentation"),
        pytest.param("f'''{a}\n{b}''', x.y", id="a formatted string on two lines"),
    ],
)
def test_positions_hold_in_odd_files(source: str | bytes) -> None:
    text = source.decode("latin-1") if isinstance(source, bytes) else source.removeprefix("\ufeff")
    before = text[: text.index("x.y")].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    line, column = len(before), len(before[-1]) + 1
    assert places(source)["x.y"] == f"{line}:{column}-{line}:{column + 3}"


def test_asking_again_gives_the_same_places() -> None:
    module = lower_module(b"a.b\nc.d\ne.f", "model.py", "model")
    handles = [statement.at for statement in module.body]
    first = dict(module.resolve(handles[:1]))
    every = module.resolve(handles)
    assert first.items() <= every.items()
    assert [span(every[id(handle)]) for handle in handles] == ["1:1-1:4", "2:1-2:4", "3:1-3:4"]
    assert module.resolve([]) == {}


def test_comments_to_the_linter_are_told_from_strings_and_from_other_comments() -> None:
    source = (
        b"# eiglint: off\n"
        b"x = '# eiglint: no'  # eiglint: ignore[EIG104]\n"
        b"f'{x}# eiglint: no'\n"
        b"def f():  # noqa\n"
        b"    y = (1,  # eiglint: assume real\n"
        b"         2)\n"
        b"    # eiglint: last"
    )
    assert lower_module(source, "model.py", "model").comments == {
        1: "# eiglint: off",
        2: "# eiglint: ignore[EIG104]",
        5: "# eiglint: assume real",
        7: "# eiglint: last",
    }


def test_a_file_that_does_not_speak_to_the_linter_has_no_comments() -> None:
    assert lower_module(b"x = 1  # noqa", "model.py", "model").comments == {}
