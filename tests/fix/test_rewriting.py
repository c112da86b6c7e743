"""Each fix says what its case says; what is not sure to be right is left alone."""

from __future__ import annotations

import pytest

from .programs import CASES, Case, function
from .rewriting import fixed, found, offered

COMPLEX = "H, G, x = H.to(torch.complex128), G.to(torch.complex128), x.to(torch.complex128)\n"


def program(body: str) -> str:
    return function(COMPLEX + body)


LEFT_ALONE = {
    "a Hermitian matrix whose values are taken for complex": (
        "L, V = torch.linalg.eig(G + G.mH)\nreturn torch.view_as_real(L).sum() + 0 * V.abs().sum()"
    ),
    "a product whose factors differ": "L, V = torch.linalg.eigh(H)\nreturn (V[:, 0] * V[:, 1]).sum().abs()",
    "a factor that may differ each time": "L, V = torch.linalg.eigh(H)\nreturn (torch.flip(V, [0]) ** 2).sum().abs()",
    "an inverse with a name": "L, V = torch.linalg.eig(G)\nW = torch.linalg.inv(V)\nreturn V @ (L.sin() * (W @ x))",
    "a vector of unknown rank before an inverse": "L, V = torch.linalg.eig(G)\nreturn (x @ torch.linalg.inv(V)) @ V",
    "an svd that is passed on whole": "return torch.svd(G)",
    "options that are computed": "Q, R = torch.qr(G, some=x is None)\nreturn Q @ R",
    "vectors of torch.eig in their old packing": "L, V = torch.eig(G.real, eigenvectors=True)\nreturn L[:, 0].sum()",
    "an svd that shares its line": "U, S, V = torch.svd(G); y = 1\nreturn (U * S.sin()) @ V.mH * y",
    "an exponent that weights each value by another": (
        "L, V = torch.linalg.eigh(H)\nreturn (V * torch.exp(x.real * L)) @ V.mH"
    ),
    "a matrix that is another one by then": (
        "L, V = torch.linalg.eigh(H)\nH = H @ H\nreturn (V * L.exp()) @ V.mH + 0 * H"
    ),
    "a comment inside of what is replaced that also stands elsewhere": (
        "L, V = torch.linalg.eig(G)  # V\nreturn V @ (L.sin() * (torch.linalg.inv(V)  # V\n        @ x))"
    ),
    "a comment inside of what is replaced": (
        "L, V = torch.linalg.eig(G)\nreturn V @ (L.sin() * (torch.linalg.inv(V)  # the inverse\n        @ x))"
    ),
}


@pytest.mark.parametrize("body", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_is_not_sure_is_left_alone(body: str) -> None:
    source = program(body)
    assert found(source)
    assert fixed(source, unsafe=True).text == source


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fix_rewrites_its_case(case: Case) -> None:
    select = (case.code,) if case.code in ("EIG302", "EIG401", "EIG403", "EIG407") else ("EIG1", "EIG4")
    result = fixed(program(case.before), unsafe=not case.safe, select=select)
    assert result.text == program(case.after)
    assert case.code in {finding.code for finding in result.findings}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_fixing_twice_is_fixing_once(case: Case) -> None:
    assert fixed(program(case.after), select=(case.code,), unsafe=not case.safe).findings == ()


@pytest.mark.parametrize("case", [case for case in CASES.values() if not case.safe], ids=lambda case: case.code)
def test_an_unsafe_fix_waits_to_be_asked_for(case: Case) -> None:
    assert fixed(program(case.before), select=(case.code,)).findings == ()


def test_findings_are_shown_with_the_fixes_that_hold() -> None:
    (finding,) = offered(program(CASES["the transpose becomes the adjoint"].before))
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    assert [(edit.line, edit.column, edit.end_column, edit.text) for edit in finding.fix.edits] == [(7, 31, 32, "mH")]


def test_a_fix_that_would_leave_its_finding_is_not_offered() -> None:
    # Conjugating V does not mend a product with the transpose of general vectors: their inverse is meant.
    assert offered(program("L, V = torch.linalg.eig(G)\nreturn ((V * L.exp()) @ V.T).abs()")) == []


def test_fixes_that_meet_come_one_after_the_other() -> None:
    body = (
        "L, V = torch.linalg.eigh(H)\nreturn V @ torch.diag(L.exp() + 0j) @ torch.linalg.inv(torch.linalg.eigh(H)[1])"
    )
    assert "inv" not in fixed(program(body), select=("EIG404",)).text


def test_a_missing_import_is_added_once_and_before_the_others() -> None:
    source = '''\
        """A module."""
        from __future__ import annotations
        import math  # first
        from torch import qr, svd


        def f(A):
            Q, R = qr(A)
            U, S, V = svd(A)
            return Q @ R, (U * S.sin()) @ V.mH
        '''
    text = fixed(source).text
    assert "annotations\nimport torch\nimport math  # first\n" in text
    assert text.count("import torch\n") == 1
    assert "Q, R = torch.linalg.qr(A)" in text
    assert "U, S, Vh = torch.linalg.svd(A, full_matrices=False)\n    V = Vh.mH\n" in text


def test_an_import_by_another_name_is_used() -> None:
    assert (
        "Q, R = th.linalg.qr(A)" in fixed("import torch as th\ndef f(A):\n    Q, R = th.qr(A)\n    return Q @ R\n").text
    )


def test_line_ends_and_wide_characters_stay() -> None:
    before = 'import torch\r\ndef f(A):\r\n    é = "ÄÖ"; Q, R = torch.qr(A)  # ß\r\n    return Q @ R\r\n'
    assert fixed(before).text == before.replace("torch.qr", "torch.linalg.qr")


WIDE = """\
import torch


def f(x):
    A = x * torch.randn(2, 4)
    U, S, Vh = torch.linalg.svd(A)
    return (Vh[{}] ** 2 * torch.arange(4.0)).sum()
"""


def test_the_last_null_vector_becomes_the_last_singular_vector_if_that_is_asked_for() -> None:
    source = WIDE.format("-1")
    assert fixed(source, select=("EIG308",)).text == source
    text = fixed(source, select=("EIG308",), unsafe=True).text
    assert text == source.replace("svd(A)", "svd(A, full_matrices=False)")


@pytest.mark.parametrize("taken", ["3", "2:"])
def test_vectors_that_a_reduced_factor_lacks_are_left_alone(taken: str) -> None:
    source = WIDE.format(taken)
    assert found(source)
    assert fixed(source, select=("EIG308",), unsafe=True).text == source


def test_jax_has_no_mh() -> None:
    source = """\
    import jax.numpy as jnp


    def f(A):
        L, V = jnp.linalg.eigh(A.astype(jnp.complex64))
        return ((V * L) @ V.T).real
    """
    assert "(V * L) @ V.T.conj()" in fixed(source, select=("EIG104",)).text


def test_the_values_alone_are_asked_for_in_the_same_module() -> None:
    source = """\
    import jax.numpy as jnp


    def f(A):
        return jnp.linalg.eigh(A)[0].sum()
    """
    assert "return jnp.linalg.eigvalsh(A).sum()" in fixed(source, select=("EIG406",)).text
