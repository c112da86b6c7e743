"""Other processes are counted once each, whichever way they are started."""

from pathlib import Path

import pytest

from .processes import run

COUNTING = """
import multiprocessing, os, subprocess, sys
from eiglint.children import Children
children = Children()
if __name__ == "__main__":
    {}
    print(*children.unobserved)
"""
ONE = "1 other process was started ({}): what it did was not observed"
SEVERAL = "{} other processes were started ({}): what they did was not observed"
STARTED = {
    "nothing": ("pass", ""),
    "a thread": ("import threading; t = threading.Thread(target=int); t.start(); t.join()", ""),
    "a subprocess": ("subprocess.run(['true'])", ONE.format("true")),
    "a subprocess by its path": ("subprocess.run([os.path.realpath('/bin/true'), 'x'])", ONE.format("true")),
    "a subprocess in a shell": ("subprocess.run('true; true', shell=True)", ONE.format("sh")),
    "a subprocess that python spawns": ("subprocess.run(['/bin/true'], close_fds=False)", ONE.format("true")),
    "a command of the system": ("os.system('true a b')", ONE.format("true")),
    "a pipe": ("os.popen('true').read()", ONE.format("sh")),
    "a fork": ("os._exit(0) if not (pid := os.fork()) else os.waitpid(pid, 0)", ONE.format("fork")),
    "a spawn": ("os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)", ONE.format("true")),
    "a process of multiprocessing that is forked": (
        "p = multiprocessing.get_context('fork').Process(target=int); p.start(); p.join()",
        ONE.format("multiprocessing"),
    ),
    "a process of multiprocessing that is spawned": (
        "p = multiprocessing.get_context('spawn').Process(target=int); p.start(); p.join()",
        ONE.format("multiprocessing"),
    ),
    "a process of multiprocessing that a server forks": (
        "p = multiprocessing.get_context('forkserver').Process(target=int); p.start(); p.join()",
        ONE.format("multiprocessing"),
    ),
    "a pool": (
        "from concurrent.futures import ProcessPoolExecutor as P\n"
        "    with P(2) as pool: list(pool.map(int, range(9)))\n    os.system('true')",
        SEVERAL.format(3, "multiprocessing, true"),
    ),
    "a little of everything": (
        "[os.system(name) for name in ('true', 'true', ':', 'echo', 'false', 'test', 'true')]",
        SEVERAL.format(7, "true, :, echo, false, ..."),
    ),
}


@pytest.mark.parametrize(("code", "said"), STARTED.values(), ids=STARTED.keys())
def test_it_is_said_that_a_process_was_not_observed(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "program.py").write_text(COUNTING.replace("{}", code, 1))
    ended = run(tmp_path, "program.py")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines()[-1] == said
