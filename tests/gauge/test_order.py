"""The arbitrary order of eig's pairs: tags, pointers, ties, what is mispaired (theory, section 5)."""

from __future__ import annotations

import pytest

from eiglint.gauge import Tensor
from eiglint.gauge.terms import term
from eiglint.gauge.values import Number, Range
from tests.gauge.words import (
    ALL,
    Step,
    add,
    at,
    charges,
    column,
    eig,
    eigh,
    matmul,
    mul,
    one,
    only,
    order,
    phase,
    plain,
    several,
    sub,
    tags,
)


def complex_pairs() -> list[Tensor]:
    """Return values and vectors of a complex matrix, whose eigenvalues come in no pairs."""
    return eig(plain("C", dtype="complex", sizes=(4, 4)))


def moduli() -> Tensor:
    return one("abs", complex_pairs()[0])


def total(t: Tensor) -> Tensor:
    return one("sum", t)


@pytest.mark.parametrize(
    "name",
    ["sum", "mean", "prod", "max", "min", "std", "var", "median", "logsumexp", "linalg.vector_norm"],
)
def test_a_reduction_of_all_pairs_does_not_care_for_their_order(name: str) -> None:
    x = moduli()
    made = one(name, x, 0) if name == "logsumexp" else one(name, x)
    assert order(made) == "fine"


def test_sorted_values_have_an_order_of_their_own() -> None:
    values, places = several("sort", moduli())
    assert order(values) == "fine"
    assert order(places) == "points at pairs"
    assert order(several("topk", moduli(), 2)[0]) == "fine"
    assert order(mul(values, plain("w", rank=1))) == "fine"


def test_functions_of_each_value_keep_its_place() -> None:
    L, _ = complex_pairs()
    for made in (one("exp", L), add(L, 1.0), mul(L, 2.0), one("abs", L), one("softmax", one("abs", L), 0)):
        assert order(made) == "carried"
        assert tags(made) == {-1}


def test_values_and_vectors_of_one_call_run_alike() -> None:
    L, V = complex_pairs()
    assert order(mul(V, L)) == "carried"
    assert order(one("sum", mul(one("abs", V), one("abs", L)), -1)) == "fine"


def test_all_pairs_of_values_are_there_in_any_order() -> None:
    x = moduli()
    gaps = one("abs", sub(at(x, ALL, None), at(x, None, ALL)))
    assert tags(gaps) == {-1, -2}
    assert order(total(gaps)) == "fine"
    assert order(total(one("reciprocal", add(gaps, one("eye", 4))))) == "fine"


@pytest.mark.parametrize("place", [0, -1, 2])
def test_a_position_picks_an_arbitrary_pair(place: int) -> None:
    L, V = complex_pairs()
    assert order(at(L, place)) == "function"
    assert order(one("abs", column(V, place))) == "function"
    assert order(mul(at(L, place), at(L, 1))) == "depends: position picked"


def test_a_slice_picks_arbitrary_pairs() -> None:
    L, V = complex_pairs()
    for span in (Range(None, 2), Range(1), Range(None, None, 2)):
        assert order(at(L, span)) == "depends: positions picked"
        assert order(at(V, ALL, span)) == "depends: positions picked"


def test_an_index_out_of_sight_leaves_the_question_open() -> None:
    L, _ = complex_pairs()
    assert order(at(L, Number(term("k"), integer=True))) == "unknown"
    assert order(at(L, plain("index", rank=1, dtype="int"))) == "unknown"


def test_a_list_of_places_is_a_position_too() -> None:
    assert order(at(moduli(), one("tensor", (2, 0, 1)))) == "depends: positions picked"


def test_a_row_of_vectors_keeps_the_tag() -> None:
    assert tags(at(complex_pairs()[1], 0)) == {-1}


def test_eigh_and_svd_have_an_order() -> None:
    L, V = eigh()
    for made in (at(L, 0), one("abs", column(V, 0)), mul(L, plain("w", rank=1))):
        assert order(made) in ("-", "fine")


@pytest.mark.parametrize("key", [lambda L: one("abs", L), lambda L: one("real", L), lambda L: one("imag", L)])
def test_an_index_from_the_values_picks_a_pair_by_its_value(key: Step) -> None:
    L, V = complex_pairs()
    place = one("argmax", key(L))
    assert order(place) == "points at pairs"
    assert order(at(L, place)) == "fine"
    assert order(one("abs", column(V, place))) == "fine"
    assert charges(column(V, place)) != {}


def test_both_sorted_alike_are_in_order_together() -> None:
    L, V = complex_pairs()
    places = one("argsort", one("abs", L))
    values, vectors = at(L, places), column(V, places)
    assert order(values) == order(vectors) == "fine"
    rebuilt = matmul(vectors, one("diag", values), one("linalg.inv", vectors))
    assert order(rebuilt) == phase(rebuilt) == "fine"


def test_a_mask_over_the_values_keeps_the_pairs_together() -> None:
    L, V = complex_pairs()
    stable = one("operator.lt", one("real", L), 0)
    projector = matmul(column(V, stable), at(one("linalg.inv", V), stable))
    assert order(projector) == phase(projector) == "fine"
    assert order(total(at(L, stable))) == "fine"


