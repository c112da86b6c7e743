"""Which nodes of autograd's graph are decompositions, and what they keep."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from eiglint.evidence.records import Family
from eiglint.runtime.callsite import CallSite


class NodeKind(NamedTuple):
    """How torch names what a decomposition's node keeps: values, left vectors, right vectors.

    `gradients` says at which position of the incoming gradients each of the three is found.
    """

    family: Family
    call: str
    values: str
    left: str
    right: str | None
    gradients: tuple[int | None, int | None, int | None]


NODE_KINDS = {
    "LinalgEigBackward0": NodeKind("eig", "torch.linalg.eig", "eigenvalues", "eigenvectors", None, (0, 1, None)),
    "LinalgEighBackward0": NodeKind("eigh", "torch.linalg.eigh", "eigenvalues", "eigenvectors", None, (0, 1, None)),
    "LinalgSvdBackward0": NodeKind("svd", "torch.linalg.svd", "S", "U", "Vh", (1, 0, 2)),
    "LinalgQrBackward0": NodeKind("qr", "torch.linalg.qr", "R", "Q", None, (1, 0, None)),
    "LOBPCGAutogradFunctionBackward": NodeKind("eigh", "torch.lobpcg", "", "", None, (0, 1, None)),
}
COMPILED = "CompiledFunctionBackward"
_WANTED = frozenset((*NODE_KINDS, COMPILED))
SITE = "eiglint.site"
"""Under this key a node's metadata holds the call site of its forward."""
LOBPCG_SITE = "eiglint_site"
"""The node of a Function written in Python has no metadata yet while its forward runs, but takes attributes."""
KEPT = "eiglint.kept"
"""Under this key it holds a call's outputs where they cannot be read from the node."""


class Saved(NamedTuple):
    """What a node keeps: values, left vectors, right vectors (svd alone)."""

    values: Tensor
    left: Tensor
    right: Tensor | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Give the shape of the matrix that was decomposed."""
        wide = self.values if self.right is None else self.right
        return (*self.left.shape[:-1], wide.shape[-1])


def site_of(node: Any) -> CallSite | None:
    """Read the call site that the forward wrote on a node."""
    found: CallSite | None = node.metadata.get(SITE) or getattr(node, LOBPCG_SITE, None)
    return found


def decompositions_above(roots: Iterable[Any], stop: frozenset[Any] = frozenset()) -> list[tuple[Any, str]]:
    """Walk the graph from its roots and give each decomposition's node, and each compiled region's, with its name."""
    stack = [root for root in roots if root is not None]
    seen = {*stop, *stack}
    found = []
    while stack:
        node = stack.pop()
        name = type(node).__name__
        if name in _WANTED:
            found.append((node, name))
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                stack.append(following)
    return found


def roots_of(outputs: Iterable[Any]) -> list[Any]:
    """Give the nodes from which a backward of these tensors (or graph edges) starts."""
    roots = []
    for output in outputs:
        if isinstance(output, Tensor):
            roots.append(output.grad_fn)
        else:
            roots.append(getattr(output, "node", output[0] if isinstance(output, tuple) else None))
    return roots


def read_saved(node: Any, kind: NodeKind) -> Saved | None:
    """Read what a node keeps, unless a hook packed it: unpacking would run a checkpoint's forward a second time."""
    if kind.call == "torch.lobpcg":
        *_, largest, columns = (_unhooked(entry) for entry in node._raw_saved_tensors)
        return None if largest is None or columns is None else Saved(largest, columns, None)
    values = _unhooked(getattr(node, f"_raw_saved_{kind.values}"))
    left = _unhooked(getattr(node, f"_raw_saved_{kind.left}"))
    right = _unhooked(getattr(node, f"_raw_saved_{kind.right}")) if kind.right else None
    if values is None or left is None or (kind.right and right is None):
        return None
    return Saved(values, left, right)


def read_values(node: Any, kind: NodeKind) -> Tensor | None:
    """Read the values alone, which tell where a node was made."""
    packed = getattr(node, f"_raw_saved_{kind.values}", None) if kind.values else None
    return None if packed is None else _unhooked(packed)


@cache
def saved_is_readable() -> bool:
    """Tell whether this torch shows what a node keeps without unpacking it."""
    with torch._C.DisableTorchFunction(), torch.enable_grad():
        node: Any = torch.linalg.eigh(torch.ones(1, 1, requires_grad=True)).eigenvectors.grad_fn
    packed = getattr(node, "_raw_saved_eigenvectors", None)
    return hasattr(packed, "unpack_hook") and hasattr(packed, "data")


def hooks_are_waiting() -> bool:
    """Tell whether what a node made now keeps would be packed by somebody's hook."""
    top = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)
    return top is None or top(True) is not None


def _unhooked(packed: Any) -> Tensor | None:
    if packed.unpack_hook is not None:
        return None
    data: Tensor | None = packed.data
    return data
