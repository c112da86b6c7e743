"""Operators other than the binary ones: comparisons, logic, signs, and the conditional expression."""

from __future__ import annotations

import libcst as cst

from eiglint.ir import instructions as ir
from eiglint.ir.dispatch import expression, lowers
from eiglint.ir.mentions import Known

_UNARY = {"Minus": "neg", "Plus": "pos", "BitInvert": "invert", "Not": "not_"}
_COMPARISONS = {
    "LessThan": "lt",
    "LessThanEqual": "le",
    "GreaterThan": "gt",
    "GreaterThanEqual": "ge",
    "Equal": "eq",
    "NotEqual": "ne",
    "Is": "is_",
    "IsNot": "is_not",
    "In": "contains",
    "NotIn": "not_contains",
}


@lowers("UnaryOperation")
def _unary(node: cst.UnaryOperation, known: Known) -> ir.Expression:
    return ir.Operation(_UNARY[type(node.operator).__name__], (expression(node.expression, known),), node)


@lowers("BooleanOperation")
def _boolean(node: cst.BooleanOperation, known: Known) -> ir.Expression:
    """Lower `a and b and c` to one operation of three operands: short circuits associate."""
    kind = type(node.operator)
    terms: list[ir.Expression] = []
    stack: list[cst.CSTNode] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, cst.BooleanOperation) and isinstance(item.operator, kind):
            stack += (item.right, item.left)
        else:
            terms.append(expression(item, known))
    return ir.Operation("and" if kind is cst.And else "or", tuple(terms), node)


@lowers("Comparison")
def _comparison(node: cst.Comparison, known: Known) -> ir.Expression:
    """Lower `a < b < c` to the `and` of two links that share the one instruction for `b`."""
    left = expression(node.left, known)
    alone = len(node.comparisons) == 1
    links: list[ir.Expression] = []
    for target in node.comparisons:
        right = expression(target.comparator, known)
        op = _COMPARISONS[type(target.operator).__name__]
        links.append(ir.Operation(op, (left, right), node if alone else target))
        left = right
    return links[0] if alone else ir.Operation("and", tuple(links), node)


@lowers("IfExp")
def _choice(node: cst.IfExp, known: Known) -> ir.Expression:
    test, body = expression(node.test, known), expression(node.body, known)
    return ir.Choice(test, body, expression(node.orelse, known), node)


@lowers("NamedExpr")
def _bind(node: cst.NamedExpr, known: Known) -> ir.Expression:
    name = cst.ensure_type(node.target, cst.Name).value
    return ir.Bind(name, expression(node.value, known), node)


@lowers("Await")
def _await(node: cst.Await, known: Known) -> ir.Expression:
    return ir.Await(expression(node.expression, known), node)


@lowers("Yield")
def _yield(node: cst.Yield, known: Known) -> ir.Expression:
    if node.value is None:
        return ir.Yield(None, False, node)
    if isinstance(node.value, cst.From):
        return ir.Yield(expression(node.value.item, known), True, node)
    return ir.Yield(expression(node.value, known), False, node)
