"""A small fixed sample of random programs: what is said of them from their text holds when they run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from accuracy.cases import Case, case_of
from accuracy.inputs import Input, draw_all
from accuracy.judge import judge
from accuracy.program import Program, Statement
from accuracy.rounded import moved_by_rounding
from accuracy.shrink import shrunk
from accuracy.tally import Tally, disagreements
from accuracy.truth import truth_of

SEED, PROGRAMS = 7, 60


@pytest.fixture(scope="module")
def cases() -> Iterator[list[Case]]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield [case for number in range(PROGRAMS) if (case := case_of(number, SEED)) is not None]
    torch.set_num_threads(threads)


def program(*steps: str, result: str, opening: str = "L, V = torch.linalg.eigh(A)") -> Program:
    body = tuple(Statement(f"t{k}", f"t{k} = {step}") for k, step in enumerate(steps))
    kind = "square" if ".eig(" in opening else "hermitian"
    return Program((Input("A", (4, 4), False, kind), Input("M", (4, 4))), (), (opening,), body, result)


def test_no_program_of_the_sample_that_moves_is_proved_invariant(cases: list[Case]) -> None:
    missed = [
        (case.number, kind)
        for case in cases
        for kind in disagreements(case.truth, case.answer)
        if kind[1] == "missed" and kind[0] != "rotation"
    ]
    assert not missed


def test_the_sample_holds_programs_of_either_kind(cases: list[Case]) -> None:
    moving = [case for case in cases if case.truth.phase or case.truth.order]
    assert len(moving) > 10
    assert len(cases) - len(moving) > 10


def test_the_same_seed_draws_the_same_program(cases: list[Case]) -> None:
    again = case_of(cases[0].number, SEED)
    assert again is not None
    assert again.program.source == cases[0].program.source


def test_execution_tells_what_moves_from_what_stays() -> None:
    truth = truth_of(program("V @ torch.diag(L) @ V.mT", result="t0.sum()"))
    assert truth is not None
    assert (truth.phase, truth.order, truth.rotation) == (False, False, False)
    assert not truth.accidental
    sums = truth_of(program("V.sum(0)", result="t0"))
    assert sums is not None
    assert sums.phase
    assert sums.rotation


def test_order_is_seen_to_move() -> None:
    truth = truth_of(program("V[:, 0].abs()", result="t0.sum()", opening="L, V = torch.linalg.eig(A)"))
    assert truth is not None
    assert truth.order
    assert not truth.phase


def test_a_branch_that_only_larger_numbers_take_counts() -> None:
    truth = truth_of(program("V if M.abs().sum() > 50 else V.abs()", result="t0.sum(0)"))
    assert truth is not None
    assert truth.phase
    stays = truth_of(program("V * V if M.abs().sum() > 50 else V.abs()", result="t0.sum(0)"))
    assert stays is not None
    assert not stays.phase


def test_a_choice_that_hangs_on_the_numbers_at_hand_counts() -> None:
    truth = truth_of(program("torch.maximum(V.sum(1), M.abs().sum(1) + 0.5)", result="t0.sum()"))
    assert truth is not None
    assert truth.phase


def test_layers_carry_generic_numbers_as_after_training() -> None:
    layer = "layer = nn.LayerNorm(4, dtype=torch.float64)"
    made = program("layer(V[:, 0])", result="(t0 * t0).sum()")._replace(prelude=(layer,))
    truth = truth_of(made)
    assert truth is not None
    assert truth.phase


def test_a_constant_of_orthonormal_vectors_is_told_apart() -> None:
    truth = truth_of(program("(V.mT @ V).sum()", result="t0 + 0 * L.sum()"))
    assert truth is None or "phase" in truth.accidental


def test_rounding_every_step_once_more_moves_what_rounding_decides_and_little_else() -> None:
    decided = program("V.mH @ V", "torch.floor(t0.abs() ** 2)", result="t1")
    assert moved_by_rounding(decided.function(), draw_all(decided.inputs, 1)) > 0.1
    plain = program("torch.floor(3 * V)", "t0 + V.sum(0)", result="t1")
    assert moved_by_rounding(plain.function(), draw_all(plain.inputs, 1)) < 1e-12


def test_a_disagreement_shrinks_to_the_steps_that_matter() -> None:
    # No entry of a unit vector is above 5, which no rule knows.
    long = program("M @ M", "torch.where(V > 5, V, M)", "t1 + t0", "t2 * M", result="t3.sum()")
    kind = ("phase", "false alarm")
    truth = truth_of(long)
    assert truth is not None
    assert kind in disagreements(truth, judge(long))
    small = shrunk(long, kind)
    assert [step.text for step in small.body] == ["t1 = torch.where(V > 5, V, M)"]


def test_unknown_counts_as_a_miss(cases: list[Case]) -> None:
    tally = Tally()
    case = next(case for case in cases if case.truth.phase)
    tally.add(case.truth, case.answer._replace(phase="unknown"))
    assert tally.scores["phase"].recall == 0
    assert tally.scores["phase"].unknown == 1
