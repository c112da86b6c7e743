"""A promise is kept, broken, or was never measured; it is held against the decompositions that it speaks of."""

from __future__ import annotations

import pytest

from eiglint.evidence.promises import hold, keeping_of
from eiglint.evidence.records import SiteEvidence
from eiglint.source.promises import Word, read_promises

from .made import COMPLEX, REAL, UNDIFFERENTIATED, changed

EPS = 2.0**-52
CASES: list[tuple[Word, SiteEvidence, str, str]] = [
    ("distinct", REAL, "kept", "smallest gap 0.2 of the largest value, in 12 measured backwards"),
    ("distinct", changed(REAL, min_gap=1e3 * EPS), "broken", "smallest gap 2.2e-13"),
    ("distinct", changed(REAL, min_gap=1.1e3 * EPS), "kept", "smallest gap 2.4e-13"),
    ("distinct", changed(REAL, min_gap=1e-5, dtype="float32"), "broken", "smallest gap 1e-5"),
    ("distinct", changed(REAL, sampled=0), "not measured", "no backward measured a gap"),
    ("distinct", UNDIFFERENTIATED, "not measured", "no backward measured a gap"),
    ("distinct", changed(REAL, family="qr"), "not measured", "qr has no values"),
    ("hermitian", REAL, "kept", "at most 0 eps"),
    ("hermitian", changed(REAL, asymmetry=1e-12), "broken", "|A - A^H| / |A| up to 1e-12"),
    ("hermitian", changed(REAL, asymmetry=1e-5, dtype="float32"), "kept", "at most 84 eps"),
    ("hermitian", UNDIFFERENTIATED, "not measured", "asymmetry"),
    ("real", REAL, "kept", "float64"),
    ("real", changed(REAL, dtype="complex64"), "broken", "the vectors are complex64"),
    ("real", COMPLEX, "not measured", "torch.linalg.eig returns complex numbers for real matrices too"),
    ("real", changed(REAL, dtype=None), "not measured", "the dtype was not seen"),
    ("complex", REAL, "broken", "the vectors are float64"),
    ("complex", changed(REAL, dtype="complex128"), "kept", "complex128"),
    ("ordered", COMPLEX, "not measured", "only a probe sees order"),
    ("ordered", changed(COMPLEX, probe={"order": "moves"}), "broken", "the loss moved"),
    ("ordered", changed(COMPLEX, probe={"order": "stays"}), "kept", "the loss stayed"),
    ("ordered", changed(COMPLEX, probe={"order": "no verdict"}), "not measured", "only a probe"),
]


@pytest.mark.parametrize(("word", "site", "keeping", "words"), CASES)
def test_a_promise_is_held_against_a_measurement(word: Word, site: SiteEvidence, keeping: str, words: str) -> None:
    said = keeping_of(word, site)
    assert said[0] == keeping
    assert words in said[1]


TEXT = """\
x = f(
    torch.linalg.eigh(A),  # eiglint: assume distinct
    torch.linalg.eigh(B),
)  # eiglint: assume hermitian
y = 1  # eiglint: assume real
"""


def test_a_promise_speaks_of_its_own_line_or_else_of_the_whole_statement() -> None:
    sites = [changed(REAL, line=2), changed(REAL, line=3), changed(REAL, path="other.py", line=5)]
    held = hold(read_promises(TEXT, "model.py").promises, sites)
    assert [(one.promise.word, one.keeping, one.site.line if one.site else None) for one in held] == [
        ("distinct", "kept", 2),
        ("hermitian", "kept", 2),
        ("hermitian", "kept", 3),
        ("real", "not measured", None),
    ]
    assert held[-1].reason == "no decomposition of this statement was seen"
