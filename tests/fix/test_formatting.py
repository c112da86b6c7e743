"""However a line is laid out, a fix keeps the layout of what it does not change, and does the same."""

from __future__ import annotations

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from eiglint.fix.syntax import comments_in

from .programs import CASES, Case
from .rewriting import fixed

CHOSEN = [case for case in CASES.values() if case.safe]
SPACES = st.sampled_from(["", " ", "  "])
INDENTS = st.sampled_from(["  ", "    ", "\t"])


@st.composite
def layouts(draw: st.DrawFn) -> tuple[Case, str, str]:
    """Draw a case, and its program before and after in another layout."""
    case = draw(st.sampled_from(CHOSEN))
    indent, end = draw(INDENTS), draw(st.sampled_from(["\n", "\r\n"]))
    around, remark = draw(SPACES), draw(st.sampled_from(["", "  # why", " # ünïcode: V * V"]))
    first, last = draw(st.sampled_from([("", ""), ("(", ")"), ("(\n    ", "\n  )"), ("[\n    ", ",\n  ]")]))
    texts = []
    for body in (case.before, case.after):
        *lines, result = body.split("\n")
        lines = [line.replace(" @ ", f"{around}@{around}") for line in lines]
        value = result.removeprefix("return ").replace(" @ ", f"{around}@{around}").replace("(A, ", f"(A,{around}")
        head = ["import torch", "def f(H: torch.Tensor, G: torch.Tensor, x: torch.Tensor):"]
        cast = "H, G, x = (t.to(torch.complex128) for t in (H, G, x))"
        inside = [cast, *(line + remark for line in lines), f"return {first}{value}{last}{remark}"]
        texts.append(end.join([*head, *(indent + line.replace("\n", end) for line in inside)]) + end)
    return case, texts[0], texts[1]


@settings(max_examples=60, deadline=None)
@given(layouts())
def test_the_layout_does_not_matter(drawn: tuple[Case, str, str]) -> None:
    case, before, after = drawn
    result = fixed(before, select=("EIG1", "EIG4"))
    assert case.code in {finding.code for finding in result.findings}
    assert ast.dump(ast.parse(result.text)) == ast.dump(ast.parse(after))
    assert set(comments_in(before)) <= set(comments_in(result.text))
    assert ("\r\n" in before) == ("\r\n" in result.text)
    assert result.text.count("\n") == after.count("\n")
    assert fixed(result.text, select=(case.code,)).text == result.text
