"""Messages, sources and the stations of the path from the decomposition to the result."""

from __future__ import annotations

import pytest

from tests.judge.reading import findings, notes, only, source_line

TEXT = """
    def f(A):
        L, V = torch.linalg.eigh(A)
        v = V[:, 0]
        w = v.sum()
        return w
"""


def test_the_finding_names_its_decomposition() -> None:
    found = only(TEXT.replace("v.sum()", "nn.functional.relu(v)"))
    assert found.source is not None
    assert found.source.call == "torch.linalg.eigh"
    assert "`torch.linalg.eigh`" in found.message
    assert f"(line {found.source.line})" in found.message
    assert source_line(TEXT, found).startswith("w =")


def test_the_path_begins_at_the_decomposition_and_ends_at_the_result() -> None:
    found = only(TEXT.replace("v.sum()", "nn.functional.relu(v)"))
    assert notes(found) == [
        "decomposed here",
        "column picked here",
        "nonlinear function applied here",
        "becomes the result here",
    ]
    lines = [step.line for step in found.trace]
    assert lines == sorted(lines)
    assert found.source is not None
    assert found.trace[0].line == found.source.line


@pytest.mark.parametrize(
    ("ending", "note"),
    [
        ("return x", "becomes the result here"),
        ("yield x", "becomes a result here"),
        ("self.x = x", "stored here"),
        ("x.backward()", "becomes the loss here"),
    ],
)
def test_the_last_station_says_how_the_result_is_reached(ending: str, note: str) -> None:
    found = only(f"""
        class Model(nn.Module):
            def forward(self, A):
                L, V = torch.linalg.eigh(A)
                x = V.sum()
                {ending}
    """)
    assert notes(found)[-1] == note


def test_a_result_at_the_place_of_the_cause_has_no_station_of_its_own() -> None:
    found = only("""
        def f(A):
            L, V = torch.linalg.eigh(A)
            V.sum().backward()
    """)
    assert notes(found)[0] == "decomposed here"
    assert len(set(found.trace)) == len(found.trace)


def test_findings_come_in_the_order_of_the_text() -> None:
    found = findings("""
        def f(A):
            L, V = torch.linalg.eigh(A)
            b = V.mean()
            a = nn.functional.relu(V)
            return a, b

        def g(A):
            return torch.linalg.eigh(A)[1].sum()
    """)
    assert [f.line for f in found] == sorted(f.line for f in found)
    assert len(found) == 3


def test_a_revealed_value_is_a_note_in_words() -> None:
    found = only("""
        def f(A):
            L, V = torch.linalg.eigh(A)
            reveal_gauge(V)
            return L
    """)
    assert (found.code, found.certainty, found.severity) == ("EIG000", "definite", "info")
    assert "sign carried: +1 on axis -1" in found.message


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("A", "invariant"),
        ("V @ V.mH", "phase invariant"),
        ("V.real", "an arbitrary function of it"),
        ("V.sum()", "lost (sum)"),
        ("L", "order carried: axis -1"),
        ("L[0]", "order lost (position picked)"),
        ("L.abs().argmax()", "points at pairs"),
        ("V[:, 0]", "+1 on column 0"),
        ("3", "not a tensor"),
    ],
)
def test_each_state_has_its_words(value: str, words: str) -> None:
    found = [
        f
        for f in findings(f"""
            def f(A):
                L, V = torch.linalg.eig(A)
                reveal_gauge({value})
                return 0
        """)
        if f.code == "EIG000"
    ]
    assert len(found) == 1
    assert words in found[0].message
