"""Records of evidence: single ones as a run would leave them, and any at all for properties."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_args

from hypothesis import strategies as st

from eiglint.evidence.records import Evidence, Family, Nonfinite, Pass, Probe, SiteEvidence

COMPLEX = SiteEvidence(
    path="model.py",
    line=5,
    call="torch.linalg.eig",
    family="eig",
    calls=12,
    backwards=12,
    exercised=12,
    sampled=12,
    shape=(4, 4),
    dtype="complex128",
    device="cpu",
    phase_residual=2.0**-52 * 12,
    min_gap=0.2,
    digits_lost=1.0,
    amplification=3.0,
    asymmetry=0.9,
    condition=1.9,
)
"""Well in all respects: complex vectors, a residual of 12 eps."""
REAL = replace(
    COMPLEX,
    call="torch.linalg.eigh",
    family="eigh",
    dtype="float64",
    phase_residual=None,
    blind=True,
    asymmetry=0.0,
    condition=None,
)
"""Real vectors, of whose signs a backward shows nothing."""
UNDIFFERENTIATED = SiteEvidence("model.py", 5, "torch.linalg.eig", "eig", calls=3)


def changed(site: SiteEvidence, **values: Any) -> SiteEvidence:
    """Return a site of evidence with other measurements."""
    return replace(site, **values)


SIZES = st.none() | st.floats(0, 1e9) | st.just(float("inf"))
COUNTS = st.integers(0, 10**6)
WORDS = st.sampled_from(["a", "b", "c"])
PATHS = st.sampled_from(["a.py", "sub/b.py", "../outside.py", "/elsewhere/c.py", "<stdin>"])
BY_KIND = {
    "int": COUNTS,
    "bool": st.booleans(),
    "float | None": SIZES,
    "Nonfinite": st.sampled_from(get_args(Nonfinite)),
    "tuple[int, ...] | None": st.none() | st.lists(st.integers(0, 99), max_size=3).map(tuple),
    "tuple[str, ...]": st.lists(WORDS, unique=True, max_size=3).map(sorted).map(tuple),
    "Mapping[str, Probe]": st.dictionaries(
        st.sampled_from(["phase", "order", "rotation"]), st.sampled_from(get_args(Probe)), max_size=3
    ),
    "str | None": st.none() | WORDS,
    "str": WORDS,
}
OF_ONE_LINE = {
    "path": PATHS,
    "line": st.integers(1, 3),
    "call": st.sampled_from(["torch.linalg.eigh", "torch.linalg.svd"]),
    "family": st.sampled_from(get_args(Family)),
    "dtype": st.none() | st.sampled_from(["float32", "float64", "complex64", "complex128"]),
}
SITES = st.builds(
    SiteEvidence,
    **{each.name: OF_ONE_LINE.get(each.name, BY_KIND.get(str(each.type))) for each in fields(SiteEvidence)},
)
UNIQUE_SITES = st.lists(SITES, max_size=4, unique_by=lambda site: (site.path, site.line, site.call)).map(tuple)
PASSES = st.builds(
    Pass,
    st.dictionaries(PATHS, st.frozensets(st.integers(1, 99), min_size=1, max_size=3), min_size=1, max_size=3),
    UNIQUE_SITES,
)
EVIDENCE = st.builds(
    Evidence,
    sites=UNIQUE_SITES,
    passes=st.lists(PASSES, max_size=2, unique_by=lambda one: tuple(sorted(one.lines))).map(tuple),
    files=st.lists(PATHS, unique=True, max_size=3).map(tuple),
    followed=st.booleans(),
    hook=st.sampled_from(["engine", "function mode"]),
    torch=st.sampled_from(["", "2.11", "2.13"]),
    unobserved=st.lists(WORDS, unique=True, max_size=3).map(tuple),
)
