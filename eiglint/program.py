"""Run a program as python itself would: a script, a folder or zip file with a `__main__.py`, or a module.

A program is prepared first, which tells whether there is one at all, and run afterwards. It becomes `__main__`, so
that pickling, `if __name__ == "__main__"` and the child processes of multiprocessing work.
"""

from __future__ import annotations

import atexit
import builtins
import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader, SourcelessFileLoader
from importlib.util import find_spec
from pkgutil import get_importer
from types import CodeType, ModuleType, TracebackType
from typing import Any

INTERRUPTED = 130


class ProgramError(ValueError):
    """There is nothing to run under the name that was given."""


Program = Callable[[], tuple[CodeType, dict[str, Any]]]
"""Finds and compiles the program; gives its code, and what `__main__` holds before the first line runs."""


def run_script(path: str, arguments: Sequence[str]) -> int:
    """Run a script, or a folder or zip file with a `__main__.py`; return the exit status."""
    return run(prepare_script(path, arguments))


def run_module(name: str, arguments: Sequence[str]) -> int:
    """Run a module, or a package with a `__main__`, as `python -m` does; return the exit status."""
    return run(prepare_module(name, arguments))


def prepare_script(path: str, arguments: Sequence[str]) -> Program:
    """Set `sys.argv` and `sys.path` for a script."""
    place = os.path.abspath(path)
    if get_importer(place) is not None:  # a folder or a zip file
        spec = PathFinder.find_spec("__main__", [place])
        if spec is None:
            raise ProgramError(f"{path} has no `__main__.py`")
        _set_first_path(place, always=True)
        sys.argv = [path, *arguments]
        return lambda: _from_spec(spec)
    try:
        with open(place, "rb"):
            pass
    except OSError as error:
        raise ProgramError(f"{path} cannot be run: {error.strerror}") from None
    # Links are followed for the folder, and not for `__file__`.
    _set_first_path(os.path.dirname(os.path.realpath(place)))
    sys.argv = [path, *arguments]
    return lambda: _from_file(place)


def prepare_module(name: str, arguments: Sequence[str]) -> Program:
    """Set `sys.argv` and `sys.path` for a module. Only the first part of its name is looked up: nothing runs yet."""
    if name.endswith(".py") and os.path.isfile(name):
        raise ProgramError(f"no module named {name}; without `-m` the file is run")
    if "" in name.split("."):
        raise ProgramError(f"`{name}` is not the name of a module")
    _set_first_path(os.getcwd())
    sys.argv = ["-m", *arguments]
    _spec_of(name.partition(".")[0])
    return lambda: _from_module(name)


def run(program: Program) -> int:
    """Run a prepared program; print what ended it as python does, and return the exit status."""
    try:
        code, names = program()
        main = ModuleType("__main__")
        main.__dict__.update(names, __builtins__=builtins)
        sys.modules["__main__"] = main
        exec(code, main.__dict__)
    except ProgramError:
        raise
    except BaseException as error:
        ending = error  # shown outside of this block: a hook of the program finds nothing being handled
    else:
        return 0
    return _status(ending) if isinstance(ending, SystemExit) else _show(ending)


def finish() -> None:
    """Do what python does after the last line of a program: wait for its threads, then call its exit handlers.

    multiprocessing ends its own children with the same two private calls. There is no public one that also wakes the
    idle threads of concurrent.futures, without which waiting would never end.
    """
    try:
        threading._shutdown()  # type: ignore[attr-defined]
    except KeyboardInterrupt as error:
        _show(error)
    atexit._run_exitfuncs()


def _set_first_path(folder: str, always: bool = False) -> None:
    """Put a folder where our own stands; under `-P` and `-I` there is none."""
    if not sys.flags.safe_path:
        sys.path[0] = folder
    elif always:
        sys.path.insert(0, folder)


def _from_file(place: str) -> tuple[CodeType, dict[str, Any]]:
    code: CodeType | None
    loader: SourceFileLoader | SourcelessFileLoader
    if place.endswith(".pyc"):
        loader = SourcelessFileLoader("__main__", place)
        code = loader.get_code("__main__")
    else:
        # Not `get_code`: a script is compiled afresh, and leaves no cache behind.
        loader = SourceFileLoader("__main__", place)
        code = loader.source_to_code(loader.get_data(place), place)
    assert code is not None
    names = {"__file__": place, "__cached__": None, "__loader__": loader, "__package__": None, "__spec__": None}
    return code, names


def _from_module(name: str) -> tuple[CodeType, dict[str, Any]]:
    spec = _spec_of(name)
    if spec.submodule_search_locations is not None:
        spec = _spec_of(f"{name}.__main__", f"{name} is a package without a `__main__`: it cannot be run")
    found = _from_spec(spec)
    sys.argv[0] = spec.origin or name
    return found


def _spec_of(name: str, missing: str = "") -> ModuleSpec:
    """Find a module; the packages around it are imported, and may raise what they like."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is None or (error.name != name and not name.startswith(f"{error.name}.")):
            raise
        spec = None
    except ValueError:  # `__main__` itself, and modules that something has made by hand
        spec = None
    if spec is None:
        raise ProgramError(missing or f"no module named {name}")
    return spec


def _from_spec(spec: ModuleSpec) -> tuple[CodeType, dict[str, Any]]:
    get_code = getattr(spec.loader, "get_code", None)
    code = None if get_code is None else get_code(spec.name)
    if code is None:
        raise ProgramError(f"{spec.name} is not written in Python: it cannot be run")
    names = {
        "__file__": spec.origin,
        "__cached__": spec.cached,
        "__loader__": spec.loader,
        "__package__": spec.parent,
        "__spec__": spec,
    }
    return code, names


def _status(leaving: SystemExit) -> int:
    """Give the exit status of `sys.exit(...)`; what is no number is printed."""
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code
    print(leaving.code, file=sys.stderr)
    return 1


def _show(error: BaseException) -> int:
    """Print an exception that nothing caught, through the program's own hook if it has one; return the status."""
    _leave_out_our_frames(error)
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except SystemExit as leaving:
        return _status(leaving)
    except BaseException as second:
        _leave_out_our_frames(second)
        print("Error in sys.excepthook:", file=sys.stderr)
        sys.__excepthook__(type(second), second, second.__traceback__)
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(error), error, error.__traceback__)
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _leave_out_our_frames(error: BaseException) -> None:
    """Begin the traceback at the program's first frame."""
    trace = error.__traceback__
    while trace is not None and _is_ours(trace):
        trace = trace.tb_next
    error.__traceback__ = trace


def _is_ours(trace: TracebackType) -> bool:
    """Tell whether a frame lies above the program: this file's, or of the machinery that looks for it."""
    name = trace.tb_frame.f_code.co_filename
    return name == __file__ or name.startswith("<frozen importlib")
