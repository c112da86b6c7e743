"""A library that a module's functions bind globally is known wherever the module reads the name."""

from __future__ import annotations

import pytest

from .reading import answers

IMPORTS = {
    "an import": """
        class Backend:
            def __init__(self):
                global lib
                import torch as lib
    """,
    "an attribute of a local import, beside an annotation": """
        lib: object

        def start():
            global lib
            try:
                import torch
            except ImportError:
                raise ImportError("install torch")
            lib = torch
    """,
    "by way of another": """
        def start():
            global whole, lib
            import torch as whole
            lib = whole
    """,
    "twice the same": """
        def start():
            global lib
            import torch as lib

        def again():
            global lib
            import torch
            lib = torch
    """,
}

OTHERS = {
    "two libraries": """
        def start():
            global lib
            import torch as lib

        def again():
            global lib
            import numpy as lib
    """,
    "a parameter too": """
        def start():
            global lib
            import torch as lib

        def use(other):
            global lib
            lib = other
    """,
    "an assignment inside an expression too": """
        def start():
            global lib
            import torch as lib

        def use(other):
            global lib
            return (lib := other)
    """,
    "a loop too": """
        def start():
            global lib
            import torch as lib

        def use(others):
            global lib
            for lib in others:
                pass
    """,
    "without a declaration": """
        def start():
            import torch as lib
    """,
}

USES = """
        def fine(A):
            return lib.abs(lib.linalg.eigh(A)[1])

        def wrong(A):
            return lib.exp(lib.linalg.eigh(A)[1])

        def passed(A):
            return lib.abs(torch.linalg.eigh(A)[1])
"""


@pytest.mark.parametrize("text", IMPORTS.values(), ids=IMPORTS)
def test_a_library_that_functions_bind_globally_is_that_library_in_the_others(text: str) -> None:
    found = answers(text + USES)
    assert (found["fine"], found["wrong"], found["passed"]) == ("fine", "broken", "fine")


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_a_name_that_may_be_something_else_stays_unknown(text: str) -> None:
    assert answers(text + USES)["passed"] == "unknown"
