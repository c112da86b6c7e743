"""Torch's decompositions: how each is called, and how its outputs are read and handed back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

Family = Literal["eig", "eigvals", "eigh", "svd", "qr"]
Build = Callable[[tuple[Tensor, ...]], Any]


class Kind(NamedTuple):
    """A decomposition that torch offers.

    `right` tells that the third output of svd is V, not its adjoint; `iterative`, that a rotated matrix would be
    solved to other digits, so that only multiplying can re-draw it.
    """

    family: Family
    call: str
    right: bool = False
    iterative: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a decomposition: torch's function with its arguments."""

    kind: Kind
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    @property
    def matrix(self) -> Tensor | None:
        """Give the tensor that is decomposed."""
        found = self.args[0] if self.args else self.kwargs.get("A", self.kwargs.get("input"))
        return found if isinstance(found, Tensor) else None

    @property
    def upper(self) -> bool:
        """Tell whether eigh reads the upper triangle."""
        given = self.args[1] if len(self.args) > 1 else self.kwargs.get("UPLO", "L")
        return str(given).upper() == "U"

    def run(self, matrix: Tensor | None = None) -> Any:
        """Call torch without `out=`, on another matrix if one is given."""
        kwargs = {name: value for name, value in self.kwargs.items() if name != "out"}
        if matrix is None:
            return self.function(*self.args, **kwargs)
        if self.args:
            return self.function(matrix, *self.args[1:], **kwargs)
        return self.function(**{**kwargs, "A" if "A" in kwargs else "input": matrix})

    def deliver(self, result: Any) -> Any:
        """Hand the result back, through the tensors of `out=` where the caller gave them."""
        out = self.kwargs.get("out")
        if out is None:
            return result
        targets: Sequence[Tensor] = (out,) if isinstance(out, Tensor) else out
        sources: Sequence[Tensor] = (result,) if isinstance(result, Tensor) else result
        for target, source in zip(targets, sources, strict=True):
            target.resize_(source.shape).copy_(source)
        return out if isinstance(out, Tensor) else type(result)(tuple(targets))


def _kinds() -> dict[Any, Kind]:
    aten = torch.ops.aten
    return {
        torch.linalg.eig: Kind("eig", "torch.linalg.eig"),
        torch.linalg.eigvals: Kind("eigvals", "torch.linalg.eigvals"),
        torch.linalg.eigh: Kind("eigh", "torch.linalg.eigh"),
        torch.linalg.svd: Kind("svd", "torch.linalg.svd"),
        torch.linalg.qr: Kind("qr", "torch.linalg.qr"),
        torch.svd: Kind("svd", "torch.svd", right=True),
        torch.qr: Kind("qr", "torch.qr"),
        Tensor.svd: Kind("svd", "torch.Tensor.svd", right=True),
        Tensor.qr: Kind("qr", "torch.Tensor.qr"),
        aten.linalg_eig: Kind("eig", "torch.ops.aten.linalg_eig"),
        aten.linalg_eigvals: Kind("eigvals", "torch.ops.aten.linalg_eigvals"),
        aten.linalg_eigh: Kind("eigh", "torch.ops.aten.linalg_eigh"),
        aten._linalg_eigh: Kind("eigh", "torch.ops.aten._linalg_eigh"),
        aten.linalg_svd: Kind("svd", "torch.ops.aten.linalg_svd"),
        aten._linalg_svd: Kind("svd", "torch.ops.aten._linalg_svd"),
        aten.linalg_qr: Kind("qr", "torch.ops.aten.linalg_qr"),
    }


LOBPCG = Kind("eigh", "torch.lobpcg", iterative=True)
KINDS: Mapping[Any, Kind] = _kinds()


def read(kind: Kind, result: Any) -> tuple[tuple[Tensor, ...], Build]:
    """Split a result into canonical parts (svd's third is always Vh) and say how to build it back."""
    if isinstance(result, Tensor):
        return (result,), lambda parts: parts[0]
    parts = tuple(result)
    if kind.right:
        return (parts[0], parts[1], parts[2].mH), lambda new: type(result)((new[0], new[1], new[2].mH))
    return parts, lambda new: type(result)(new)


def has_vectors(kind: Kind, parts: tuple[Tensor, ...], request: Request) -> bool:
    """Tell whether the vectors were computed; torch.svd(compute_uv=False) hands out zeros in their place."""
    if kind.family == "eigh" and request.function is torch.ops.aten._linalg_eigh:
        return bool(parts[1].numel())
    if kind.family != "svd":
        return True
    if request.function is torch.ops.aten._linalg_svd:
        return bool(parts[0].numel())
    if not kind.right:
        return True
    position = 2 if len(request.args) > 2 else None
    return bool(request.args[position] if position is not None else request.kwargs.get("compute_uv", True))
