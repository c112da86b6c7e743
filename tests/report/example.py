"""One report that has everything in it: two files, a notebook cell, a path across files, skipped files."""

from eiglint.findings import Edit, Finding, Fix, Place, Report, Site, Skipped, Source, Step

SOURCE = b"""import torch

def loss(A):
    L, V = torch.linalg.eig(A)

    # a tab and an umlaut: \xc3\xa4
\tx = V * V
    return x.sum()
"""

CONJUGATE = Finding(
    code="EIG104",
    name="missing-conjugate",
    group="phase",
    severity="error",
    certainty="definite",
    place=Place("model.py", 7, 6, 7, 11),
    message="a conjugate is missing, 50% sure: `V * V`",
    help="write `V * V.conj()`",
    source=Source("model.py", 4, 12, "torch.linalg.eig"),
    trace=(
        Step("model.py", 4, 12, "decomposed here"),
        Step("model.py", 7, 6, "charge doubled here"),
        Step("other file.py", 3, 1, "in call to `f`"),
    ),
    fix=Fix("safe", (Edit(7, 10, 7, 11, "V.conj()"),)),
)
IN_CELL = Finding("EIG000", "reveal-gauge", "note", "info", "definite", Place("n.ipynb", 2, 1, 2, 9), "neutral", cell=3)
REPORT = Report(
    findings=(CONJUGATE, IN_CELL),
    sites=(
        Site(Place("model.py", 4, 12, 4, 31), "torch.linalg.eig", "yes", "dependent", "dependent", "dependent"),
        Site(Place("model.py", 9, 1, 9, 9), "torch.linalg.eigh", "no", "invariant", "none", "dependent"),
        Site(Place("n.ipynb", 2, 1, 2, 9), "torch.linalg.svd", "unknown", "leaves", "none", "unknown", cell=3),
    ),
    files=3,
    skipped=(Skipped("long.py", "longer than 30,000 lines"),),
    unknown_callees=(("f", 2),),
)
