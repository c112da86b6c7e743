"""Entries at places that know nothing of the pairs: lists of positions, gather, and products of unlike rank."""

from __future__ import annotations

from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import (
    add,
    at,
    charges,
    eig,
    eigh,
    motion,
    mul,
    one,
    order,
    phase,
    plain,
    rotation,
    several,
    svd,
)


def places(name: str, *sizes: int) -> Tensor:
    return plain(name, dtype="int", sizes=sizes)


def test_listed_entries_keep_their_phases_which_may_all_be_the_same() -> None:
    _, V = eigh(plain("H", dtype="complex"))
    listed = at(V, plain("rows", rank=None, dtype="int"), plain("columns", rank=None, dtype="int"))
    assert phase(listed) == "mixed"
    assert phase(one("abs", listed)) == "fine"
    assert phase(one("sum", listed)) == "unknown"
    assert phase(one("exp", listed)) == "unknown"


def test_entries_listed_by_what_depends_on_the_vectors_are_not_followed() -> None:
    _, V = eigh(plain("H", dtype="complex"))
    largest = one("argmax", one("real", V), 0)
    assert phase(one("abs", at(V, plain("rows", rank=None, dtype="int"), largest))) != "fine"


def test_entries_listed_along_the_pairs_depend_on_their_order() -> None:
    _, V = eig()
    listed = at(V, plain("rows", rank=None, dtype="int"), plain("columns", rank=None, dtype="int"))
    assert order(one("sum", one("abs", listed))).startswith("depends")


def test_gathered_entries_keep_their_phases_which_may_all_be_the_same() -> None:
    _, V = eigh(plain("H", dtype="complex", sizes=(4, 4)))
    for picked in (one("gather", V, -1, places("k", 4, 2)), one("take_along_dim", V, places("k", 4, 2), -1)):
        assert phase(picked) == "mixed"
        assert phase(one("abs", picked)) == "fine"
        assert phase(one("sum", picked)) == "unknown"
        assert rotation(one("sum", one("abs", picked))).startswith("depends")


def test_fewer_entries_gathered_than_there_are_pairs_depend_on_their_order() -> None:
    _, V = eig(plain("A", sizes=(4, 4)))
    assert order(one("sum", one("abs", one("gather", V, -1, places("k", 4, 2))))).startswith("depends")
    assert order(one("sum", one("abs", one("gather", V, -1, places("k", 4, 4))))) == "unknown"


def test_what_lies_on_another_axis_is_gathered_with_its_charge() -> None:
    _, V = eigh(plain("H", dtype="complex", sizes=(4, 4)))
    assert charges(one("gather", V, 0, places("k", 2, 4))) == charges(V)


def test_a_kronecker_product_of_unlike_rank_is_one_of_matrices() -> None:
    L, V = eig(plain("A", sizes=(4, 4)))
    fixed = plain("x", sizes=(3,))
    assert phase(one("kron", L, V)) == "mixed"
    assert phase(one("abs", one("kron", V, fixed))) == "fine"
    assert order(one("sum", one("kron", L, L))) == "fine"
    assert order(one("sum", mul(one("kron", L, fixed), plain("w", sizes=(12,))))) != "fine"
    assert one("kron", L, fixed).rank == 1
    assert one("kron", fixed, V).rank == 2


def test_a_reduced_factor_has_as_many_vectors_as_the_shorter_side_has_entries() -> None:
    for rows, columns in ((6, 4), (4, 6)):
        U, S, Vh = svd(plain("A", sizes=(rows, columns)), full_matrices=False)
        assert (U.size(-2), U.size(-1)) == (rows, 4)
        assert (Vh.size(-2), Vh.size(-1)) == (4, columns)
        assert S.size(-1) == 4
        Q, R = several("linalg.qr", plain("A", sizes=(rows, columns)))
        assert (Q.size(-1), R.size(-2), R.size(-1)) == (4, 4, columns)
    full, _, _ = svd(plain("A", sizes=(6, 4)))
    assert full.size(-1) != 4


def test_a_nonlinear_function_of_pairs_added_to_fixed_numbers_depends_on_their_order() -> None:
    _, V = eig(plain("A", sizes=(4, 4)))
    moved = add(V, plain("C", dtype="complex", sizes=(4, 4)))
    assert order(one("linalg.inv", moved)).startswith("depends")
    assert order(one("abs", one("linalg.det", moved))).startswith("depends")
    assert order(one("abs", one("linalg.det", V))) == "fine"
    assert order(one("linalg.inv", add(V, plain("c", dtype="complex", sizes=(4, 1))))) == "carried"


def test_unlike_pieces_put_together_without_a_known_axis_are_certainly_unlike() -> None:
    L, V = eig(plain("A", sizes=(4, 4)))
    together = one("cat", (one("flatten", V), L))
    assert phase(one("sum", together)).startswith("depends")
    half = one("flatten", V)
    maybe = at(half, Range(None, 4))
    assert motion(maybe).phase.vague
    assert phase(one("sum", one("cat", (maybe, L)))) == "unknown"


def test_a_choice_of_entries_has_the_shape_of_what_is_chosen_from() -> None:
    _, V = eigh(plain("H", dtype="complex", sizes=(4, 4)))
    filled = one("masked_fill", V, plain("mask", dtype="bool", sizes=(4, 4)), 0.5)
    assert (filled.rank, filled.size(-1)) == (2, 4)
    assert phase(mul(filled, one("conj", filled))) == "fine"
    assert phase(mul(filled, one("conj", one("Tensor.mT", filled)))) != "fine"
