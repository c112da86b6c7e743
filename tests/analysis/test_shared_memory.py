"""Writing in place: who sees what was written."""

from __future__ import annotations

import pytest

from tests.analysis.reading import answers

OPEN = "    V = torch.linalg.eigh(A).eigenvectors\n"


def answer(body: str) -> str:
    """Return what is said of a function whose body has V and `out`, a matrix of zeros."""
    lines = [f"    {line}" for line in body.splitlines()]
    return answers("def f(A):\n" + OPEN + "    out = torch.zeros(4, 4)\n" + "\n".join(lines) + "\n")["f"]


@pytest.mark.parametrize(
    "body",
    [
        "other = out.clone()\nother[0] = V[0]\nreturn out.exp()",
        "import copy\nother = copy.deepcopy(out)\nother += V\nreturn out.exp()",
        "other = out + 1\nother[0] = V[0]\nreturn out.exp()",
        "other = torch.zeros(4, 4)\nother += V\nreturn out.exp()",
        "other = out\nout = torch.ones(4, 4)\nother += V\nreturn out.exp()",
        "other = out\nother = other + V\nreturn out.exp()",
    ],
)
def test_what_is_written_to_a_copy_stays_there(body: str) -> None:
    assert answer(body) == "silent"


@pytest.mark.parametrize(
    "body",
    [
        "other = out\nother[0] = V[0]\nreturn out.exp()",
        "other = out\nother += V\nreturn out.exp()",
        "out, other = out, out\nother.add_(V)\nreturn out.exp()",
        "pair = (out, 1)\npair[0].add_(V)\nreturn out.exp()",
        "row = out[0]\nrow += V[0]\nreturn out.exp()",
        "held = [out]\nout.add_(V)\nreturn held[0].exp()",
        "def write(target):\n    target[0] = V[0]\nwrite(out)\nreturn out.exp()",
        "def write(target):\n    target[0] = V[0]\nwrite(target=out)\nreturn out.exp()",
    ],
)
def test_what_is_written_under_another_name_is_seen(body: str) -> None:
    assert answer(body) == "broken"


@pytest.mark.parametrize(
    "body",
    [
        "part = out.view(2, 8)\npart += V.view(2, 8)\nreturn out.exp()",
        "row = out[1:][0]\nrow.copy_(V[0])\nreturn out.exp()",
        "part = out.T\npart.add_(V)\nreturn out.exp()",
        "part, _ = out.chunk(2)\npart += V[:2]\nreturn out.exp()",
        "other = out\nif A.sum() > 0:\n    other[0] = 1.0\nother += V\nreturn out.exp()",
    ],
)
def test_what_is_written_through_a_view_that_no_index_describes_is_not_called_fine(body: str) -> None:
    assert answer(body) in ("unknown", "broken")


def test_a_write_that_does_not_move_is_none() -> None:
    assert answer("row = out[0]\nrow += V[0].square()\nreturn out.exp()") == "fine"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("try:\n    return out\nfinally:\n    return V.exp()", "broken"),
        ("try:\n    return V.exp()\nfinally:\n    return out", "silent"),
        ("try:\n    return out\nfinally:\n    V.exp()", "silent"),
        ("try:\n    W = V.exp()\nfinally:\n    return W", "broken"),
    ],
)
def test_a_return_in_finally_replaces_the_one_before(body: str, said: str) -> None:
    assert answer(body) == said
