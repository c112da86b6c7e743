"""What is loaded when: importing the package and passing the gate cost next to nothing."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "libcst", "typer", "rich", "pathspec", "numpy")


def loaded_after(code: str) -> set[str]:
    """Return which of the heavy modules are loaded after a piece of code ran in a fresh process."""
    script = f"{code}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")[-2].split())


SILENT = {
    "importing the package": "import eiglint",
    "asking for its version": "import eiglint; eiglint.__version__; dir(eiglint)",
    "revealing a gauge": "from eiglint import reveal_gauge; assert reveal_gauge(3) == 3",
    "checking a text without a decomposition": "import eiglint; assert eiglint.check_source('x = 1').files == 1",
    "the flake8 plugin on such a text": (
        "from eiglint.flake8_plugin import GaugeChecker as C; assert not list(C(None, ['weight = 1\\n'], 'a.py').run())"
    ),
    "answering --version": "import sys; sys.argv = ['eiglint', '--version']; from eiglint.__main__ import main; main()",
}


@pytest.mark.parametrize("code", SILENT.values(), ids=SILENT.keys())
def test_nothing_heavy_is_loaded_by(code: str) -> None:
    assert loaded_after(code) == set()


def test_checking_a_text_needs_the_parser_alone() -> None:
    assert loaded_after("import eiglint; eiglint.check_source('import torch\\ntorch.linalg.eigh(1)')") == {"libcst"}


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    import eiglint

    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = eiglint.nothing_of_this_name
