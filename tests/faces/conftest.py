"""A folder with the programs in it."""

from pathlib import Path

import pytest

from .programs import PROGRAMS


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    for name, source in PROGRAMS.items():
        (folder / name).write_bytes(source)
    return folder
