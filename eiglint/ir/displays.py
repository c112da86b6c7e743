"""Tuples, lists, sets, dicts and comprehensions; the same nodes serve as assignment targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import libcst as cst

from eiglint.ir import instructions as ir
from eiglint.ir.dispatch import expression, lowers
from eiglint.ir.mentions import Known


@lowers("Tuple")
def _tuple(node: cst.Tuple, known: Known) -> ir.Expression:
    return ir.Sequence("tuple", _items(node.elements, known), node)


@lowers("List")
def _list(node: cst.List, known: Known) -> ir.Expression:
    return ir.Sequence("list", _items(node.elements, known), node)


@lowers("Set")
def _set(node: cst.Set, known: Known) -> ir.Expression:
    return ir.Sequence("set", _items(node.elements, known), node)


@lowers("Element")
def _element(node: cst.Element, known: Known) -> ir.Expression:
    return expression(node.value, known)


@lowers("StarredElement")
def _starred(node: cst.StarredElement, known: Known) -> ir.Expression:
    return ir.Starred(expression(node.value, known), node)


@lowers("Dict")
def _dict(node: cst.Dict, known: Known) -> ir.Expression:
    items: list[tuple[ir.Expression | None, ir.Expression]] = []
    for element in node.elements:
        key = expression(element.key, known) if isinstance(element, cst.DictElement) else None
        items.append((key, expression(element.value, known)))
    return ir.Dictionary(tuple(items), node)


@lowers("ListComp")
def _list_comprehension(node: cst.ListComp, known: Known) -> ir.Expression:
    return _comprehension("list", node, known)


@lowers("SetComp")
def _set_comprehension(node: cst.SetComp, known: Known) -> ir.Expression:
    return _comprehension("set", node, known)


@lowers("GeneratorExp")
def _generator(node: cst.GeneratorExp, known: Known) -> ir.Expression:
    return _comprehension("generator", node, known)


@lowers("DictComp")
def _dict_comprehension(node: cst.DictComp, known: Known) -> ir.Expression:
    key, value = expression(node.key, known), expression(node.value, known)
    return ir.Comprehension("dict", key, value, _generators(node.for_in, known), node)


@lowers("StarredDictComp")
def _starred_dict_comprehension(node: cst.StarredDictComp, known: Known) -> ir.Expression:
    element = ir.Starred(expression(node.value, known), node)
    return ir.Comprehension("dict", element, None, _generators(node.for_in, known), node)


def _comprehension(
    kind: Literal["list", "set", "generator"], node: cst.BaseSimpleComp, known: Known
) -> ir.Comprehension:
    return ir.Comprehension(kind, expression(node.elt, known), None, _generators(node.for_in, known), node)


def _generators(clause: cst.CompFor | None, known: Known) -> tuple[ir.Generator, ...]:
    generators: list[ir.Generator] = []
    while clause is not None:
        target, iterable = expression(clause.target, known), expression(clause.iter, known)
        generators.append(ir.Generator(target, iterable, tuple([expression(test.test, known) for test in clause.ifs])))
        clause = clause.inner_for_in
    return tuple(generators)


def _items(elements: Sequence[cst.BaseElement], known: Known) -> tuple[ir.Expression, ...]:
    return tuple([expression(element, known) for element in elements])
