"""Batches: every element has choices of its own (theory, sections 1 and 2)."""

from __future__ import annotations

from eiglint.gauge import Tensor
from eiglint.gauge.values import Range
from tests.gauge.words import (
    ALL,
    add,
    adjoint,
    at,
    charges,
    eig,
    eigh,
    matmul,
    mul,
    one,
    order,
    phase,
    plain,
    rotation,
    transposed,
    verdict,
)


def batch(dtype: str = "complex") -> list[Tensor]:
    return eigh(plain("B", dtype=dtype, sizes=(5, 4, 4)))


def lost(t: Tensor) -> set[str]:
    """Return what is said of the phase under each of the gauges."""
    return {phase(t, g).partition(":")[0] for g in t.gauges}


def test_axes_count_from_the_right_so_that_a_batch_changes_nothing() -> None:
    _, V = batch()
    assert charges(V) == {-1: 1}
    assert phase(matmul(V, adjoint(V))) == "fine"
    assert phase(one("abs", V)) == "fine"
    assert phase(one("einsum", "bij,bkj->bik", V, one("conj", V))) == "fine"


def test_invariant_values_may_be_averaged_over_the_batch() -> None:
    L, V = batch()
    assert phase(one("mean", matmul(V, adjoint(V)), 0)) == "fine"
    assert phase(one("mean", one("abs", V), 0)) == "fine"
    assert verdict(one("sum", L)) == ("fine", "fine", "fine")


def test_one_element_is_paired_with_itself() -> None:
    _, V = batch()
    assert phase(matmul(at(V, 0), adjoint(at(V, 0)))) == "fine"
    assert phase(matmul(at(V, Range(1)), adjoint(at(V, Range(1))))) == "fine"


def test_an_element_is_not_paired_with_another() -> None:
    _, V = batch()
    assert lost(matmul(at(V, 0), adjoint(at(V, 1)))) == {"depends"}
    assert lost(matmul(at(V, 0), adjoint(V))) == {"depends"}


def test_neighbours_in_the_batch_are_strangers() -> None:
    _, V = batch("real")
    made = mul(at(V, Range(1)), at(V, Range(None, -1)))
    assert len(made.gauges) == 2
    assert "fine" not in lost(one("sum", made, (-1, -2)))
    assert lost(matmul(transposed(at(V, Range(1))), at(V, Range(None, -1)))) <= {"carried", "depends"}


def test_a_sum_of_vectors_over_the_batch_breaks() -> None:
    _, V = batch()
    assert phase(one("sum", V, 0)).startswith("depends")
    assert phase(one("einsum", "bij->ij", V)).startswith("depends")


def test_two_elements_laid_over_each_other_by_letters_break() -> None:
    _, V = batch()
    made = one("einsum", "bij,cij->bc", V, one("conj", V))
    assert phase(made) == "depends: pairs vectors of different batch elements"
    assert phase(one("einsum", "bij,bij->b", V, one("conj", V))) == "fine"


def test_elements_taken_by_two_indices_do_not_pair() -> None:
    _, V = batch()
    i, j = plain("i", rank=1, dtype="int"), plain("j", rank=1, dtype="int")
    assert phase(matmul(at(V, i), adjoint(at(V, i)))) == "fine"
    assert lost(matmul(at(V, i), adjoint(at(V, j)))) == {"depends"}


def test_a_batch_turned_round_does_not_pair_with_itself() -> None:
    _, V = batch()
    assert lost(matmul(one("flip", V, (0,)), adjoint(V))) == {"depends"}


def test_permuted_batches_keep_their_choices_apart() -> None:
    _, V = batch()
    turned = one("permute", V, (1, 2, 0))
    assert charges(turned) == {-2: 1}
    assert phase(one("sum", turned, -1)).startswith("depends")


