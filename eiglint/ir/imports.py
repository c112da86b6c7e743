"""Import statements, one instruction for each module that they name."""

from __future__ import annotations

import libcst as cst

from eiglint.ir import instructions as ir
from eiglint.ir.mentions import Known


def any_import(node: cst.Import | cst.ImportFrom) -> tuple[ir.Import, ...]:
    """Lower either kind."""
    return imported(node, {}) if isinstance(node, cst.Import) else imported_from(node, {})


def imported(node: cst.Import, known: Known) -> tuple[ir.Import, ...]:
    """Lower `import a.b as c, d`."""
    return tuple([ir.Import(_dotted(alias.name), 0, _alias(alias), (), node) for alias in node.names])


def imported_from(node: cst.ImportFrom, known: Known) -> tuple[ir.Import, ...]:
    """Lower `from ..a import x as y, z` and `from a import *`."""
    names: tuple[tuple[str, str], ...] = (("*", "*"),)
    if not isinstance(node.names, cst.ImportStar):
        names = tuple([(_dotted(alias.name), _alias(alias) or _dotted(alias.name)) for alias in node.names])
    module = "" if node.module is None else _dotted(node.module)
    return (ir.Import(module, len(node.relative), None, names, node),)


def _alias(node: cst.ImportAlias) -> str | None:
    return None if node.asname is None else cst.ensure_type(node.asname.name, cst.Name).value


def _dotted(node: cst.BaseExpression) -> str:
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    parts.append(cst.ensure_type(node, cst.Name).value)
    return ".".join(reversed(parts))
