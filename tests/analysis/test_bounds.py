"""Hostile programs: deep, endless, huge, or beyond what the interpreter understands."""

from __future__ import annotations

import sys
import time

import pytest

from eiglint.analysis import Settings
from tests.analysis.reading import answers, lowered, outcome_of


def test_a_sum_of_a_thousand_terms_is_followed_and_the_recursion_limit_restored() -> None:
    before = sys.getrecursionlimit()
    terms = " + ".join(["V.sum()"] * 1000)
    found = answers(f"def loss(A):\n    V = torch.linalg.eigh(A)[1]\n    return {terms}\n")
    assert found["loss"] == "broken"
    assert sys.getrecursionlimit() == before


def test_a_chain_of_five_hundred_calls_is_followed() -> None:
    chain = "".join([".abs()"] * 500)
    found = answers(f"def loss(A):\n    return torch.linalg.eigh(A)[1]{chain}.sum()\n")
    assert found["loss"] in ("silent", "fine")


def test_exponential_call_trees_stop_at_the_budget_and_say_so() -> None:
    lines = ["def f0(A):\n    return torch.linalg.eigh(A)[1].sum()"]
    lines += [f"def f{i}(A):\n    return " + " + ".join([f"f{i - 1}(A)"] * 6) for i in range(1, 9)]
    start = time.monotonic()
    outcome = outcome_of("\n".join(lines), settings=Settings(budget=20_000))
    assert time.monotonic() - start < 30
    assert [t.path for t in outcome.truncated] == ["program.py"]


GRAPH = """\
class Node:
    def __init__(self, tensor):
        self.tensor = tensor
        self.edges = []


class Edge:
    def __init__(self, a, b):
        self.a, self.b = a, b
        self.name = None


def connect(a, b):
    edge = Edge(a, b)
    a.edges.append(edge)
    b.edges.append(edge)
    return edge


def contract(edge):
    node = Node(edge.a.tensor @ edge.b.tensor)
    for other in edge.a.edges + edge.b.edges:
        if other is not edge:
            if other.a is edge.a:
                other.a = node
            else:
                other.b = node
            node.edges.append(other)
    return node


def network(A, order):
    V = torch.linalg.eigh(A).eigenvectors
    nodes = [Node(V) for _ in range(4)]
    edges = [connect(a, b) for a in nodes for b in nodes]
    for i in order:
        node = contract(edges[i])
        nodes.append(node)
        if node.edges:
            edges.append(node.edges[0])
    return nodes[-1].tensor
"""


def test_a_graph_whose_nodes_lead_to_each_other_ends_at_the_budget_and_says_so() -> None:
    outcome = outcome_of(GRAPH, settings=Settings(budget=20_000))
    assert [t.path for t in outcome.truncated] == ["program.py"]


def test_a_root_that_takes_too_long_does_not_take_the_others_along() -> None:
    slow = "def slow(A):\n" + "    A = A + torch.linalg.eigh(A)[0].sum()\n" * 3000
    outcome = outcome_of(
        slow + "\ndef quick(A):\n    return torch.linalg.eigh(A)[1].sum()\n", settings=Settings(budget=8_000)
    )
    assert outcome.truncated
    assert any(r.how == "returned" for r in outcome.reached)


