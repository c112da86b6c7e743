"""Statements and blocks of statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import libcst as cst

from eiglint.ir import instructions as ir
from eiglint.ir.dispatch import BINARY, arguments, expression, optional
from eiglint.ir.functions import function
from eiglint.ir.imports import imported, imported_from
from eiglint.ir.mentions import Known
from eiglint.ir.patterns import bound_names, irrefutable

Block = tuple[ir.Statement, ...]
Lowering = Callable[[Any, Known], Block]
_L = TypeVar("_L", bound=Lowering)

_LOWERINGS: dict[str, Lowering] = {
    "Import": imported,
    "LazyImport": imported,
    "ImportFrom": imported_from,
    "LazyImportFrom": imported_from,
}


def block(suite: cst.Module | cst.BaseSuite, known: Known) -> Block:
    """Lower the statements of a module or an indented block."""
    lowered: list[ir.Statement] = []
    for line in suite.body:
        for statement in line.body if type(line) is cst.SimpleStatementLine else (line,):
            lowered += _LOWERINGS[type(statement).__name__](statement, known)
    return tuple(lowered)


def lowered_kinds() -> frozenset[str]:
    """Name the node types of statements that `block` accepts."""
    return frozenset(_LOWERINGS)


def _lowers(*kinds: str) -> Callable[[_L], _L]:
    def register(lowering: _L) -> _L:
        _LOWERINGS.update(dict.fromkeys(kinds, lowering))
        return lowering

    return register


@_lowers("Expr")
def _evaluate(node: cst.Expr, known: Known) -> Block:
    return (ir.Evaluate(expression(node.value, known), node),)


@_lowers("Assign")
def _assign(node: cst.Assign, known: Known) -> Block:
    targets = tuple([expression(target.target, known) for target in node.targets])
    return (ir.Assign(targets, expression(node.value, known), node),)


@_lowers("AnnAssign")
def _annotated(node: cst.AnnAssign, known: Known) -> Block:
    annotation = expression(node.annotation.annotation, known)
    return (ir.Assign((expression(node.target, known),), optional(node.value, known), node, annotation),)


@_lowers("TypeAlias")
def _alias(node: cst.TypeAlias, known: Known) -> Block:
    return (ir.Assign((expression(node.name, known),), expression(node.value, known), node),)


@_lowers("AugAssign")
def _augment(node: cst.AugAssign, known: Known) -> Block:
    op = BINARY[type(node.operator).__name__.removesuffix("Assign")]
    return (ir.Augment(expression(node.target, known), op, expression(node.value, known), node),)


@_lowers("If")
def _if(node: cst.If, known: Known) -> Block:
    """Lower a chain of `elif` from its end: generated files have thousands of them."""
    links = [node]
    while isinstance(links[-1].orelse, cst.If):
        links.append(links[-1].orelse)
    last = links[-1].orelse
    orelse: Block = block(last.body, known) if isinstance(last, cst.Else) else ()
    for link in reversed(links):
        orelse = (ir.If(expression(link.test, known), block(link.body, known), orelse, link),)
    return orelse


@_lowers("For")
def _for(node: cst.For, known: Known) -> Block:
    target, iterable = expression(node.target, known), expression(node.iter, known)
    return (ir.Loop(target, iterable, None, block(node.body, known), _clause(node.orelse, known), node),)


@_lowers("While")
def _while(node: cst.While, known: Known) -> Block:
    test = expression(node.test, known)
    return (ir.Loop(None, None, test, block(node.body, known), _clause(node.orelse, known), node),)


@_lowers("Try", "TryStar")
def _try(node: cst.Try | cst.TryStar, known: Known) -> Block:
    handlers = tuple([_handler(handler, known) for handler in node.handlers])
    orelse, finalbody = _clause(node.orelse, known), _clause(node.finalbody, known)
    return (ir.Try(block(node.body, known), handlers, orelse, finalbody, node),)


def _handler(node: cst.ExceptHandler | cst.ExceptStarHandler, known: Known) -> ir.Handler:
    name = None if node.name is None else cst.ensure_type(node.name.name, cst.Name).value
    return ir.Handler(optional(node.type, known), name, block(node.body, known), node)


def _clause(node: cst.Else | cst.Finally | None, known: Known) -> Block:
    return () if node is None else block(node.body, known)


@_lowers("With")
def _with(node: cst.With, known: Known) -> Block:
    items: list[tuple[ir.Expression, ir.Expression | None]] = []
    for item in node.items:
        target = None if item.asname is None else expression(item.asname.name, known)
        items.append((expression(item.item, known), target))
    return (ir.With(tuple(items), block(node.body, known), node),)


@_lowers("Match")
def _match(node: cst.Match, known: Known) -> Block:
    cases = tuple([_case(case, known) for case in node.cases])
    return (ir.Match(expression(node.subject, known), cases, node),)


def _case(node: cst.MatchCase, known: Known) -> ir.Case:
    always = node.guard is None and irrefutable(node.pattern)
    guard = optional(node.guard, known)
    return ir.Case(bound_names(node.pattern), guard, block(node.body, known), always, node)


@_lowers("Return")
def _return(node: cst.Return, known: Known) -> Block:
    return (ir.Return(optional(node.value, known), node),)


@_lowers("Raise")
def _raise(node: cst.Raise, known: Known) -> Block:
    return (ir.Raise(optional(node.exc, known), node),)


@_lowers("Assert")
def _assert(node: cst.Assert, known: Known) -> Block:
    return (ir.Assert(expression(node.test, known), node),)


@_lowers("Pass")
def _pass(node: cst.Pass, known: Known) -> Block:
    return (ir.Jump("pass", node),)


@_lowers("Break")
def _break(node: cst.Break, known: Known) -> Block:
    return (ir.Jump("break", node),)


@_lowers("Continue")
def _continue(node: cst.Continue, known: Known) -> Block:
    return (ir.Jump("continue", node),)


@_lowers("FunctionDef")
def _define(node: cst.FunctionDef, known: Known) -> Block:
    return (ir.Define(function(node, lambda: block(node.body, known), known), node),)


@_lowers("ClassDef")
def _class(node: cst.ClassDef, known: Known) -> Block:
    given = arguments((*node.bases, *node.keywords), known)
    bases = [ir.Starred(base.value, node) if base.star else base.value for base in given if _is_base(base)]
    keywords = tuple([argument for argument in given if not _is_base(argument)])
    decorators = tuple([expression(decorator.decorator, known) for decorator in node.decorators])
    body = block(node.body, known)
    return (ir.DefineClass(node.name.value, tuple(bases), keywords, decorators, body, node),)


def _is_base(argument: ir.Argument) -> bool:
    return argument.name is None and argument.star != "**"


@_lowers("Del")
def _delete(node: cst.Del, known: Known) -> Block:
    target = expression(node.target, known)
    return (ir.Delete(target.items if isinstance(target, ir.Sequence) else (target,), node),)


@_lowers("Global")
def _global(node: cst.Global, known: Known) -> Block:
    return (ir.Scope("global", tuple([item.name.value for item in node.names]), node),)


@_lowers("Nonlocal")
def _nonlocal(node: cst.Nonlocal, known: Known) -> Block:
    return (ir.Scope("nonlocal", tuple([item.name.value for item in node.names]), node),)
