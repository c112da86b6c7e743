"""The guard refuses what would kill the parser, and nothing that people write."""

import sysconfig
import time
from pathlib import Path

import pytest

from eiglint.source.guard import MAX_DEPTH, MAX_RUN, refuse

MANY = 3 * MAX_RUN

FINE = {
    "nothing": "",
    "one term less than too many": "x = " + " + ".join(["a"] * MAX_RUN),
    "a thousand terms with trailers of their own": "x = " + " + ".join(["a.b[c](d)"] * MAX_RUN),
    "a long list": "x = [" + "a + b, " * MANY + "]",
    "a long dict": "x = {\n" + '    "k": f(a) + b,\n' * MANY + "}",
    "many statements": "x = f(a, b) + c\n" * MANY,
    "many statements on a line": "x = a + b; " * MANY,
    "many arguments": "f(" + "a.b, " * MANY + ")",
    "a chained assignment": "a = " * MANY + "b",
    "many ifs of one branch each": "if a:\n    b\nelif c:\n    d\n" * MANY,
    "a long docstring full of operators": '"""' + "it's a + b - (c) or [d]\n" * MANY + '"""\n',
    "a long comment full of operators": "# a + b + (c\n" * MANY,
    "deep brackets in a variable called case": "case = [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n",
}
REFUSED = {
    "a sum": ("x = " + " + ".join(["a"] * MANY), "operators"),
    "a sum over many lines": ("x = (a\n" + "    + b(1, 2).c\n" * MANY + ")", "operators"),
    "a sum with line endings of Windows": ("x = (a\r\n" + "    + b\r\n" * MANY + ")", "operators"),
    "a sum over continued lines": ("x = a" + " \\\n    + b" * MANY, "operators"),
    "a product inside a call inside a function": (f"def f():\n    return g({' * '.join('a' * MANY)})\n", "operators"),
    "a conjunction": ("x = " + " and ".join(["a"] * MANY), "operators"),
    "negations": ("x = " + "not " * MANY + "a", "operators"),
    "minus signs": ("x = " + "-" * MANY + "a", "operators"),
    "conditional expressions": ("x = " + "a if b else " * MANY + "c", "operators"),
    "lambdas": ("x = " + "lambda: " * MANY + "a", "operators"),
    "strings side by side": ("x = " + '"a" ' * MANY, "operators"),
    "attributes": ("x = a" + ".b" * MANY, "trailers"),
    "calls": ("x = a" + "()" * MANY, "trailers"),
    "a call chain over many lines": ("x = (a" + "\n    .f(1, b=2)" * MANY + ")", "trailers"),
    "subscripts": ("x = a" + "[0]" * MANY, "trailers"),
    "deep brackets": ("x = " + "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "nested"),
    "deep calls": ("x = " + "f(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "nested"),
    "a ladder of elifs": ("if a:\n    b\n" + "elif a:\n    b\n" * MANY, "branches"),
    "deep case patterns": ("match x:\n    case " + "[" * 30 + "1" + "]" * 30 + ":\n        pass\n", "pattern"),
    "too many lines": ("x = 1\n" * 60_000, "lines"),
    "too many bytes": ("x = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'\n" * 50_000, "MB"),
}


@pytest.mark.parametrize("source", FINE.values(), ids=FINE.keys())
def test_ordinary_code_passes_however_long(source: str) -> None:
    assert refuse(source.encode()) is None


@pytest.mark.parametrize(("source", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_parser_would_not_survive_is_refused_with_its_reason(source: str, reason: str) -> None:
    assert reason in (refuse(source.encode()) or "")


@pytest.mark.parametrize(
    "source", [b"\xff\xfe\x00", b"'''", b'"' * 5000, b"(" * 50, b"\\", b"case" * 5000, b")" * 9000]
)
def test_nonsense_is_left_to_the_parser(source: bytes) -> None:
    assert refuse(source) is None


def test_no_file_of_the_standard_library_is_refused_and_the_guard_is_quick() -> None:
    folder = Path(sysconfig.get_paths()["stdlib"])
    sources = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    start = time.perf_counter()
    refused = [source for source in sources if refuse(source)]
    seconds = time.perf_counter() - start
    assert not refused
    assert seconds < 1e-6 * sum(map(len, sources))  # a parser needs about one second a megabyte
