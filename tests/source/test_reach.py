"""A file that names no decomposition is analysed if it uses what it imports from one that does."""

from pathlib import Path

import pytest

from eiglint.source.imports import Imported, imports_of
from eiglint.source.project import Home, absolute, home_of, locate
from eiglint.source.reach import Reach

PROJECT = {
    "pyproject.toml": "",
    "lib/__init__.py": "from .core import spectrum as spectrum_of\n",
    "lib/core.py": "import torch\n\ndef spectrum(A):\n    return torch.linalg.eigh(A)\n\ndef scale(A): return 2 * A",
    "lib/steps.py": "from . import core\nfrom .core import scale\n\n\ndef embed(A):\n    return core.spectrum(A)[1]\n",
    "lib/starred.py": "from .steps import *\n",
    "lib/cycle_a.py": "from .cycle_b import g\n\ndef f(A):\n    return g(A)\n",
    "lib/cycle_b.py": "from . import cycle_a\nfrom .core import spectrum\n\ndef g(A): return cycle_a.f(spectrum(A))\n",
    "lib/documented.py": 'def plain(A):\n    """Nothing like eigh."""\n    return A\n',
    "lib/registry.py": "import torch\n\nKINDS = {}\nOTHERS = {}\n\n\ndef keep(made):\n    KINDS[made.__name__] = made\n"
    "    return made\n\n\n@keep\nclass Solver:\n    def solve(self, A):\n        return torch.linalg.eigh(A)\n\n\n"
    "def dispatched(A):\n    return A\n\n\n@dispatched.register(torch.Tensor)\nasync def _of_tensor(A):\n"
    "    return torch.linalg.eigh(A)\n",
    "lib/entered.py": "import torch\n\nLISTED = []\nNAMED = {}\nT = TypeVar('T')\nSEEN = set()\n\n\n"
    "def enter(f: Callable[[T], T]) -> None:\n    print(SEEN)\n    LISTED.append(f)\n\n\n"
    "def show(f: T) -> None:\n    print(f)\n\n\nenter(torch.linalg.eigh)\nshow(torch.linalg.eigh)\n"
    "NAMED.update(solve=torch.linalg.eigh)\n",
    "src/other/__init__.py": "",
    "src/other/deep.py": "def roots(A):\n    return A.svd()\n",
    "scripts/beside.py": "from torch.linalg import qr as factor\n\ndef basis(A):\n    return factor(A).Q\n",
}
SILENT = {
    "no import": "def f(x):\n    return spectrum(x)\n",
    "another function of the same module": "from lib.core import scale\n\nscale(1)\n",
    "imported and never used": "from lib.core import spectrum\n",
    "only in a comment": "from lib.core import spectrum\n# spectrum(A)\n",
    "only in a string": 'from lib.core import spectrum\n\nx = "spectrum"\n',
    "a module used for something else": "import lib.core\n\nlib.core.scale(1)\n",
    "a docstring that names one": "from lib.documented import plain\n\nplain(1)\n",
    "a registry that holds something else": "from lib.registry import OTHERS\n\nOTHERS['Solver'](1)\n",
    "a function that is handed one and keeps nothing": "from lib.entered import show\n\nshow(1)\n",
    "a name that the one who enters it only reads": "from lib.entered import SEEN, T\n\nSEEN.add(T)\n",
    "a module of no project": "from torch.nowhere import spectrum\n\nspectrum(1)\n",
}
LOUD = {
    "a name": "from lib.core import spectrum\n\nspectrum(1)\n",
    "a name under another name": "from lib.core import (\n    scale,  # unused\n    spectrum as s,\n)\n\ns(1)\n",
    "a module": "import lib.core\n\nlib.core.spectrum(1)\n",
    "a module under another name": "import lib.core as c\n\nc.spectrum(1)\n",
    "a module from its package": "from lib import core\n\ncore.spectrum(1)\n",
    "inside a function": "def f(A):\n    from lib.core import spectrum\n    return spectrum(A)\n",
    "passed on by a package": "from lib import spectrum_of\n\nspectrum_of(1)\n",
    "through another function": "from lib.steps import embed\n\nembed(1)\n",
    "through a star": "from lib.starred import embed\n\nembed(1)\n",
    "through a circle of imports": "from lib.cycle_a import f\n\nf(1)\n",
    "from the src folder": "from other.deep import roots\n\nroots(1)\n",
    "passed as a value": "import torch\nfrom lib.core import spectrum\n\ntorch.vmap(spectrum)(1)\n",
    "a class in a registry": "from lib.registry import KINDS\n\nKINDS['Solver']().solve(1)\n",
    "a list that a call enters one in": "from lib.entered import LISTED\n\nLISTED[0](1)\n",
    "a dictionary that is updated": "from lib.entered import NAMED\n\nNAMED['solve'](1)\n",
    "another body of the same function": "from lib.registry import dispatched\n\ndispatched(1)\n",
    "as a base class": "import lib.steps\n\nmodule = lib.steps\nprint(lib.steps.embed)\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT.keys())
def test_a_file_that_uses_nothing_of_it_is_not_analysed(project: Path, source: str) -> None:
    assert not Reach().leads(str(project / "main.py"), source.encode())


@pytest.mark.parametrize("source", LOUD.values(), ids=LOUD.keys())
def test_a_file_that_uses_it_is_analysed(project: Path, source: str) -> None:
    assert Reach().leads(str(project / "main.py"), source.encode())


def test_a_script_imports_from_its_own_folder(project: Path) -> None:
    source = b"from beside import basis\n\nbasis(1)\n"
    assert Reach().leads(str(project / "scripts" / "main.py"), source)
    assert not Reach().leads(str(project / "main.py"), source)


def test_the_answer_does_not_depend_on_what_was_asked_before(project: Path) -> None:
    reach = Reach()
    sources = {**SILENT, **LOUD}
    first = {name: reach.leads(str(project / "main.py"), source.encode()) for name, source in sources.items()}
    assert first == {name: name in LOUD for name in sources}


def test_an_installed_package_follows_its_own_modules_only(tmp_path: Path) -> None:
    for package in ("ours", "theirs"):
        (tmp_path / "site-packages" / package).mkdir(parents=True)
        (tmp_path / "site-packages" / package / "__init__.py").write_text("def f(A):\n    return A.svd()\n")
    file = str(tmp_path / "site-packages" / "ours" / "main.py")
    assert Reach().leads(file, b"from ours import f\n\nf(1)\n")
    assert not Reach().leads(file, b"from theirs import f\n\nf(1)\n")


def test_module_names_follow_the_packages(project: Path) -> None:
    home = home_of(str(project / "lib" / "core.py"))
    assert (home.name, home.is_package) == ("lib.core", False)
    assert home_of(str(project / "lib" / "__init__.py"))[:2] == ("lib", True)
    assert home_of(str(project / "scripts" / "beside.py")).name == "beside"
    assert locate("lib.core", home) == str(project / "lib" / "core.py")
    assert locate("lib.nowhere", home) is None


@pytest.mark.parametrize(
    ("name", "is_package", "level", "module", "expected"),
    [
        ("a.b.c", False, 1, "x", "a.b.x"),
        ("a.b.c", False, 2, "x", "a.x"),
        ("a.b.c", True, 1, "x", "a.b.c.x"),
        ("a.b.c", False, 1, "", "a.b"),
        ("a", False, 1, "x", "x"),
        ("a.b.c", False, 0, "x.y", "x.y"),
    ],
)
def test_relative_imports_are_resolved(name: str, is_package: bool, level: int, module: str, expected: str) -> None:
    assert absolute(Imported(module, level, "n", ""), Home(name, is_package, ())) == expected


def test_imports_are_read_in_all_their_forms() -> None:
    source = b"""
import a, b.c as d
if x: import e
    from .f import g as h, i
from .. import (  # why
    j,
    k as l,  # because
)
from m import n, \\
    o
from p import *
not_an_import = "import"  # import q
important = imports
"""
    assert [tuple(item) for item in imports_of(source)] == [
        ("a", 0, "", ""),
        ("b.c", 0, "", "d"),
        ("e", 0, "", ""),
        ("f", 1, "g", "h"),
        ("f", 1, "i", ""),
        ("", 2, "j", ""),
        ("", 2, "k", "l"),
        ("m", 0, "n", ""),
        ("m", 0, "o", ""),
        ("p", 0, "*", ""),
    ]
