"""Values whose moduli, sums or zeros are those of a simpler value: mirror images, powers, sorted and equal entries."""

from __future__ import annotations

import pytest

from eiglint.gauge import Tensor, tensor
from eiglint.gauge.terms import term
from tests.gauge.words import add, at, column, eig, eigh, hermitian, mul, one, phase, plain, several, transposed


def test_mirror_images_chosen_by_a_phase_have_the_moduli_of_the_value() -> None:
    _, V = hermitian()
    mirrored = one("where", one("operator.gt", one("real", V), 0), V, one("neg", V))
    assert phase(one("abs", at(mirrored, 0))) == "fine"
    assert phase(one("linalg.vector_norm", one("triu", mirrored))) == "fine"
    assert phase(one("sum", mirrored, 0)) != "fine"
    assert phase(one("exp", mirrored)) != "fine"


def test_a_real_value_that_chooses_between_itself_and_its_negation_is_its_modulus() -> None:
    _, V = eigh()
    mixed = one("sum", V, -1)
    size = one("abs", mixed)
    for name, expected in (("operator.gt", size), ("operator.lt", one("neg", size))):
        chosen = one("where", one(name, mixed, 0), mixed, one("neg", mixed))
        assert chosen.term is expected.term
    above_one = one("where", one("operator.gt", V, 1), V, one("neg", V))
    assert above_one.term is not one("abs", V).term


@pytest.mark.parametrize("name", ["sqrt", "rsqrt"])
def test_the_modulus_of_a_root_is_the_root_of_the_modulus(name: str) -> None:
    _, V = eig()
    assert phase(one("abs", one(name, V))) == "fine"
    assert phase(one(name, V)) != "fine"
    assert phase(one("abs", one(name, one("sum", V, -1)))) != "fine"


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_the_larger_of_a_value_and_itself_is_that_value(name: str) -> None:
    _, V = eigh()
    assert one(name, V, V) is V
    assert phase(one("abs", one(name, V, transposed(V)))) != "fine"
    assert phase(one("abs", one("logaddexp", V, V))) != "fine"


def test_what_lies_between_a_value_and_itself_is_that_value() -> None:
    _, V = eig()
    assert one("lerp", V, V, 0.25) is V
    assert phase(one("abs", one("lerp", V, plain("M"), 0.25))) != "fine"


def test_twice_a_value_of_unlike_pieces_moves_as_the_value() -> None:
    _, V = eig()
    beside = one("cat", (V, plain("M")), 0)
    assert phase(one("linalg.vector_norm", add(beside, beside))) == "fine"
    assert phase(one("sum", add(beside, beside))) != "fine"


def sorted_values(t: Tensor, dim: int) -> Tensor:
    return several("sort", t, dim)[0]


def test_sorted_entries_have_the_sums_of_the_entries_along_the_axis() -> None:
    _, V = eigh()
    for dim in (0, -1):
        assert phase(one("linalg.vector_norm", sorted_values(V, dim))) == "fine"
        assert phase(one("sum", one("abs", sorted_values(V, dim)), dim)) == "fine"
        assert phase(one("sum", one("square", sorted_values(V, dim)))) == "fine"
    assert phase(one("sum", one("abs", sorted_values(V, 0)), -1)) != "fine"
    assert phase(one("sum", one("abs", transposed(sorted_values(V, 0))), 0)) != "fine"
    assert phase(one("sum", sorted_values(V, 0))) != "fine"
    assert phase(one("sum", mul(one("abs", sorted_values(V, 0)), plain("w", rank=1)), 0)) != "fine"


def test_the_largest_entries_are_not_all() -> None:
    _, V = eigh()
    assert phase(one("sum", one("abs", several("topk", V, 2, 0)[0]))) != "fine"


@pytest.mark.parametrize("name", ["eq", "ne"])
def test_entries_that_equal_a_number_may_not_equal_it_with_the_other_sign(name: str) -> None:
    for V in (eigh()[1], eig()[1]):
        assert phase(one(name, V, 0)) == "fine"
        assert phase(one(name, V, 0.5)) != "fine"  # vectors of structured matrices have such entries
        assert phase(one(name, V, tensor(term("parameter", "w"), rank=2))) != "fine"  # kept from another run, perhaps


def test_entries_cut_down_to_integers_keep_their_sign() -> None:
    _, V = eigh()
    assert phase(one("trunc", V)) == "carried"
    assert phase(one("Tensor.short", column(V, 0))) != "fine"  # the vectors of a diagonal matrix have entries of 1


def test_the_next_number_is_the_number_but_for_rounding() -> None:
    _, V = eigh()
    assert phase(one("abs", one("nextafter", V, plain("M")))) == "fine"
    assert phase(one("nextafter", plain("M"), V)) == "fine"
    assert phase(one("nextafter", V, plain("M"))) == "carried"


def test_a_system_solved_for_its_own_matrix_gives_the_identity() -> None:
    _, V = eig()
    made = one("linalg.solve", V, V)
    assert phase(made) == "fine"
    assert "identity" in made.flags
    assert phase(one("linalg.solve", V, transposed(V))) != "fine"


def test_the_dimension_of_a_cosine_is_counted_after_broadcasting() -> None:
    L, V = eigh()
    assert phase(one("abs", one("nn.functional.cosine_similarity", L, V, dim=0))) == "fine"
    assert phase(one("abs", one("nn.functional.cosine_similarity", L, V, dim=1))) != "fine"
