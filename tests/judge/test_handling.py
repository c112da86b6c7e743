"""How autograd is handled around decompositions: what is said of errors, graphs and derivatives, and what is not."""

from __future__ import annotations

import pytest

import eiglint
from eiglint.source.config import Options
from tests.judge.reading import HEAD, findings, notes, only, source_line

TRY = """
    def f(A, x):
        try:
            {body}
        except {kind}:
            {handler}
        return x
"""
LOSS = "torch.linalg.eigvalsh(A).sum().backward()"


def of(text: str) -> list[str]:
    """Return the codes of a program's findings of this group."""
    return [f.code for f in findings(text) if f.code.startswith("EIG5")]


# --- errors


@pytest.mark.parametrize(
    "handler",
    [
        "raise",
        "raise ValueError from None",
        "x = x + 1",
        "return None",
        "x = torch.zeros(())",
        "recover(A)",
        "failed = True",
    ],
)
def test_a_handler_that_raises_or_does_something_else_instead_drops_nothing(handler: str) -> None:
    assert of(TRY.format(body=LOSS, kind="RuntimeError", handler=handler)) == []


@pytest.mark.parametrize(
    "handler", ["pass", "print('no')", "A.grad = None", "log.warning('no'); pass", "self.skipped += 1"]
)
def test_a_handler_that_tells_or_counts_drops_the_gradient(handler: str) -> None:
    assert of(TRY.format(body=LOSS, kind="RuntimeError", handler=handler)) == ["EIG501"]


@pytest.mark.parametrize("kind", ["KeyError", "ImportError", "(OSError, KeyboardInterrupt)"])
def test_errors_of_other_kinds_may_be_dropped(kind: str) -> None:
    assert of(TRY.format(body=LOSS, kind=kind, handler="pass")) == []


@pytest.mark.parametrize("kind", ["Exception", "(ValueError, RuntimeError)", "torch.linalg.LinAlgError as error"])
def test_every_class_that_a_decomposition_raises_counts(kind: str) -> None:
    assert of(TRY.format(body=LOSS, kind=kind, handler="pass")) == ["EIG501"]


def test_one_way_that_goes_on_is_enough() -> None:
    text = TRY.format(body=LOSS, kind="RuntimeError as e", handler="if 'ill-defined' not in str(e): raise")
    assert source_line(text, only(text)) == "except RuntimeError as e:"


def test_a_value_that_was_set_before_is_a_fallback() -> None:
    body = """
        def f(A):
            S = torch.ones(3)
            try:
                S = torch.linalg.svdvals(A)
            except RuntimeError:
                pass
            return S.sum()
    """
    assert of(body) == []


def test_what_follows_a_body_that_returns_is_a_fallback() -> None:
    body = """
        def f(A):
            try:
                return torch.linalg.svdvals(A).sum()
            except RuntimeError:
                pass
            return A.norm()
    """
    assert of(body) == []


def test_without_a_gradient_nothing_is_lost() -> None:
    body = """
        @torch.no_grad()
        def f(batch):
            found = []
            for A in batch:
                try:
                    found.append(torch.linalg.svdvals(A))
                except RuntimeError:
                    continue
            return found
    """
    assert of(body) == []


# --- losses and graphs


@pytest.mark.parametrize(
    "loss",
    [
        "L.real.sum().backward()",
        "L.abs().sum().backward()",
        "L.sum().backward(torch.ones_like(L.sum()))",
        "L.to(A.dtype).sum().backward()",
        "torch.view_as_real(L).square().sum().backward()",
    ],
)
def test_a_real_loss_or_one_with_its_cotangent_is_fine(loss: str) -> None:
    assert of(f"def f(A):\n    L = torch.linalg.eigvals(A)\n    {loss}\n") == []


def test_a_complex_loss_is_named_where_it_is_differentiated() -> None:
    finding = only("def f(A):\n    L = torch.linalg.eigvals(A)\n    torch.autograd.backward(L.prod())\n")
    assert (finding.code, finding.line) == ("EIG502", 5)
    assert notes(finding) == ["decomposed here", "differentiated here"]


@pytest.mark.parametrize(
    "rest",
    [
        "return (A * L.detach()).sum()",
        "return torch.tensor(L.detach().numpy())",
        "return (A * (L / L.data.max())).sum()",
        "return A / L.data.max()",
        "return (A[torch.tensor(L.detach().argsort().numpy())]).sum()",
        "w = torch.tensor([float(L[0])]); return (L * w).sum()",
        "log(A * torch.tensor(L)); return L.sum()",
    ],
)
def test_what_is_detached_on_purpose_or_still_attached_is_fine(rest: str) -> None:
    lines = rest.replace("; ", "\n    ")
    assert of(f"def f(A):\n    L = torch.linalg.eigvalsh(A)\n    {lines}\n") == []


def test_a_copy_of_the_numbers_is_reported_where_it_is_made() -> None:
    text = """
        def f(A):
            L = torch.linalg.eigvalsh(A)
            w = torch.tensor(L)
            loss = (A * w).sum()
            return loss
    """
    finding = only(text)
    assert finding.code == "EIG504"
    assert source_line(text, finding) == "w = torch.tensor(L)"
    assert notes(finding) == ["decomposed here", "cut off here", "enters the result here"]


# --- derivatives


@pytest.mark.parametrize(
    "call",
    [
        "torch.linalg.solve(A - L[0] * torch.eye(3), B)",
        "torch.linalg.solve(A - torch.diag(A.diagonal()), B)",
        "torch.linalg.solve(V, B)",
        "(V.mT @ A @ V - torch.diag(L)).abs().sum()",
    ],
)
def test_other_shifted_systems_are_fine(call: str) -> None:
    assert of(f"def f(A, B):\n    L, V = torch.linalg.eigh(A)\n    return {call}\n") == []


