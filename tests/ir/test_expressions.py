"""Every form of expression, as the instruction it becomes."""

from __future__ import annotations

from typing import Any

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eiglint.ir import dispatch
from eiglint.ir import instructions as ir
from eiglint.ir.parse import lower_module
from eiglint.ir.show import show


def lowered(source: str) -> ir.Expression:
    (statement,) = lower_module(source.encode(), "model.py", "model").body
    assert isinstance(statement, ir.Evaluate)
    return statement.value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("((((x))))", "x", id="parentheses leave nothing behind"),
        pytest.param("V[(i)]", "V[i]", id="parentheses around an index are no tuple"),
        pytest.param("f(())", "f(())", id="an empty tuple is an argument"),
        pytest.param("V @ W * x", "<mul <matmul V, W>, x>", id="equal precedence goes from the left"),
        pytest.param("a ** b ** c", "<pow a, <pow b, c>>", id="powers go from the right"),
        pytest.param("-x ** 2", "<neg <pow x, 2>>", id="a sign binds less than a power"),
        pytest.param("-1", "<neg 1>", id="a negative number is an operation"),
        pytest.param("a - (b - c)", "<sub a, <sub b, c>>", id="parentheses keep their order"),
        pytest.param("a and (b and c)", "<and a, b, c>", id="an and within an and is one and"),
        pytest.param("a and b or c and d", "<or <and a, b>, <and c, d>>", id="and binds more than or"),
        pytest.param("a < (b < c)", "<lt a, <lt b, c>>", id="a comparison in parentheses is no chain"),
        pytest.param("a < b >= c", "<and <lt a, b>, <ge b, c>>", id="a chain of comparisons is the and of its links"),
        pytest.param("a == b != c", "<and <eq a, b>, <ne b, c>>", id="equalities chain too"),
        pytest.param("a is not b", "<is_not a, b>", id="is not"),
        pytest.param("a is b", "<is_ a, b>", id="is"),
        pytest.param("a not in b", "<not_contains a, b>", id="not in"),
        pytest.param("a in b", "<contains a, b>", id="in"),
        pytest.param("not a in b", "<not_ <contains a, b>>", id="not of in"),
        pytest.param("+a % ~b", "<mod <pos a>, <invert b>>", id="unary operators"),
        pytest.param("a // b / c", "<truediv <floordiv a, b>, c>", id="divisions"),
        pytest.param("a << b >> c", "<rshift <lshift a, b>, c>", id="shifts"),
        pytest.param("a & b | c ^ d", "<or_ <and_ a, b>, <xor c, d>>", id="bits"),
        pytest.param("x if a else y if b else z", "<if a, x, <if b, y, z>>", id="conditional expressions nest right"),
        pytest.param("(n := f(x)) + n", "<add <n := f(x)>, n>", id="a walrus binds inside an expression"),
        pytest.param("(await x).y", "<await x>.y", id="await"),
    ],
)
def test_operators(source: str, expected: str) -> None:
    assert show(lowered(source)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("f()", "f()", id="no argument"),
        pytest.param("f(a, *b, c=d, **e)", "f(a, *b, c=d, **e)", id="every kind of argument in order"),
        pytest.param("f(c=d, *b)", "f(c=d, *b)", id="a star after a keyword stays after it"),
        pytest.param("f(x for x in y)", "f(<generator x for x in y>)", id="a bare generator is one argument"),
        pytest.param("torch.linalg.eigh(A)[1].mH", "torch.linalg.eigh(A)[1].mH", id="a chain of trailers"),
        pytest.param("f(a)(b)(c)", "f(a)(b)(c)", id="calls of calls"),
        pytest.param("x[0]", "x[0]", id="a single index"),
        pytest.param("x[0,]", "x[(0,)]", id="a trailing comma makes a tuple"),
        pytest.param("x[*a]", "x[(*a,)]", id="a starred index makes a tuple"),
        pytest.param("x[..., None]", "x[(..., None)]", id="ellipsis and None"),
        pytest.param("x[:]", "x[_:_:_]", id="the full slice"),
        pytest.param("x[:, 1:, :k, ::2]", "x[(_:_:_, 1:_:_, _:k:_, _:_:2)]", id="slices within a tuple"),
        pytest.param("x[a:b:c]", "x[a:b:c]", id="a slice with a step"),
        pytest.param("x[(0, 1), :]", "x[((0, 1), _:_:_)]", id="a tuple within a tuple"),
        pytest.param("x[y[0]][z[1:]]", "x[y[0]][z[1:_:_]]", id="subscripts of subscripts"),
    ],
)
def test_calls_attributes_and_subscripts(source: str, expected: str) -> None:
    assert show(lowered(source)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("()", "()", id="the empty tuple"),
        pytest.param("a,", "(a,)", id="a tuple of one"),
        pytest.param("a, b", "(a, b)", id="a tuple without parentheses"),
        pytest.param("[]", "[]", id="the empty list"),
        pytest.param("[*a, b]", "[*a, b]", id="a star in a list"),
        pytest.param("{*a, b}", "{*a, b}", id="a star in a set"),
        pytest.param("{}", "{}", id="the empty dict"),
        pytest.param("{a: b, **c}", "{a: b, **c}", id="a dict merged into another"),
        pytest.param("[i for i in x if a if b for j in i]", "<list i for i in x if a if b for j in i>", id="list"),
        pytest.param("{i: j for i, j in x}", "<dict i: j for (i, j) in x>", id="dict comprehension"),
        pytest.param("{i for i in x}", "<set i for i in x>", id="set comprehension"),
        pytest.param("(i async for i in x)", "<generator i for i in x>", id="an asynchronous generator"),
        pytest.param("[*i for i in x]", "<list *i for i in x>", id="a star in a comprehension"),
    ],
)
def test_displays_and_comprehensions(source: str, expected: str) -> None:
    assert show(lowered(source)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("lambda: 0", "<function <lambda>()>", id="no parameter"),
        pytest.param("lambda *, a=1, **k: a", "<function <lambda>(=a = 1, **k)>", id="keywords only"),
        pytest.param("lambda x: (yield x)", "<generator <lambda>(x)>", id="a lambda that yields"),
    ],
)
def test_lambdas(source: str, expected: str) -> None:
    assert show(lowered(source)) == expected


