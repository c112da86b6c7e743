"""From the bytes of a file to a lowered module."""

from __future__ import annotations

import libcst as cst

from eiglint.ir import displays, literals, operators  # noqa: F401  (they register the lowerings of their nodes)
from eiglint.ir.depth import deep
from eiglint.ir.failure import SyntaxFailure, explain, reject_null
from eiglint.ir.imports import any_import
from eiglint.ir.instructions import Module
from eiglint.ir.mentions import facts
from eiglint.ir.places import comments, resolver
from eiglint.ir.statements import block

__all__ = ["SyntaxFailure", "lower_module"]

_MARK = "eiglint:"


def lower_module(source: bytes, path: str, name: str, is_package: bool = False) -> Module:
    """Parse a file and lower its module-level code; functions are lowered when they are looked into.

    Raises `SyntaxFailure` for anything that is not Python in the encoding it claims.
    """
    tree = _parse(source)
    survey = facts(tree)
    with deep():
        body = block(tree, survey.known)
    return Module(
        path,
        name,
        is_package,
        body,
        resolver(tree, source, path),
        survey.mentions,
        comments(tree, source, _MARK),
        tuple([statement for node in survey.imports for statement in any_import(node)]),
        shared=survey.globals,
    )


def _parse(source: bytes) -> cst.Module:
    reject_null(source)
    try:
        return cst.parse_module(source)
    except Exception as refusal:  # LibCST stumbles over some sources with errors of any type
        raise explain(source, refusal) from None
