"""Functions, methods and lambdas: signatures now, bodies when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

import libcst as cst

from eiglint.ir import instructions as ir
from eiglint.ir.depth import deep
from eiglint.ir.dispatch import expression, lowers, optional
from eiglint.ir.mentions import Known

Kind = Literal["positional", "normal", "keyword", "*", "**"]
Body = Callable[[], tuple[ir.Statement, ...]]


def function(node: cst.FunctionDef, body: Body, known: Known) -> ir.Function:
    """Lower the signature of a `def`; `body` lowers its block."""
    mentions, quoted, is_generator = known[id(node)]
    return ir.Function(
        node.name.value,
        _parameters(node.params, known),
        tuple([expression(decorator.decorator, known) for decorator in node.decorators]),
        _once(body),
        is_generator,
        node.asynchronous is not None,
        mentions,
        node,
        quoted,
    )


@lowers("Lambda")
def _lambda(node: cst.Lambda, known: Known) -> ir.Expression:
    def body() -> tuple[ir.Statement, ...]:
        return (ir.Return(expression(node.body, known), node.body),)

    mentions, quoted, is_generator = known[id(node)]
    return ir.Function(
        "<lambda>", _parameters(node.params, known), (), _once(body), is_generator, False, mentions, node, quoted
    )


def _once(body: Body) -> Body:
    """Lower a body when it is first asked for, and keep the result."""

    @cache
    def lower_body() -> tuple[ir.Statement, ...]:
        with deep():
            return body()

    return lower_body


def _parameters(node: cst.Parameters, known: Known) -> tuple[ir.Parameter, ...]:
    """Lower parameters in the order they are written."""
    groups: tuple[tuple[Kind, Sequence[cst.Param]], ...] = (
        ("positional", node.posonly_params),
        ("normal", node.params),
        ("*", (node.star_arg,) if isinstance(node.star_arg, cst.Param) else ()),
        ("keyword", node.kwonly_params),
        ("**", () if node.star_kwarg is None else (node.star_kwarg,)),
    )
    return tuple([_parameter(param, kind, known) for kind, params in groups for param in params])


def _parameter(node: cst.Param, kind: Kind, known: Known) -> ir.Parameter:
    annotation = None if node.annotation is None else expression(node.annotation.annotation, known)
    return ir.Parameter(node.name.value, optional(node.default, known), annotation, kind)
