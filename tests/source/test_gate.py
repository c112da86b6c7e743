"""The gate lets a file pass if it names a decomposition, as a whole word."""

import pytest

from eiglint.models import load
from eiglint.source.gate import DECOMPOSITIONS, RAW, UNDERIVED, names_decomposition, words_with

SILENT = {
    "nothing at all": b"",
    "weight contains eigh": b"weight = neighbor.weighted(freight)",
    "eight and height contain eigh": b"eight = height",
    "sqrt contains qr backwards, square nothing": b"math.sqrt(square)",
    "qr inside a longer name": b"my_qr = qrs + qr2 + _qr",
    "svd inside a longer name": b"svdx = xsvd",
    "eigenvalues are not a call": b"eigenvalues, eigenvectors = f(A)",
    "a letter of another alphabet before the word": "éigh".encode(),
}
LOUD = {
    "an attribute": b"torch.linalg.eigh(A)",
    "a bare name": b"eig(A)",
    "at the very start": b"eig",
    "at the very end": b"x = torch.svd",
    "an import": b"from torch.linalg import qr as f",
    "values only": b"torch.linalg.eigvalsh(A)",
    "an old spelling": b"torch.symeig(A)",
    "a randomised one": b"torch.svd_lowrank(A)",
    "a string for getattr": b'getattr(torch.linalg, "eigvals")',
    "a question about a gauge": b"reveal_gauge(x)",
    "between bytes that are not text": b"\xff\xfe eigh(\xff",
}


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT.keys())
def test_a_file_without_a_decomposition_stops_at_the_gate(source: bytes) -> None:
    assert not names_decomposition(source)


@pytest.mark.parametrize("source", LOUD.values(), ids=LOUD.keys())
def test_a_file_that_names_one_passes(source: bytes) -> None:
    assert names_decomposition(source)


@pytest.mark.parametrize("word", DECOMPOSITIONS)
def test_every_word_passes_alone_and_not_inside_a_longer_one(word: str) -> None:
    assert names_decomposition(f"raw_ops.{word}(A)".encode())
    assert not names_decomposition(f"raw_ops.{word}ness(A)".encode())
    assert not names_decomposition(f"raw_ops.not{word}(A)".encode())
    assert not names_decomposition(f"raw_ops.not_{word}(A)".encode())


@pytest.mark.parametrize("word", RAW)
def test_a_raw_operation_counts_only_where_raw_operations_are_named(word: str) -> None:
    assert not names_decomposition(f"x.{word}(A)".encode())


def test_the_words_are_those_of_the_models() -> None:
    models = load()
    judged = {name for name in models.decompositions if (model := models.get(name)) is not None and model.gradient}
    assert set(DECOMPOSITIONS) == {name.rpartition(".")[2] for name in judged}
    assert set(UNDERIVED) == {name.rpartition(".")[2] for name in models.underived}


def test_the_features_profile_opens_the_gate_for_words_that_only_scipy_has() -> None:
    source = b"from scipy.sparse.linalg import eigsh\n\nvalues, vectors = eigsh(laplacian, k=3)\n"
    assert not names_decomposition(source, words_with((), features=False))
    assert names_decomposition(source, words_with((), features=True))


def test_every_decomposition_of_the_tables_is_a_word_of_the_features_profile() -> None:
    last_parts = {name.rpartition(".")[2] for name in load().decompositions}
    assert last_parts <= set(words_with((), features=True))
