"""Members of sequences of unknown length, and the other ways of fetching values from containers."""

from __future__ import annotations

import pytest

from tests.analysis.reading import answers

LISTED = "def vs_of(As):\n    return [torch.linalg.eigh(A).eigenvectors[:, 0] for A in As]\n"
GENERATED = "def vs_of(As):\n    for A in As:\n        yield torch.linalg.eigh(A).eigenvectors[:, 0]\n"


def answer(body: str, source: str = LISTED) -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return answers(source + "def f(As):\n    vs = vs_of(As)\n" + lines)["f"]


@pytest.mark.parametrize(
    "body",
    [
        "return [a[:, None] * b for a, b in zip(vs, vs)]",
        "return [a[:, None] * a for a in vs]",
        "return [a[:, None] * b for a, b in zip(vs[1:], vs[1:])]",
        "return vs[0][:, None] * vs[0]",
        "return [vs[i][:, None] * vs[i] for i in range(len(vs))]",
        "a = vs.pop()\nreturn a[:, None] * a",
        "a, *rest = vs\nreturn [r[:, None] * r for r in rest]",
    ],
)
def test_a_member_pairs_with_itself(body: str) -> None:
    assert answer(body) == "fine"


@pytest.mark.parametrize(
    "body",
    [
        "return [(a * b).sum().exp() for a, b in zip(vs, vs[1:])]",
        "return [(a * b).sum().exp() for a in vs for b in vs]",
        "return (vs[0] * vs[1]).sum().exp()",
        "return [(vs[i] * vs[i + 1]).sum().exp() for i in range(len(vs) - 1)]",
        "return (vs.pop() * vs.pop()).sum().exp()",
        "a, *rest = vs\nreturn [(a * r).sum().exp() for r in rest]",
        "import itertools\nreturn [(a * b).sum().exp() for a, b in itertools.product(vs, vs)]",
    ],
)
def test_two_members_do_not_pair(body: str) -> None:
    assert answer(body) == "broken"


def test_two_values_from_a_generator_do_not_pair() -> None:
    assert answer("a = next(vs)\nb = next(vs)\nreturn (a * b).sum().exp()", GENERATED) == "broken"
    assert answer("a = next(vs)\nreturn a[:, None] * a", GENERATED) == "fine"


def test_a_starred_generator_brings_what_it_yields() -> None:
    assert answer("return torch.stack([*vs]).exp()", GENERATED) in ("unknown", "broken")
    assert answer("return torch.stack([*vs]).abs().exp()", GENERATED) == "fine"


def test_what_is_put_behind_a_list_does_not_replace_it() -> None:
    assert answer("return torch.stack(vs + [x]).exp()") in ("unknown", "broken")
    assert answer("return torch.stack(vs * len(As)).exp()") in ("unknown", "broken")


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ("*A.shape[:-2], 1, 1", "silent"),
        ("(*A.shape[:-2], 1, 1)", "silent"),
        ("A.shape[:-2] + (1, 1)", "silent"),
        ("*A.shape[:-2], 2, 1", "broken"),
        ("2, *A.shape[:-2]", "broken"),
    ],
)
def test_copies_for_a_batch_of_unknown_rank_keep_a_diagonal(sizes: str, expected: str) -> None:
    text = f"""
    def f(A):
        U, S, Vh = torch.linalg.svd(A)
        D = torch.eye(3).repeat({sizes})
        return U @ D @ Vh
    """
    assert answers(text)["f"] == expected


def test_members_that_share_a_decomposition_pair() -> None:
    text = """
    def f(A, weights):
        V = torch.linalg.eigh(A).eigenvectors
        parts = [V * w for w in weights]
        return parts[0] @ parts[1].mT
    """
    assert answers(text)["f"] in ("fine", "unknown")


def test_a_function_made_in_a_comprehension_keeps_its_variables() -> None:
    text = """
    def f(A):
        scalings = [lambda x: v * x for v in torch.linalg.eigh(A).eigenvectors.T]
        return scalings[0](A).exp()
    """
    assert answers(text)["f"] == "broken"


FIELDS = """
from collections import namedtuple
from dataclasses import asdict, astuple, dataclass, replace
from functools import cached_property

Pair = namedtuple("Pair", "values, vectors")

@dataclass
class Modes:
    values: torch.Tensor
    vectors: torch.Tensor

    @cached_property
    def basis(self):
        return torch.linalg.qr(self.values).Q

def made(A):
    return Modes(*torch.linalg.eigh(A))
"""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Pair(*torch.linalg.eigh(A)).values.exp()", "fine"),
        ("Pair(*torch.linalg.eigh(A)).vectors.exp()", "broken"),
        ("Pair(*torch.linalg.eigh(A))._replace(vectors=A).vectors.exp()", "silent"),
        ("torch.linalg.eigh(A)._replace(eigenvectors=A)[1].exp()", "silent"),
        ("replace(made(A), vectors=A).vectors.exp()", "silent"),
        ("replace(made(A), values=A).vectors.exp()", "broken"),
        ("made(A).__dict__['vectors'].exp()", "broken"),
        ("vars(made(A))['values'].exp()", "fine"),
        ("asdict(made(A))['vectors'].exp()", "broken"),
        ("astuple(made(A))[1].exp()", "broken"),
    ],
)
def test_fields_are_followed_by_name(value: str, said: str) -> None:
    assert answers(f"{FIELDS}\ndef f(A):\n    return {value}\n")["f"] == said


def test_a_cached_property_is_computed_once() -> None:
    assert answers(f"{FIELDS}\ndef f(A):\n    m = Modes(A, A)\n    return m.basis @ m.basis.mT\n")["f"] == "silent"


def test_an_object_that_can_be_walked_is_unpacked() -> None:
    text = """
    class Modes:
        def __init__(self, values, vectors):
            self.values, self.vectors = values, vectors
        def __iter__(self):
            return iter((self.values, self.vectors))
    def f(A):
        values, vectors = Modes(*torch.linalg.eigh(A))
        return vectors.exp()
    def g(A):
        values, vectors = Modes(*torch.linalg.eigh(A))
        return values.exp()
    """
    found = answers(text)
    assert (found["f"], found["g"]) == ("broken", "fine")


def test_a_dictionary_of_many_entries_is_made_in_one_go() -> None:
    entries = ", ".join(f"'k{i}': {i}" for i in range(5000))
    text = f"D = {{{entries}}}\ndef f(A):\n    return torch.linalg.eigh(A).eigenvectors.exp() * D['k7']\n"
    assert answers(text)["f"] == "broken"


def test_an_object_takes_its_methods_along_into_another_file() -> None:
    text = """
    from far import use, pick
    class Operation:
        def go(self, A):
            return torch.linalg.eigh(A).eigenvectors
    def by_object(A):
        return use(Operation(), A).exp()
    def by_dictionary(A):
        return pick({"f": lambda x: torch.linalg.eigh(x).eigenvectors}, A).exp()
    """
    far = "def use(op, A):\n    return op.go(A)\ndef pick(d, A):\n    return d['f'](A)\n"
    found = answers(text, {"far": far})
    assert (found["by_object"], found["by_dictionary"]) == ("broken", "broken")
