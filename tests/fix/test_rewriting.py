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
    "values that are other ones by then": (
        "L, V = torch.linalg.eigh(G @ G.mH)\nL = L + 1\nreturn V @ torch.diag(L.sqrt()) @ V.mH"
    ),
    "values that may be other ones by then": (
        "L, V = torch.linalg.eigh(G @ G.mH)\nif x is None:\n    L = L.clamp(min=0.5)\n"
        "return V @ torch.diag(L.sqrt()) @ V.mH"
    ),
    "values that are doubled": (
        "L, V = torch.linalg.eigh(G @ G.mH)\nL = 2 * L\nreturn V @ torch.diag(L.exp() + 0 * L) @ V.mH"
    ),
    "a name for what stands on the diagonal that has two values": (
        "L, V = torch.linalg.eigh(G @ G.mH)\ns = L.sqrt()\nif x is None:\n    s = L\nreturn V @ torch.diag(s) @ V.mH"
    ),
    "a root of values that may be 0": (
        "L, V = torch.linalg.eigh(H)\nreturn V @ torch.diag(L.clamp(min=0).sqrt()) @ V.mH"
    ),
    "a function without a name": "L, V = torch.linalg.eigh(H)\nreturn V @ torch.diag(L.sin()) @ V.mH",
    "a power that differs from value to value": (
        "L, V = torch.linalg.eigh(G @ G.mH)\nreturn V @ torch.diag(L ** L) @ V.mH"
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


def test_the_root_of_a_matrix_that_eig_decomposes_is_left_alone() -> None:
    source = program("L, V = torch.linalg.eig(G)\nreturn V @ torch.diag(L.sqrt()) @ torch.linalg.inv(V)")
    assert fixed(source, unsafe=True, select=("EIG302",)).text == source


@pytest.mark.parametrize("spelled", ["torch.diag(L.sqrt())", "torch.diag_embed(L**0.5)", "L.pow(0.5).diag()"])
def test_a_function_on_the_diagonal_is_rewritten_however_it_is_spelled(spelled: str) -> None:
    source = program(f"L, V = torch.linalg.eigh(G @ G.mH)\nreturn V @ {spelled} @ V.mH")
    text = fixed(source, unsafe=True, select=("EIG302",)).text
    assert text.endswith("    return eiglint.linalg.sqrtm(G @ G.mH)\n")


def test_statements_that_only_the_product_reads_go_with_the_decomposition() -> None:
    body = (
        "L, V = torch.linalg.eigh(G @ G.mH)\nL = torch.clamp(L, min=0.5)\nroot = torch.sqrt(L)\n"
        "inverse = torch.reciprocal(root)\nreturn (V @ torch.diag_embed(inverse) @ V.transpose(-1, -2).conj(),\n"
        "    V @ torch.diag_embed(root) @ V.transpose(-1, -2).conj())"
    )
    text = fixed(program(body), unsafe=True, select=("EIG302",)).text
    assert text.endswith(
        "    return (eiglint.linalg.inv_sqrtm(G @ G.mH, eps=0.5),\n        eiglint.linalg.sqrtm(G @ G.mH, eps=0.5))\n"
    )
    assert "eigh" not in text


def test_a_floor_alone_is_a_power_of_one() -> None:
    body = "L, V = torch.linalg.eigh(H)\nL = L.clamp(min=x.real)\nreturn V @ torch.diag_embed(L).to(V.dtype) @ V.mH"
    text = fixed(program(body), unsafe=True, select=("EIG302",)).text
    assert text.endswith("    return eiglint.linalg.powm(H, 1, eps=x.real)\n")


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


IDLE = """\
{imports}


def f(z, A):
    _, S, _ = svd(z)
    _, T, _ = svd(A)
    return S.sum() + T.sum()
"""


@pytest.mark.parametrize(
    ("imports", "left"),
    [
        ("import math\nfrom torch.linalg import svd", "import math\nimport torch"),
        ("from torch.linalg import norm, svd", "import torch\nfrom torch.linalg import norm"),
        ("from torch.linalg import svd, norm", "import torch\nfrom torch.linalg import norm"),
        (
            "from torch.linalg import (\n    norm,\n    svd,\n)",
            "import torch\nfrom torch.linalg import (\n    norm,\n)",
        ),
        ("from torch.linalg import svd  # for f", "import torch\nfrom torch.linalg import svd  # for f"),
        (
            "from torch.linalg import svd\n__all__ = ['svd']",
            "import torch\nfrom torch.linalg import svd\n__all__ = ['svd']",
        ),
    ],
)
def test_an_import_that_a_fix_leaves_without_a_reader_goes_with_it(imports: str, left: str) -> None:
    text = fixed(IDLE.format(imports=imports)).text
    head, _, body = text.partition("\n\n\ndef f")
    assert sorted(head.splitlines()) == sorted(left.splitlines())
    assert "S = torch.linalg.svdvals(z)" in body


def test_an_import_that_nothing_read_before_stays() -> None:
    source = "import math\nimport torch\n\n\ndef f(A):\n    _, S, _ = torch.linalg.svd(A)\n    return S.sum()\n"
    assert fixed(source).text.startswith("import math\nimport torch\n")
