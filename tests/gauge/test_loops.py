"""Values of earlier iterations: the same call has drawn anew since (theory, sections 1 and 3)."""

from __future__ import annotations

from eiglint.gauge import Tensor, age
from tests.gauge.words import adjoint, charges, hermitian, matmul, mul, one, only, phase, plain


def older(t: Tensor) -> Tensor:
    return age(t, t.gauges)


def test_an_older_value_pairs_with_itself() -> None:
    _, V = hermitian()
    past = older(V)
    assert charges(past) == {-1: 1}
    assert phase(matmul(past, adjoint(past))) == "fine"


def test_what_was_invariant_stays_invariant() -> None:
    _, V = hermitian()
    assert older(matmul(V, adjoint(V))).neutral
    x = plain("x")
    assert older(x) is x


def test_only_the_gauges_of_the_loop_age() -> None:
    _, V = hermitian()
    assert age(V, {only(hermitian()[1])}) is V


def test_this_iteration_does_not_pair_with_the_last() -> None:
    _, V = hermitian()
    made = matmul(V, adjoint(older(V)))
    assert len(made.gauges) == 2
    for g in made.gauges:
        assert phase(made, g) == "depends: another decomposition"


def test_an_overlap_of_two_iterations_depends_on_both() -> None:
    _, V = hermitian()
    overlap = matmul(adjoint(older(V)), V)
    assert [phase(overlap, g) for g in overlap.gauges] == ["carried", "carried"]
    assert phase(one("abs", overlap), only(V)) == "fine"
    assert phase(one("sum", overlap), only(V)).startswith("depends")


def test_all_that_is_older_than_one_iteration_is_one_and_proves_nothing() -> None:
    _, V = hermitian()
    past = older(older(V))
    assert older(past).gauges == past.gauges
    assert phase(matmul(past, adjoint(past))) == "unknown"
    assert phase(mul(past, one("conj", past))) == "unknown"


def test_an_older_value_is_another_value() -> None:
    _, V = hermitian()
    assert older(V).term is not V.term