def test_ties_of_conjugate_pairs_leave_the_choice_open() -> None:
    L, _ = eig(plain("A", dtype="real"))
    for name in ("abs", "real"):
        assert order(at(L, one("argmax", one(name, L)))) == "unknown"
        sorted_ = at(L, one("argsort", one(name, L)))
        assert order(sorted_) == "mixed"  # all pairs are there, in an order that is settled but for the ties
        assert order(total(sorted_)) == "fine"
        assert order(at(sorted_, 0)) == "unknown"
    assert order(at(L, one("argmax", one("imag", L)))) == "fine"


def test_sorting_by_modulus_leaves_the_moduli_in_order_whatever_ties() -> None:
    L, _ = eig(plain("A", dtype="real"))
    assert order(several("sort", one("abs", L))[0]) == "fine"


def test_one_of_a_pair_sorted_alone_is_mispaired() -> None:
    L, V = complex_pairs()
    places = one("argsort", one("abs", L))
    assert order(mul(one("abs", V), at(one("abs", L), places))) == "depends: mispaired"
    assert order(mul(one("abs", column(V, places)), one("abs", L))) == "depends: mispaired"


def test_pairs_of_two_calls_are_in_unrelated_orders() -> None:
    L, _ = complex_pairs()
    M, _ = eig(plain("D", dtype="complex"))
    made = mul(L, M)
    for g in made.gauges:
        assert order(made, g).startswith("depends")


def test_a_fixed_sequence_over_the_pairs_is_weighted_by_position() -> None:
    L, V = complex_pairs()
    weights = plain("w", rank=1)
    assert order(mul(L, weights)) == "depends: position weighted"
    assert order(one("dot", one("abs", L), weights)) == "depends: position weighted"
    assert order(matmul(one("abs", V), weights)) == "depends: position weighted"
    apart = sub(L, plain("target", rank=1))
    assert order(one("abs", apart)) == "depends: position weighted"
    assert order(one("sum", apart)) == "fine"  # a sum of differences is the difference of two sums


def test_a_constant_over_the_pairs_is_no_sequence() -> None:
    x = moduli()
    assert order(total(mul(x, one("ones", 4)))) == "fine"
    assert order(total(sub(x, plain("s", rank=0)))) == "fine"


def test_a_value_of_unknown_rank_may_vary_along_the_pairs() -> None:
    assert order(mul(moduli(), plain("s", rank=None))) == "unknown"


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "diff"])
def test_running_along_the_pairs_depends_on_their_order(name: str) -> None:
    made = one(name, moduli()) if name == "diff" else one(name, moduli(), 0)
    assert order(made).startswith("depends")
    in_order = several("sort", moduli())[0]
    assert order(one(name, in_order) if name == "diff" else one(name, in_order, 0)) == "fine"


def test_a_triangle_of_all_gaps_depends_on_the_order() -> None:
    x = moduli()
    gaps = sub(at(x, ALL, None), at(x, None, ALL))
    assert order(total(one("triu", gaps))).startswith("depends")


def test_the_number_that_argmax_returns_is_no_value() -> None:
    place = one("argmax", moduli())
    assert order(mul(place, 1.0)) == "depends: computes with positions of pairs"
    assert order(add(place, plain("t", rank=0))) != "fine"
    assert order(one("sum", one("argsort", moduli()))).startswith("depends")


def test_a_layer_over_unordered_values_reads_their_order() -> None:
    assert order(one("nn.functional.linear", moduli(), plain("W"))) == "depends: layer"


def test_the_determinant_of_unordered_columns_is_known_up_to_a_sign() -> None:
    handed = one("linalg.det", complex_pairs()[1])
    assert order(handed) == "mixed"
    assert order(mul(handed, handed)) != "carried"


def test_a_rearranged_value_may_be_summed_as_a_whole_and_not_weighted() -> None:
    flat = one("reshape", moduli(), (2, 2))
    assert order(flat) == "mixed"
    assert order(total(flat)) == "fine"
    assert order(total(one("exp", flat))) == "fine"
    assert order(mul(flat, plain("w"))) == "depends: position weighted"
    assert order(at(flat, 0)).startswith("depends")
    assert order(one("sum", flat, 0)) == "mixed"
    assert order(one("abs", one("sum", flat, 0))) == "mixed"  # what is not negative is its own modulus
    assert order(one("exp", one("sum", flat, 0))).startswith("depends")


def test_a_mean_over_the_pairs_keeps_the_other_axes() -> None:
    _, V = complex_pairs()
    made = one("mean", one("abs", V), 0)
    assert tags(made) == {-1}
    assert only(made) == only(V)


def test_weights_laid_over_a_forgotten_arrangement_prove_nothing() -> None:
    _, V = eig()
    flat = one("flatten", one("abs", V))
    assert order(one("sum", flat)) == "fine"
    assert order(one("sum", one("nn.functional.linear", flat, plain("W")))) == "unknown"