def test_with_an_unknown_rank_the_axes_in_front_are_the_batch() -> None:
    _, V = eigh(plain("A", rank=None))
    assert phase(matmul(V, transposed(V))) == "fine"
    assert charges(one("sum", V, -2)) == {-1: 1}
    assert one("sum", V, 0).doubt == 1  # a matrix is assumed


def test_the_orders_of_two_elements_have_nothing_to_do_with_each_other() -> None:
    L, _ = eig(plain("B", dtype="complex", sizes=(5, 4, 4)))
    made = mul(at(L, 0), at(L, 1))
    assert {order(made, g) for g in made.gauges} == {"depends: position weighted"}
    assert order(one("sum", L)) == "fine"
    assert order(one("sum", one("sum", L, -1))) == "fine"


def test_a_weight_for_each_element_is_no_weight_for_each_pair() -> None:
    L, _ = eig(plain("B", dtype="complex", sizes=(5, 4, 4)))
    assert order(one("sum", mul(L, at(plain("w", sizes=(5,)), ALL, None)))) == "fine"
    assert order(one("sum", mul(L, plain("w", sizes=(4,))))) == "depends: position weighted"
    assert order(one("sum", at(L, ALL, Range(None, 2)))) == "depends: positions picked"


def test_one_element_kept_as_a_slice_is_not_laid_over_the_others() -> None:
    _, V = batch()
    signs = one("conj", one("sgn", at(V, Range(None, 1))))
    assert "depends" in lost(one("sum", mul(V, signs)))
    pairs = eig(plain("B", dtype="complex", sizes=(5, 4, 4)))[0]
    first = one("sgn", at(pairs, Range(None, 1), ALL))
    assert {order(one("sum", mul(pairs, first)), g).partition(":")[0] for g in pairs.gauges} == {"depends"}


def test_batch_elements_added_across_each_other_keep_no_phase_in_common() -> None:
    _, V = batch()
    crossed = add(one("unsqueeze", V, 0), one("unsqueeze", V, 1))
    assert lost(crossed) == {"depends"}
    assert lost(one("abs", crossed)) == {"depends"}
    assert lost(one("maximum", one("unsqueeze", V, 0), one("unsqueeze", V, 1))) == {"depends"}


def test_what_is_taken_for_rows_and_columns_may_not_be_the_batch() -> None:
    _, V = batch()
    first_rows = at(V, ALL, 0)
    assert lost(one("abs", one("linalg.pinv", first_rows))) == {"depends"}
    first_columns = one("linalg.det", at(V, ALL, ALL, 0))  # one phase for each row, all of them in every product
    assert lost(first_columns) == {"mixed"}
    assert lost(one("exp", first_columns)) == {"depends"}
    assert phase(one("abs", one("linalg.det", V))) == "fine"


def test_bases_of_different_elements_do_not_pair_and_their_determinants_do_not_add_up() -> None:
    _, V = batch()
    turned = one("permute", V, (2, 0, 1))
    assert rotation(matmul(turned, adjoint(turned))).startswith("depends")
    assert rotation(matmul(V, adjoint(V))) == "fine"
    _, real = batch("real")
    assert rotation(one("abs", one("sum", one("linalg.det", real)))).startswith("depends")
    assert rotation(one("sum", one("abs", one("linalg.det", real)))) == "fine"
    assert rotation(one("sum", one("square", one("abs", real)))) == "fine"
    _, single = eigh(plain("A", dtype="real", sizes=(4, 4)))
    assert rotation(one("abs", one("sum", one("linalg.det", single)))) == "fine"


def test_what_every_element_lost_stays_lost_when_they_are_put_together_again() -> None:
    _, V = eigh(plain("B", dtype="complex", sizes=(2, 4, 4)))
    doubled = add(V, one("conj", V))
    parts = [one("sum", one("abs", at(doubled, k))) for k in range(2)]
    assert phase(one("stack", tuple(parts))).startswith("depends")
    rows = one("stack", tuple(one("abs", at(one("cumsum", adjoint(V), 1), k)) for k in range(2)))
    assert phase(rows).startswith("depends")
