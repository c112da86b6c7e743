"""What a function can possibly touch is known before its body is lowered."""

from __future__ import annotations

import pytest

from eiglint.ir import instructions as ir
from eiglint.ir.parse import lower_module

from .walk import instructions


def functions(source: str) -> dict[str, ir.Function]:
    module = lower_module(source.encode(), "model.py", "model")
    return {item.name: item for item in instructions(module.body) if isinstance(item, ir.Function)}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def f(eigh): pass", id="a parameter"),
        pytest.param("def f(x: eigh = eigh) -> eigh: pass", id="annotations and defaults belong to the outside"),
        pytest.param("@eigh\ndef f(): pass", id="so do decorators"),
        pytest.param("def f(): 'eigh'  # eigh", id="strings and comments are no identifiers"),
        pytest.param("def f(): pass\ndef g(): eigh", id="another function"),
        pytest.param("f = lambda: 0\neigh", id="the rest of the module"),
    ],
)
def test_a_function_does_not_mention_what_is_outside_its_body(source: str) -> None:
    functions_of = functions(source)
    assert "eigh" not in functions_of.get("f", functions_of.get("<lambda>")).mentions  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("eigh", id="a name"),
        pytest.param("a.eigh.b", id="an attribute"),
        pytest.param("from a import eigh as b", id="an imported name"),
        pytest.param("import a.eigh", id="an imported module"),
        pytest.param("g(eigh=1)", id="a keyword"),
        pytest.param("eigh = 1", id="a target"),
        pytest.param("def g(a=eigh): pass", id="a default of an inner function"),
        pytest.param("def g():\n  def h(): eigh", id="the body of a function two levels in"),
        pytest.param("return lambda: eigh", id="the body of a lambda"),
        pytest.param("class C:\n  def g(self): eigh", id="a method of an inner class"),
        pytest.param("f'{x:{eigh}}'", id="a format specification"),
        pytest.param("x[..., :eigh]", id="an index"),
        pytest.param("[i for i in x if eigh]", id="a condition of a comprehension"),
        pytest.param("match x:\n  case A(eigh=b): pass", id="a pattern"),
        pytest.param("global eigh", id="a declaration"),
        pytest.param("x: eigh", id="an annotation"),
        pytest.param("assert a, eigh", id="a message"),
    ],
)
def test_a_function_mentions_every_identifier_of_its_body(body: str) -> None:
    source = "def f():\n" + "\n".join([f"  {line}" for line in body.split("\n")])
    assert "eigh" in functions(source)["f"].mentions


def test_a_module_mentions_what_stands_outside_functions() -> None:
    module = lower_module(b"a.b\nclass C:\n  x = d\n  def f(self, y=e): g\nlambda: h", "model.py", "model")
    assert module.mentions == {"a", "b", "C", "x", "d", "f", "self", "y", "e"}


def test_a_yield_makes_a_generator_of_its_own_function_only() -> None:
    found = functions("def f():\n  def g():\n    x = lambda: 0\n    yield\n  [i for i in x]")
    assert {name: function.is_generator for name, function in found.items()} == {
        "f": False,
        "g": True,
        "<lambda>": False,
    }