@pytest.mark.parametrize(
    "call",
    [
        "torch.linalg.solve(A - torch.diag(L), B)",
        "torch.linalg.solve(A.mT - torch.diag_embed(L), B)",
        "torch.linalg.inv(torch.diag(L) - A) @ B",
        "torch.linalg.lstsq(A - L.diag(), B).solution",
    ],
)
def test_all_values_on_one_diagonal_are_no_adjoint(call: str) -> None:
    text = f"def f(A, B):\n    L, _ = torch.linalg.eigh(A)\n    return {call}\n"
    assert of(text) == ["EIG503"]


def test_a_backward_of_ones_own_is_read_for_its_adjoint_alone() -> None:
    text = """
        class Vectors(torch.autograd.Function):
            @staticmethod
            def forward(ctx, A):
                L, V = torch.linalg.eigh(A)
                ctx.save_for_backward(A, L, V)
                return V.sum()

            @staticmethod
            def backward(ctx, g):
                A, L, V = ctx.saved_tensors
                return torch.linalg.solve(A - torch.diag(L), g)
    """
    assert [f.code for f in findings(text)] == ["EIG503"]


SECOND = """
    def f(A):
        L = torch.linalg.eigvalsh(A){promise}
        (g,) = torch.autograd.grad({loss}, {inputs}, create_graph={again})
        return g.sum()
"""


@pytest.mark.parametrize(
    ("loss", "inputs", "again", "promise"),
    [
        ("L.sum()", "A", "False", ""),
        ("L.sum()", "L", "True", ""),
        ("A.sum()", "A", "True", ""),
        ("L.sum()", "A", "True", "  # eiglint: assume distinct"),
        ("L.detach().sum() * A.sum()", "A", "True", "  # eiglint: assume distinct"),
    ],
)
def test_one_derivative_or_none_through_the_values_is_fine(loss: str, inputs: str, again: str, promise: str) -> None:
    assert of(SECOND.format(loss=loss, inputs=inputs, again=again, promise=promise)) == []


def test_a_second_derivative_through_values_is_reported() -> None:
    assert of(SECOND.format(loss="L.sum()", inputs="A", again="True", promise="")) == ["EIG506"]


@pytest.mark.parametrize("transform", ["torch.func.hessian(f)(A)", "torch.func.jacfwd(torch.func.grad(f))(A)"])
def test_a_derivative_of_a_derivative_is_seen_through_transforms(transform: str) -> None:
    text = f"def g(A):\n    def f(M):\n        return torch.linalg.svdvals(M).sum()\n    return {transform}\n"
    assert of(text) == ["EIG506"]


def test_a_loss_that_grows_may_be_refused_and_is_told_only_when_asked() -> None:
    lines = [
        "def f(A, x):",
        "    L, V = torch.linalg.eig(A)",
        "    loss = torch.linalg.solve(V, V @ torch.diag(torch.exp(L)), left=False).abs().sum()",
        "    loss.backward()",
    ]
    assert of("\n".join(lines)) == []
    asked = eiglint.check_source(HEAD + "\n".join(lines), options=Options(min_certainty="possible"))
    assert [(f.code, f.certainty) for f in asked.findings if f.code == "EIG507"] == [("EIG507", "possible")]


@pytest.mark.parametrize(
    "rest",
    [
        "return torch.linalg.qr(A, mode='r').R",
        "return torch.linalg.qr(A.detach(), mode='r').R.diagonal().abs().sum()",
        "return torch.linalg.qr(A.reshape(3, 3), mode='complete').R.diagonal().abs().sum()",
        "return torch.linalg.qr(A.reshape(3, 5), mode='complete').R.diagonal().abs().sum()",
        "return torch.geqrf(A)",
        "R = torch.linalg.qr(A, mode='r').R\n    return R[R.diagonal().abs().argsort()].mT",
    ],
)
def test_a_factor_that_is_not_differentiated_here_or_has_a_derivative_is_fine(rest: str) -> None:
    assert of(f"def f(A):\n    {rest}\n") == []


def test_a_factor_without_a_derivative_is_reported_at_its_decomposition() -> None:
    text = "def f(A):\n    R = torch.linalg.qr(A, mode='r').R\n    return R.diagonal().abs().sum()\n"
    finding = only(text)
    assert (finding.code, finding.line, finding.certainty) == ("EIG508", 4, "likely")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("jnp.linalg.svd(A.reshape(5, 3))[1]", ["EIG508"]),
        ("jnp.linalg.svd(A.reshape(5, 3), full_matrices=False)[1]", []),
        ("jnp.linalg.svd(A.reshape(5, 3), compute_uv=False)", []),
        ("jnp.linalg.svd(A.reshape(3, 3))[1]", []),
        ("jnp.linalg.svd(A)[1]", []),
        ("jnp.abs(jnp.linalg.eig(A)[0])", ["EIG508"]),
        ("jnp.abs(jnp.linalg.eigvals(A))", []),
        ("jax.scipy.linalg.schur(A)[0]", ["EIG508"]),
    ],
)
def test_what_jax_cannot_differentiate_is_known(call: str, expected: list[str]) -> None:
    text = f"import jax\nimport jax.numpy as jnp\n\ngradient = jax.grad(lambda A: ({call} ** 2).sum())(jnp.ones(15))\n"
    assert of(text) == expected
