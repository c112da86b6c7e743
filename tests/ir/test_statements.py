"""Every form of statement, as the instruction it becomes."""

from __future__ import annotations

import libcst as cst
import pytest

from eiglint.ir import instructions as ir
from eiglint.ir import statements
from eiglint.ir.parse import lower_module
from eiglint.ir.show import show

from .test_expressions import concrete_kinds


def module_of(source: str) -> ir.Module:
    return lower_module(source.encode(), "model.py", "model")


@pytest.mark.parametrize("source", ["", "\n\n", "# nothing", "\ufeff", "   \n"])
def test_a_file_without_code_has_no_instructions(source: str) -> None:
    assert module_of(source).body == ()


def test_a_module_knows_its_names() -> None:
    module = lower_module(b"x = 1", "pkg/__init__.py", "pkg", is_package=True)
    assert (module.path, module.name, module.is_package) == ("pkg/__init__.py", "pkg", True)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("x: int", "x: int = _", id="an annotation assigns nothing"),
        pytest.param("x: int = 1", "x: int = 1", id="an annotated assignment"),
        pytest.param("a = b = c", "a = b = c", id="several targets, in order"),
        pytest.param("a.b, (c[0], *d) = e", "(a.b, (c[0], *d)) = e", id="targets of every kind"),
        pytest.param("x = yield", "x = <yield _>", id="a yield as value"),
        pytest.param("V @= W", "V matmul= W", id="an augmented product"),
        pytest.param("x //= 2", "x floordiv= 2", id="an augmented division"),
        pytest.param("x >>= 2", "x rshift= 2", id="an augmented shift"),
        pytest.param("type X[T] = list[T]", "X = list[T]", id="a type alias binds its name"),
        pytest.param("a; b; c", "a\nb\nc", id="several statements on a line"),
        pytest.param("del a, b[0], c.d", "del a, b[0], c.d", id="delete"),
        pytest.param("del (a, b)", "del a, b", id="delete a tuple"),
        pytest.param("assert a, b", "assert a", id="the message of an assertion is left out"),
        pytest.param("raise A from b", "raise A", id="the cause of an error is left out"),
        pytest.param("raise", "raise _", id="raise again"),
        pytest.param("global a, b", "global a, b", id="global"),
        pytest.param("nonlocal a", "nonlocal a", id="nonlocal"),
    ],
)
def test_simple_statements(source: str, expected: str) -> None:
    assert "\n".join([show(statement) for statement in module_of(source).body]) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("import a.b", [("a.b", 0, None, ())], id="a dotted module without a name"),
        pytest.param("import a.b as c, d", [("a.b", 0, "c", ()), ("d", 0, None, ())], id="several modules"),
        pytest.param("from a.b import c", [("a.b", 0, None, (("c", "c"),))], id="a name"),
        pytest.param("from a import (b as c, d,)", [("a", 0, None, (("b", "c"), ("d", "d")))], id="renamed"),
        pytest.param("from . import a", [("", 1, None, (("a", "a"),))], id="from the package"),
        pytest.param("from ...a import b", [("a", 3, None, (("b", "b"),))], id="three dots are three levels"),
        pytest.param("from a import *", [("a", 0, None, (("*", "*"),))], id="star"),
    ],
)
def test_imports(source: str, expected: list[tuple[object, ...]]) -> None:
    imports = [item for item in module_of(source).body if isinstance(item, ir.Import)]
    assert [(item.module, item.level, item.alias, item.names) for item in imports] == expected


BLOCKS = {
    "an import under a condition stays under it": (
        "if a:\n    import b\nelse: b = None",
        "if a:\n    import b as None\nelse:\n    b = None",
    ),
    "elif nests in else": (
        "if a: b\nelif c: d\nelse: e",
        "if a:\n    b\nelse:\n    if c:\n        d\n    else:\n        e",
    ),
    "a loop with else": (
        "for i, j in x:\n    break\nelse:\n    pass",
        "for (i, j) in x:\n    break\nelse:\n    pass",
    ),
    "an asynchronous loop": ("async for i in x: continue", "for i in x:\n    continue"),
    "while": ("while a: b\nelse: c", "while a:\n    b\nelse:\n    c"),
    "try with everything": (
        "try: a\nexcept (A, B) as e: b\nexcept: c\nelse: d\nfinally: f",
        "try:\n    a\nexcept (A, B) as e:\n    b\nexcept _ as None:\n    c\nelse:\n    d\nfinally:\n    f",
    ),
    "try with exception groups": ("try: a\nexcept* A: b", "try:\n    a\nexcept A as None:\n    b"),
    "except without parentheses": ("try: a\nexcept A, B: b", "try:\n    a\nexcept (A, B) as None:\n    b"),
    "with several items": ("with a as b, c: d", "with a as b, c as _:\n    d"),
    "with in parentheses": ("with (a as b, c as (d, e),): f", "with a as b, c as (d, e):\n    f"),
    "with one tuple": ("with (a, b): c", "with a as _, b as _:\n    c"),
    "an asynchronous with": ("async with a.b as c[0]: d", "with a.b as c[0]:\n    d"),
    "match": (
        "match x:\n case [A(y=z), *w, {'k': v, **r}] if g: a\n case 1 | None | m.N: b\n case _: c",
        "match x:\n    case z, w, v, r if g:\n        a\n    case  if _:\n        b\n    case ! if _:\n        c",
    ),
    "a pattern that cannot fail": (
        "match x:\n case (1 as a) | a: b\n case c if d: e\n case 1 as f: g",
        "match x:\n    case a! if _:\n        b\n    case c if d:\n        e\n    case f if _:\n        g",
    ),
    "class": (
        "@a\nclass C[T](A, *B, metaclass=M, **k):\n    x = 1\n    def f(self): pass",
        "@a\nclass C(A, *B; metaclass=M, **k):\n    x = 1\n    function f(self):\n        pass",
    ),
    "every kind of parameter, in order": (
        "def f(a, b: A, /, c=1, *d: D, e, g: G = 2, **h) -> R: pass",
        "function f(/a, /b: A, c = 1, *d: D, =e, =g: G = 2, **h):\n    pass",
    ),
    "keyword parameters after a bare star": ("def f(*, a): pass", "function f(=a):\n    pass"),
    "a starred annotation": ("def f(*a: *T): pass", "function f(*a: *T):\n    pass"),
    "decorators from the top": ("@a.b\n@c(1)\ndef f(): pass", "@a.b\n@c(1)\nfunction f():\n    pass"),
    "a generic function": ("def f[T: int, *U, **P](x: T): pass", "function f(x: T):\n    pass"),
    "an asynchronous generator": (
        "async def f():\n    yield await x\n    return",
        "async generator f():\n    <yield <await x>>\n    return _",
    ),
    "a delegating generator": ("def f(): yield from x", "generator f():\n    <yield from x>"),
    "a generator inside a function": (
        "def f():\n    def g(): yield\n    return g",
        "function f():\n    generator g():\n        <yield _>\n    return g",
    ),
}


@pytest.mark.parametrize("case", BLOCKS)
def test_compound_statements(case: str) -> None:
    source, expected = BLOCKS[case]
    assert show(module_of(source)) == expected


def test_a_body_is_lowered_once() -> None:
    (define,) = module_of("def f(): return x").body
    assert isinstance(define, ir.Define)
    assert define.function.lower_body() is define.function.lower_body()


def test_every_statement_of_the_installed_libcst_can_be_lowered() -> None:
    concrete = concrete_kinds(cst.BaseSmallStatement) | concrete_kinds(cst.BaseCompoundStatement)
    assert concrete <= statements.lowered_kinds()
