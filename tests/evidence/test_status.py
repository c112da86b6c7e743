"""What each kind of measurement makes of a finding, at and around its thresholds."""

from __future__ import annotations

import math

import pytest

from eiglint.catalogue import RUNTIMES, Runtime
from eiglint.evidence.records import SiteEvidence
from eiglint.evidence.status import measured_fields, settle

from .made import COMPLEX, REAL, UNDIFFERENTIATED, changed

EPS, EPS32 = 2.0**-52, 2.0**-23
DEGENERATE = changed(REAL, digits_lost=12.75, min_gap=1e-12)

CASES: dict[str, tuple[Runtime, SiteEvidence, str, str]] = {
    # phase
    "rounding": ("phase", COMPLEX, "refuted", "exercised 12 times, phase residual at most 12 eps"),
    "a genuine residual": (
        "phase",
        changed(COMPLEX, phase_residual=0.31),
        "confirmed",
        "phase residual up to 0.31 in 12 measured backwards",
    ),
    "no number": ("phase", changed(COMPLEX, phase_residual=math.inf), "confirmed", "infinity"),
    "1000 eps": ("phase", changed(COMPLEX, phase_residual=1e3 * EPS), "refuted", "1000 eps"),
    "above 1000 eps": ("phase", changed(COMPLEX, phase_residual=1.01e3 * EPS), "unsettled", "between rounding and"),
    "1e-8": ("phase", changed(COMPLEX, phase_residual=1e-8), "unsettled", "phase residual 1e-8, between"),
    "above 1e-8": ("phase", changed(COMPLEX, phase_residual=1.01e-8), "confirmed", "1e-8"),
    "above 1e-8, single": ("phase", changed(COMPLEX, phase_residual=1e-6, dtype="complex64"), "refuted", "8.4 eps"),
    "above 1e-3, single": ("phase", changed(COMPLEX, phase_residual=2e-3, dtype="complex64"), "confirmed", "0.002"),
    "real vectors": ("phase", REAL, "unsettled", "real vectors: a sign leaves no trace in a gradient; use --probe"),
    "blind": ("phase", changed(COMPLEX, blind=True), "unsettled", "vectors and gradient are real: a phase leaves no"),
    "moved": ("phase", changed(REAL, probe={"phase": "moves"}), "confirmed", "the loss moved"),
    "moved, though no gradient came to the vectors": (
        "phase",
        changed(REAL, exercised=0, probe={"phase": "moves"}),
        "confirmed",
        "the loss moved",
    ),
    "stayed": ("phase", changed(REAL, probe={"phase": "stays"}), "refuted", "the loss stayed"),
    "stayed, against a genuine residual": (
        "phase",
        changed(COMPLEX, phase_residual=0.31, probe={"phase": "stays"}),
        "confirmed",
        "phase residual",
    ),
    "no verdict": (
        "phase",
        changed(REAL, probe={"phase": "no verdict"}, probe_failure="x changed in place at m.py:3"),
        "unsettled",
        "the probe came to no verdict: x changed in place at m.py:3",
    ),
    "not finite downstream": ("phase", changed(COMPLEX, nonfinite="downstream"), "unsettled", "already downstream"),
    "not finite here": ("phase", changed(COMPLEX, nonfinite="here"), "unsettled", "turns non-finite here"),
    "never differentiated": ("phase", UNDIFFERENTIATED, "not reached", "called 3 times, never differentiated"),
    "values alone": (
        "phase",
        changed(COMPLEX, exercised=0, phase_residual=None),
        "not reached",
        "12 backwards brought a gradient to the values alone",
    ),
    "nothing measured": ("phase", changed(COMPLEX, sampled=0, phase_residual=None), "unsettled", "no backward was"),
    # order
    "order, watched": ("order", COMPLEX, "unsettled", "order leaves no trace in a gradient; use --probe or gaugecheck"),
    "order, values alone": ("order", changed(COMPLEX, exercised=0), "unsettled", "order leaves no trace"),
    "order moved": ("order", changed(COMPLEX, probe={"order": "moves"}), "confirmed", "the loss moved"),
    "order stayed": ("order", changed(COMPLEX, probe={"order": "stays"}), "refuted", "the loss stayed"),
    "order, no verdict": ("order", changed(COMPLEX, probe={"order": "no verdict"}), "unsettled", "no verdict"),
    "order, never differentiated": ("order", UNDIFFERENTIATED, "not reached", "never differentiated"),
    # condition
    "not unitary": ("condition", COMPLEX, "confirmed", "V is not unitary (condition 1.9), its adjoint is not"),
    "singular": ("condition", changed(COMPLEX, condition=math.inf), "confirmed", "condition infinity"),
    "normal": ("condition", changed(COMPLEX, condition=1 + 1e3 * EPS), "refuted", "all matrices met were normal"),
    "nearly normal": ("condition", changed(COMPLEX, condition=1 + 1.1e3 * EPS), "confirmed", "1 + 2.4e-13"),
    "normal, single": ("condition", changed(COMPLEX, condition=1.0001, dtype="complex64"), "refuted", "normal"),
    "not measured": ("condition", changed(COMPLEX, condition=None), "unsettled", "was not measured"),
    "condition, values alone": ("condition", changed(COMPLEX, exercised=0), "confirmed", "not unitary"),
    "condition, never differentiated": ("condition", UNDIFFERENTIATED, "not reached", "never differentiated"),
    # degeneracy
    "well apart": ("degeneracy", REAL, "refuted", "smallest gap 0.2, 14 digits left in 12 measured backwards"),
    "no digits": ("degeneracy", DEGENERATE, "confirmed", "smallest gap 1e-12, 2 digits left"),
    "NaN": ("degeneracy", changed(REAL, nonfinite="here"), "confirmed", "turns non-finite here"),
    "some digits": ("degeneracy", changed(REAL, digits_lost=11.0), "unsettled", "4 digits left"),
    "half of single's digits": (
        "degeneracy",
        changed(REAL, dtype="float32", digits_lost=3.4),
        "refuted",
        "3 digits left",
    ),
    "NaN from downstream": ("degeneracy", changed(REAL, nonfinite="downstream"), "unsettled", "already downstream"),
    "no digits measured": ("degeneracy", changed(REAL, digits_lost=None), "unsettled", "were not measured"),
    "degeneracy, values alone": ("degeneracy", changed(REAL, exercised=0), "not reached", "the values alone"),
    # the argument
    "symmetric after all": ("hermitian", REAL, "confirmed", "|A - A^H| / |A| at most 0 eps"),
    "not symmetric": ("hermitian", COMPLEX, "refuted", "|A - A^H| / |A| up to 0.9"),
    "asymmetric": ("asymmetry", COMPLEX, "confirmed", "|A - A^H| / |A| up to 0.9"),
    "not asymmetric": ("asymmetry", REAL, "refuted", "0 eps"),
    "asymmetry unknown": ("asymmetry", changed(REAL, asymmetry=None), "unsettled", "was not measured"),
    "symmetry unknown": ("hermitian", changed(REAL, asymmetry=None), "unsettled", "was not measured"),
    # vectors beyond min(m, n)
    "infinite downstream": ("nonfinite", changed(REAL, nonfinite="downstream"), "confirmed", "not finite came to"),
    "infinite here": ("nonfinite", changed(REAL, nonfinite="here"), "confirmed", "not finite came to"),
    "always finite": ("nonfinite", REAL, "refuted", "was finite in"),
    "dropped": ("null-gradient", changed(REAL, null_gradient=0.5), "confirmed", "torch dropped a gradient of 0.5"),
    "nothing dropped": ("null-gradient", changed(REAL, null_gradient=0.0), "refuted", "no gradient came to vectors"),
    "a trace dropped": ("null-gradient", changed(REAL, null_gradient=2 * EPS), "unsettled", "2 eps"),
    "unknown": ("null-gradient", REAL, "unsettled", "was measured"),
    # nothing
    "not applicable": ("none", COMPLEX, "not applicable", "nothing that is measured concerns it"),
    # refusals
    "a refusal that was dropped": ("refusal", changed(COMPLEX, refused=2), "confirmed", "torch refused 2 backwards"),
    "nothing to drop": ("refusal", COMPLEX, "unsettled", "torch refused none of"),
    "nothing to drop without a backward": ("refusal", UNDIFFERENTIATED, "not reached", "never differentiated"),
    "refused at rounding": ("refusal-by-size", changed(COMPLEX, refused=1), "confirmed", "residual of 12 eps"),
    "refused rightly": (
        "refusal-by-size",
        changed(COMPLEX, refused=1, phase_residual=0.3),
        "refuted",
        "torch refused rightly: phase residual 0.3",
    ),
    "refused in between": ("refusal-by-size", changed(COMPLEX, refused=1, phase_residual=1e-9), "unsettled", "1e-9"),
    "refused a NaN": ("refusal-by-size", changed(COMPLEX, refused=1, nonfinite="downstream"), "unsettled", "finite"),
    "not refused": ("refusal-by-size", COMPLEX, "unsettled", "torch refused none of"),
    "not refused without a backward": ("refusal-by-size", UNDIFFERENTIATED, "not reached", "never differentiated"),
}


@pytest.mark.parametrize(("kind", "site", "status", "words"), CASES.values(), ids=CASES.keys())
def test_a_measurement_settles_a_finding(kind: Runtime, site: SiteEvidence, status: str, words: str) -> None:
    settled = settle(kind, site)
    assert settled.status == status
    assert words in settled.reason


@pytest.mark.parametrize("kind", RUNTIMES)
def test_every_kind_is_settled_by_fields_that_exist(kind: Runtime) -> None:
    assert settle(kind, COMPLEX).reason
    assert all(hasattr(COMPLEX, name) for name in measured_fields(kind))
