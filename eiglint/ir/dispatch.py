"""How an expression is lowered: chains without recursion, everything else by the type of its node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import libcst as cst

from eiglint.ir import instructions as ir
from eiglint.ir.mentions import Known

Lowering = Callable[[Any, Known], ir.Expression]
_L = TypeVar("_L", bound=Lowering)

_Link = cst.Attribute | cst.Call | cst.Subscript | cst.BinaryOperation
_SPINE = {cst.Attribute: "value", cst.Call: "func", cst.Subscript: "value", cst.BinaryOperation: "left"}
"""The nodes that nest at their left end, and the field that holds it."""

_LOWERINGS: dict[str, Lowering] = {}

BINARY = {
    "Add": "add",
    "Subtract": "sub",
    "Multiply": "mul",
    "Divide": "truediv",
    "FloorDivide": "floordiv",
    "Modulo": "mod",
    "Power": "pow",
    "MatrixMultiply": "matmul",
    "LeftShift": "lshift",
    "RightShift": "rshift",
    "BitAnd": "and_",
    "BitOr": "or_",
    "BitXor": "xor",
}


def lowers(*kinds: str) -> Callable[[_L], _L]:
    """Register a lowering by the names of node types: some types exist in newer releases of LibCST only."""

    def register(lowering: _L) -> _L:
        _LOWERINGS.update(dict.fromkeys(kinds, lowering))
        return lowering

    return register


def lowered_kinds() -> frozenset[str]:
    """Name the node types that `expression` accepts."""
    return frozenset(_LOWERINGS) | {kind.__name__ for kind in _SPINE}


def expression(node: cst.CSTNode, known: Known) -> ir.Expression:
    """Lower an expression.

    Calls, attributes, subscripts and binary operators nest at their left end, often hundreds deep: their spine is
    walked down and built up again in loops.
    """
    spine: list[_Link] = []
    kind: type = type(node)
    while kind in _SPINE:
        spine.append(cast(_Link, node))
        node = getattr(node, _SPINE[kind])
        kind = type(node)
    result = _LOWERINGS[kind.__name__](node, known)
    for outer in reversed(spine):
        result = _extend(result, outer, known)
    return result


def optional(node: cst.CSTNode | None, known: Known) -> ir.Expression | None:
    """Lower an expression that may be absent."""
    return None if node is None else expression(node, known)


def arguments(args: Sequence[cst.Arg], known: Known) -> tuple[ir.Argument, ...]:
    """Lower the arguments of a call or a class statement, in the order they are written."""
    return tuple(
        [
            ir.Argument(
                expression(arg.value, known),
                None if arg.keyword is None else arg.keyword.value,
                arg.star,
            )
            for arg in args
        ]
    )


def _extend(value: ir.Expression, node: _Link, known: Known) -> ir.Expression:
    """Apply one link of a spine to what stands on its left."""
    if type(node) is cst.Attribute:
        return ir.Attribute(value, node.attr.value, node)
    if type(node) is cst.Call:
        return ir.Call(value, arguments(node.args, known), node)
    if type(node) is cst.Subscript:
        return ir.Subscript(value, _index(node, known), node)
    operation = cast(cst.BinaryOperation, node)
    op = BINARY[type(operation.operator).__name__]
    return ir.Operation(op, (value, expression(operation.right, known)), node)


def _index(node: cst.Subscript, known: Known) -> ir.Expression:
    """Lower what stands between the brackets: one index, or a tuple where a comma or a star makes it one."""
    elements = node.slice
    first = elements[0]
    starred = isinstance(first.slice, cst.Index) and first.slice.star
    if len(elements) == 1 and not starred and not isinstance(first.comma, cst.Comma):
        return _item(first.slice, known)
    return ir.Sequence("tuple", tuple([_item(element.slice, known) for element in elements]), node)


def _item(node: cst.BaseSlice, known: Known) -> ir.Expression:
    match node:
        case cst.Slice(lower, upper, step):
            return ir.Slice(optional(lower, known), optional(upper, known), optional(step, known), node)
        case cst.Index(value, star):
            item = expression(value, known)
            return ir.Starred(item, node) if star else item
    raise TypeError(f"no index: {type(node).__name__}")
