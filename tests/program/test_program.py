"""A program that is run by us cannot tell: same output, same errors, same exit status as under python itself."""

import os
import zipfile
from pathlib import Path

import pytest

from .processes import under_eiglint, under_python

SURROUNDINGS = """\
'''A docstring.'''
import sys
main = sys.modules["__main__"]
assert main.__dict__ is globals()
print(__name__, __file__, __doc__, __package__, __cached__, type(__loader__).__name__, __builtins__)
print(__spec__ and (__spec__.name, __spec__.origin, __spec__.parent))
print(sys.argv, sys.path, "eiglint.program" in globals())
"""
BEHAVIOUR = {
    "an end without words": "print('out')",
    "an exit status": "import sys; sys.exit(7)",
    "an exit status that the system cuts off": "import sys; sys.exit(257)",
    "a negative exit status": "import sys; sys.exit(-1)",
    "an exit with True": "import sys; sys.exit(True)",
    "an exit with nothing": "import sys; print('x'); sys.exit()",
    "an exit with words": "import sys; sys.exit('the end, ünd')",
    "an exit with an object": "raise SystemExit({'a': 1})",
    "an exit in a function": "import sys\ndef f():\n    sys.exit(3)\nf()\n",
    "an exception": "def f(x):\n    return 1 / x\n\nf(0)\n",
    "an exception with a cause": "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e\n",
    "a group of exceptions": "raise ExceptionGroup('two', [ValueError(1), TypeError(2)])",
    "an exception with a note": "e = ValueError(1)\ne.add_note('look')\nraise e",
    "an exception that is no Exception": "raise GeneratorExit('odd')",
    "an exception whose text fails": "class E(Exception):\n    def __str__(self): 1 / 0\nraise E",
    "a syntax error": "x = 1\ndef f(:\n",
    "bad indentation": "if 1:\n    x = 1\n  y = 2\n",
    "a module that does not exist": "import there_is_no_such_module",
    "an exception hook": "import sys\nsys.excepthook = lambda t, e, b: print(t, e, b.tb_lineno, b.tb_next)\n1 / 0",
    "an exception hook that leaves": "import sys\nsys.excepthook = lambda *a: sys.exit(5)\n1 / 0",
    "an exception hook that asks what is being handled": (
        "import sys\nsys.excepthook = lambda *a: print(sys.exc_info())\n1 / 0"
    ),
    "an exception hook that fails": "import sys\nsys.excepthook = lambda *a: {}[1]\n1 / 0",
    "exit handlers": "import atexit\natexit.register(print, 'one')\natexit.register(print, 'two')\nprint('main')",
    "exit handlers after an exception": "import atexit\natexit.register(print, 'bye')\nraise ValueError('x')",
    "an exit handler that fails": (
        "import atexit, sys\nclass F:\n    __call__ = lambda self: sys.exit('no')\n"
        "    __repr__ = lambda self: 'F'\natexit.register(F())\nprint('main')"
    ),
    "an exit handler that looks at the last error": (
        "import atexit, sys\natexit.register(lambda: print(sys.last_value, sys.last_traceback.tb_lineno))\n\n1 / 0"
    ),
    "a thread that outlives the main one": (
        "import atexit, threading, time\natexit.register(print, 'handlers')\n"
        "def f():\n    time.sleep(0.2)\n    print('thread')\nthreading.Thread(target=f).start()\nprint('main')"
    ),
    "an exit in a thread": "import sys, threading\nthreading.Thread(target=sys.exit, args=[9]).start()\nprint('main')",
    "an exception in a thread": (
        "import threading\ndef f():\n    raise ValueError('x')\nthreading.Thread(target=f, name='t').start()"
    ),
    "an idle pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor as P\npool = P(2)\nprint(pool.submit(int, '3').result())"
    ),
    "objects that speak when they die": "class D:\n    def __del__(self): print('gone', self.n)\nd = D()\nd.n = 1",
    "pickling a class of the program": (
        "import pickle\nclass C: pass\nprint(type(pickle.loads(pickle.dumps(C()))) is C, C.__module__)"
    ),
    "a test for being the main program": "if __name__ == '__main__':\n    print('main')",
    "the source of a function": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))",
    "a warning": "import warnings\nwarnings.warn('careful')",
    "an encoding cookie": "# -*- coding: latin-1 -*-\nprint(len('\u00e4'))",
    "futures of its own alone": "def f(x: undefined) -> None: ...\n",
    "another folder at the end": "import os, tempfile\nos.chdir(tempfile.gettempdir())\n1 / 0",
    "a child that is forked": (
        "import os, sys\npid = os.fork()\nif not pid:\n    sys.exit(4)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    ),
}


