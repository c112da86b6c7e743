"""What is said of patterns of named axes is held against execution; where einops is not installed, this is skipped."""

from __future__ import annotations

import pytest

from fixtures.catalogue import Program, Source, sources
from fixtures.observe import disagreement, observe

FILES = [source for source in sources() if source.path.stem == "named_axes"]
PROGRAMS = [pytest.param(source, program, id=program.name) for source in FILES for program in source.programs]


@pytest.mark.parametrize(("source", "program"), PROGRAMS)
def test_a_program_moves_as_its_name_says(source: Source, program: Program) -> None:
    pytest.importorskip("einops", reason="einops is not installed: its programs cannot be run")
    assert disagreement(program, observe(source, program)) == ""