def test_the_body_of_a_lambda_returns_its_expression() -> None:
    function = lowered("lambda x: x.abs()")
    assert isinstance(function, ir.Function)
    assert [show(statement) for statement in function.lower_body()] == ["return x.abs()"]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param("None", None, id="None"),
        pytest.param("...", ..., id="ellipsis"),
        pytest.param("0x_ff", 255, id="hexadecimal with underscore"),
        pytest.param("00", 0, id="zeros"),
        pytest.param("1_0.5e1", 105.0, id="float with underscore"),
        pytest.param("1e3j", 1000j, id="imaginary"),
        pytest.param("9" * 5000, 10**5000 - 1, id="more digits than int reads"),
        pytest.param('\'it\'\'s\' """ so"""', "its so", id="adjacent strings join"),
        pytest.param("b'a' rb'\\d' b'\\x00'", b"a\\d\0", id="adjacent bytes join"),
        pytest.param("'\\N{BULLET}\\u00e9é'", "\u2022éé", id="escapes beside other letters"),
        pytest.param("'\\d'", "\\d", id="an invalid escape stays as it is"),
        pytest.param("'\\N{no such name}'", "\\N{no such name}", id="an unknown name stays as it is"),
        pytest.param('"""a\r\nb"""', "a\nb", id="line ends inside a string are newlines"),
        pytest.param("''", "", id="the empty string"),
        pytest.param('""""a" """', '"a" ', id="quotes inside triple quotes"),
        pytest.param("u'a' R'\\n'", "a\\n", id="prefixes of either case"),
    ],
)
def test_literals_have_their_value(source: str, value: object) -> None:
    constant = lowered(source)
    assert isinstance(constant, ir.Constant)
    assert constant.value == value
    assert type(constant.value) is type(value)


@given(st.one_of(st.text(), st.binary(), st.integers(0), st.floats(0, allow_nan=False, allow_infinity=False)))
def test_the_literal_of_any_value_has_that_value(value: object) -> None:
    constant = lowered(ascii(value))
    assert isinstance(constant, ir.Constant)
    assert constant.value == value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("f'plain'", "<text >", id="nothing interpolated"),
        pytest.param("f'{{x}}'", "<text >", id="doubled braces are text"),
        pytest.param("f'{x!r:>{w}.{p}} {y=}'", "<text x, w, p, y>", id="format specifications hold values"),
        pytest.param("""f'{f"{x}"}'""", "<text <text x>>", id="an f-string within an f-string"),
        pytest.param("'a' f'{x}' f'{y}'", "<text x, y>", id="adjacent strings, some formatted"),
        pytest.param("t'{x}'", "<text x>", id="a template string"),
    ],
)
def test_formatted_strings_keep_what_they_interpolate(source: str, expected: str) -> None:
    assert show(lowered(source)) == expected


def test_the_middle_of_a_chained_comparison_is_one_instruction() -> None:
    chain = lowered("a < f(x) < b")
    assert isinstance(chain, ir.Operation)
    first, second = chain.operands
    assert isinstance(first, ir.Operation)
    assert isinstance(second, ir.Operation)
    assert first.operands[1] is second.operands[0]


def test_every_expression_of_the_installed_libcst_can_be_lowered() -> None:
    families = [cst.BaseExpression, cst.BaseElement]
    concrete = {name for family in families for name in concrete_kinds(family)}
    assert concrete <= dispatch.lowered_kinds()


def concrete_kinds(family: type[Any]) -> set[str]:
    """Name the node types below `family` that can be instantiated. Items of a dict are read with the dict."""
    found = {name for kind in family.__subclasses__() for name in concrete_kinds(kind)}
    abstract = family.__name__.startswith(("Base", "_")) or issubclass(family, cst.BaseDictElement)
    return found if abstract else found | {family.__name__}
