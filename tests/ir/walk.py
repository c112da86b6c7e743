"""Every instruction of a module, bodies of functions included, each once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from eiglint.ir import instructions as ir


def instructions(root: object) -> Iterator[object]:
    """Yield the records under `root` without recursion."""
    seen: set[int] = set()
    stack: list[object] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack += item
        elif is_dataclass(item) and id(item) not in seen:
            seen.add(id(item))
            yield item
            stack += [getattr(item, field.name) for field in fields(item) if field.name != "at"]
            if isinstance(item, ir.Function):
                stack.append(item.lower_body())
