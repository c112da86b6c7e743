"""Entries at places that know nothing of the pairs: lists of positions, gather, and products of unlike rank."""

from __future__ import annotations

from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import (
    ALL,
    add,
    at,
    charges,
    eig,
    eigh,
    matmul,
    motion,
    mul,
    one,
    order,
    phase,
    plain,
    rotation,
    several,
    svd,
    transposed,
)


def places(name: str, *sizes: int) -> Tensor:
    return plain(name, dtype="int", sizes=sizes)


def test_listed_entries_keep_their_phases_which_may_all_be_the_same() -> None:
    _, V = eigh(plain("H", dtype="complex"))
    listed = at(V, plain("rows", rank=None, dtype="int"), plain("columns", rank=None, dtype="int"))
    assert phase(listed) == "mixed"
    assert phase(one("abs", listed)) == "fine"
    assert phase(one("exp", listed)).startswith("depends")


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
    assert phase(one("kron", L, V)) == "carried"
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
    half = one("flatten", eig(plain("A"))[1])
    maybe = at(half, Range(None, 4))
    assert motion(maybe).phase.vague
    assert phase(one("sum", one("cat", (maybe, L)))) == "unknown"
    assert charges(at(one("flatten", V), Range(None, 4))) == {-1: 1}  # the first row, if the sizes are known


def test_a_choice_of_entries_has_the_shape_of_what_is_chosen_from() -> None:
    _, V = eigh(plain("H", dtype="complex", sizes=(4, 4)))
    filled = one("masked_fill", V, plain("mask", dtype="bool", sizes=(4, 4)), 0.5)
    assert (filled.rank, filled.size(-1)) == (2, 4)
    assert phase(mul(filled, one("conj", filled))) == "fine"
    assert phase(mul(filled, one("conj", one("Tensor.mT", filled)))) != "fine"


def listed_entries(V: Tensor) -> Tensor:
    return at(V, plain("rows", rank=None, dtype="int"), plain("columns", rank=None, dtype="int"))


def test_a_sum_of_entries_that_all_have_a_phase_moves_by_a_factor_or_otherwise() -> None:
    _, V = eigh(plain("H", dtype="complex"))
    total = one("sum", listed_entries(V))
    assert phase(total) == "mixed"
    for made in (
        one("abs", total),
        one("square", one("abs", total)),
        mul(total, one("conj", total)),
        one("linalg.vector_norm", total),
        one("sum", one("abs", one("stack", (total, total), 0))),
    ):
        assert phase(made) == "unknown"
    assert phase(one("real", total)).startswith("depends")
    assert phase(mul(total, 2.0)) == "mixed"
    assert phase(one("sum", matmul(at(V, ALL, 0), plain("M", dtype="complex")))) != "fine"


def test_a_sum_of_signs_is_no_sign() -> None:
    _, V = eigh()
    total = one("sum", listed_entries(V))
    for made in (
        one("square", total),
        one("cosh", total),
        one("maximum", total, one("neg", total)),
        one("abs", one("where", one("operator.gt", total, 1), total, one("neg", total))),
        one("count_nonzero", total),
        mul(total, total),
    ):
        assert phase(made) == "unknown", made.term


def test_entries_without_a_charge_among_the_listed_prove_nothing() -> None:
    _, V = eigh(plain("H", dtype="complex", sizes=(4, 4)))
    gram = matmul(one("Tensor.mH", V), plain("M", dtype="complex"), V)
    for entries in (
        listed_entries(gram),
        listed_entries(one("cat", (V, plain("M", dtype="complex", sizes=(4, 4))), 0)),
        listed_entries(one("nn.functional.pad", V, (0, 1))),
    ):
        assert phase(entries) == "mixed"
        assert phase(one("abs", entries)) == "fine"
        assert phase(one("sum", entries)) == "unknown"
        assert phase(one("exp", entries)) == "unknown"


def test_what_is_added_at_foreign_places_moves_as_it_did_along_the_other_axes() -> None:
    U, _, Vh = svd(plain("A", dtype="complex", sizes=(4, 4)))
    index = places("k", 4, 2)
    left = at(Vh, ALL, Range(None, 2))
    added = one("scatter_add", one("zeros", 4, 4), -1, index, left)
    assert charges(added) == charges(Vh)
    assert rotation(added).startswith("depends")
    assert phase(one("scatter_add", plain("M", sizes=(4, 4)), -1, index, left)) == "function"
    assert phase(one("scatter_add", plain("M", sizes=(4, 4)), -1, index, at(U, ALL, Range(None, 2)))) == "unknown"
    _, V = eig(plain("A", sizes=(4, 4)))
    assert order(one("scatter_add", one("zeros", 4, 4), -2, places("k", 4, 4), V)).startswith("depends")


def test_positions_of_pairs_that_hang_on_signs_or_on_a_basis_hand_that_on() -> None:
    L, V = eigh(plain("H", sizes=(4, 4)))
    by_sign = one("argsort", one("sum", V, 0))
    assert phase(one("abs", at(V, ALL, by_sign))) != "fine"
    assert phase(one("abs", at(V, ALL, one("argmax", one("sum", V, 0))))) != "fine"
    by_size = one("argsort", one("sum", one("abs", V), 0))
    chosen = at(at(V, ALL, by_size), ALL, Range(None, 2))
    assert phase(matmul(chosen, transposed(chosen))) == "fine"
    assert rotation(matmul(chosen, transposed(chosen))) != "fine"
    by_value = at(V, ALL, one("argsort", one("abs", L)))
    assert rotation(matmul(by_value, transposed(by_value))) == "fine"


def test_a_list_of_columns_has_as_many_as_it_names() -> None:
    _, V = eigh(plain("H", dtype="complex", sizes=(4, 4)))
    two = at(V, ALL, (0, 2))
    assert two.size(-1) == 2
    assert phase(one("abs", one("sum", at(two, ALL, Range(1))))) == "fine"
    assert phase(one("abs", one("sum", two))) != "fine"