@pytest.mark.parametrize(
    "line",
    [
        "x = undefined_name[1:2, ...].foo(*bar, **baz)(1)",
        "x = [*A, *range(3), *unknown()]",
        "x = {**A, 'a': 1, **{'b': A}}",
        "a, (b, *c), d = A, unknown(), 3",
        "for A.x, y[0] in zip(A, unknown()): pass",
        "del A[0], x",
        "x = lambda *a, k=1, **kw: (a, k, kw)\n    x(1, *A, k=2, z=3)",
        "x = (yield A)",
        "x = [i for j in A for i in j if i if j]",
        "x = A if A else not A",
        "x = 'a' 'b' % A + f'{A!r:>{A}}'",
        "async def g():\n        async for i in A: await i\n        async with A as b: pass",
        "try:\n        raise ValueError\n    except* ValueError as e:\n        raise\n    finally:\n        x = 1",
        "class X(A, metaclass=B):\n        y: int = 1\n        def m(self): return super().m()\n    X().m()",
        "global q\n    q = A",
        "x = 2 ** 10 ** 10\n    y = 'a' * 10 ** 9\n    z = 1 << 10 ** 8",
        "x = [[]] * 3\n    x[0].append(x)\n    return x",
        "while A:\n        if A: continue\n        break\n    else:\n        x = 1",
        "import a.b.c as d, e\n    from ..... import f\n    from . import *",
        "x = slice(1)\n    A[x, None, ::2, [1, 2], ...] += 1",
        "A.data[0] = A.real\n    A.real = 1\n    A.x.y.z = A",
        "x = max(A, key=len, default=None), min(1, 2), sum([]), sorted(A), list(map(len, A))",
        "x = torch.stack([])\n    y = torch.einsum('ij,jk', A)\n    z = torch.cat()",
        "with open('f') as f, torch.no_grad(), unknown() as (p, q): pass",
        "match A:\n        case [x, *_] if x: pass\n        case {'k': v, **r}: pass\n        case int(): return",
    ],
)
def test_odd_code_is_survived(line: str) -> None:
    outcome_of(f"def odd(A):\n    V = torch.linalg.eigh(A)[1]\n    {line}\n    return V.sum()\n")


def test_an_error_inside_one_root_is_told_and_loses_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from eiglint.analysis import analyse, statements
    from eiglint.ir import instructions as ir

    monkeypatch.delitem(statements.HANDLERS, ir.Assert)
    module = lowered("""
        def breaks(A):
            assert torch.linalg.eigh(A)[0].min() > 0

        def works(A):
            return torch.linalg.eigh(A)[1].sum()
    """)
    outcome = analyse({"program": module}, lambda name: None)
    assert len(outcome.crashes) == 1
    assert outcome.crashes[0].path == "program.py"
    assert any(r.how == "returned" for r in outcome.reached)


def test_a_long_text_that_is_read_once_is_never_cut_off() -> None:
    lines = "".join(f"    x = x + f({n})\n" for n in range(400))
    outcome = outcome_of(
        f"def f(n):\n    return n\n\ndef long(A):\n    x = torch.linalg.eigh(A)[1].sum()\n{lines}    return x\n",
        settings=Settings(budget=6000),
    )
    assert not outcome.truncated


REGISTRY = """\
import torch
import library

def decompose(A):
    return torch.linalg.eigh(A)[1]

def rule(A):
    return decompose(A).exp()

library.register(rule)
"""


def test_what_an_imported_file_gives_away_is_run_with_that_file_and_not_with_every_importer() -> None:
    importing = "from registry import decompose\n\ndef loss(A):\n    return decompose(A).square().sum()\n"
    outcome = outcome_of(importing, {"registry": REGISTRY})
    assert len(outcome.decomposed) == 1
    assert not outcome.reached
    assert outcome_of(REGISTRY).reached


def test_a_function_that_comes_to_no_decomposition_is_left_and_the_next_one_is_read() -> None:
    spun = "    for a in A:\n        for b in a:\n            for c in b:\n                A = step(A, c)\n" * 12
    outcome = outcome_of(
        "def decompose(A):\n    return torch.linalg.eigh(A)[1]\n\n"
        "def step(A, c):\n    return A + c\n\n"
        f"def idle(A):\n{spun}    return decompose(A).sum()\n\n"
        "def quick(A):\n    return decompose(A).sum()\n",
        settings=Settings(patience=20),
    )
    assert [t.reason for t in outcome.truncated] == ["came to no decomposition in 20 steps"]
    assert len(outcome.reached) == 1


def test_a_method_that_takes_too_long_does_not_take_its_class_along() -> None:
    slow = "        A = A + torch.linalg.eigh(A)[0].sum()\n" * 3000
    outcome = outcome_of(
        f"class Model(nn.Module):\n    def slow(self, A):\n{slow}"
        "\n    def quick(self, A):\n        return torch.linalg.eigh(A)[1].sum()\n",
        settings=Settings(budget=8_000),
    )
    assert [t.reason for t in outcome.truncated] == ["took too many steps"]
    assert any(r.how == "returned" for r in outcome.reached)
