"""Show a tape every torch call of a thread, and of the threads that are started from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from eiglint.runtime.pattern import tensors_in
from eiglint.runtime.repeating import is_repeating
from eiglint.runtime.tape import Tape


class Recording(TorchFunctionMode):
    """Record while a program runs; enter it inside `reach.carried` so that it is taken along."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self.tape, self.closed = tape, False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the call under the eyes of the tape."""
        kwargs = kwargs or {}
        if self.closed:
            return func(*args, **kwargs)
        return self.tape.record(func, args, kwargs, lambda: func(*args, **kwargs))

    def iterated(self, solve: Callable[..., Any], matrix: Any, *args: Any) -> Any:
        """Let lobpcg iterate unseen: its steps draw at random and stop by what they read."""
        if not self.closed and not is_repeating():
            self.tape.conceal("torch.lobpcg", list(tensors_in((matrix, *args))))
        with torch._C.DisableTorchFunction():
            return solve(matrix, *args)
