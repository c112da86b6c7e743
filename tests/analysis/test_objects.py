"""Classes, instances, containers."""

from __future__ import annotations

from eiglint.gauge import Live
from tests.analysis.reading import answers, outcome_of


def test_a_module_with_layers_reads_vectors_by_its_weights() -> None:
    found = answers("""
        class Net(nn.Module):
            def __init__(self, d):
                super().__init__()
                self.lin = nn.Linear(d, d)

            def decompose(self, A):
                return torch.linalg.eigh(A)

            def forward(self, A):
                L, V = self.decompose(A)
                return self.lin(V)

        class Fine(nn.Module):
            def __init__(self, d):
                super().__init__()
                self.lin = nn.Linear(d, d)

            def evaluate(self, A):
                V = torch.linalg.eigh(A)[1]
                return self.lin(V.abs())
    """)
    assert found["forward"] == "broken"
    assert found["evaluate"] in ("silent", "fine")


def test_attributes_carry_values_from_method_to_method() -> None:
    found = answers("""
        class Model:
            def fit(self, X):
                self.U, self.S, self.Vh = torch.linalg.svd(X)
                return self

            def whole(self):
                return self.U @ torch.diag(self.S) @ self.Vh

            def half(self):
                return self.U.sum()
    """)
    assert found["fit"] == "covariant"
    assert found["whole"] in ("silent", "fine")
    assert found["half"] == "broken"


def test_instances_made_here_keep_what_they_were_given() -> None:
    found = answers("""
        from dataclasses import dataclass
        from typing import NamedTuple

        @dataclass
        class Data:
            L: torch.Tensor
            V: torch.Tensor

            @property
            def matrix(self):
                return self.V @ torch.diag(self.L) @ self.V.mT

        class Pair(NamedTuple):
            L: torch.Tensor
            V: torch.Tensor

        class Root:
            scale = 2

            def __init__(self, A):
                L, V = torch.linalg.eigh(A)
                self.root = V * L.sqrt()

            def __matmul__(self, x):
                return self.root @ (self.root.mT @ x) * self.scale

        def record(A):
            return Data(*torch.linalg.eigh(A)).matrix

        def unpacked(A):
            L, V = Pair(*torch.linalg.eigh(A))
            return V.sum()

        def operator(A, x):
            return Root(A) @ x

        def attribute(A):
            return Root(A).root.sum()
    """)
    assert found["record"] in ("silent", "fine")
    assert found["unpacked"] == "broken"
    assert found["operator"] in ("silent", "fine")
    assert found["attribute"] == "broken"


def test_inherited_methods_are_found() -> None:
    found = answers("""
        class Base:
            def basis(self, A):
                return torch.linalg.eigh(A)[1]

        class Derived(Base):
            def basis(self, A):
                return super().basis(A).abs()

        def fine(A):
            return Derived().basis(A).sum()

        def plain(A):
            return Base().basis(A).sum()
    """)
    assert found["fine"] in ("silent", "fine")
    assert found["plain"] == "broken"


def test_an_autograd_function_is_its_authors_business() -> None:
    found = answers("""
        class Polar(torch.autograd.Function):
            @staticmethod
            def forward(ctx, A):
                U, S, Vh = torch.linalg.svd(A)
                ctx.save_for_backward(U, S, Vh)
                return U.sum()

            @staticmethod
            def backward(ctx, g):
                return g

        def own(A):
            return torch.tanh(Polar.apply(A))

        def fed(A):
            return Polar.apply(torch.linalg.eigh(A)[1])
    """)
    assert found["forward"] == "silent"
    assert found["own"] == "silent"
    assert found["fed"] != "silent"


def test_lists_tuples_and_dicts_keep_their_items_apart() -> None:
    found = answers("""
        def appended(A):
            parts = []
            for part in torch.linalg.eigh(A):
                parts.append(part)
            return parts[0].sum()

        def keyed(A):
            L, V = torch.linalg.eigh(A)
            out = {"values": L}
            out["vectors"] = V
            return out["values"].sum()

        def keyed_badly(A):
            L, V = torch.linalg.eigh(A)
            out = dict(values=L, vectors=V)
            return out.get("vectors").sum()

        def by_comprehension(A):
            return [x.sum() for x in torch.linalg.eigh(A)][0]

        def two_of_many(As):
            Vs = [torch.linalg.eigh(A)[1] for A in As]
            return (Vs[0] @ Vs[1].mT).sum()

        def each_with_itself(As):
            return torch.stack([V @ V.mT for V in [torch.linalg.eigh(A)[1] for A in As]])

        def in_step(As):
            pairs = [torch.linalg.eigh(A) for A in As]
            return sum((V @ torch.diag(L) @ V.mT).sum() for L, V in pairs)
    """)
    assert found["appended"] in ("silent", "fine")
    assert found["keyed"] in ("silent", "fine")
    assert found["keyed_badly"] == "broken"
    assert found["by_comprehension"] in ("silent", "fine")
    assert found["two_of_many"] == "broken"
    assert found["each_with_itself"] in ("silent", "fine")
    assert found["in_step"] in ("silent", "fine")


def test_values_stored_on_arguments_and_globals_are_results() -> None:
    outcome = outcome_of("""
        cache = None

        def onto(data, A):
            data.pe = torch.linalg.eigh(A)[1]

        def into(batch, A):
            batch["pe"] = torch.linalg.eigh(A)[1]

        def buffer(x, A):
            x[0] = torch.linalg.eigh(A)[1][0]

        def remembered(A):
            global cache
            cache = torch.linalg.eigh(A)[1]

        def local_only(A):
            class Box:
                pass
            box = Box()
            box.V = torch.linalg.eigh(A)[1]
    """)
    assert [r.how for r in outcome.reached] == ["stored"] * 4


def test_a_script_result_is_what_backward_starts_from() -> None:
    text = """
        A = torch.randn(4, 4, requires_grad=True)
        L, V = torch.linalg.eigh(A)
        shown = V.sum()
        loss = (V @ V.mT).sum() + L.sum()
        loss.backward()
    """
    assert answers(text)["<module>"] in ("silent", "fine")
    assert answers(text.replace("loss.backward()", "shown.backward()"), live=Live.YES)["<module>"] == "broken"


def test_methods_named_like_decompositions_are_only_those_of_tensors() -> None:
    outcome = outcome_of("""
        def of_something(operator):
            U, S, V = operator.svd()
            return U.sum()

        def of_a_tensor(A: torch.Tensor):
            U, S, V = A.svd()
            return U.sum()

        def of_a_result(A):
            U, S, V = torch.relu(A).svd()
            return U.sum()
    """)
    assert len(outcome.decomposed) == 2


def test_reveal_gauge_returns_its_argument_and_needs_no_import() -> None:
    text = """
        def shown(A):
            V = reveal_gauge(torch.linalg.eigh(A)[1])
            return V.sum()
    """
    assert answers(text)["shown"] == "broken"
    assert len(outcome_of(text).revealed) == 1


def test_objects_that_lead_back_to_themselves_meet_after_a_branch() -> None:
    found = answers("""
        class Node:
            def __init__(self, A):
                self.values = torch.linalg.eigh(A)[0]
                self.root = self
                self.held = [self]

        def f(A, flag):
            if flag:
                node = Node(A)
            else:
                node = Node(A @ A)
            return node.root.held[0].root.values
    """)
    assert found["f"] in ("silent", "fine")
