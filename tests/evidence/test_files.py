"""A file of evidence: what is written comes back, from wherever it is read, and nothing else passes for it."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from eiglint.evidence.files import EvidenceError, as_record, from_record, read, write
from eiglint.evidence.merge import moved
from eiglint.evidence.records import Evidence

from .made import COMPLEX, EVIDENCE, changed


def whole_paths(evidence: Evidence) -> Evidence:
    """The same evidence with absolute paths, as reading gives it."""
    return moved(evidence, lambda path: path if path.startswith("<") else os.path.abspath(path))


@settings(max_examples=40, deadline=None)
@given(EVIDENCE)
def test_what_is_written_comes_back_with_absolute_paths(evidence: Evidence) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evidence.json"
        write(path, evidence)
        assert read(path) == whole_paths(evidence)
        before = path.read_bytes()
        write(path, read(path))
        assert path.read_bytes() == before


@settings(max_examples=40, deadline=None)
@given(EVIDENCE)
def test_plain_data_is_strict_json_and_comes_back(evidence: Evidence) -> None:
    text = json.dumps(as_record(evidence), allow_nan=False)
    assert from_record(json.loads(text)) == evidence


def test_infinity_is_a_word_and_what_is_no_number_was_not_measured(tmp_path: Path) -> None:
    site = changed(COMPLEX, condition=math.inf, amplification=math.nan, digits_lost=-math.inf)
    write(tmp_path / "e.json", Evidence(sites=(site,)))
    (stored,) = json.loads((tmp_path / "e.json").read_text())["sites"]
    assert (stored["condition"], stored["amplification"], stored["digits_lost"]) == ("inf", None, "-inf")
    (back,) = read(tmp_path / "e.json").sites
    assert (back.condition, back.amplification, back.digits_lost) == (math.inf, None, -math.inf)


def test_paths_below_the_file_move_with_it_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "src").mkdir(parents=True)
    monkeypatch.chdir(old)
    sites = tuple(changed(COMPLEX, path=path) for path in ("src/m.py", str(tmp_path / "far.py"), "<stdin>"))
    write("e.json", Evidence(sites=sites))
    assert [site["path"] for site in json.loads(Path("e.json").read_text())["sites"]] == [
        "src/m.py",
        str(tmp_path / "far.py"),
        "<stdin>",
    ]
    monkeypatch.chdir(tmp_path)
    old.rename(new)
    assert [site.path for site in read("new/e.json").sites] == [
        str(new / "src" / "m.py"),
        str(tmp_path / "far.py"),
        "<stdin>",
    ]


def test_a_link_to_the_folder_does_not_make_its_files_foreign(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "real" / "e.json", Evidence(files=(str(tmp_path / "link" / "m.py"),)))
    assert json.loads((tmp_path / "real" / "e.json").read_text())["files"] == ["m.py"]


SITE = as_record(Evidence(sites=(COMPLEX,)))["sites"][0]  # type: ignore[index]


def whole(**changes: Any) -> dict[str, Any]:
    return as_record(Evidence(sites=(COMPLEX,))) | changes


REFUSED: dict[str, tuple[object, str]] = {
    "a list": ([], "the key `evidence` is missing"),
    "another object": ({"findings": []}, "the key `evidence` is missing"),
    "another format": (whole(evidence=2), "format 2 of evidence"),
    "no sites": ({key: value for key, value in whole().items() if key != "sites"}, "the key `sites` is missing"),
    "sites that are no list": (whole(sites={}), "`sites` is not a list"),
    "a site that is no object": (whole(sites=[3]), "sites[0] is not an object"),
    "a site without its line": (
        whole(sites=[{key: value for key, value in SITE.items() if key != "line"}]),
        "sites[0]: the key `line` is missing",
    ),
    "a line that is no number": (whole(sites=[SITE | {"line": "5"}]), 'sites[0].line is "5", which is no int'),
    "a count that is a truth": (whole(sites=[SITE | {"calls": True}]), "sites[0].calls is true"),
    "a size in words": (whole(sites=[SITE | {"min_gap": "small"}]), 'sites[0].min_gap is "small"'),
    "an unknown family": (whole(sites=[SITE | {"family": "lu"}]), 'sites[0].family is "lu"'),
    "an unknown verdict of a probe": (whole(sites=[SITE | {"probe": {"phase": "jumps"}}]), "sites[0].probe"),
    "lines that are no numbers": (whole(passes=[{"lines": {"a.py": ["x"]}, "sites": []}]), "passes[0].lines is"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_evidence_is_refused_by_name(tmp_path: Path, content: object, message: str) -> None:
    path = tmp_path / "e.json"
    path.write_text(json.dumps(content))
    with pytest.raises(EvidenceError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000], ids=["empty", "cut", "bytes", "deep"])
def test_what_is_no_json_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "e.json").write_bytes(content)
    with pytest.raises(EvidenceError, match=r"e\.json: not a file of evidence: not JSON"):
        read(tmp_path / "e.json")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"e\.json: cannot be read: No such file or directory"):
        read(tmp_path / "e.json")


def test_a_key_that_a_later_version_adds_is_passed_over() -> None:
    assert from_record(whole(more=1, sites=[SITE | {"more": 1}])).sites == (COMPLEX,)


def test_a_failed_write_says_so_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"e\.json: cannot be written: No such file or directory"):
        write(tmp_path / "nowhere" / "e.json", Evidence())
    (tmp_path / "folder").mkdir()
    with pytest.raises(EvidenceError, match="folder: cannot be written: Is a directory"):
        write(tmp_path / "folder", Evidence())
    write(tmp_path / "e.json", Evidence())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.json", "folder"]


def test_a_device_is_written_to_and_not_replaced() -> None:
    before = os.stat(os.devnull).st_mode
    write(os.devnull, Evidence())
    assert os.stat(os.devnull).st_mode == before
