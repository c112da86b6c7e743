"""Vectors that an object keeps: what its other methods made of them may come back as an argument."""

from __future__ import annotations

from eiglint import check_source
from eiglint.findings import Report

CLASS = """
import torch

class Components:
    def fit(self, x):
        _, _, Vh = torch.linalg.svd(x, full_matrices=False)
        self.Vh = Vh[:3]

    def transform(self, x):
        return x @ self.Vh.T

    def inverse_transform(self, z):
        return z @ self.Vh
"""


def checked(more: str) -> Report:
    return check_source(CLASS + more)


def test_an_argument_may_hold_coefficients_of_vectors_that_are_kept() -> None:
    report = checked("")
    assert report.findings == ()
    assert [site.phase for site in report.sites] == ["unknown"]


def test_a_caller_in_sight_says_what_the_argument_is() -> None:
    call = "\ndef {}(x, z):\n    c = Components()\n    c.fit(x)\n    return c.inverse_transform({}).sum()\n"
    there_and_back = checked(call.format("smoothed", "c.transform(x)"))
    assert [f.code for f in there_and_back.findings if f.code.startswith("EIG1")] == []
    foreign = checked(call.format("mixed", "z"))
    assert [f.code for f in foreign.findings if f.code.startswith("EIG1")] == ["EIG102"]


def test_vectors_made_in_the_same_function_do_not_wait_for_their_argument() -> None:
    source = "import torch\n\ndef f(A, z):\n    _, V = torch.linalg.eigh(A)\n    return V @ z\n"
    assert [f.code for f in check_source(source).findings] == ["EIG102"]
