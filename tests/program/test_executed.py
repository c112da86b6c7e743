"""The files of the program itself: not the library's, not installed packages', not ours."""

import json
from pathlib import Path

from .processes import under_eiglint

LISTING = """\
import json, used, deep.inner, json.tool, eiglint.findings, installed.part, vendored
from eiglint.executed import executed_files
print(json.dumps([executed_files(), executed_files(["{observed}", "nowhere.py"])]))
"""


def test_they_are_the_script_and_the_modules_that_it_imported(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "site-packages"
    for name in ("used.py", "unused.py", "deep/__init__.py", "deep/inner.py", "sitecustomize.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    for name in ("installed/__init__.py", "installed/part.py", "vendored.py"):
        (packages / name).parent.mkdir(exist_ok=True, parents=True)
        (packages / name).write_text("")
    observed = packages / "installed" / "part.py"
    listing = LISTING.format(observed=observed)
    (tmp_path / "program").write_text(
        f"import sys\nsys.path.append({str(packages)!r})\nimport sitecustomize\n{listing}"
    )
    own = [str(tmp_path / name) for name in ("deep/__init__.py", "deep/inner.py", "program", "used.py")]
    ended = under_eiglint(tmp_path, "program")
    assert ended.err == ""

    assert json.loads(ended.out) == [own, sorted([*own, str(observed)])]
