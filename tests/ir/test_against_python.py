"""What is lowered is what Python's own parser sees, and it stands where LibCST's own positions say."""

from __future__ import annotations

import ast
import importlib.util
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from eiglint.findings import Place
from eiglint.ir import instructions as ir
from eiglint.ir import parse

from .walk import instructions

FILES = ["asyncio.tasks", "contextlib", "dataclasses", "fractions", "functools", "statistics", "textwrap", "tokenize"]

OPERATORS = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
    ast.USub: "neg",
    ast.UAdd: "pos",
    ast.Invert: "invert",
    ast.Not: "not_",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Is: "is_",
    ast.IsNot: "is_not",
    ast.In: "contains",
    ast.NotIn: "not_contains",
}
UNSEEN = {"returns", "msg", "cause", "pattern", "type_params", "kind"}
"""Fields of `ast` that the instructions leave out."""


def source_of(module: str) -> tuple[str, bytes]:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return spec.origin, Path(spec.origin).read_bytes()


def python_sees(source: bytes) -> Counter[tuple[str, object]]:
    found: Counter[tuple[str, object]] = Counter()
    stack: list[ast.AST] = [ast.parse(source)]
    while stack:
        node = stack.pop()
        found.update(facts_of(node))
        inner = [value for name, value in ast.iter_fields(node) if name not in UNSEEN]
        if isinstance(node, ast.JoinedStr):
            inner = [[part for part in node.values if isinstance(part, ast.FormattedValue)]]
        stack += [item for value in inner for item in (value if isinstance(value, list) else [value]) if item]
        stack = [item for item in stack if isinstance(item, ast.AST)]
    return found


def facts_of(node: ast.AST) -> Iterator[tuple[str, object]]:
    match node:
        case ast.Name(name):
            yield "name", name
        case ast.Attribute(attr=attr):
            yield "attribute", attr
        case ast.Constant(value):
            yield "constant", repr(value)
        case ast.Call():
            yield "call", len(node.args) + len(node.keywords)
        case ast.keyword(name):
            yield "keyword", name
        case ast.Subscript() | ast.Slice() | ast.IfExp() | ast.Await():
            yield type(node).__name__, None
        case ast.BinOp(op=op) | ast.UnaryOp(op=op) | ast.AugAssign(op=op):
            yield "operator", OPERATORS[type(op)]
        case ast.Compare(ops=ops):
            yield from [("operator", OPERATORS[type(op)]) for op in ops]
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
            yield "function", name
        case ast.Lambda():
            yield "function", "<lambda>"
        case ast.arg(name):
            yield "parameter", name
        case ast.ClassDef(name):
            yield "class", name
        case ast.Yield() | ast.YieldFrom():
            yield "yield", isinstance(node, ast.YieldFrom)
        case ast.Import(names):
            yield from [("import", alias.name) for alias in names]
        case ast.ImportFrom():
            yield "import", node.module or ""


def instructions_say(module: ir.Module) -> Counter[tuple[str, object]]:
    found: Counter[tuple[str, object]] = Counter()
    for item in instructions(module.body):
        match item:
            case ir.Name(name) | ir.Bind(name):
                found["name", name] += 1
            case ir.Attribute(attr=attr):
                found["attribute", attr] += 1
            case ir.Constant(value):
                found["constant", repr(value)] += 1
            case ir.Call(arguments=arguments):
                found["call", len(arguments)] += 1
            case ir.Argument(name=name, star=star) if name or star == "**":
                found["keyword", name] += 1
            case ir.Subscript() | ir.Slice() | ir.Await():
                found[type(item).__name__, None] += 1
            case ir.Choice():
                found["IfExp", None] += 1
            case ir.Operation(op) | ir.Augment(op=op) if op not in ("and", "or"):
                found["operator", op] += 1
            case ir.Function(name):
                found["function", name] += 1
            case ir.Parameter(name):
                found["parameter", name] += 1
            case ir.DefineClass(name):
                found["class", name] += 1
            case ir.Yield(delegated=delegated):
                found["yield", delegated] += 1
            case ir.Import(module=name):
                found["import", name] += 1
    return found


@pytest.mark.parametrize("module", FILES)
def test_real_files_hold_the_same_names_calls_operators_and_constants_as_pythons_own_tree(module: str) -> None:
    path, source = source_of(module)
    assert instructions_say(parse.lower_module(source, path, module)) == python_sees(source)


@pytest.mark.parametrize("module", FILES)
def test_real_files_have_every_instruction_where_libcst_says(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, source = source_of(module)
    tree = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    ranges = tree.resolve(PositionProvider)
    monkeypatch.setattr(cst, "parse_module", lambda source: tree.module)
    lowered = parse.lower_module(source, path, module)
    handles = [item.at for item in instructions(lowered.body) if hasattr(item, "at")]
    places = lowered.resolve(handles)
    for handle in handles:
        assert isinstance(handle, cst.CSTNode)
        assert_agrees(handle, places[id(handle)], ranges[handle])


def assert_agrees(node: cst.CSTNode, place: Place, expected: cst.metadata.CodeRange) -> None:
    start, end = expected.start, expected.end
    if isinstance(node, (cst.ComparisonTarget, cst.Slice)):  # LibCST counts the blanks around these
        assert start.line <= place.line <= end.line
    elif isinstance(node, (cst.BaseCompoundStatement, cst.ExceptHandler)):
        assert (place.line, place.column) == (start.line, start.column + 1)
        assert place.end_line == start.line
    elif start.line == end.line:
        assert place[1:] == (start.line, start.column + 1, end.line, end.column + 1)
    else:
        assert place.line == place.end_line
        assert (start.line, start.column + 1) <= (place.line, place.column) <= (end.line, end.column + 1)