@pytest.mark.parametrize("source", BEHAVIOUR.values(), ids=BEHAVIOUR.keys())
def test_it_behaves_as_under_python(tmp_path: Path, source: str) -> None:
    (tmp_path / "program.py").write_text(source)
    assert under_eiglint(tmp_path, "program.py") == under_python(tmp_path, "program.py")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """One program in every place that python accepts."""
    for name in ("script.py", "no_suffix", "deep/script.py", "folder/__main__.py", "package/__main__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(SURROUNDINGS)
    for name in ("package/__init__.py", "package/module.py", "package/inner/__init__.py", "package/inner/with-dash.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(SURROUNDINGS if name.endswith(("module.py", "dash.py")) else "")
    (tmp_path / "plain.py").write_text("")
    (tmp_path / "link.py").symlink_to(tmp_path / "deep" / "script.py")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("__main__.py", SURROUNDINGS)
    return tmp_path


PLACES = {
    "a script": ("script.py", "a", "--help", "-m"),
    "a script by its absolute path": ("{tree}/script.py",),
    "a script without a suffix": ("no_suffix",),
    "a script in a folder": ("deep/script.py", "--", "b"),
    "a link to a script": ("link.py",),
    "a folder": ("folder", "a"),
    "a zip file": ("archive.zip", "a"),
    "a module": ("-m", "script", "a", "--help", "-m"),
    "a module of a package": ("-m", "package.module"),
    "a package": ("-m", "package", "a"),
    "a module whose name is no word": ("-m", "package.inner.with-dash"),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_it_sees_the_surroundings_that_python_gives_it(tree: Path, place: tuple[str, ...]) -> None:
    command = [part.format(tree=tree) for part in place]
    expected = under_python(tree, *command)
    assert expected.status == 0
    assert under_eiglint(tree, *command) == expected


@pytest.mark.parametrize("place", [("script.py",), ("folder",), ("-m", "package.module")], ids=" ".join)
def test_it_sees_no_folder_of_ours_under_a_safe_path(tree: Path, place: tuple[str, ...]) -> None:
    given = {"PYTHONPATH": str(tree)} if place[0] == "-m" else {}
    os.environ.update(given)
    try:
        expected = under_python(tree, *place, flags=("-P",))
        assert expected.status == 0
        assert under_eiglint(tree, *place, flags=("-P",)) == expected
    finally:
        for name in given:
            del os.environ[name]


def test_a_compiled_script_runs(tree: Path) -> None:
    under_python(tree, "-c", "import py_compile; py_compile.compile('script.py', 'compiled.pyc')")
    expected = under_python(tree, "compiled.pyc")
    assert expected.status == 0
    assert under_eiglint(tree, "compiled.pyc") == expected


def test_a_script_leaves_no_cache_behind(tree: Path) -> None:
    under_eiglint(tree, "script.py")
    assert not (tree / "__pycache__").exists()


def test_a_package_that_fails_while_it_is_imported_shows_its_own_frames_alone(tree: Path) -> None:
    (tree / "package" / "__init__.py").write_text("import there_is_no_such_module\n")
    spoken = under_eiglint(tree, "-m", "package.module")
    assert spoken.status == 1
    assert spoken.err == (
        "Traceback (most recent call last):\n"
        f'  File "{tree}/package/__init__.py", line 1, in <module>\n'
        "    import there_is_no_such_module\n"
        "ModuleNotFoundError: No module named 'there_is_no_such_module'\n"
    )


def test_a_module_with_a_syntax_error_shows_that_alone(tree: Path) -> None:
    (tree / "broken.py").write_text("def f(:\n")
    spoken = under_eiglint(tree, "-m", "broken")
    assert spoken.status == 1
    assert spoken.err.startswith(f'  File "{tree}/broken.py", line 1\n')


# Under nohup, or in the background of a script, an interrupt would be ignored.
PROGRAM_THAT_IS_INTERRUPTED = """\
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)

signal.raise_signal(signal.SIGINT)
print('not reached')
"""


def test_an_interrupt_exits_with_130_and_shows_where(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM_THAT_IS_INTERRUPTED)
    spoken = under_eiglint(tmp_path, "program.py")
    assert (spoken.status, spoken.out) == (130, "")
    assert 'program.py", line 3, in <module>' in spoken.err
    assert spoken.err.endswith("KeyboardInterrupt\n")
    assert "eiglint" not in spoken.err


REFUSED = {
    "a script that does not exist": (("nowhere.py",), "nowhere.py cannot be run: No such file or directory"),
    "a script below a file": (("script.py/x.py",), "script.py/x.py cannot be run: Not a directory"),
    "a folder without a program": (("package/inner",), "package/inner has no `__main__.py`"),
    "a module that does not exist": (("-m", "nowhere"), "no module named nowhere"),
    "a module that a package lacks": (("-m", "package.nowhere"), "no module named package.nowhere"),
    "a module of something that is no package": (("-m", "plain.nowhere"), "no module named plain.nowhere"),
    "a package without a program": (("-m", "package.inner"), "package.inner is a package without a `__main__`"),
    "a folder that is no package": (("-m", "folder.inner"), "no module named folder.inner"),
    "a file as a module": (("-m", "script.py"), "no module named script.py; without `-m` the file is run"),
    "a relative name": (("-m", ".script"), "`.script` is not the name of a module"),
    "an empty name": (("-m", ""), "`` is not the name of a module"),
    "a module that is not Python": (("-m", "sys"), "sys is not written in Python: it cannot be run"),
}


@pytest.mark.parametrize(("command", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_run_is_refused_in_one_line(tree: Path, command: tuple[str, ...], words: str) -> None:
    spoken = under_eiglint(tree, *command)
    assert spoken.err.startswith(f"refused: {words}")
    assert spoken.err.count("\n") == 1
    assert spoken.status == 1


SPAWNING = """\
import multiprocessing as mp

def square(x):
    return x * x

if __name__ == "__main__":
    for method in ("spawn", "fork", "forkserver"):
        with mp.get_context(method).Pool(2) as pool:
            print(method, pool.map(square, range(4)))
"""


@pytest.mark.parametrize("command", [("script.py",), ("-m", "script"), ("-m", "package.module")], ids=" ".join)
def test_children_of_multiprocessing_find_the_program(tree: Path, command: tuple[str, ...]) -> None:
    for name in ("script.py", "package/module.py"):
        (tree / name).write_text(SPAWNING)
    assert under_eiglint(tree, *command) == (
        0,
        "".join(f"{m} [0, 1, 4, 9]\n" for m in ("spawn", "fork", "forkserver")),
        "",
    )
