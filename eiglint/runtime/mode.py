"""Run a program while every decomposition answers in another gauge."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from eiglint.runtime import multiply, similarity
from eiglint.runtime.callsite import CallSite, find_call_site
from eiglint.runtime.content import fingerprint, is_batched
from eiglint.runtime.gauge import Action, Gauge
from eiglint.runtime.hidden import in_sight
from eiglint.runtime.kinds import KINDS, LOBPCG, Family, Request, has_vectors, read
from eiglint.runtime.reach import carried

Way = Literal["multiply", "similarity"]


@dataclass(frozen=True, slots=True)
class DecompositionCall:
    """A line that decomposed something while it was watched, with what it met first and how often it ran."""

    path: str
    line: int
    call: str
    shape: tuple[int, ...]
    dtype: str
    device: str
    calls: int
    clusters: int
    family: Family


class RedrawError(RuntimeError):
    """A fault of this tool while it re-drew an output, not of the program."""


class _Resting(threading.local):
    """Whether this thread is inside a solver that must not be disturbed."""

    now = False


class Regauge(TorchFunctionMode):
    """Answer each decomposition in a gauge drawn for its matrix; the same matrix gets the same gauge."""

    def __init__(
        self,
        action: Action,
        seed: int = 0,
        way: Way = "multiply",
        *,
        only: frozenset[CallSite] | None = None,
        cluster_rtol: float | None = None,
    ) -> None:
        super().__init__()
        self.action, self.seed, self.way, self.only, self.cluster_rtol = action, seed, way, only, cluster_rtol
        self.calls: dict[CallSite, DecompositionCall] = {}
        self.matrices: dict[CallSite, set[tuple[str, bytes]]] = {}
        self.unreadable: set[CallSite] = set()
        self.largest = 0.0
        self.closed = self.stuck = False
        self._known: dict[tuple[str, bytes], tuple[int, int]] = {}
        self._columns = 0
        self._lock = threading.RLock()
        self._resting = _Resting()

    def renewed(self) -> Regauge:
        """Make another mode that draws the same gauges."""
        return Regauge(self.action, self.seed, self.way, only=self.only, cluster_rtol=self.cluster_rtol)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Re-draw the outputs of decompositions and pass everything else on."""
        kwargs = kwargs or {}
        if self.closed or torch.compiler.is_compiling():
            return func(*args, **kwargs)
        with in_sight():
            return self._pass_on(func, args, kwargs)

    def _pass_on(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        kind = KINDS.get(func)
        request = Request(kind, func, args, kwargs) if kind else None
        if request is None or self._resting.now or (matrix := request.matrix) is None or not _readable(matrix):
            return func(*args, **kwargs)
        return self._answer(request, matrix)

    def iterated(self, solve: Callable[..., Any], matrix: Any, *args: Any) -> Any:
        """Let lobpcg iterate in peace and re-draw what it returns."""
        self._resting.now = True
        try:
            result = solve(matrix, *args)
        finally:
            self._resting.now = False
        if self.closed:
            return result
        with torch._C.DisableTorchFunction():
            return self._answer(Request(LOBPCG, lambda _: result, (matrix,), {}), matrix)

    def _answer(self, request: Request, matrix: Tensor) -> Any:
        result = request.run()
        parts, build = read(request.kind, result)
        if not has_vectors(request.kind, parts, request):
            return request.deliver(result)
        site = find_call_site(request.kind.call)
        try:
            with torch.autocast(matrix.device.type, enabled=False), self._lock:
                self._note(site, request, matrix, parts)
                if self.action == "nothing":
                    self.matrices.setdefault(site, set()).add(_key(request.kind.family, matrix))
                    return request.deliver(result)
                if self.only is not None and site not in self.only:
                    return request.deliver(result)
                gauge = self._gauge(request.kind.family, matrix)
                redrawn = self._redrawn(request, matrix, parts, gauge)
                return request.deliver(build(tuple(map(_laid_out, redrawn, parts))))
        except Exception as error:
            if type(error).__module__ == "torch.utils.checkpoint":  # a checkpoint stops its second pass by raising
                raise
            raise RedrawError(
                f"cannot re-draw {self.action} of {site.call} at {site.path}:{site.line} by way={self.way!r}: {error}"
            ) from error

    def _redrawn(self, request: Request, matrix: Tensor, parts: tuple[Tensor, ...], gauge: Gauge) -> tuple[Tensor, ...]:
        family = request.kind.family
        if self.way == "multiply" or request.kind.iterative or is_batched(matrix):
            return multiply.redrawn(family, parts, matrix, gauge)
        unordered, vectors = family in ("eig", "eigvals"), family != "eigvals"
        applies = {
            "phase": vectors,
            "order": unordered,
            "rotation": vectors and multiply.count_clusters(family, parts, self.cluster_rtol) > 0,
        }
        if not applies.get(self.action, True):
            return parts
        parts, stuck = similarity.redecomposed(request, matrix, gauge)
        self.stuck |= stuck
        return parts

    def _gauge(self, family: str, matrix: Tensor) -> Gauge:
        key = _key(family, matrix)
        if key not in self._known:
            self._known[key] = (len(self._known), self._columns)
            self._columns += matrix.shape[:-2].numel() * max(matrix.shape[-2:])
        ordinal, start = self._known[key]
        return Gauge(self.action, self.seed, ordinal, start, self.cluster_rtol)

    def _note(self, site: CallSite, request: Request, matrix: Tensor, parts: tuple[Tensor, ...]) -> None:
        clusters = 0
        if is_batched(matrix):
            self.unreadable.add(site)
        else:
            clusters = multiply.count_clusters(request.kind.family, parts, self.cluster_rtol)
            if parts[0].numel():
                self.largest = max(self.largest, *(float(part.detach().abs().max()) for part in parts if part.numel()))
        if (known := self.calls.get(site)) is not None:
            self.calls[site] = replace(known, calls=known.calls + 1, clusters=known.clusters + clusters)
            return
        shape, dtype = tuple(matrix.shape), str(matrix.dtype).removeprefix("torch.")
        self.calls[site] = DecompositionCall(*site, shape, dtype, str(matrix.device), 1, clusters, request.kind.family)


def _key(family: str, matrix: Tensor) -> tuple[str, bytes]:
    """Name a matrix and its freedom: whatever decomposes it so again gets the same gauge."""
    return "eig" if family == "eigvals" else family, fingerprint(matrix)


def _laid_out(part: Tensor, like: Tensor) -> Tensor:
    """Give a re-drawn output the library's strides, which decide whether `view` works and `contiguous` copies."""
    if part.shape != like.shape or part.stride() == like.stride() or is_batched(like):
        return part
    return torch.empty_strided(like.shape, like.stride(), dtype=part.dtype, device=part.device).copy_(part)


def _readable(matrix: Tensor) -> bool:
    """Leave alone what has no entries (meta, fake, sparse) and what torch is about to refuse."""
    plain = not matrix.is_meta and matrix.layout is torch.strided and type(matrix).__name__ != "FakeTensor"
    return plain and matrix.dim() >= 2 and (matrix.is_floating_point() or matrix.is_complex())


@contextmanager
def entered(mode: Regauge) -> Iterator[Regauge]:
    """Enter the mode here and in the threads that are started from here; afterwards it acts no more."""
    with carried(mode), mode:
        try:
            yield mode
        finally:
            mode.closed = True


@contextmanager
def regauge(
    symmetry: str, seed: int = 0, way: str = "multiply", *, cluster_rtol: float | None = None
) -> Iterator[Regauge]:
    """Run the body while every decomposition answers in another, equally legal gauge.

    `symmetry` is "phase" (signs of real vectors included), "order" (eig and eigvals) or "rotation" (inside blocks of
    equal values). Seeds 4m to 4m+3 belong together: over the four every sign flips. Only what torch calls
    visibly is reached: not compiled or scripted functions, nor threads that were started before.
    """
    if symmetry not in ("phase", "order", "rotation"):
        raise ValueError(f"unknown symmetry {symmetry!r}; choose from 'phase', 'order', 'rotation'")
    if way not in get_args(Way):
        raise ValueError(f"unknown way {way!r}; choose from 'multiply', 'similarity'")
    mode = Regauge(cast("Action", symmetry), seed, cast("Way", way), cluster_rtol=cluster_rtol)
    with entered(mode):
        yield mode
