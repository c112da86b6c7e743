"""No two files import each other, and a room imports only what it may: as docs/architecture.md says."""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import eiglint

PACKAGE = Path(eiglint.__file__).parent
FILES = {
    ".".join(("eiglint", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
MAY_IMPORT = {
    "gauge": set[str](),
    "linalg": {"torch"},
    "ir": {"libcst", "findings"},
    "models": {"catalogue"},
    "analysis": {"gauge", "ir", "models"},
    "judge": {"analysis", "catalogue", "findings", "gauge", "ir", "models"},
    "report": {"catalogue", "findings", "source", "version", "rich"},
    "source": {"catalogue", "findings", "models", "pathspec"},
    "runtime": {"evidence", "torch", "pathspec"},
}


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that a file imports when it runs, inside functions too; those for type checkers alone left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in FILES else node.module for name in inner)
        else:
            yield from imported(node)


def test_no_file_imports_one_that_imports_it() -> None:
    graph = {name: set(imported(ast.parse(path.read_text()))) & FILES.keys() for name, path in FILES.items()}
    order = list(TopologicalSorter(graph).static_order())
    assert set(order) == set(FILES)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    paths = sorted((PACKAGE / room).rglob("*.py"))
    names = {name for path in paths for name in imported(ast.parse(path.read_text()))}
    rooms = {parts[1] if (parts := name.split("."))[0] == "eiglint" else parts[0] for name in names}
    assert paths
    assert rooms - set(sys.stdlib_module_names) - {room} <= MAY_IMPORT[room]
