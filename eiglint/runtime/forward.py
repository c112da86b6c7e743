"""The forward half of a watch: count a decomposition and look at its matrix; and how to see it without the dispatcher.

Usually the kernels of `sightings` see every decomposition. Where this torch does not let them, a function mode takes
their place: it is public, but it slows down every operation a little and does not see what C++ or traced code calls.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from eiglint.evidence.records import Family
from eiglint.runtime import following, residuals
from eiglint.runtime.callsite import CallSite, find_call_site, is_foreign, is_inner
from eiglint.runtime.engine import Start, Wrapper
from eiglint.runtime.incoming import is_readable
from eiglint.runtime.kinds import KINDS, LOBPCG
from eiglint.runtime.ledger import Account, is_due
from eiglint.runtime.nodes import (
    KEPT,
    LOBPCG_SITE,
    NODE_KINDS,
    SITE,
    Saved,
    decompositions_above,
    hooks_are_waiting,
    saved_is_readable,
)
from eiglint.runtime.quiet import quiet
from eiglint.runtime.repeating import is_repeating
from eiglint.runtime.watching import Watching, active, guarded

_CALLS: dict[Family, str] = {kind.family: kind.call for kind in NODE_KINDS.values() if kind.values}
_BACKWARDS = frozenset({torch.autograd.grad, torch.autograd.backward, Tensor.backward})


def note(family: Family, matrix: Tensor, outputs: tuple[Tensor, ...]) -> CallSite:
    """Count a call for every watch, and look at its matrix if it is one of those that are measured."""
    site = find_call_site(_CALLS[family])
    iterative = site.call == LOBPCG.call
    if (iterative and not _mark_lobpcg(site)) or is_inner(family, site):
        return site
    for watch in active():
        account = watch.ledger.account(site, family)
        with watch.ledger.lock:
            account.calls += 1
            if not iterative:
                account.note(matrix.shape, outputs[-1])
            wanted = not watch.thin or is_due(account.calls - 1, account.calls)
        if wanted and not iterative and family in ("eig", "eigh") and matrix.numel():
            _measure_symmetry(watch, account, matrix)
    following.consider(site)
    return site


def kept(family: Family, outputs: tuple[Tensor, ...]) -> Saved:
    """Keep a call's outputs where a hook packs what its node keeps; they live as long as the graph."""
    plain = [output.detach() for output in outputs]
    if family == "svd":
        return Saved(plain[1], plain[0], plain[2])
    return Saved(plain[1], plain[0], None) if family == "qr" else Saved(plain[0], plain[1], None)


def _measure_symmetry(watch: Watching, account: Account, matrix: Tensor) -> None:
    with quiet(matrix.device):
        measured = {"asymmetry": residuals.asymmetry(matrix.detach())}
        with watch.ledger.lock:
            account.add(measured)


def _mark_lobpcg(site: CallSite) -> bool:
    """Write the site on lobpcg's node; tell whether it is the first of the small problems that lobpcg solves."""
    frame = sys._getframe()
    while frame.f_back is not None and is_foreign(frame.f_code):
        node = frame.f_locals.get("ctx")
        if isinstance(node, torch.autograd.function.FunctionCtx):
            fresh = not hasattr(node, LOBPCG_SITE)
            setattr(node, LOBPCG_SITE, site)
            return fresh
        frame = frame.f_back
    return False


class ForwardMode(TorchFunctionMode):
    """See the decompositions that are called by their public names, in threads that are started inside."""

    def __init__(self, observe: Wrapper | None, sees_calls: bool) -> None:
        super().__init__()
        self.observe, self.sees_calls, self.closed = observe, sees_calls, False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the call; note where it stands if it decomposes something."""
        kwargs = kwargs or {}
        if self.observe is not None and func in _BACKWARDS and args and not self.closed:
            outputs = args[0] if isinstance(args[0], (tuple, list)) else (args[0],)
            return self.observe(Start(outputs), lambda: func(*args, **kwargs))
        result = func(*args, **kwargs)
        if self.sees_calls and func in KINDS and not (self.closed or is_repeating() or _is_traced()):
            guarded(_note_public, KINDS[func].family, args, kwargs, result)
        return result

    def iterated(self, solve: Callable[..., Any], matrix: Any, *args: Any) -> Any:
        """Let lobpcg iterate; its inner problems are no decompositions of the program."""
        return solve(matrix, *args)


def _is_traced() -> bool:
    """Tell whether a compiler records what is called, and would record ours as well."""
    return torch.compiler.is_compiling() or torch._C._is_tracing()


def _note_public(family: Family, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> None:
    """Note a call, and write its site on the node that it made."""
    matrix = args[0] if args else kwargs.get("A", kwargs.get("input"))
    outputs = (result,) if isinstance(result, Tensor) else tuple(result)
    if not isinstance(matrix, Tensor) or not is_readable(matrix) or family == "eigvals":
        return
    site = note(family, matrix, outputs)
    stop: frozenset[Any] = frozenset() if matrix.grad_fn is None else frozenset((matrix.grad_fn,))
    roots = [output.grad_fn for output in outputs if output.grad_fn is not None and output.grad_fn not in stop]
    for node, _ in decompositions_above(roots, stop):
        node.metadata[SITE] = site
        if hooks_are_waiting() or not saved_is_readable():
            turned = outputs if type(outputs[0].grad_fn) is type(outputs[-1].grad_fn) else (*outputs[:2], outputs[2].mH)
            node.metadata[KEPT] = kept(family, turned)
