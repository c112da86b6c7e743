"""Einsum specifications: the same rule, spelled as letters (theory, section 4)."""

from __future__ import annotations

import pytest

from eiglint.gauge import Tensor
from tests.gauge.words import charges, eigh, hermitian, one, phase, plain, rotation


def einsum(spec: str, *operands: Tensor) -> Tensor:
    return one("einsum", spec, *operands)


@pytest.mark.parametrize("spec", ["ij,kj->ik", "...ij,...kj->...ik", "ij, kj -> ik", "ij,kj", "ab,cb->ca", "ij,ij->j"])
def test_columns_laid_over_their_conjugates_are_fine(spec: str) -> None:
    _, V = hermitian()
    assert phase(einsum(spec, V, one("conj", V))) == "fine"


@pytest.mark.parametrize("spec", ["ij,kj->ik", "...ij,...kj->...ik", "ij,ij->"])
def test_the_missing_conjugate_is_seen_in_any_spelling(spec: str) -> None:
    _, V = hermitian()
    assert phase(einsum(spec, V, V)) == "depends: missing conjugate"


def test_values_between_vectors_do_no_harm() -> None:
    L, V = eigh()
    made = einsum("ij,j,kj->ik", V, L, V)
    assert phase(made) == "fine"
    assert rotation(made) == "fine"


def test_foreign_weights_between_vectors_show_the_basis_and_not_the_sign() -> None:
    _, V = eigh()
    made = einsum("ij,j,kj->ik", V, plain("weights", rank=1), V)
    assert phase(made) == "fine"
    assert rotation(made).startswith("depends")


def test_letters_that_stay_keep_their_charges() -> None:
    _, V = hermitian()
    assert charges(einsum("ij,ik->jk", one("conj", V), V)) == {-2: -1, -1: 1}
    assert charges(einsum("ij->ji", V)) == {-2: 1}


def test_a_letter_that_is_summed_alone_is_a_weighted_sum() -> None:
    _, V = eigh()
    assert phase(einsum("ij->i", V)) == "depends: weighted sum"
    assert charges(einsum("ij->j", V)) == {-1: 1}


def test_a_repeated_letter_merges_its_axes() -> None:
    _, V = hermitian()
    G = einsum("ji,jk,kl->il", one("conj", V), plain("M", dtype="complex"), V)
    assert charges(G) == {-2: -1, -1: 1}
    assert phase(einsum("ii->i", G)) == "fine"
    assert phase(einsum("ii", G)) == "fine"
    assert phase(einsum("ij->", G)).startswith("depends")


def test_a_specification_that_does_not_fit_is_not_understood() -> None:
    _, V = eigh()
    assert phase(einsum("ijk->i", V)) == "unknown"
    assert phase(einsum("ij,jk->ik", V)) == "unknown"


def test_an_equation_that_is_not_known_is_not_understood() -> None:
    _, V = eigh()
    assert phase(one("einsum", plain("equation"), V, V)) == "unknown"
