"""Which statement a promise speaks of, and which comments promise nothing."""

from pathlib import Path

import pytest

from eiglint.source.promises import read_promises, read_promises_of

SPEAKING = {
    "trailing": ("a = 1\nx = f(A)  # eiglint: assume distinct\n", [("distinct", 2, 2, 2)]),
    "trailing after another comment": ("x = 1  # type: ignore # eiglint: assume real\n", [("real", 1, 1, 1)]),
    "on the last line of a statement": ("x = f(\n    A,\n)  # eiglint: assume complex\n", [("complex", 3, 1, 3)]),
    "on a line of its own within": ("x = f(\n    # eiglint: assume real\n    A,\n)\n", [("real", 2, 1, 4)]),
    "above": ("# eiglint: assume ordered\nx = f(\n    A,\n)\n", [("ordered", 1, 2, 4)]),
    "above with comments between": ("# eiglint: assume ordered\n# because\nx = f(A)\n", [("ordered", 1, 3, 3)]),
    "above in a block": ("if a:\n    # eiglint: assume real\n    x = f(A)\n", [("real", 2, 3, 3)]),
    "several": (
        "x = f(A)  # eiglint: assume hermitian, Distinct\n",
        [("hermitian", 1, 1, 1), ("distinct", 1, 1, 1)],
    ),
    "with a reason": ("x = f(A)  # eiglint: assume real (the cell is centred) # noqa\n", [("real", 1, 1, 1)]),
    "on the header of a compound statement": (
        "for x in f(A):  # eiglint: assume real\n    y = x\n",
        [("real", 1, 1, 1)],
    ),
    "with line endings of Windows": ("a = 1\r\nx = 1  # eiglint: assume real\r\n", [("real", 2, 2, 2)]),
    "before the file breaks off": ("x = 1  # eiglint: assume real\ny = (\n", [("real", 1, 1, 1)]),
}
SILENT = {
    "no comment": "x = 1\n",
    "a comment that silences": "x = 1  # eiglint: ignore\n",
    "a string": 'x = """\n# eiglint: assume distinct|hermitian\n"""\n',
    "another word": "x = 1  # eiglint: assume-nothing\n",
}
MISREAD = {
    "an unknown word": ("x = 1  # eiglint: assume sorted\n", 1, "`sorted` is nothing that can be assumed"),
    "a near miss": ("x = 1  # eiglint: assume orderd\n", 1, "did you mean `ordered`?"),
    "brackets": ("x = 1  # eiglint: assume[distinct]\n", 1, "`[distinct]` is nothing that can be assumed"),
    "words without a comma": ("x = 1  # eiglint: assume real distinct\n", 1, "`real distinct` is nothing"),
    "no word": ("x = 1  # eiglint: assume\n", 1, "`assume` names no fact"),
    "code between": ("# eiglint: assume real\n\nx = 1\n", 1, "neither on a statement nor just above one"),
    "the end of the file": ("x = 1\n# eiglint: assume real\n", 2, "neither on a statement nor just above one"),
}


@pytest.mark.parametrize(("text", "expected"), SPEAKING.values(), ids=SPEAKING.keys())
def test_a_promise_speaks_of_a_statement(text: str, expected: list[tuple[str, int, int, int]]) -> None:
    found = read_promises(text, "m.py")
    assert [(one.word, one.line, one.first, one.last) for one in found.promises] == expected
    assert not found.misread


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT.keys())
def test_what_is_no_promise_is_passed_over(text: str) -> None:
    assert read_promises(text, "m.py") == ((), ())


@pytest.mark.parametrize(("text", "line", "message"), MISREAD.values(), ids=MISREAD.keys())
def test_a_promise_that_promises_nothing_is_reported(text: str, line: int, message: str) -> None:
    found = read_promises(text, "m.py")
    assert not found.promises
    ((path, number, said),) = found.misread
    assert (path, number) == ("m.py", line)
    assert message in said


def test_an_unknown_word_is_answered_with_the_known_ones() -> None:
    (misread,) = read_promises("x = 1  # eiglint: assume positive, real\n", "m.py").misread
    assert misread.message.endswith("(known: distinct, hermitian, real, complex, ordered)")


def test_a_known_word_holds_beside_an_unknown_one() -> None:
    assert [one.word for one in read_promises("x = 1  # eiglint: assume positive, real\n", "m.py").promises] == ["real"]


def test_promises_of_files_come_in_their_order_and_missing_files_have_none(tmp_path: Path) -> None:
    for name, word in (("a.py", "real"), ("b.py", "complex")):
        (tmp_path / name).write_text(f"x = 1  # eiglint: assume {word}\n")
    found = read_promises_of([str(tmp_path / name) for name in ("b.py", "none.py", "a.py", "")])
    assert [(Path(one.path).name, one.word) for one in found.promises] == [("b.py", "complex"), ("a.py", "real")]
