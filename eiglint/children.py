"""Which other processes a program started: nothing of what they do is seen."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from multiprocessing.process import BaseProcess

_SHOWN = 4


class Children:
    """Counts the processes that this one starts, from the moment it is made; an attempt that fails counts too.

    Python announces forks, spawns and subprocesses to audit hooks, but not what multiprocessing spawns: its `start`
    is wrapped. Neither can be undone, so this is for a process that is ours.
    """

    def __init__(self) -> None:
        self._started: Counter[str] = Counter()
        self._owner = os.getpid()
        self._local = threading.local()
        self._wrap_start()
        sys.addaudithook(self._hear)

    @property
    def unobserved(self) -> tuple[str, ...]:
        """Say how many processes were started, and which; nothing if there were none."""
        total = self._started.total()
        if not total:
            return ()
        names = [name for name, _ in self._started.most_common()]
        listed = ", ".join(names[:_SHOWN]) + ", ..." * (len(names) > _SHOWN)
        noun, verb, they = ("process", "was", "it") if total == 1 else ("processes", "were", "they")
        return (f"{total} other {noun} {verb} started ({listed}): what {they} did was not observed",)

    def _wrap_start(self) -> None:
        start = BaseProcess.start

        def counting(process: BaseProcess) -> None:
            self._started["multiprocessing"] += 1
            self._local.inside = True  # the fork that may follow is the same process
            try:
                start(process)
            finally:
                self._local.inside = False

        BaseProcess.start = counting  # type: ignore[assignment, method-assign]

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in _NAMED or getattr(self._local, "inside", False):
            return
        if event == "os.posix_spawn" and sys._getframe(1).f_globals.get("__name__") == "subprocess":
            return  # the second half of a subprocess that was already heard of
        position = _NAMED[event]
        self._started["fork" if position is None else _program(arguments[position])] += 1


_NAMED: dict[str, int | None] = {
    "os.fork": None,
    "os.forkpty": None,
    "os.posix_spawn": 0,
    "os.spawn": 1,
    "os.startfile": 0,
    "os.system": 0,
    "subprocess.Popen": 0,
}
"""The events that announce a process, and which argument names its program."""


def _program(command: object) -> str:
    """Give the name of a program without its folder and its arguments."""
    text = os.fsdecode(command) if isinstance(command, str | bytes | os.PathLike) else str(command)
    return os.path.basename(text.split(maxsplit=1)[0]) if text.strip() else "an empty command"
