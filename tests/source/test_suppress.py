"""What a comment silences: `noqa` on its physical line, `ignore` on the line, or above the statement."""

import pytest

from eiglint.findings import Finding, Place
from eiglint.source.suppress import read_comments


def finding(line: int) -> Finding:
    place = Place("a.py", line, 1, line, 2)
    return Finding("EIG104", "missing-conjugate", "phase", "error", "definite", place, "")


def silenced(text: str, line: int, *, noqa: bool = True) -> bool:
    return read_comments(text).silence(finding(line), line, noqa=noqa)


LOUD = {
    "no comment": ("x = 1\n", 1),
    "noqa for another code": ("x = 1  # noqa: EIG105\n", 1),
    "noqa on another line": ("x = 1  # noqa\ny = 2\n", 2),
    "noqa further down in the same brackets": ("x = f(\n    a,  # noqa\n    b,\n)\n", 3),
    "noqa above": ("# noqa: EIG104\nx = 1\n", 2),
    "ignore for another name": ("x = 1  # eiglint: ignore[zero-sign]\n", 1),
    "ignore above the statement before": ("# eiglint: ignore[EIG104]\nx = 1\ny = 2\n", 3),
    "ignore above with code between": ("# eiglint: ignore[EIG104]\n\nx = 1\n", 3),
    "a promise": ("x = 1  # eiglint: assume real\n", 1),
    "ignore spelled on": ("x = 1  # eiglint: ignore-nothing\n", 1),
}
SILENT = {
    "noqa": ("x = 1  # noqa\n", 1),
    "noqa with the code": ("x = 1  # noqa: EIG104\n", 1),
    "noqa among several codes": ("x = 1  # noqa: E501, EIG104\n", 1),
    "noqa with a prefix": ("x = 1  # NOQA:EIG1\n", 1),
    "noqa with a reason after it": ("x = 1  # noqa: EIG104 (checked by hand)\n", 1),
    "noqa at the end of a string of many lines": ('x = """\na\n"""  # noqa\n', 1),
    "noqa after a continued line": ("x = 1 + \\\n    2  # noqa\n", 1),
    "noqa before the file breaks off": ("x = 1  # noqa\ny = (\n", 1),
    "the whole file": ("# flake8: noqa\nx = 1\n", 2),
    "ignore": ("x = 1  # eiglint: ignore\n", 1),
    "ignore by code": ("x = 1  # eiglint: ignore[EIG104]\n", 1),
    "ignore by name": ("x = 1  # eiglint: ignore[missing-conjugate]\n", 1),
    "ignore among several": ("x = 1  # eiglint: ignore[zero-sign, EIG104]\n", 1),
    "ignore after another comment": ("x = 1  # type: ignore # eiglint: ignore[EIG104]\n", 1),
    "ignore above": ("# eiglint: ignore[EIG104]\nx = 1\n", 2),
    "ignore above with comments between": ("# eiglint: ignore[EIG104]\n# because\nx = 1\n", 3),
    "ignore above a statement of several lines": ("    # eiglint: ignore[EIG104]\nx = f(\n    a,\n    b,\n)\n", 4),
    "ignore after form feeds, which end no line": ("a = 1\n\x0c\nx = 1  # eiglint: ignore\n", 3),
    "ignore with line endings of Windows": ("a = 1\r\nx = 1  # eiglint: ignore\r\n", 2),
}


@pytest.mark.parametrize(("text", "line"), LOUD.values(), ids=LOUD.keys())
def test_a_comment_that_speaks_of_something_else_silences_nothing(text: str, line: int) -> None:
    assert not silenced(text, line)


@pytest.mark.parametrize(("text", "line"), SILENT.values(), ids=SILENT.keys())
def test_a_comment_silences(text: str, line: int) -> None:
    assert silenced(text, line)


@pytest.mark.parametrize("text", ["x = 1  # noqa: EIG104\n", "# flake8: noqa\n"])
def test_noqa_is_left_to_flake8_where_flake8_applies_it(text: str) -> None:
    assert not silenced(text, 1, noqa=False)
