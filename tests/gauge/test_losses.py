"""Of several executions of one decomposition that were lost in the same way, a tensor remembers one."""

from __future__ import annotations

from functools import reduce

from eiglint.gauge import Context, Spot, Tensor
from tests.gauge.words import add, eigh, here, matmul, mul, one, plain

CALL = object()


def vectors(execution: int) -> Tensor:
    """Return the vectors that one execution of a call gives, which all executions share."""
    return eigh(plain(f"A{execution}"), at=Context(Spot("words.py", CALL), chain=(execution,)))[1]


def test_what_is_not_lost_keeps_every_execution_apart() -> None:
    assert len(matmul(vectors(1), plain("M"), vectors(2)).gauges) == 2


def test_what_is_lost_at_one_operation_for_one_reason_is_kept_once() -> None:
    place = here()
    lost = [one("matmul", vectors(k), plain("w", rank=1), at=place) for k in range(5)]
    total = reduce(add, lost)
    assert len(total.gauges) == 1
    assert total.gauges <= {g for t in lost for g in t.gauges}


def test_losses_at_two_operations_are_both_kept() -> None:
    lost = [one("matmul", vectors(k), plain("w", rank=1)) for k in range(2)]
    assert len(reduce(add, lost).gauges) == 2


def test_a_loss_does_not_hide_what_another_execution_still_carries() -> None:
    lost = one("matmul", vectors(1), plain("w", rank=1))
    assert mul(lost, vectors(2)).gauges == lost.gauges | vectors(2).gauges
